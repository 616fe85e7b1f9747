/** The last lines of the log in little memory, and those of them that a person looks for. Pure. */

import { LEVELS, type Level, type Line } from './line';

/** Numbered lines; the newest `capacity` are kept. Columns instead of objects: a line costs its text and 20 bytes. */
export class Book {
	/** The number that the next line gets. */
	end = 0;
	readonly #atMs: Float64Array;
	readonly #level: Uint8Array;
	readonly #type: Uint16Array;
	readonly #turn: string[] = [];
	readonly #text: string[] = [];
	readonly #types: string[] = [];
	readonly #typeNumbers = new Map<string, number>();

	constructor(readonly capacity: number = 100_000) {
		this.#atMs = new Float64Array(capacity);
		this.#level = new Uint8Array(capacity);
		this.#type = new Uint16Array(capacity);
	}

	/** Number of the oldest line that is kept. */
	get first(): number {
		return Math.max(0, this.end - this.capacity);
	}

	/** How many lines are kept. */
	get length(): number {
		return this.end - this.first;
	}

	/** Every type that was seen, in alphabetical order. */
	get types(): string[] {
		return this.#types.toSorted();
	}

	append(line: Line): void {
		const slot = this.end % this.capacity;
		this.#atMs[slot] = line.atMs;
		this.#level[slot] = LEVELS.indexOf(line.level);
		this.#type[slot] = this.#numberOf(line.type);
		this.#turn[slot] = line.turn;
		this.#text[slot] = line.text;
		this.end += 1;
	}

	/** The line with this number, or null where it is not kept. */
	at(number: number): Line | null {
		if (number < this.first || number >= this.end) return null;
		const slot = number % this.capacity;
		return {
			atMs: this.#atMs[slot] ?? 0,
			level: LEVELS[this.#level[slot] ?? 0] ?? 'info',
			type: this.#types[this.#type[slot] ?? 0] ?? '',
			turn: this.#turn[slot] ?? '',
			text: this.#text[slot] ?? ''
		};
	}

	clear(): void {
		this.#turn.length = this.#text.length = 0;
		this.end = 0;
	}

	/** A test of line numbers for what `wanted` asks; it reads columns, never whole lines. */
	matcher(wanted: Wanted): (number: number) => boolean {
		const least = LEVELS.indexOf(wanted.level);
		const words = wanted.text.trim() && new RegExp(literal(wanted.text.trim()), 'i');
		const turn = wanted.turn.trim();
		// Types are told apart by number; ones that come later are looked at once.
		const verdicts: (boolean | undefined)[] = [];
		const hasType = (type: number) => (verdicts[type] ??= isOfType(this.#types[type] ?? '', wanted.type));
		return (number) => {
			const slot = number % this.capacity;
			if ((this.#level[slot] ?? 0) < least) return false;
			if (wanted.type && !hasType(this.#type[slot] ?? 0)) return false;
			if (turn && this.#turn[slot] !== turn) return false;
			return !words || words.test(this.#text[slot] ?? '');
		};
	}

	#numberOf(type: string): number {
		const known = this.#typeNumbers.get(type);
		if (known !== undefined) return known;
		// A sixteen-bit column: types of later lines than that share the last number.
		if (this.#types.length >= MAX_TYPES) return MAX_TYPES - 1;
		this.#typeNumbers.set(type, this.#types.length);
		return this.#types.push(type) - 1;
	}
}

const MAX_TYPES = 1000;

/** What a person looks for; empty fields ask for nothing. */
export interface Wanted {
	/** The least level. */
	readonly level: Level;
	/** A type, or the first parts of one: `chat` finds `chat.dropped`. */
	readonly type: string;
	readonly text: string;
	readonly turn: string;
}

export const EVERYTHING: Wanted = { level: 'debug', type: '', text: '', turn: '' };

export function isOfType(type: string, wanted: string): boolean {
	return type === wanted || type.startsWith(`${wanted}.`);
}

function literal(text: string): string {
	return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** The kept lines that match, found a piece at a time so that no frame waits for all of them. */
export class Selection {
	readonly #matches: (number: number) => boolean;
	/** Numbers of lines that match, ascending; those before `#from` are no longer kept. */
	#numbers: number[] = [];
	#from = 0;
	#scanned: number;

	constructor(
		private readonly book: Book,
		readonly wanted: Wanted
	) {
		this.#matches = book.matcher(wanted);
		this.#scanned = book.first;
	}

	/** How many lines match so far. */
	get length(): number {
		return this.#isWhole ? this.book.length : this.#numbers.length - this.#from;
	}

	/** Whether every kept line was looked at. */
	get isDone(): boolean {
		return this.#isWhole || this.#scanned >= this.book.end;
	}

	/** Number of the line at a place from 0, or -1. */
	numberAt(place: number): number {
		if (place < 0 || place >= this.length) return -1;
		return this.#isWhole ? this.book.first + place : (this.#numbers[this.#from + place] ?? -1);
	}

	/** Looks at up to `limit` more lines and forgets those that are gone. Gives how many left at the front. */
	advance(limit: number): number {
		if (this.#isWhole) return 0;
		const first = this.book.first;
		const until = Math.min(this.book.end, Math.max(this.#scanned, first) + limit);
		for (let number = Math.max(this.#scanned, first); number < until; number += 1)
			if (this.#matches(number)) this.#numbers.push(number);
		this.#scanned = until;
		const before = this.#from;
		while (this.#from < this.#numbers.length && (this.#numbers[this.#from] ?? 0) < first) this.#from += 1;
		const gone = this.#from - before;
		if (this.#from > COMPACT_AT) {
			this.#numbers = this.#numbers.slice(this.#from);
			this.#from = 0;
		}
		return gone;
	}

	get #isWhole(): boolean {
		const { level, type, text, turn } = this.wanted;
		return level === 'debug' && !type && !text.trim() && !turn.trim();
	}
}

const COMPACT_AT = 10_000;
