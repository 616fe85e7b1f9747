/** Keeps what the character is doing and eases it from frame to frame. No DOM, no clock: time and chance come in. */
import { blend, clamp, ease, finite, lerp } from './draw/math';
import { Blink, Wandering } from './idle';
import { moodOf, restingMouth } from './moods';
import { REST } from './pose';
import { Spring } from './spring';
import type { Mood, Mouth, Params } from './types';
import { mouthOf } from './visemes';

/**
 * Least share of the way the mouth goes in one frame, at any frame rate, so that a viseme shows in the frame in
 * which it is set; and the rate per second that takes over when frames are long.
 */
const MOUTH_SHARE = 0.7;
const MOUTH_RATE = 60;
const MOOD_RATE = 10;
const GAZE_RATE = 16;
const HEAD_RATE = 7;
/** How fast the mouth of the mood comes back after speech. */
const REST_RATE = 5;

/** Differences below this are not visible; the value arrives. */
const ARRIVED = 0.004;

/** Longest step in seconds; a page that slept goes on from where it was. */
const LONGEST_STEP = 0.25;

interface Turn {
	readonly yaw: number;
	readonly pitch: number;
	readonly roll: number;
}

function arrive<T extends { readonly [K in keyof T]: number }>(from: T, to: T, t: number): T {
	for (const key in to) if (Math.abs(to[key] - from[key]) > ARRIVED) return blend(from, to, t);
	return to;
}

export interface AnimatorOptions {
	/** Targets are reached at once and nothing moves by itself: equal calls give equal parameters. */
	readonly frozen: boolean;
	readonly random: () => number;
}

export class Animator {
	/** No motion of its own but the blink, for those who asked their system for less motion. */
	isCalm = false;

	readonly #frozen: boolean;
	readonly #blink: Blink;
	readonly #wandering: Wandering;
	readonly #phase: number;
	readonly #sway = new Spring(42, 5.5);
	readonly #whip = new Spring(30, 4.5);

	#time = 0;
	#isSpeaking = false;
	#mouthTarget: Mouth = REST.mouth;
	#mouth: Mouth = REST.mouth;
	#speech = 0;
	#mood: Mood = REST.mood;
	#moodTarget: Mood = REST.mood;
	#isMoved = false;
	#gazeTarget: readonly [number, number] = [0, 0];
	#gaze: readonly [number, number] = [0, 0];
	#turn: Turn = { yaw: 0, pitch: 0, roll: 0 };
	#energy = 0;
	#liveliness = 0;

	constructor({ frozen, random }: AnimatorOptions) {
		this.#frozen = frozen;
		this.#blink = new Blink(random);
		this.#wandering = new Wandering(random);
		this.#phase = random() * 100;
	}

	/** How far speech opens the mouth, 0..1. */
	get mouthOpen(): number {
		return this.#mouth.open * this.#speech;
	}

	setViseme(name: string, weight: number): void {
		this.#mouthTarget = blend(REST.mouth, mouthOf(name), finite(weight, 0, 1));
		if (this.#mouthTarget.open > 0 || this.#mouthTarget.press > 0) this.#takeMouth();
	}

	setExpression(name: string, weight: number): void {
		const share = finite(weight, 0, 1);
		this.#moodTarget = blend(REST.mood, moodOf(name), share);
		this.#isMoved = share > 0 && moodOf(name) !== REST.mood;
	}

	setSpeaking(on: boolean): void {
		if (on) this.#takeMouth();
		else if (this.#isSpeaking) this.#mouthTarget = REST.mouth;
		this.#isSpeaking = on;
	}

	setGaze(x: number, y: number): void {
		this.#gazeTarget = [finite(x, -1, 1), finite(y, -1, 1)];
	}

	/** The parameters `dtSeconds` later. */
	step(dtSeconds: number): Params {
		const dt = finite(dtSeconds, 0, LONGEST_STEP);
		const all = this.#frozen ? 1 : null;
		this.#mouth = arrive(this.#mouth, this.#mouthTarget, all ?? Math.max(MOUTH_SHARE, ease(MOUTH_RATE, dt)));
		const isQuiet = !this.#isSpeaking && this.#mouthTarget.open === 0 && this.#mouthTarget.press === 0;
		if (isQuiet) this.#speech *= 1 - (all ?? ease(REST_RATE, dt));
		if (this.#speech < ARRIVED) this.#speech = 0;
		return this.#frozen ? this.#still() : this.#alive(dt);
	}

	/** From here speech shapes the mouth, starting from what is seen. */
	#takeMouth(): void {
		this.#mouth = blend(restingMouth(this.#mood), this.#mouth, this.#speech);
		this.#speech = 1;
	}

	#still(): Params {
		this.#mood = this.#moodTarget;
		const [gazeX, gazeY] = this.#gazeTarget;
		return { ...REST, gazeX, gazeY, mood: this.#mood, mouth: this.#mouth, speech: this.#speech };
	}

	#alive(dt: number): Params {
		this.#time += dt;
		const idle = this.#wandering;
		if (!this.isCalm) idle.step(dt, this.#isSpeaking || this.#isMoved);
		const passing = this.isCalm ? 0 : idle.passingWeight;
		const moodTarget = passing > ARRIVED ? blend(this.#moodTarget, moodOf(idle.passing), passing) : this.#moodTarget;
		this.#mood = arrive(this.#mood, moodTarget, ease(MOOD_RATE, dt));
		this.#look(dt);
		this.#turnHead(dt);
		const t = this.#time + this.#phase;
		const lean = this.isCalm ? 0 : clamp(idle.weight + Math.sin(t * 0.37) * 0.2, -1, 1);
		const { yaw, pitch, roll } = this.#turn;
		const wind = this.isCalm ? 0 : Math.sin(t * 1.15) * 0.16 + Math.sin(t * 0.43) * 0.1;
		const sway = this.#sway.follow(-(yaw * 0.8 + roll * 5 + lean * 0.25) + wind, dt);
		const whip = this.#whip.follow(sway * 1.15, dt);
		return {
			yaw,
			pitch,
			roll,
			lean,
			breath: this.isCalm ? 0 : 0.5 - 0.5 * Math.cos(t * 1.6),
			blink: this.#blink.step(dt),
			gazeX: this.#gaze[0],
			gazeY: this.#gaze[1],
			sway,
			whip,
			mouth: this.#mouth,
			speech: this.#speech,
			mood: { ...this.#mood, laugh: this.#mood.laugh * this.#laughter(t) }
		};
	}

	/** Nobody tells a whole story with her eyes shut: in speech the laughing eyes come and go. */
	#laughter(t: number): number {
		return lerp(1, clamp(Math.sin(t * 0.8) * 6, 0, 1), this.#liveliness);
	}

	#look(dt: number): void {
		const [x, y] = this.#gazeTarget;
		const glanceX = this.isCalm || this.#isSpeaking ? 0 : this.#wandering.gazeX;
		const glanceY = this.isCalm || this.#isSpeaking ? 0 : this.#wandering.gazeY;
		const k = ease(GAZE_RATE, dt);
		this.#gaze = [lerp(this.#gaze[0], clamp(x + glanceX, -1, 1), k), lerp(this.#gaze[1], clamp(y + glanceY, -1, 1), k)];
	}

	/** Slow drift at rest, towards the gaze; quicker nods and turns that follow the loudness of the mouth in speech. */
	#turnHead(dt: number): void {
		const t = this.#time + this.#phase;
		this.#energy = lerp(this.#energy, this.mouthOpen, ease(9, dt));
		this.#liveliness = lerp(this.#liveliness, this.#isSpeaking && !this.isCalm ? 1 : 0, ease(4, dt));
		const drift = this.isCalm ? 0 : 1;
		const speech = this.#liveliness;
		const target: Turn = {
			yaw:
				this.#gaze[0] * 0.3 +
				drift * (Math.sin(t * 0.61) * 0.24 + Math.sin(t * 1.7) * 0.08) +
				speech * (Math.sin(t * 2.3) * 0.2 + Math.sin(t * 3.9) * 0.1),
			pitch:
				this.#gaze[1] * 0.25 +
				drift * Math.sin(t * 0.83 + 1) * 0.18 +
				speech * (this.#energy * 0.75 - 0.2 + Math.sin(t * 3.1) * 0.14),
			roll: drift * Math.sin(t * 0.47) * 0.02 + speech * Math.sin(t * 1.6 + 2) * 0.026
		};
		this.#turn = arrive(this.#turn, target, ease(HEAD_RATE, dt));
	}
}
