import type { ClientMessage, Position } from '../protocol/messages';

type Playback = Extract<ClientMessage, { type: 'playback' }>;

/** Positions to report: at once when an utterance begins to sound, then at most ten a second, and at its end. */
export class Reporter {
	static readonly everyMs = 100;
	#utterance = -1;
	#atMs = -Infinity;

	/** The report that is due for a position heard at `nowMs`, or null. */
	heard({ utterance, sample }: Position, nowMs: number): Playback | null {
		if (utterance === this.#utterance && nowMs - this.#atMs < Reporter.everyMs) return null;
		this.#utterance = utterance;
		this.#atMs = nowMs;
		return { type: 'playback', utterance, sample };
	}

	/** The report of an end is always due. */
	ended(utterance: number, samples: number, nowMs: number): Playback {
		this.#utterance = utterance;
		this.#atMs = nowMs;
		return { type: 'playback', utterance, sample: samples };
	}
}
