/** The plain of the face: outline, cheeks, nose. */
import { ellipse, MIDDLE, path } from '../draw/path';
import type { Item, Look, Params } from '../types';

export const faceItems = (look: Look): readonly Item[] => [
	{ group: 'head', d: look.face, fill: 'skin', stroke: 'skinLine', width: 3.2 }
];

const CHEEK = { apart: 100, y: 506 };

export function featureItems(p: Params): readonly Item[] {
	const { blush } = p.mood;
	const hatch = (x: number): string =>
		path`M${x - 17} ${CHEEK.y + 7}L${x - 10} ${CHEEK.y - 6}M${x - 2} ${CHEEK.y + 7}L${x + 5} ${CHEEK.y - 6}M${x + 13} ${CHEEK.y + 7}L${x + 20} ${CHEEK.y - 6}`;
	const left = MIDDLE - CHEEK.apart;
	const right = MIDDLE + CHEEK.apart;
	return [
		{ group: 'cheeks', d: ellipse(left, CHEEK.y, 42, 22), fill: 'blush', opacity: blush },
		{ group: 'cheeks', d: ellipse(right, CHEEK.y, 42, 22), fill: 'blush', opacity: blush },
		{
			group: 'cheeks',
			d: hatch(left) + hatch(right),
			stroke: 'blushLine',
			width: 2.6,
			opacity: Math.max(0, blush - 0.4)
		},
		{ group: 'nose', d: 'M397 503Q403 507 399 512', stroke: 'skinLine', width: 3 },
		{ group: 'nose', d: ellipse(394, 496, 2.6, 4), fill: 'white', opacity: 0.7 }
	];
}
