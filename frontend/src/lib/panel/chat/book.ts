/** The lines of the chat, folded from what was asked for and from events. Pure. */

import { id, isObject, text, type Json } from '../../protocol/fields';
import type { Turn } from '../turns/turn';
import type { PanelEvent } from '../live.svelte';
import { append } from '../ring';
import { readScores } from '../steering';
import { readDeed } from './deed';
import { readLine, TAKEN_BACK, type ChatLine } from './line';

/** Oldest first. */
export type Book = readonly ChatLine[];

/** So many lines are kept; older ones can be asked for again. */
export const KEEP = 5000;

/** The book after `events`, in their order. */
export function after(book: Book, events: readonly PanelEvent[]): Book {
	const changes = events.filter(({ type }) => /^(chat|turn)\.|^(command|redeem)$/.test(type));
	if (changes.length === 0) return book;
	const lines = new Lines(book, changes.length > FEW);
	for (const event of changes) step(lines, event);
	return append([], lines.list, KEEP);
}

/** So few lines are found faster by looking from the end: almost every event is about a line of the last minutes. */
const FEW = 8;

/** A copy of the book that can be changed. */
class Lines {
	readonly list: ChatLine[];
	readonly #places: Map<string, number>;

	constructor(
		book: Book,
		private readonly isIndexed: boolean
	) {
		this.list = [...book];
		this.#places = new Map(isIndexed ? book.map((line, place) => [line.id, place]) : []);
	}

	get(line: string): ChatLine | undefined {
		const place = this.#place(line);
		return place < 0 ? undefined : this.list[place];
	}

	add(line: ChatLine): void {
		this.#places.set(line.id, this.list.length);
		this.list.push(line);
	}

	/** Does nothing where the line is not known. */
	change(line: string, part: Partial<ChatLine>): void {
		const place = this.#place(line);
		const known = this.list[place];
		if (known) this.list[place] = { ...known, ...part };
	}

	#place(line: string): number {
		const known = this.#places.get(line);
		if (known !== undefined || this.isIndexed) return known ?? -1;
		const place = this.list.findLastIndex((each) => each.id === line);
		if (place >= 0) this.#places.set(line, place);
		return place;
	}
}

function step(lines: Lines, { type, at, turn, data }: PanelEvent): void {
	const name = id(data['id']) ?? '';
	const known = lines.get(name);
	switch (type) {
		case 'chat.received': {
			const line = readLine({ ...data, at, seq: null, state: 'waiting' });
			return known ? lines.change(name, { ...line, seq: known.seq, deed: known.deed }) : lines.add(line);
		}
		case 'chat.chosen':
			return lines.change(name, { state: 'chosen', reason: '', turn, scores: readScores(data['scores']) });
		case 'chat.dropped':
			return dropped(lines, name, text(data['reason']) ?? '', { ...data, at });
		case 'chat.blocked': {
			const why = { state: 'blocked', rule: text(data['rule']) ?? '', reason: text(data['reason']) ?? '' } as const;
			if (known) return lines.change(name, { ...why, text: '', author: '', emotes: [] });
			return lines.add({ ...readLine({ id: name, at, source: data['source'], state: 'blocked' }), ...why });
		}
		case 'command':
		case 'redeem': {
			const deed = readDeed(type, data);
			if (known) return lines.change(name, { deed });
			const reason = 'command';
			return lines.add({ ...readLine({ id: name, at, source: data['source'], state: 'dropped', reason }), deed });
		}
		case 'turn.ended':
			return ended(lines, turn, isObject(data['record']) ? data['record'] : {});
	}
}

/** Reasons for which a line is not even read. */
const UNREAD: ReadonlySet<string> = new Set(['size', 'empty', 'rate', 'duplicate', 'full', 'ignored', 'struck']);

function dropped(lines: Lines, name: string, reason: string, raw: Json): void {
	if (lines.get(name)) {
		const words = TAKEN_BACK.has(reason) ? { text: '', emotes: [] } : {};
		return lines.change(name, { state: 'dropped', reason, ...words });
	}
	if (UNREAD.has(reason))
		lines.add(readLine({ id: name, at: raw['at'], source: raw['source'], state: 'dropped', reason }));
}

function ended(lines: Lines, turn: string, record: Json): void {
	const cue = isObject(record['cue']) ? record['cue'] : {};
	const line = lines.get(id(cue['event']) ?? '') ?? lines.list.findLast((each) => turn !== '' && each.turn === turn);
	if (!line || line.state !== 'chosen' || line.turn !== turn) return;
	const answer = text(record['heard']) ?? '';
	const reason = text(record['reason']) || text(record['error']) || '';
	// A turn that was set aside for a better one comes again: its line is chosen anew.
	if (record['outcome'] === 'superseded') lines.change(line.id, { state: 'waiting' });
	else if (answer)
		lines.change(line.id, { state: 'answered', answer, reason: '', isCut: record['outcome'] === 'interrupted' });
	else lines.change(line.id, { state: 'dropped', reason });
}

/** What was asked for, with the lines that only events told of. The newer knowledge of both counts. */
export function merged(book: Book, asked: readonly ChatLine[]): Book {
	const known = new Map(book.map((line) => [line.id, line]));
	const fresh = asked.map((line) => {
		const { answer, isCut, deed } = known.get(line.id) ?? line;
		return { ...line, answer, isCut, deed };
	});
	const names = new Set(asked.map((line) => line.id));
	const oldest = fresh.at(0)?.at ?? Infinity;
	const others = book.filter((line) => !names.has(line.id));
	const before = others.filter(({ at }) => at < oldest);
	return append([], [...before, ...fresh, ...others.filter(({ at }) => at >= oldest)], KEEP);
}

/** What was heard of the answers, from the turns the show remembers. */
export function withAnswers(book: Book, turns: readonly Pick<Turn, 'id' | 'heard' | 'outcome'>[]): Book {
	const heard = new Map(turns.filter((turn) => turn.heard !== '').map((turn) => [turn.id, turn]));
	return book.map((line) => {
		const turn = line.state === 'answered' && line.answer === '' ? heard.get(line.turn) : undefined;
		return turn ? { ...line, answer: turn.heard, isCut: turn.outcome === 'interrupted' } : line;
	});
}

/** Puts older lines in front; those that are known stay as they are. */
export function withOlder(book: Book, older: readonly ChatLine[]): Book {
	const known = new Set(book.map((line) => line.id));
	return [...older.filter((line) => !known.has(line.id)), ...book].slice(0, KEEP);
}
