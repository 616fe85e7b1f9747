/** Pieces that hang and sway: data in, items out. */
import type { Hang, Hanging, Item, Strand } from '../types';
import { clamp } from './math';
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

/** The strands bent by the hair's state; those that do not hang are returned as they are. */
export function hung(list: readonly Hanging[], sway: number, whip: number): Item[] {
	return list.map(({ strand, shape }) => {
		const { hang } = strand;
		if (!hang || !shape) return strand;
		return { ...strand, d: bend(shape, (y) => displacement(hang, sway, whip, y)) };
	});
}
