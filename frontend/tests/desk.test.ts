import { describe, expect, test } from 'vitest';
import { after, EMPTY, KEEP_LINES, KEEP_TURNS, withSent, withTurns, type Board } from '../src/lib/desk/board';
import { parseEvent, readHealth, readStatus, readTurn, type DeskEvent } from '../src/lib/desk/events';
import {
	answering,
	describe as inWords,
	segments,
	waitedMs,
	showMs,
	speakingMs,
	totalMs
} from '../src/lib/desk/waterfall';

let seq = 0;

function event(type: string, fields: object = {}): DeskEvent {
	const parsed = parseEvent(JSON.stringify({ seq: (seq += 1), at: 1, type, ...fields }));
	if (!parsed) throw new Error(`${type} is no event`);
	return parsed;
}

const RECORD = {
	id: 't1',
	persona: 'main',
	cue: { id: 'q1', kind: 'chat', author: 'ann', text: 'hi', event: 'c1' },
	outcome: 'completed',
	said: 'Hello you!',
	heard: 'Hello you!',
	marks: { received: 0, admitted: 1, first_token: 201, first_audio: 230, first_played: 280, last_played: 1280 }
};

const play = (...events: DeskEvent[]): Board => after(EMPTY, events);
const fates = (board: Board) => board.lines.map(({ id, fate, note }) => [id, fate, note]);

describe('the fate of a line', () => {
	const received = () => event('chat.received', { id: 'c1', author: 'ann', text: 'hi', source: 'page' });

	test('goes from received over answering to answered, with what was heard', () => {
		let board = play(received());
		expect(fates(board)).toEqual([['c1', 'received', '']]);
		board = after(board, [event('chat.chosen', { id: 'c1', turn: 't1', persona: 'main' })]);
		expect(fates(board)).toEqual([['c1', 'answering', '']]);
		board = after(board, [event('turn.ended', { turn: 't1', record: RECORD })]);
		expect(board.lines[0]).toMatchObject({ fate: 'answered', answer: 'Hello you!' });
		expect(board.turns).toMatchObject([{ id: 't1', author: 'ann' }]);
	});

	test('is told with its reason when it gets no answer', () => {
		const board = play(received(), event('chat.dropped', { id: 'c1', reason: 'stale' }));
		expect(fates(board)).toEqual([['c1', 'dropped', 'stale']]);
		expect(board.drops).toEqual({ stale: 1 });
	});

	test('is known though the events were faster than the answer to the post', () => {
		const board = withSent(
			play(event('chat.blocked', { id: 'c1', rule: 'lexicon', reason: 'profanity' })),
			'c1',
			'me',
			'x'
		);
		expect(fates(board)).toEqual([['c1', 'blocked', 'profanity']]);
		expect(board.drops).toEqual({ blocked: 1 });
	});

	test('is shown once, though it was sent from here and received there', () => {
		expect(withSent(play(received()), 'c1', 'ann', 'hi').lines).toHaveLength(1);
		expect(after(withSent(EMPTY, 'c1', 'ann', 'hi'), [received()]).lines).toMatchObject([{ fate: 'received' }]);
	});

	test.each([
		['interrupted', 'interrupted'],
		['failed', 'failed'],
		['superseded', 'received']
	])('of a turn that was %s is %s', (outcome, fate) => {
		const chosen = event('chat.chosen', { id: 'c1', turn: 't1', persona: 'main' });
		const ended = event('turn.ended', { turn: 't1', record: { ...RECORD, outcome } });
		expect(play(received(), chosen, ended).lines[0]?.fate).toBe(fate);
	});

	test('does not depend on a record', () => {
		const chosen = event('chat.chosen', { id: 'c1', turn: 't1', persona: 'main' });
		expect(play(received(), chosen, event('turn.ended', { turn: 't1' })).lines[0]?.fate).toBe('answered');
	});
});

describe('the board', () => {
	test('keeps rings, not everything', () => {
		const lines = Array.from({ length: 500 }, (_, i) =>
			event('chat.received', { id: `c${i}`, author: 'a', text: 't' })
		);
		const ended = Array.from({ length: 99 }, (_, i) => event('turn.ended', { record: { ...RECORD, id: `t${i}` } }));
		const board = play(...lines, ...ended);
		expect(board.lines).toHaveLength(KEEP_LINES);
		expect(board.lines.at(-1)?.id).toBe('c499');
		expect(board.turns).toHaveLength(KEEP_TURNS);
		expect(board.turns[0]?.id).toBe('t98');
	});

	test('knows who speaks', () => {
		const started = event('turn.started', { turn: 't1', persona: 'main' });
		expect(play(started).speaking).toEqual({ main: 't1' });
		expect(play(started, event('turn.ended', { turn: 't1' })).speaking).toEqual({});
		expect(play(started, event('panic')).speaking).toEqual({});
	});

	test('follows mute, panic and resume', () => {
		const board = play(event('muted', { personas: ['main'] }), event('panic'));
		expect(board).toMatchObject({ muted: ['main'], isPanic: true });
		expect(after(board, [event('resume')])).toMatchObject({ muted: ['main'], isPanic: false });
	});

	test('replaces a component that changed', () => {
		const tell = (state: string) => event('health', { component: { name: 'llm', kind: 'llm', state, detail: 'd' } });
		expect(play(tell('ok'), tell('failed')).components).toEqual([
			{ name: 'llm', kind: 'llm', state: 'failed', detail: 'd', fix: '' }
		]);
	});

	test('merges turns that were asked for with those that came meanwhile', () => {
		const board = play(event('turn.ended', { record: { ...RECORD, id: 't2' } }));
		expect(withTurns(board, [readTurn(RECORD)]).turns.map((turn) => turn.id)).toEqual(['t2', 't1']);
	});

	test('fills an empty log with the lines of the last turns', () => {
		const older = { ...RECORD, id: 't0', cue: { ...RECORD.cue, event: 'c0' } };
		const idle = { ...RECORD, id: 't2', cue: { kind: 'idle', text: '' } };
		const { lines } = withTurns(EMPTY, [idle, RECORD, older].map(readTurn));
		expect(lines).toMatchObject([
			{ id: 'c0', fate: 'answered' },
			{ id: 'c1', text: 'hi' }
		]);
	});

	test('ignores events it does not know, and what is no event', () => {
		expect(play(event('weather', { rain: true }), event('gap'))).toEqual(EMPTY);
		for (const frame of ['x', '[]', '{"type":"panic"}', 'null']) expect(parseEvent(frame)).toBeNull();
	});
});

test('health is read without trust', () => {
	expect(readHealth({ status: 'ok', session: 7, components: [{ name: 'a' }, 3] })).toEqual({
		status: 'ok',
		version: '',
		session: '7',
		components: [{ name: 'a', kind: '', state: '', detail: '', fix: '' }]
	});
});

test('the status tells who is muted, whether all stopped, and what was dropped', () => {
	const personas = [{ id: 'main', muted: true }, { id: 'two', muted: false }, 'three'];
	expect(readStatus({ personas, panic: true, dropped: { rate: 3, full: 'x' } })).toEqual({
		muted: ['main'],
		isPanic: true,
		drops: { rate: 3 }
	});
	expect(readStatus({})).toEqual({ muted: [], isPanic: false, drops: {} });
});

describe('the waterfall', () => {
	const { marks } = readTurn(RECORD);

	test('stacks the parts up to the first sound without a hole', () => {
		expect(segments(marks)).toEqual([
			{ mark: 'admitted', fromMs: 0, ms: 1 },
			{ mark: 'first_token', fromMs: 1, ms: 200 },
			{ mark: 'first_audio', fromMs: 201, ms: 29 },
			{ mark: 'first_played', fromMs: 230, ms: 50 }
		]);
		expect(totalMs(marks)).toBe(280);
		expect(speakingMs(marks)).toBe(1000);
	});

	test('leaves the wait for her out of what the answer took', () => {
		const late = { received: 0, admitted: 1, prompt: 4001, request: 4002, first_token: 4200 };
		expect(waitedMs(late)).toBe(4000);
		expect(answering(late)).toEqual([
			{ mark: 'admitted', fromMs: 0, ms: 1 },
			{ mark: 'request', fromMs: 1, ms: 1 },
			{ mark: 'first_token', fromMs: 2, ms: 198 }
		]);
		expect(waitedMs(marks)).toBe(0);
		expect(answering(marks)).toEqual(segments(marks));
		expect(waitedMs({ received: 0, admitted: 1, prompt: 20 })).toBe(0);
	});

	test('never runs backwards', () => {
		const odd = segments({ received: 0, first_audio: 100, floor: 90, first_played: 120 });
		expect(odd.map(({ fromMs, ms }) => [fromMs, ms])).toEqual([
			[0, 100],
			[100, 0],
			[100, 20]
		]);
	});

	test('of a turn that never sounded ends where the turn did', () => {
		expect(totalMs({ received: 0, admitted: 3 })).toBe(3);
		expect(speakingMs({ received: 0 })).toBeNull();
		expect(inWords({})).toBe('No times.');
	});

	test('can be read aloud', () => {
		expect(inWords({ received: 0, first_token: 200.4, first_played: 250 })).toBe(
			'250 ms to the first sound: First token 200 ms, To the ear 50 ms.'
		);
		expect([0.25, 99.6, 3210].map(showMs)).toEqual(['0.3 ms', '100 ms', '3.2 s']);
	});
});
