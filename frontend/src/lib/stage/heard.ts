/**
 * From what a player did to what is heard: marks say when (on the player's clock, in seconds) which sample was
 * rendered; between marks the sound runs at its sample rate. Pure.
 */

import type { Position } from '../protocol/messages';

/** `playing`: it sounds; `stalled`: it waits for more sound; `done`: it was heard to its end. */
export interface Heard extends Position {
	readonly state: 'playing' | 'stalled' | 'done';
}

export interface Mark extends Position {
	/** `cut`: it was silenced before its end. */
	readonly kind: 'play' | 'stall' | 'done' | 'cut';
	readonly timeS: number;
	/** Samples a second while it plays. */
	readonly rate: number;
}

const KEEP_S = 1;

export class Track {
	#marks: Mark[] = [];

	/** Marks come in order of time; whatever was expected at or after a new mark's time no longer holds. */
	push(mark: Mark): void {
		this.#marks = this.#marks.filter((each) => each.timeS <= mark.timeS);
		const last = this.#marks.at(-1);
		if (last?.kind === 'stall' && last.timeS === mark.timeS) this.#marks.pop();
		this.#marks.push(mark);
	}

	/** What is heard at `timeS`, or null when nothing is. */
	at(timeS: number): Heard | null {
		let mark: Mark | undefined;
		for (const each of this.#marks) {
			if (each.timeS > timeS) break;
			mark = each;
		}
		if (!mark || mark.kind === 'cut') return null;
		const { utterance, sample } = mark;
		if (mark.kind === 'done') return { utterance, sample, state: 'done' };
		if (mark.kind === 'stall') return { utterance, sample, state: 'stalled' };
		return { utterance, sample: sample + Math.floor((timeS - mark.timeS) * mark.rate), state: 'playing' };
	}

	/** Drops what is over for good at `timeS`. */
	prune(timeS: number): void {
		const first = this.#marks.findLastIndex((mark) => mark.timeS <= timeS - KEEP_S);
		if (first > 0) this.#marks.splice(0, first);
	}

	clear(): void {
		this.#marks = [];
	}
}
