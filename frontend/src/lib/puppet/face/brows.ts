/** Brows, drawn over the fringe and slightly see-through, as the style has it. */
import { MIDDLE, path } from '../draw/path';
import type { Item, Look, Params } from '../types';

function browItem(p: Params, look: Look, side: -1 | 1): Item {
	const { brow } = look;
	const angle = p.mood.browTilt + brow.tilt;
	const cos = Math.cos(angle);
	const sin = Math.sin(angle);
	const x = MIDDLE + side * brow.apart;
	const y = brow.y + p.mood.browY + (side > 0 ? p.mood.browSplit : 0);
	const at = (u: number, v: number): readonly [number, number] => [
		x + side * (u * cos - v * sin),
		y + u * sin + v * cos
	];
	const half = brow.length / 2;
	const inner = at(-half, brow.arch * 0.35);
	const outer = at(half, brow.arch * 0.45);
	const over = at(half * 0.1, -brow.arch - brow.weight);
	const under = at(0, -brow.arch + brow.weight * 0.4);
	const foot = at(-half, brow.arch * 0.35 + brow.weight);
	return {
		group: 'brows',
		d: path`M${inner[0]} ${inner[1]}Q${over[0]} ${over[1]} ${outer[0]} ${outer[1]}Q${under[0]} ${under[1]} ${foot[0]} ${foot[1]}Z`,
		fill: 'brow',
		stroke: 'brow',
		width: 2.4,
		opacity: 0.85
	};
}

export const browItems = (p: Params, look: Look): readonly Item[] => [browItem(p, look, -1), browItem(p, look, 1)];
