/** What a living being does while nothing happens: blinks, glances, shifts its weight, has passing thoughts. */
import { ease, lerp } from './draw/math';
import type { Expression } from './types';

type Random = () => number;

const between = (random: Random, low: number, high: number): number => lerp(low, high, random());

/** Seconds a lid takes to fall, stays down, and takes to rise. */
const FALL = 0.07;
const DOWN = 0.035;
const RISE = 0.13;
const DOUBLE_BLINKS = 0.18;

/** 0 open to 1 closed, `t` seconds after a blink began. */
export function blinkAt(t: number): number {
	if (t < 0 || t >= FALL + DOWN + RISE) return 0;
	if (t < FALL) return t / FALL;
	return t < FALL + DOWN ? 1 : 1 - (t - FALL - DOWN) / RISE;
}

export class Blink {
	#wait: number;
	#since = Infinity;

	constructor(private readonly random: Random) {
		this.#wait = between(random, 1, 4);
	}

	step(dt: number): number {
		this.#wait -= dt;
		this.#since += dt;
		if (this.#wait <= 0) {
			this.#since = 0;
			this.#wait = this.random() < DOUBLE_BLINKS ? 0.32 : between(this.random, 2, 5.5);
		}
		return blinkAt(this.#since);
	}
}

const PASSING: readonly Expression[] = ['happy', 'smug', 'thinking', 'surprised'];

/** Glances (-1..1), weight (-1..1) and a passing mood with its weight. */
export class Wandering {
	gazeX = 0;
	gazeY = 0;
	weight = 0;
	passing: Expression = 'neutral';
	passingWeight = 0;

	#glance: number;
	#shift: number;
	#thought: number;
	#isAway = false;
	#weightTarget = 0;
	#thoughtLeft = 0;

	constructor(private readonly random: Random) {
		this.#glance = between(random, 1.5, 4);
		this.#shift = between(random, 3, 8);
		this.#thought = between(random, 12, 30);
	}

	/** `isBusy`: speaking or moved by something, so no thoughts of its own. */
	step(dt: number, isBusy: boolean): void {
		this.#glance -= dt;
		this.#shift -= dt;
		this.#thought -= dt;
		this.#thoughtLeft -= dt;
		if (this.#glance <= 0) this.#turnEyes();
		if (this.#shift <= 0) {
			this.#weightTarget = between(this.random, -1, 1);
			this.#shift = between(this.random, 5, 12);
		}
		if (this.#thought <= 0) {
			this.passing = PASSING[Math.floor(this.random() * PASSING.length)] ?? 'happy';
			this.#thoughtLeft = between(this.random, 0.8, 1.6);
			this.#thought = between(this.random, 14, 35);
		}
		this.weight += (this.#weightTarget - this.weight) * ease(1.6, dt);
		const wanted = this.#thoughtLeft > 0 && !isBusy ? 0.38 : 0;
		this.passingWeight += (wanted - this.passingWeight) * ease(6, dt);
	}

	#turnEyes(): void {
		this.#isAway = !this.#isAway;
		this.gazeX = this.#isAway ? between(this.random, -0.8, 0.8) : 0;
		this.gazeY = this.#isAway ? between(this.random, -0.4, 0.35) : 0;
		this.#glance = this.#isAway ? between(this.random, 0.5, 1.5) : between(this.random, 2, 6);
	}
}
