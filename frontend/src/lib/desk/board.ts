/** What the desk shows, as a value that events turn into the next one. Pure. */

import type { Component, DeskEvent, Turn } from './events';

export type Fate = 'sent' | 'received' | 'answering' | 'answered' | 'interrupted' | 'failed' | 'dropped' | 'blocked';

export interface Line {
	readonly id: string;
	readonly author: string;
	readonly text: string;
	readonly fate: Fate;
	/** Why it was dropped or blocked. */
	readonly note: string;
	/** What was heard of the answer. */
	readonly answer: string;
	readonly turn: string | null;
}

export interface Board {
	/** Oldest first. */
	readonly lines: readonly Line[];
	/** Newest first. */
	readonly turns: readonly Turn[];
	readonly components: readonly Component[];
	readonly muted: readonly string[];
	readonly isPanic: boolean;
	/** The turn that is going on, for each persona that speaks. */
	readonly speaking: Readonly<Record<string, string>>;
	/** Dropped and blocked lines, by reason. */
	readonly drops: Readonly<Record<string, number>>;
	/** Fates of lines this desk does not know (yet), by id. */
	readonly strays: Map<string, Pick<Line, 'fate' | 'note'>>;
}

export const KEEP_LINES = 200;
export const KEEP_TURNS = 30;
const KEEP_STRAYS = 500;

const NEW_LINE = { fate: 'received', note: '', answer: '', turn: null } as const;

export const EMPTY: Board = {
	lines: [],
	turns: [],
	components: [],
	muted: [],
	isPanic: false,
	speaking: {},
	drops: {},
	strays: new Map()
};

/** A line this desk sent itself; what events said about it before is not lost. */
export function withSent(board: Board, id: string, author: string, text: string): Board {
	if (board.lines.some((line) => line.id === id)) return board;
	const line: Line = { ...NEW_LINE, id, author, text, fate: 'sent', ...board.strays.get(id) };
	return { ...board, lines: [...board.lines, line].slice(-KEEP_LINES) };
}

/** The last turns, newest first, where the records were asked for; an empty log is filled from them. */
export function withTurns(board: Board, turns: readonly Turn[]): Board {
	const known = new Set(turns.map((turn) => turn.id));
	const newer = board.turns.filter((turn) => !known.has(turn.id));
	const lines = board.lines.length > 0 ? board.lines : turns.flatMap(lineOf).reverse();
	return { ...board, lines, turns: [...newer, ...turns].slice(0, KEEP_TURNS) };
}

function lineOf(turn: Turn): Line[] {
	if (!turn.line) return [];
	const line: Line = { ...NEW_LINE, id: turn.line, author: turn.author, text: turn.cue, turn: turn.id };
	return [withOutcome(line, turn)];
}

/** The board after `events`, in their order. */
export function after(board: Board, events: readonly DeskEvent[]): Board {
	// One copy for all events: a flood of dropped lines only fills this map.
	return events.reduce(step, { ...board, strays: new Map(board.strays) });
}

function step(board: Board, event: DeskEvent): Board {
	switch (event.type) {
		case 'chat.received':
			return received(board, event.id, event.author, event.text);
		case 'chat.dropped':
			return refused(board, event.id, 'dropped', event.reason);
		case 'chat.blocked':
			return refused(board, event.id, 'blocked', event.reason || event.rule);
		case 'chat.chosen':
			return withLine(board, event.id, { fate: 'answering', turn: event.turn });
		case 'turn.started':
			return { ...board, speaking: { ...board.speaking, [event.persona]: event.turn } };
		case 'turn.ended':
			return ended(board, event.turn, event.record);
		case 'health':
			return { ...board, components: withComponent(board.components, event.component) };
		case 'muted':
			return { ...board, muted: event.personas };
		case 'panic':
			return { ...board, isPanic: true, speaking: {} };
		case 'resume':
			return { ...board, isPanic: false };
		case 'gap':
		case 'other':
			return board;
		default:
			return event satisfies never;
	}
}

function received(board: Board, id: string, author: string, text: string): Board {
	if (board.lines.some((line) => line.id === id)) return withLine(board, id, { author, text, fate: 'received' });
	const line: Line = { ...NEW_LINE, id, author, text };
	return { ...board, lines: [...board.lines, line].slice(-KEEP_LINES) };
}

function refused(board: Board, id: string, fate: 'dropped' | 'blocked', note: string): Board {
	const reason = fate === 'blocked' ? fate : note || fate;
	board.strays.set(id, { fate, note });
	for (const oldest of board.strays.keys()) {
		if (board.strays.size <= KEEP_STRAYS) break;
		board.strays.delete(oldest);
	}
	const drops = { ...board.drops, [reason]: (board.drops[reason] ?? 0) + 1 };
	return withLine({ ...board, drops }, id, { fate, note });
}

function ended(board: Board, turn: string, record: Turn | null): Board {
	const speaking = Object.fromEntries(Object.entries(board.speaking).filter(([, current]) => current !== turn));
	const turns = record ? [record, ...board.turns.filter((each) => each.id !== turn)].slice(0, KEEP_TURNS) : board.turns;
	const lines = board.lines.map((line) => (line.turn === turn ? withOutcome(line, record) : line));
	return { ...board, speaking, lines, turns };
}

function withOutcome(line: Line, record: Turn | null): Line {
	const fate = FATES[record?.outcome ?? ''] ?? 'answered';
	return { ...line, fate, answer: record?.heard ?? line.answer };
}

const FATES: Readonly<Record<string, Fate>> = {
	completed: 'answered',
	interrupted: 'interrupted',
	failed: 'failed',
	superseded: 'received'
};

function withLine(board: Board, id: string, change: Partial<Line>): Board {
	if (!board.lines.some((line) => line.id === id)) return board;
	return { ...board, lines: board.lines.map((line) => (line.id === id ? { ...line, ...change } : line)) };
}

function withComponent(components: readonly Component[], changed: Component): readonly Component[] {
	if (!components.some((each) => each.name === changed.name)) return [...components, changed];
	return components.map((each) => (each.name === changed.name ? changed : each));
}
