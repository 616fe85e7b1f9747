/**
 * The sound that waits to be played, in the order of utterance numbers, back to back. Runs on the audio thread and
 * knows nothing of it: `render` fills a block and says what began, ran dry or ended, and at which frame. Pure.
 */

import type { Position } from '../protocol/messages';

/** As much sound must wait before an utterance begins, or goes on after it ran dry. */
export const START_S = 0.04;

/** A cut fades within this many frames, so that it does not click. */
export const FADE_FRAMES = 128;

export interface RingMark extends Position {
	readonly kind: 'play' | 'stall' | 'done' | 'cut';
	/** Frames since the beginning of the block that is being rendered. */
	readonly offset: number;
	/** Samples a second of the utterance. */
	readonly rate: number;
}

interface Entry {
	readonly utterance: number;
	readonly rate: number;
	readonly chunks: Int16Array[];
	/** Samples in chunks that were used up. */
	dropped: number;
	received: number;
	/** How many samples were played; a fraction where the rates differ. */
	played: number;
	samples: number | null;
}

export class Ring {
	underruns = 0;
	#entries: Entry[] = [];
	#isPlaying = false;
	#fade: Float32Array = new Float32Array(0);

	/** `rate` is the number of frames a second that `render` is asked for. */
	constructor(private readonly rate: number) {}

	/** Whether there is an utterance that is not over. */
	get isWaiting(): boolean {
		return this.#entries.length > 0;
	}

	begin(utterance: number, rate: number): void {
		const entry = { utterance, rate, chunks: [], dropped: 0, received: 0, played: 0, samples: null };
		const at = this.#entries.findIndex((each) => each.utterance > utterance);
		this.#entries.splice(at < 0 ? this.#entries.length : at, 0, entry);
	}

	/** Adds the next samples of an utterance that began. */
	sound(utterance: number, pcm: Int16Array): void {
		const entry = this.#find(utterance);
		if (!entry || pcm.length === 0) return;
		entry.chunks.push(pcm);
		entry.received += pcm.length;
	}

	/** The utterance is `samples` long; what never arrived of it is silence. */
	end(utterance: number, samples: number): void {
		const entry = this.#find(utterance);
		if (entry) entry.samples = samples;
	}

	/** Drops utterances, played or not, without a click. Gives the mark of a cut where one of them sounded. */
	cancel(utterances: ReadonlySet<number>): RingMark | null {
		const head = this.#entries[0];
		const isCut = head !== undefined && utterances.has(head.utterance) && head.played > 0;
		let mark: RingMark | null = null;
		if (isCut) {
			mark = this.#mark('cut', head, 0);
			if (this.#isPlaying) this.#fade = this.#fadeOut(head);
		}
		if (head && utterances.has(head.utterance)) this.#isPlaying = false;
		this.#entries = this.#entries.filter((entry) => !utterances.has(entry.utterance));
		return mark;
	}

	/** Fills `out`; gives what happened in it, in order of time. */
	render(out: Float32Array): RingMark[] {
		const marks: RingMark[] = [];
		let at = this.#renderFade(out);
		// The next utterance follows without a threshold when the one before it ended just here.
		let isFlowing = false;
		for (;;) {
			const head = this.#entries[0];
			if (!head) break;
			if (this.#isPlaying && this.#isOver(head)) {
				marks.push(this.#mark('done', head, at));
				this.#entries.shift();
				this.#isPlaying = false;
				isFlowing = true;
				continue;
			}
			if (at >= out.length) break;
			if (!this.#isPlaying) {
				if (!this.#isReady(head, isFlowing)) break;
				marks.push(this.#mark('play', head, at));
				this.#isPlaying = true;
				continue;
			}
			const next = this.#copy(head, out, at);
			if (next < out.length && !this.#isOver(head)) {
				marks.push(this.#mark('stall', head, next));
				this.#isPlaying = false;
				this.underruns += 1;
			}
			at = next;
		}
		out.fill(0, at);
		return marks;
	}

	#find(utterance: number): Entry | undefined {
		return this.#entries.find((entry) => entry.utterance === utterance);
	}

	#isOver(entry: Entry): boolean {
		return entry.samples !== null && entry.played >= entry.samples;
	}

	#isReady(entry: Entry, isFlowing: boolean): boolean {
		if (entry.samples !== null) return true;
		const waiting = entry.received - Math.floor(entry.played);
		return waiting >= (isFlowing ? 1 : START_S * entry.rate);
	}

	/** Plays `entry` into `out` from `at` on, as far as its sound reaches; gives the frame behind the last. */
	#copy(entry: Entry, out: Float32Array, at: number): number {
		const step = entry.rate / this.rate;
		const end = entry.samples ?? entry.received;
		let frame = at;
		while (frame < out.length && entry.played < end) {
			const index = Math.floor(entry.played);
			const fraction = entry.played - index;
			this.#release(entry, index);
			const here = this.#sample(entry, index) ?? 0;
			const next = fraction === 0 ? here : (this.#sample(entry, index + 1) ?? here);
			out[frame] = (here + (next - here) * fraction) / 32768;
			entry.played += step;
			frame += 1;
		}
		entry.played = Math.min(entry.played, end);
		return frame;
	}

	/** Lets go of chunks that lie before `index`. */
	#release(entry: Entry, index: number): void {
		for (;;) {
			const [chunk] = entry.chunks;
			if (!chunk || index - entry.dropped < chunk.length) return;
			entry.dropped += chunk.length;
			entry.chunks.shift();
		}
	}

	/** A sample of the first two chunks that are left, undefined where there is none. */
	#sample(entry: Entry, index: number): number | undefined {
		const at = index - entry.dropped;
		const [first, second] = entry.chunks;
		return first && at < first.length ? first[at] : second?.[at - (first?.length ?? 0)];
	}

	#fadeOut(entry: Entry): Float32Array {
		const tail = new Float32Array(FADE_FRAMES);
		const frames = this.#copy(entry, tail, 0);
		for (let i = 0; i < frames; i += 1) tail[i] = (tail[i] as number) * (1 - (i + 1) / FADE_FRAMES);
		return tail.subarray(0, frames);
	}

	#renderFade(out: Float32Array): number {
		const frames = Math.min(out.length, this.#fade.length);
		out.set(this.#fade.subarray(0, frames));
		this.#fade = this.#fade.subarray(frames);
		return frames;
	}

	#mark(kind: RingMark['kind'], entry: Entry, offset: number): RingMark {
		return { kind, utterance: entry.utterance, sample: Math.floor(entry.played), offset, rate: entry.rate };
	}
}
