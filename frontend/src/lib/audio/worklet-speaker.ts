import type { Position } from '../protocol/messages';
import { Track, type Heard } from '../stage/heard';
import type { FromRing, ToRing } from './ring-port';
import ringUrl from './ring.worklet.ts?worker&url';
import { heardTimeS, type Speaker } from './speaker';

/** An answer of the audio thread is not waited for longer than this. */
const ANSWER_MS = 60;

/** Plays through an audio worklet: exact positions, and a cut within one block of 128 frames. */
export class WorkletSpeaker implements Speaker {
	underruns = 0;
	readonly #track = new Track();
	readonly #node: AudioWorkletNode;
	readonly #waiting = new Map<number, (at: Position | null) => void>();
	#request = 0;

	/** Loads the worklet. Calls `onNews` when something was rendered, also while the page is hidden. */
	static async open(context: AudioContext, output: AudioNode, onNews: () => void): Promise<WorkletSpeaker> {
		await context.audioWorklet.addModule(ringUrl);
		return new WorkletSpeaker(context, output, onNews);
	}

	private constructor(
		private readonly context: AudioContext,
		output: AudioNode,
		private readonly onNews: () => void
	) {
		this.#node = new AudioWorkletNode(context, 'ring', { numberOfInputs: 0, outputChannelCount: [1] });
		this.#node.port.onmessage = (event: MessageEvent<FromRing>) => this.#receive(event.data);
		this.#node.connect(output);
	}

	begin(utterance: number, rate: number): void {
		this.#send({ type: 'begin', utterance, rate });
	}

	sound(utterance: number, pcm: Int16Array<ArrayBuffer>): void {
		this.#send({ type: 'sound', utterance, pcm }, [pcm.buffer]);
	}

	end(utterance: number, samples: number): void {
		this.#send({ type: 'end', utterance, samples });
	}

	cancel(utterances: ReadonlySet<number>): Promise<Position | null> {
		const request = (this.#request += 1);
		this.#send({ type: 'cancel', utterances, request });
		return new Promise((resolve) => {
			const answer = (at: Position | null) => {
				clearTimeout(late);
				this.#waiting.delete(request);
				resolve(at);
			};
			const late = setTimeout(() => {
				const heard = this.heard(0);
				answer(heard && utterances.has(heard.utterance) ? heard : null);
			}, ANSWER_MS);
			this.#waiting.set(request, answer);
		});
	}

	heard(aheadS: number): Heard | null {
		const now = heardTimeS(this.context);
		this.#track.prune(now);
		return this.#track.at(now + aheadS);
	}

	destroy(): void {
		this.#node.port.onmessage = null;
		this.#node.disconnect();
	}

	#receive(message: FromRing): void {
		switch (message.type) {
			case 'mark':
				this.#track.push(message.mark);
				return this.onNews();
			case 'tick':
				this.underruns = message.underruns;
				return this.onNews();
			case 'cancelled':
				return this.#waiting.get(message.request)?.(message.at);
		}
	}

	#send(message: ToRing, transfer: Transferable[] = []): void {
		this.#node.port.postMessage(message, transfer);
	}
}
