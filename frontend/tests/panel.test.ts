import { describe, expect, test } from 'vitest';
import { open, readAlert, withAlert } from '../src/lib/panel/alerts';
import { ApiError } from '../src/lib/panel/api';
import {
	sentence,
	showAgo,
	showAmount,
	showBytes,
	showDuration,
	showMs,
	showShare,
	words
} from '../src/lib/panel/format';
import { evenLayout, unevenLayout, visible } from '../src/lib/panel/list/window';
import { parseEvent } from '../src/lib/panel/live.svelte';
import { bars, largest, showScore } from '../src/lib/panel/now/why';
import { append } from '../src/lib/panel/ring';
import { linkTo, readPlace, TABS } from '../src/lib/panel/route.svelte';
import { meaningOf, type Press } from '../src/lib/panel/shortcuts';
import { readPersonas } from '../src/lib/panel/show.svelte';
import { readQueue, readScores } from '../src/lib/panel/steering';

describe('the address', () => {
	test('names a tab and what stands behind it', () => {
		expect(readPlace('#/chat')).toEqual({ tab: 'chat', rest: '' });
		expect(readPlace('#/latency/t%2F7')).toEqual({ tab: 'latency', rest: 't/7' });
		expect(readPlace(linkTo('log', 'a b/c'))).toEqual({ tab: 'log', rest: 'a b/c' });
	});

	test.each(['', '#', '#/', '#/nowhere', '#chat', '#/CHAT', '#/__proto__'])('%j is Now', (hash) => {
		expect(readPlace(hash)).toEqual({ tab: 'now', rest: '' });
	});

	test('that cannot be read leaves the tab', () => {
		expect(readPlace('#/log/%E0%A4%A')).toEqual({ tab: 'log', rest: '' });
	});
});

describe('a key', () => {
	const press = (key: string, more: Partial<Press> = {}): Press => ({
		key,
		code: `Key${key.toUpperCase()}`,
		altKey: false,
		ctrlKey: false,
		metaKey: false,
		repeat: false,
		...more
	});

	test.each([
		['p', 'panic'],
		['P', 'panic'],
		['m', 'mute'],
		['s', 'skip'],
		['h', 'hold'],
		['?', 'help']
	])('%s means %s', (key, act) => {
		expect(meaningOf(press(key), false)).toBe(act);
	});

	test('with a number opens a tab', () => {
		const tabs = TABS.map((_, index) => meaningOf(press(String(index + 1)), false));
		expect(tabs).toEqual(TABS.map(({ id }) => ({ tab: id })));
		for (const key of ['0', '9', ' ', 'Enter', 'x']) expect(meaningOf(press(key), false)).toBeNull();
	});

	test('typed into a field is text, and with Alt it is not', () => {
		expect(meaningOf(press('p'), true)).toBeNull();
		expect(meaningOf(press('1'), true)).toBeNull();
		// On a Mac, Alt with a letter types another character.
		expect(meaningOf(press('π', { code: 'KeyP', altKey: true }), true)).toBe('panic');
	});

	test('of the browser stays with the browser, and one that is held counts once', () => {
		expect(meaningOf(press('p', { ctrlKey: true }), false)).toBeNull();
		expect(meaningOf(press('p', { metaKey: true }), false)).toBeNull();
		expect(meaningOf(press('m', { repeat: true }), false)).toBeNull();
	});
});

describe('a long list', () => {
	test('of even rows draws those in view and a few around', () => {
		const layout = evenLayout(100_000, 30);
		expect(layout.total).toBe(3_000_000);
		expect(visible(layout, 100_000, 0, 300, 4)).toEqual({ first: 0, end: 15 });
		expect(visible(layout, 100_000, 1_500_000, 300, 4)).toEqual({ first: 49_996, end: 50_015 });
		expect(visible(layout, 100_000, 2_999_700, 300, 4)).toEqual({ first: 99_986, end: 100_000 });
	});

	test('of uneven rows knows where each begins', () => {
		const heights = [10, 40, 20, 30];
		const layout = unevenLayout(4, (index) => heights[index] as number);
		expect([0, 1, 2, 3, 4].map(layout.at)).toEqual([0, 10, 50, 70, 100]);
		expect([0, 9, 10, 49, 50, 99, 100, 500, -5].map(layout.row)).toEqual([0, 0, 1, 1, 2, 3, 3, 3, 0]);
		expect(layout.total).toBe(100);
	});

	test('without rows draws none', () => {
		expect(visible(evenLayout(0, 30), 0, 0, 300, 4)).toEqual({ first: 0, end: 0 });
		expect(
			visible(
				unevenLayout(0, () => 1),
				0,
				90,
				300,
				4
			)
		).toEqual({ first: 0, end: 0 });
	});
});

test('a ring keeps the newest', () => {
	expect(append([1, 2], [3], 5)).toEqual([1, 2, 3]);
	expect(append([1, 2, 3], [4, 5], 3)).toEqual([3, 4, 5]);
	expect(append([1], [2, 3, 4, 5], 2)).toEqual([4, 5]);
	const row = [1, 2];
	expect(append(row, [], 1)).toBe(row);
});

test('times, sizes and codes are put in words', () => {
	expect([0.25, 99.6, 3210].map(showMs)).toEqual(['0.3 ms', '100 ms', '3.2 s']);
	expect([-1, 8.9, 240, 3600, 7500, 273_600].map(showDuration)).toEqual([
		'0 s',
		'8 s',
		'4 min',
		'1 h',
		'2 h 5 min',
		'3 d 4 h'
	]);
	expect([showAgo(9000, 10_000), showAgo(0, 12_000), showAgo(20_000, 0)]).toEqual(['now', '12 s ago', 'now']);
	expect([512, 3_400_000, 1.2e9, 2e8].map(showBytes)).toEqual(['512 B', '3.4 MB', '1.2 GB', '200 MB']);
	expect(showShare(0.273)).toBe('27 %');
	expect(words('rate_limit')).toBe('rate limit');
	expect([sentence('check it'), sentence('Really?'), sentence('')]).toEqual(['Check it.', 'Really?', '']);
});

describe('an alert', () => {
	const raw = { id: 1, rule: 'memory', severity: 'warning', text: 't', fix: 'f', since: 5, acknowledged: false };

	test('that is open is shown, the critical ones first', () => {
		const calm = readAlert(raw);
		const bad = readAlert({ ...raw, id: 2, severity: 'critical', since: 1 });
		const seen = readAlert({ ...raw, id: 3, acknowledged: true });
		const over = readAlert({ ...raw, id: 4, cleared: 9 });
		expect(open([calm, seen, over, bad]).map(({ id }) => id)).toEqual(['2', '1']);
	});

	test('that is told again takes its own place', () => {
		const changed = withAlert([readAlert(raw)], readAlert({ ...raw, text: 'worse' }));
		expect(changed).toMatchObject([{ id: '1', text: 'worse' }]);
		expect(withAlert(changed, readAlert({ ...raw, id: 2 }))).toHaveLength(2);
	});
});

describe('why a line is chosen', () => {
	test('is told by its weightiest scores', () => {
		const scores = readScores({ fresh: 0.01, paid: 50, mood: -3.5, odd: 'x', addressed: 20 });
		const most = largest([scores, readScores({ other: 100 })]);
		expect(
			bars(scores, most).map(({ meaning, shown, share, isAgainst }) => [meaning, shown, share, isAgainst])
		).toEqual([
			['Paid', '+50', 0.5, false],
			['Addressed', '+20', 0.2, false],
			['Fits the mood', '−3.5', 0.035, true]
		]);
		expect(bars(scores, 0)[0]?.share).toBe(0);
		expect(largest([])).toBe(0);
		expect(showScore(0.25)).toBe('+0.3');
	});
});

test('what the show tells is read without trust', () => {
	expect(readQueue({ hold: 1, next: [3, { id: 7, scores: [] }], held: 'x' })).toMatchObject({
		isHold: false,
		waiting: 0,
		next: [{ id: '7', author: '', scores: [], reasons: [] }],
		held: []
	});
	expect(readPersonas({ personas: [{ id: 'main', muted: true, cue: 7 }, 'x'] })).toEqual([
		{ id: 'main', name: 'main', mood: '', isMuted: true, turn: '', cue: null }
	]);
	for (const frame of ['x', '[]', '{"type":"panic"}', '{"seq":1}', 'null']) expect(parseEvent(frame)).toBeNull();
	expect(parseEvent('{"seq":4,"at":9,"type":"panic","turn":7}')).toMatchObject({ seq: 4, at: 9, turn: '7' });
});

test.each([
	[404, 'not_found', true],
	[405, 'method_not_allowed', true],
	[404, 'unknown_line', false],
	[0, 'unreachable', false]
])('status %s with %s means a missing piece: %s', (status, code, isMissing) => {
	expect(new ApiError('', status, code).isMissing).toBe(isMissing);
});

test('what was given is told in its own unit', () => {
	expect(showAmount(5, 'super_chat', 'EUR')).toBe('5 EUR');
	expect(showAmount(42, 'raid', '')).toBe('42 viewers');
	expect(showAmount(1, 'gift', '')).toBe('1 gift');
	expect(showAmount(1500, 'bits', '')).toBe('1,500 bits');
	expect(showAmount(3, 'hype_train', '')).toBe('level 3');
	expect(showAmount(2, 'some_kind', '')).toBe('2 some kind');
});
