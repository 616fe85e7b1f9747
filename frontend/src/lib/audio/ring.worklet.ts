/** The audio thread's side of the stage's sound: one processor that plays a `Ring`. */

import { Ring, type RingMark } from './ring';
import type { FromRing, ToRing } from './ring-port';

const TICK_S = 0.1;

class RingProcessor extends AudioWorkletProcessor {
	readonly #ring = new Ring(sampleRate);
	#nextTick = 0;

	constructor() {
		super();
		this.port.onmessage = (event: MessageEvent<ToRing>) => this.#receive(event.data);
	}

	override process(_inputs: Float32Array[][], outputs: Float32Array[][]): boolean {
		const out = outputs[0]?.[0];
		if (!out) return true;
		for (const mark of this.#ring.render(out)) this.#tell(mark);
		if (this.#ring.isWaiting && currentFrame >= this.#nextTick) {
			this.#nextTick = currentFrame + TICK_S * sampleRate;
			this.#send({ type: 'tick', underruns: this.#ring.underruns });
		}
		return true;
	}

	#receive(message: ToRing): void {
		switch (message.type) {
			case 'begin':
				return this.#ring.begin(message.utterance, message.rate);
			case 'sound':
				return this.#ring.sound(message.utterance, message.pcm);
			case 'end':
				return this.#ring.end(message.utterance, message.samples);
			case 'cancel': {
				const cut = this.#ring.cancel(message.utterances);
				if (cut) this.#tell(cut);
				return this.#send({ type: 'cancelled', request: message.request, at: cut });
			}
		}
	}

	#tell(mark: RingMark): void {
		const { kind, utterance, sample, rate, offset } = mark;
		this.#send({ type: 'mark', mark: { kind, utterance, sample, rate, timeS: (currentFrame + offset) / sampleRate } });
	}

	#send(message: FromRing): void {
		this.port.postMessage(message);
	}
}

registerProcessor('ring', RingProcessor);
