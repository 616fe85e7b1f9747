/**
 * What the stage was told to play: utterances in the order of their numbers, with the cues on their timelines.
 * Pure: no clock, no sound, no page.
 */

import type { ServerMessage, VisemeCue, WordCue } from '../protocol/messages';
import { insertByTime } from './lookup';

type Message<T extends ServerMessage['type']> = Extract<ServerMessage, { type: T }>;

export interface ExpressionCue {
	readonly persona: string;
	readonly name: string;
	readonly weight: number;
	readonly ms: number;
}

/** One clause. `samples` is null until its end is known; until then `received` samples of it can be played. */
export interface Utterance {
	readonly number: number;
	readonly turn: string;
	readonly persona: string;
	readonly text: string;
	readonly rate: number;
	readonly visemes: VisemeCue[];
	readonly words: WordCue[];
	received: number;
	samples: number | null;
}

/** What was said about an utterance apart from its sound; may come before its start. */
export interface Notes {
	readonly expressions: ExpressionCue[];
	/** Replaces the text of the utterance on the screen; null where it was not given. */
	caption: string | null;
}

export class Script {
	readonly #utterances = new Map<number, Utterance>();
	readonly #notes = new Map<number, Notes>();
	#finished = -1;

	start(message: Message<'speech.start'>): Utterance | null {
		if (message.utterance <= this.#finished || this.#utterances.has(message.utterance)) return null;
		const { utterance: number, turn, persona, text, sampleRate: rate } = message;
		const utterance = { number, turn, persona, text, rate, visemes: [], words: [], received: 0, samples: null };
		this.#utterances.set(number, utterance);
		return utterance;
	}

	cues(message: Message<'speech.cues'>): void {
		const utterance = this.#utterances.get(message.utterance);
		if (!utterance) return;
		for (const viseme of message.visemes) insertByTime(utterance.visemes, viseme);
		for (const word of message.words) insertByTime(utterance.words, word);
	}

	/** Counts sound that arrived. False for sound that is not wanted: unknown, cancelled, after the end or not contiguous. */
	sound(number: number, first: number, samples: number): boolean {
		const utterance = this.#utterances.get(number);
		if (!utterance || utterance.samples !== null || utterance.received !== first) return false;
		utterance.received += samples;
		return true;
	}

	/** The length of the utterance is known. False where the utterance is not. */
	end(number: number, samples: number): boolean {
		const utterance = this.#utterances.get(number);
		if (!utterance || utterance.samples !== null) return false;
		utterance.samples = samples;
		return true;
	}

	/** Keeps an expression for the instant it belongs to. */
	expression(number: number, cue: ExpressionCue): void {
		if (number > this.#finished) insertByTime(this.#notesOf(number).expressions, cue);
	}

	caption(number: number, text: string): void {
		if (number > this.#finished) this.#notesOf(number).caption = text;
	}

	/** Forgets what was not heard of a turn; gives the numbers that are gone. */
	cancel(turn: string): Set<number> {
		const gone = new Set<number>();
		for (const [number, utterance] of this.#utterances) {
			if (utterance.turn !== turn) continue;
			gone.add(number);
			this.#utterances.delete(number);
			this.#notes.delete(number);
		}
		return gone;
	}

	/** Utterances of a turn whose end was never told. */
	open(turn: string): Utterance[] {
		return [...this.#utterances.values()].filter((each) => each.turn === turn && each.samples === null);
	}

	/** The utterance was heard to its end: it and everything before it is over. */
	finish(number: number): void {
		this.#finished = Math.max(this.#finished, number);
		for (const known of [...this.#utterances.keys(), ...this.#notes.keys()]) {
			if (known > number) continue;
			this.#utterances.delete(known);
			this.#notes.delete(known);
		}
	}

	find(number: number): Utterance | undefined {
		return this.#utterances.get(number);
	}

	notes(number: number): Notes | undefined {
		return this.#notes.get(number);
	}

	/** The utterance to play now: the lowest number that is not over. */
	first(): Utterance | undefined {
		let lowest: Utterance | undefined;
		for (const each of this.#utterances.values()) if (!lowest || each.number < lowest.number) lowest = each;
		return lowest;
	}

	/** Utterances with numbers below `number`, lowest first. */
	before(number: number): Utterance[] {
		return [...this.#utterances.values()]
			.filter((each) => each.number < number)
			.sort((one, other) => one.number - other.number);
	}

	/** Back to the beginning, as for a new connection. */
	clear(): void {
		this.#utterances.clear();
		this.#notes.clear();
		this.#finished = -1;
	}

	#notesOf(number: number): Notes {
		let notes = this.#notes.get(number);
		if (!notes) this.#notes.set(number, (notes = { expressions: [], caption: null }));
		return notes;
	}
}
