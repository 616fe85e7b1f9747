/** Mouth positions of the fifteen visemes. Shapes after the Oculus viseme reference pictures, simplified for a drawn mouth. */
import { type Mouth, type Viseme, VISEMES } from './types';

const CLOSED: Mouth = {
	open: 0,
	width: 1,
	round: 0,
	upperTeeth: 0,
	lowerTeeth: 0,
	tongue: 0.3,
	tip: 0,
	press: 0,
	tuck: 0
};

const mouth = (shape: Partial<Mouth>): Mouth => ({ ...CLOSED, ...shape });

export const MOUTHS: Readonly<Record<Viseme, Mouth>> = {
	sil: CLOSED,
	PP: mouth({ width: 0.72, press: 1 }),
	FF: mouth({ open: 0.3, width: 0.86, upperTeeth: 1, tuck: 1, tongue: 0 }),
	TH: mouth({ open: 0.36, width: 1, upperTeeth: 0.55, tip: 1, tongue: 0.5 }),
	DD: mouth({ open: 0.32, width: 0.98, upperTeeth: 0.7, tongue: 0.9 }),
	kk: mouth({ open: 0.5, width: 1.02, upperTeeth: 0.25, lowerTeeth: 0.2, tongue: 0.1 }),
	CH: mouth({ open: 0.46, width: 0.66, round: 0.55, upperTeeth: 0.9, lowerTeeth: 0.9, tongue: 0 }),
	SS: mouth({ open: 0.3, width: 1.24, upperTeeth: 1, lowerTeeth: 1, tongue: 0 }),
	nn: mouth({ open: 0.22, width: 0.82, upperTeeth: 0.3, tongue: 1 }),
	RR: mouth({ open: 0.38, width: 0.66, round: 0.7, tongue: 0.8 }),
	aa: mouth({ open: 1, width: 1.1, upperTeeth: 0.35, tongue: 0.45 }),
	E: mouth({ open: 0.64, width: 1.28, upperTeeth: 0.5, tongue: 0.55 }),
	ih: mouth({ open: 0.42, width: 1.22, upperTeeth: 0.55, lowerTeeth: 0.4, tongue: 0.4 }),
	oh: mouth({ open: 0.84, width: 0.8, round: 1, tongue: 0.35 }),
	ou: mouth({ open: 0.42, width: 0.5, round: 1, tongue: 0.2 })
};

/** The mouth for a viseme name; names it does not know are silence. */
export const mouthOf = (name: string): Mouth => MOUTHS[VISEMES.find((known) => known === name) ?? 'sil'];
