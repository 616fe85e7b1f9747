import { describe, expect, test } from 'vitest';
import { after, KEEP, merged, withAnswers, withOlder, type Book } from '../src/lib/panel/chat/book';
import { showDeed } from '../src/lib/panel/chat/deed';
import { holds, pieces, readLine, standIn, whyNot, type Emote } from '../src/lib/panel/chat/line';
import { parseEvent, type PanelEvent } from '../src/lib/panel/live.svelte';

let seq = 0;

function event(type: string, fields: object = {}): PanelEvent {
	const parsed = parseEvent(JSON.stringify({ seq: (seq += 1), at: 1000 + seq, type, ...fields }));
	if (!parsed) throw new Error(`${type} is no event`);
	return parsed;
}

const play = (...events: PanelEvent[]): Book => after([], events);
const received = (id = 'c1') => event('chat.received', { id, author: 'ann', text: 'hi', source: 'page' });
const chosen = () => event('chat.chosen', { id: 'c1', turn: 't1', persona: 'main', scores: { fresh: 2 } });
const record = { id: 't1', cue: { event: 'c1' }, outcome: 'completed', heard: 'Hello you!' };

describe('a line', () => {
	test('goes from waiting over chosen to answered, with what was heard', () => {
		let book = play(received());
		expect(book).toMatchObject([{ id: 'c1', state: 'waiting', author: 'ann' }]);
		book = after(book, [chosen()]);
		expect(book).toMatchObject([{ state: 'chosen', turn: 't1', scores: [{ name: 'fresh', value: 2 }] }]);
		expect(after(book, [event('turn.ended', { turn: 't1', record })])).toMatchObject([
			{ state: 'answered', answer: 'Hello you!' }
		]);
	});

	test.each([
		['interrupted', 'Hel', { state: 'answered', isCut: true, answer: 'Hel' }],
		['interrupted', '', { state: 'dropped', reason: 'operator' }],
		['failed', '', { state: 'dropped', reason: 'operator' }],
		['superseded', '', { state: 'waiting' }]
	])('of a turn that was %s with "%s" heard', (outcome, heard, fate) => {
		const told = { ...record, outcome, heard, reason: 'operator' };
		expect(play(received(), chosen(), event('turn.ended', { turn: 't1', record: told }))).toMatchObject([fate]);
	});

	test('that is dropped tells why in words', () => {
		const [line] = play(received(), event('chat.dropped', { id: 'c1', reason: 'stale' }));
		expect(line && whyNot(line)).toBe('waited too long');
		const [other] = play(received(), event('chat.dropped', { id: 'c1', reason: 'cold_feet' }));
		expect(other && whyNot(other)).toBe('cold feet');
	});

	test('that was dropped and is answered on order is chosen again', () => {
		const book = play(received(), event('chat.dropped', { id: 'c1', reason: 'stale' }), chosen());
		expect(book).toMatchObject([{ state: 'chosen', reason: '' }]);
	});

	test('that was not even read is listed without words', () => {
		const book = play(event('chat.dropped', { id: 'c9', source: 'twitch', reason: 'rate' }));
		expect(book).toMatchObject([{ id: 'c9', state: 'dropped', text: '', source: 'twitch' }]);
		expect(book[0] && standIn(book[0])).toBe('Not read');
		expect(play(event('chat.dropped', { id: 'c9', reason: 'stale' }))).toEqual([]);
	});

	test('that was taken back loses its words', () => {
		const book = play(received(), event('chat.dropped', { id: 'c1', reason: 'deleted' }));
		expect(book).toMatchObject([{ state: 'dropped', author: 'ann', text: '' }]);
		expect(book[0] && standIn(book[0])).toBe('Taken back');
	});

	test('that is blocked shows the rule and never its words', () => {
		const blocked = event('chat.blocked', { id: 'c1', rule: 'lexicon', reason: 'slur', text: 'secret', author: 'eve' });
		for (const book of [play(blocked), play(received(), blocked)]) {
			expect(book).toMatchObject([{ state: 'blocked', rule: 'lexicon', text: '', author: '' }]);
		}
		const listed = readLine({ id: 'c1', state: 'blocked', text: 'secret', author: 'eve', rule: 'lexicon' });
		expect([listed.text, listed.author]).toEqual(['', '']);
		expect(whyNot(listed)).toBe('lexicon');
	});

	test('is found by all the words of a search', () => {
		const line = readLine({ author: 'Ann', text: 'Hello big world' });
		expect(holds(line, 'WORLD ann')).toBe(true);
		expect(holds(line, 'world bob')).toBe(false);
	});
});

describe('the book', () => {
	test('keeps the newest lines only', () => {
		const events = Array.from({ length: KEEP + 5 }, (_, index) => received(`n${index}`));
		const book = after([], events);
		expect(book).toHaveLength(KEEP);
		expect(book.at(-1)?.id).toBe(`n${KEEP + 4}`);
	});

	test('stays the same object where no event is about it', () => {
		const book = play(received());
		expect(after(book, [event('health'), event('machine')])).toBe(book);
	});

	test('shows a line once, though it was told of and asked for', () => {
		const listed = readLine({ id: 'c1', seq: 3, at: 5, author: 'ann', text: 'hi', state: 'dropped' });
		expect(after([listed], [received()])).toMatchObject([{ id: 'c1', seq: 3, state: 'waiting' }]);
		const book = play(received(), received('c2'));
		expect(merged(book, [{ ...listed, at: 1 }]).map(({ id }) => id)).toEqual(['c1', 'c2']);
		expect(withOlder(book, [readLine({ id: 'c0' }), listed]).map(({ id }) => id)).toEqual(['c0', 'c1', 'c2']);
	});

	test('is told what was heard before the page was opened', () => {
		const listed = [readLine({ id: 'c1', turn: 't1', state: 'answered' }), readLine({ id: 'c2', turn: 't2' })];
		const told = withAnswers(listed, [{ id: 't1', heard: 'Hello you!', outcome: 'interrupted' }]);
		expect(told).toMatchObject([{ answer: 'Hello you!', isCut: true }, { answer: '' }]);
	});

	test('keeps what was heard when the lines are asked for again', () => {
		const book = play(received(), chosen(), event('turn.ended', { turn: 't1', record }));
		expect(merged(book, [readLine({ id: 'c1', seq: 1, state: 'answered' })])).toMatchObject([{ answer: 'Hello you!' }]);
	});
});

describe('emotes', () => {
	const emote = (name: string, start: number): Emote => ({
		name,
		start,
		end: start + [...name].length,
		url: '/api/emotes/twitch/25'
	});

	test('take the place of their names', () => {
		expect(pieces('hi Kappa there', [emote('Kappa', 3)])).toEqual([
			{ text: 'hi ', url: '' },
			{ text: 'Kappa', url: '/api/emotes/twitch/25' },
			{ text: ' there', url: '' }
		]);
	});

	test('are counted in characters, not in halves of them', () => {
		expect(pieces('😀 Kappa', [emote('Kappa', 2)]).map(({ text }) => text)).toEqual(['😀 ', 'Kappa']);
	});

	test('whose range is wrong stay words', () => {
		const line = 'hi Kappa';
		for (const odd of [emote('Kappa', 2), emote('Kappa', 90), { ...emote('Kappa', 3), name: 'Other' }]) {
			expect(pieces(line, [odd])).toEqual([{ text: line, url: '' }]);
		}
		expect(pieces(line, [emote('Kappa', 3), emote('Kappa', 3)])).toHaveLength(2);
		expect(pieces('', [])).toEqual([]);
	});

	test('come from the show or not at all', () => {
		const from = (url: string) =>
			readLine({ text: 'Kappa', emotes: [{ name: 'Kappa', start: 0, end: 5, url }] }).emotes.length;
		expect(from('/api/emotes/twitch/emotesv2_5d523adb8bbb4786821cd7091e47da21')).toBe(1);
		for (const url of [
			'https://elsewhere.example/x.png',
			'//elsewhere.example/x',
			'/api/emotes/../health',
			'data:,x',
			''
		])
			expect(from(url)).toBe(0);
	});
});

describe('a command', () => {
	const command = (outcome: string, reason = '', fields = {}) =>
		event('command', { id: 'm1', source: 'twitch', name: 'scene', outcome, reason, ...fields });
	const dropped = () => event('chat.dropped', { id: 'm1', source: 'twitch', reason: 'command' });

	test.each([
		['done', '', 'done'],
		['refused', 'role', 'not allowed'],
		['cooldown', 'cooldown', 'too soon'],
		['cooldown', 'viewer_cooldown', 'too soon: again by the same viewer'],
		['failed', 'unknown_scene', 'failed: no such scene'],
		['failed', 'of_a_later_version', 'failed: of a later version']
	])('that is %s (%s) tells "%s" in one line without the words of its author', (outcome, reason, told) => {
		for (const events of [
			[dropped(), command(outcome, reason)],
			[command(outcome, reason), dropped()]
		]) {
			const [line, ...others] = play(...events);
			expect(others).toEqual([]);
			expect(line).toMatchObject({ id: 'm1', state: 'dropped', author: '', text: '', source: 'twitch' });
			expect(line && standIn(line)).toBe('!scene');
			expect(line?.deed && showDeed(line.deed)).toBe(told);
		}
	});

	test('that nobody knows is not listed', () => {
		expect(play(dropped())).toEqual([]);
	});

	test('for one character stays beside the line that it made, also when the lines are asked for', () => {
		const book = play(event('command', { id: 'c1', name: 'persona', outcome: 'done', reason: '' }), received());
		expect(book).toMatchObject([{ state: 'waiting', text: 'hi', deed: { name: '!persona' } }]);
		expect(merged(book, [readLine({ id: 'c1', seq: 1, at: 1 })])).toMatchObject([{ deed: { name: '!persona' } }]);
	});
});

describe('a purchase', () => {
	test.each([
		['done', '', 'fulfilled', 'done: points taken'],
		['failed', 'obs_no_scene', 'refunded', 'failed: OBS has no such scene, points given back'],
		['done', '', 'not_connected', 'done: points not settled: the chat cannot be written into']
	])('that is %s tells what became of the points', (outcome, reason, settled, told) => {
		const [line] = play(received(), event('redeem', { id: 'c1', title: 'Do a flip', outcome, reason, settled }));
		expect(line).toMatchObject({ text: 'hi', deed: { name: 'Do a flip' } });
		expect(line?.deed && showDeed(line.deed)).toBe(told);
	});

	test('without a title is not shown', () => {
		expect(play(received(), event('redeem', { id: 'c1', outcome: 'done' }))).toMatchObject([{ deed: null }]);
	});
});
