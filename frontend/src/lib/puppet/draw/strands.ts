/** Pieces that hang and sway: data in, items out. */
import type { Hang, Hanging, Item, Strand } from '../types';
import { clamp, quantise } from './math';
import { bend, mirror, outline } from './path';

/** The piece and its mirror image. */
export const pair = (strand: Strand): readonly Strand[] => [strand, { ...strand, d: mirror(strand.d) }];

export const prepare = (strands: readonly Strand[]): readonly Hanging[] =>
	strands.map((strand) => ({ strand, shape: strand.hang ? outline(strand.d) : null }));

/** Sideways displacement at height `y`: the middle follows `sway`, the tip `whip`. */
export function displacement(hang: Hang, sway: number, whip: number, y: number): number {
	const t = clamp((y - hang.from) / hang.span, 0, 1.3);
	return hang.gain * t * t * (sway * (1 - t) + whip * t);
}

/** Steps in which a strand bends, per drawing unit of its `gain`: what moves little is painted seldom. */
const STEPS_PER_UNIT = 2;

/** The strands bent by the hair's state; those that do not hang are returned as they are. */
export function hung(list: readonly Hanging[], sway: number, whip: number): Item[] {
	return list.map(({ strand, shape }) => {
		const { hang } = strand;
		if (!hang || !shape) return strand;
		const steps = STEPS_PER_UNIT * Math.abs(hang.gain);
		const [middle, tip] = [quantise(sway, steps), quantise(whip, steps)];
		return { ...strand, d: bend(shape, (y) => displacement(hang, middle, tip, y)) };
	});
}
