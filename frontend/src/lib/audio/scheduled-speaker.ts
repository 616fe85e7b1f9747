import type { Position } from '../protocol/messages';
import { Track, type Heard, type Mark } from '../stage/heard';
import { START_S } from './ring';
import { heardTimeS, type Speaker } from './speaker';

interface Entry {
	readonly utterance: number;
	readonly rate: number;
	/** Sound that waits for the start threshold. */
	waiting: Int16Array<ArrayBuffer>[];
	scheduled: number;
}

/**
 * Plays through scheduled buffers, for pages where the browser has no audio worklet (plain http from another machine).
 */
export class ScheduledSpeaker implements Speaker {
	underruns = 0;
	readonly #track = new Track();
	readonly #entries = new Map<number, Entry>();
	readonly #nodes = new Map<AudioBufferSourceNode, number>();
	readonly #ticks: ReturnType<typeof setInterval>;
	/** Context time at which everything that was scheduled is over. */
	#freeAtS = 0;

	constructor(
		private readonly context: AudioContext,
		private readonly output: AudioNode,
		onNews: () => void
	) {
		this.#ticks = setInterval(onNews, 100);
	}

	begin(utterance: number, rate: number): void {
		this.#entries.set(utterance, { utterance, rate, waiting: [], scheduled: 0 });
	}

	sound(utterance: number, pcm: Int16Array<ArrayBuffer>): void {
		const entry = this.#entries.get(utterance);
		if (!entry) return;
		entry.waiting.push(pcm);
		const samples = entry.waiting.reduce((sum, chunk) => sum + chunk.length, 0);
		if (this.#isDry() && samples < START_S * entry.rate) return;
		this.#schedule(entry);
	}

	end(utterance: number, samples: number): void {
		const entry = this.#entries.get(utterance);
		if (!entry) return;
		const received = entry.scheduled + entry.waiting.reduce((sum, chunk) => sum + chunk.length, 0);
		if (samples > received) entry.waiting.push(new Int16Array(samples - received));
		this.#schedule(entry);
		this.#mark('done', entry, this.#freeAtS);
		this.#entries.delete(utterance);
	}

	cancel(utterances: ReadonlySet<number>): Promise<Position | null> {
		const heard = this.#track.at(this.context.currentTime);
		for (const [node, utterance] of this.#nodes) if (utterances.has(utterance)) node.stop();
		for (const utterance of utterances) this.#entries.delete(utterance);
		if (!heard || heard.state === 'done' || !utterances.has(heard.utterance)) return Promise.resolve(null);
		this.#freeAtS = this.context.currentTime;
		this.#track.push({ ...heard, kind: 'cut', timeS: this.#freeAtS, rate: this.context.sampleRate });
		return Promise.resolve({ utterance: heard.utterance, sample: heard.sample });
	}

	heard(aheadS: number): Heard | null {
		const now = heardTimeS(this.context);
		this.#track.prune(now);
		return this.#track.at(now + aheadS);
	}

	destroy(): void {
		clearInterval(this.#ticks);
		for (const node of this.#nodes.keys()) node.stop();
	}

	#isDry(): boolean {
		return this.#freeAtS <= this.context.currentTime;
	}

	#schedule(entry: Entry): void {
		if (this.#isDry()) {
			if (entry.scheduled > 0) this.underruns += 1;
			this.#freeAtS = this.context.currentTime;
		}
		this.#mark('play', entry, this.#freeAtS);
		for (const pcm of entry.waiting.splice(0)) this.#play(entry, pcm);
		this.#mark('stall', entry, this.#freeAtS);
	}

	#play(entry: Entry, pcm: Int16Array<ArrayBuffer>): void {
		if (pcm.length === 0) return;
		const buffer = this.context.createBuffer(1, pcm.length, entry.rate);
		buffer.copyToChannel(
			Float32Array.from(pcm, (sample) => sample / 32768),
			0
		);
		const node = new AudioBufferSourceNode(this.context, { buffer });
		node.connect(this.output);
		node.onended = () => this.#nodes.delete(node);
		node.start(this.#freeAtS);
		this.#nodes.set(node, entry.utterance);
		this.#freeAtS += buffer.duration;
		entry.scheduled += pcm.length;
	}

	#mark(kind: Mark['kind'], entry: Entry, timeS: number): void {
		this.#track.push({ kind, utterance: entry.utterance, sample: entry.scheduled, timeS, rate: entry.rate });
	}
}
