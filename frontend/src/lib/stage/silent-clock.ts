/**
 * The position on a page that makes no sound: utterances run on the wall clock from the moment they could have been
 * played, and are set right by the position the server tells. Pure: the time is passed in.
 */

import type { Position } from '../protocol/messages';
import type { Heard } from './heard';
import type { Script, Utterance } from './script';

/** As much sound must be there before an utterance begins. */
export const START_MS = 40;

/** A position of the server that differs by no more is the same position. */
const TOLERANCE_MS = 80;

export class SilentClock {
	#current: Utterance | null = null;
	#sample = 0;
	#atMs = 0;
	/** The call in which an utterance ended: one that begins in the same call began at that end. */
	#doneMs = -1;

	/** `mayPlay` says whether an utterance is ours to run; the clock waits before one that is not. */
	constructor(
		private readonly script: Script,
		private readonly mayPlay: (utterance: number) => boolean
	) {}

	/**
	 * What would be heard at `nowMs`; calls must not go back in time. After `done` the caller finishes the utterance in
	 * the script and asks again.
	 */
	at(nowMs: number): Heard | null {
		if (this.#current && !this.script.find(this.#current.number)) this.#current = null;
		if (!this.#current && !this.#begin(nowMs)) return null;
		const current = this.#current as unknown as Utterance;
		const wanted = this.#sample + ((nowMs - this.#atMs) * current.rate) / 1000;
		const available = current.samples ?? current.received;
		this.#sample = Math.min(wanted, available);
		// Time beyond the end belongs to the next utterance, so that clauses stay back to back.
		const beyondMs = current.samples === null ? 0 : (Math.max(0, wanted - available) * 1000) / current.rate;
		this.#atMs = nowMs - beyondMs;
		const isAtEnd = this.#sample >= available;
		const state = !isAtEnd ? 'playing' : current.samples === null ? 'stalled' : 'done';
		const heard: Heard = { utterance: current.number, sample: Math.floor(this.#sample), state };
		if (state === 'done') {
			this.#current = null;
			this.#doneMs = nowMs;
		}
		return heard;
	}

	/** Goes to a position the server tells, or takes over from another clock. Positions of the past are ignored. */
	follow({ utterance, sample }: Position, nowMs: number): void {
		const target = this.script.find(utterance);
		if (!target || !this.mayPlay(utterance)) return;
		const isCurrent = this.#current?.number === utterance;
		if (isCurrent && Math.abs(sample - this.#sample) * 1000 <= TOLERANCE_MS * target.rate) return;
		this.#current = target;
		this.#sample = sample;
		this.#atMs = nowMs;
	}

	#begin(nowMs: number): boolean {
		const next = this.script.first();
		if (!next || !this.mayPlay(next.number)) return false;
		if (next.samples === null && next.received * 1000 < START_MS * next.rate) return false;
		this.#current = next;
		this.#sample = 0;
		if (this.#doneMs !== nowMs) this.#atMs = nowMs;
		return true;
	}
}
