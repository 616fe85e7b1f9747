/** The lines of the chat, folded from what was asked for and from events. Pure. */

import { id, isObject, text, type Json } from '../../protocol/fields';
import type { PanelEvent } from '../live.svelte';
import { append } from '../ring';
import { readScores } from '../steering';
import { readLine, type ChatLine } from './line';

/** Oldest first. */
export type Book = readonly ChatLine[];

/** So many lines are kept; older ones can be asked for again. */
export const KEEP = 5000;

/** What became of a line that was answered, by the outcome of its turn. */
const OUTCOMES: Readonly<Record<string, Partial<ChatLine>>> = {
	completed: { state: 'answered', reason: '' },
	interrupted: { state: 'answered', reason: 'interrupted' },
	failed: { state: 'dropped', reason: 'failed' },
	superseded: { state: 'waiting', reason: '' }
};

/** The book after `events`, in their order. */
export function after(book: Book, events: readonly PanelEvent[]): Book {
	const changes = events.filter(({ type }) => type.startsWith('chat.') || type.startsWith('turn.'));
	if (changes.length === 0) return book;
	const lines = [...book];
	const places = new Map<string, number>();
	// Almost every event is about a line of the last minutes.
	const placeOf = (line: string): number => {
		const known = places.get(line);
		if (known !== undefined) return known;
		const place = lines.findLastIndex((each) => each.id === line);
		if (place >= 0) places.set(line, place);
		return place;
	};
	for (const event of changes) step(lines, placeOf, event);
	return append([], lines, KEEP);
}

function step(lines: ChatLine[], placeOf: (line: string) => number, { type, at, turn, data }: PanelEvent): void {
	const name = id(data['id']) ?? '';
	const change = (part: Partial<ChatLine>, place = placeOf(name)) => {
		const line = lines[place];
		if (line) lines[place] = { ...line, ...part };
	};
	switch (type) {
		case 'chat.received': {
			const line = readLine({ ...data, at, seq: null, state: 'waiting' });
			const place = placeOf(name);
			if (place < 0) lines.push(line);
			else change({ ...line, seq: lines[place]?.seq ?? null, state: lines[place]?.state ?? 'waiting' });
			return;
		}
		case 'chat.chosen':
			return change({ state: 'chosen', reason: '', turn, scores: readScores(data['scores']) });
		case 'chat.dropped':
			return change({ state: 'dropped', reason: text(data['reason']) ?? '' });
		case 'chat.blocked': {
			const why = { state: 'blocked', rule: text(data['rule']) ?? '', reason: text(data['reason']) ?? '' } as const;
			if (placeOf(name) >= 0) return change({ ...why, text: '', author: '', emotes: [] });
			lines.push({ ...readLine({ id: name, at, source: data['source'], state: 'blocked' }), ...why });
			return;
		}
		case 'turn.ended':
			return ended(lines, turn, isObject(data['record']) ? data['record'] : {});
	}
}

function ended(lines: ChatLine[], turn: string, record: Json): void {
	const cue = isObject(record['cue']) ? record['cue'] : {};
	const line = id(cue['event']) ?? '';
	const place = lines.findLastIndex((each) => (turn !== '' && each.turn === turn) || (line !== '' && each.id === line));
	const found = lines[place];
	if (!found || found.state === 'blocked') return;
	const outcome = OUTCOMES[text(record['outcome']) ?? 'completed'] ?? {};
	lines[place] = { ...found, ...outcome, turn, answer: text(record['heard']) ?? '' };
}

/** What was asked for, with the lines that only events told of. The newer knowledge of both counts. */
export function merged(book: Book, asked: readonly ChatLine[]): Book {
	const known = new Map(book.map((line) => [line.id, line]));
	const fresh = asked.map((line) => ({ ...line, answer: known.get(line.id)?.answer ?? line.answer }));
	const names = new Set(asked.map((line) => line.id));
	const oldest = fresh.at(0)?.at ?? Infinity;
	const others = book.filter((line) => !names.has(line.id));
	const before = others.filter(({ at }) => at < oldest);
	return append([], [...before, ...fresh, ...others.filter(({ at }) => at >= oldest)], KEEP);
}

/** Puts older lines in front; those that are known stay as they are. */
export function withOlder(book: Book, older: readonly ChatLine[]): Book {
	const known = new Set(book.map((line) => line.id));
	return [...older.filter((line) => !known.has(line.id)), ...book].slice(0, KEEP);
}
