/** Visemes and expressions as weights of the presets of a VRM model. Pure. */
import { EXPRESSIONS, VISEMES, type Expression, type Viseme } from '../puppet/types';

/** The mouth presets of VRM 1.0; three-vrm gives those of 0.x the same names. */
export const VOWELS = ['aa', 'ih', 'ou', 'ee', 'oh'] as const;
export type Vowel = (typeof VOWELS)[number];
export type Vowels = Readonly<Record<Vowel, number>>;

export const FEELINGS = ['happy', 'angry', 'sad', 'relaxed', 'surprised'] as const;
export type Feeling = (typeof FEELINGS)[number];
export type Feelings = Readonly<Record<Feeling, number>>;

export const SHUT: Vowels = { aa: 0, ih: 0, ou: 0, ee: 0, oh: 0 };
export const CALM: Feelings = { happy: 0, angry: 0, sad: 0, relaxed: 0, surprised: 0 };

const BY_VISEME: Readonly<Record<Viseme, Partial<Vowels>>> = {
	sil: {},
	PP: {},
	FF: { ih: 0.25 },
	TH: { ih: 0.3, aa: 0.1 },
	DD: { ih: 0.3, aa: 0.1 },
	kk: { aa: 0.3, ih: 0.2 },
	CH: { ou: 0.4, ih: 0.15 },
	SS: { ih: 0.3, ee: 0.15 },
	nn: { ih: 0.25 },
	RR: { ou: 0.45 },
	aa: { aa: 1 },
	E: { ee: 0.9 },
	ih: { ih: 0.9 },
	oh: { oh: 1 },
	ou: { ou: 1 }
};

/** Smug and thinking have no preset: the relaxed face comes nearest, the head and the eyes say the rest. */
const BY_EXPRESSION: Readonly<Record<Expression, Partial<Feelings>>> = {
	neutral: {},
	happy: { happy: 1 },
	sad: { sad: 1 },
	angry: { angry: 1 },
	surprised: { surprised: 1 },
	smug: { relaxed: 0.9 },
	thinking: { relaxed: 0.25 }
};

/** How far each vowel alone opens the lips. */
const OPENING: Vowels = { aa: 1, ih: 0.45, ou: 0.4, ee: 0.65, oh: 0.85 };

function scaled<T extends string>(rest: Readonly<Record<T, number>>, shape: Partial<Record<T, number>>, by: number) {
	const share = Number.isFinite(by) ? Math.min(1, Math.max(0, by)) : 0;
	const weights: Record<T, number> = { ...rest };
	for (const name in rest) weights[name] = (shape[name] ?? 0) * share;
	return weights;
}

/** The mouth for a viseme; names it does not know close it. */
export const vowelsOf = (viseme: string, weight: number): Vowels =>
	scaled(SHUT, BY_VISEME[VISEMES.find((known) => known === viseme) ?? 'sil'], weight);

/** The face for an expression; names it does not know are neutral. */
export const feelingsOf = (expression: string, weight: number): Feelings =>
	scaled(CALM, BY_EXPRESSION[EXPRESSIONS.find((known) => known === expression) ?? 'neutral'], weight);

/** How far the mouth is open, 0..1. */
export const opening = (vowels: Vowels): number =>
	Math.min(
		1,
		VOWELS.reduce((sum, vowel) => sum + vowels[vowel] * OPENING[vowel], 0)
	);
