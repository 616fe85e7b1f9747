/** The expressions as numbers. */
import { EXPRESSIONS, type Expression, type Mood, type Mouth } from './types';

const NEUTRAL: Mood = {
	eye: 1,
	laugh: 0,
	iris: 1,
	browY: 0,
	browTilt: 0,
	browSplit: 0,
	gazeX: 0,
	gazeY: 0,
	corner: 0.5,
	rest: 0,
	restRound: 0,
	restWidth: 1,
	skew: 0,
	fang: 0,
	blush: 0.4,
	yaw: 0,
	pitch: 0,
	roll: 0,
	tear: 0,
	vein: 0,
	glitter: 0,
	shock: 0,
	dots: 0,
	hand: 0
};

const mood = (change: Partial<Mood>): Mood => ({ ...NEUTRAL, ...change });

export const MOODS: Readonly<Record<Expression, Mood>> = {
	neutral: NEUTRAL,
	happy: mood({
		laugh: 1,
		browY: -12,
		browTilt: 0.06,
		corner: 1,
		rest: 0.62,
		restWidth: 1.12,
		blush: 0.9,
		roll: 0.05,
		glitter: 1
	}),
	sad: mood({
		eye: 0.78,
		browY: -2,
		browTilt: 0.4,
		gazeX: -0.1,
		gazeY: 0.4,
		corner: -0.85,
		restWidth: 0.75,
		blush: 0.3,
		pitch: 0.4,
		roll: -0.03,
		tear: 1
	}),
	angry: mood({
		eye: 0.76,
		iris: 0.92,
		browY: 13,
		browTilt: -0.4,
		corner: -0.9,
		rest: 0.2,
		restWidth: 0.9,
		fang: 0.6,
		blush: 0.6,
		pitch: 0.15,
		vein: 1
	}),
	surprised: mood({
		eye: 1.16,
		iris: 0.78,
		browY: -24,
		browTilt: 0.1,
		corner: 0,
		rest: 0.62,
		restRound: 1,
		restWidth: 0.62,
		pitch: -0.25,
		shock: 1
	}),
	smug: mood({
		eye: 0.6,
		browY: 2,
		browTilt: -0.12,
		browSplit: -16,
		gazeX: 0.45,
		gazeY: 0.05,
		corner: 1,
		restWidth: 1.1,
		skew: 1,
		fang: 1,
		blush: 0.6,
		pitch: -0.15,
		roll: -0.05,
		yaw: 0.2
	}),
	thinking: mood({
		eye: 0.84,
		browY: -5,
		browTilt: 0.06,
		browSplit: -13,
		gazeX: 0.7,
		gazeY: -0.75,
		corner: -0.35,
		restWidth: 0.55,
		skew: 0.35,
		roll: 0.055,
		yaw: 0.25,
		pitch: -0.2,
		dots: 1,
		hand: 1
	})
};

/** The mood for an expression name; names it does not know are neutral. */
export const moodOf = (name: string): Mood => MOODS[EXPRESSIONS.find((known) => known === name) ?? 'neutral'];

/** The mouth a mood makes while nothing is said. */
export const restingMouth = (m: Mood): Mouth => ({
	open: m.rest,
	width: m.restWidth,
	round: m.restRound,
	upperTeeth: 0.34 * (1 - m.restRound),
	lowerTeeth: 0,
	tongue: 0.4,
	tip: 0,
	press: 0,
	tuck: 0
});
