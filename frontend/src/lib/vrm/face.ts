/** The weights of a face from frame to frame. No DOM, no clock. */
import { blend, ease } from '../puppet/draw/math';
import { CALM, SHUT, feelingsOf, opening, vowelsOf, type Feelings, type Vowels } from './weights';

/** As the puppet's mouth: a viseme shows in the frame in which it is set. */
const MOUTH_SHARE = 0.7;
const MOUTH_RATE = 60;
const MOOD_RATE = 10;

/** Differences below this are not visible; the value arrives. */
const ARRIVED = 0.004;

/** In speech a feeling leaves the lips some room. */
const SPEAKING_SHARE = 0.75;

function approach<T extends { readonly [K in keyof T]: number }>(from: T, to: T, share: number): T {
	for (const key in to) if (Math.abs(to[key] - from[key]) > ARRIVED) return blend(from, to, share);
	return to;
}

export class Face {
	vowels: Vowels = SHUT;
	feelings: Feelings = CALM;
	#wanted: Vowels = SHUT;
	#mood: readonly [name: string, weight: number] = ['neutral', 0];
	#isSpeaking = false;

	/** `isFrozen`: everything is reached at once. */
	constructor(private readonly isFrozen: boolean) {}

	get mouthOpen(): number {
		return opening(this.vowels);
	}

	setViseme(name: string, weight: number): void {
		this.#wanted = vowelsOf(name, weight);
	}

	setExpression(name: string, weight: number): void {
		this.#mood = [name, weight];
	}

	setSpeaking(on: boolean): void {
		if (this.#isSpeaking && !on) this.#wanted = SHUT;
		this.#isSpeaking = on;
	}

	step(dt: number): void {
		const [name, weight] = this.#mood;
		const feelings = feelingsOf(name, weight * (this.#isSpeaking ? SPEAKING_SHARE : 1));
		this.vowels = approach(this.vowels, this.#wanted, this.isFrozen ? 1 : Math.max(MOUTH_SHARE, ease(MOUTH_RATE, dt)));
		this.feelings = approach(this.feelings, feelings, this.isFrozen ? 1 : ease(MOOD_RATE, dt));
	}
}
