/** Comic marks of the moods: tears, vein, sparkles, exclamation strokes, thought dots. */
import { drop, ellipse, MIDDLE, path, sparkle } from '../draw/path';
import type { Item, Look, Params } from '../types';

const VEIN = 'M292 232Q312 234 312 214M340 212Q340 234 362 234M362 258Q340 258 340 280M312 280Q312 258 292 256';
/** Three strokes that fly off the head; `x` is where they start. */
const strokes = (x: number): string =>
	path`M${x} 128L${x + 18} 78M${x + 42} 146L${x + 84} 104M${x + 74} 182L${x + 128} 158`;

const mark = (weight: number, item: Omit<Item, 'group' | 'opacity'>): Item => ({
	...item,
	group: 'marks',
	d: weight > 0.02 ? item.d : '',
	opacity: Math.min(1, weight)
});

export function markItems({ mood }: Params, look: Look): readonly Item[] {
	const { aside } = look;
	const tearY = look.eye.y + look.eye.lowOuter * 0.8;
	const tears = drop(MIDDLE - look.eye.apart - 30, tearY, 9) + drop(MIDDLE + look.eye.apart + 30, tearY, 9);
	const stars = sparkle(150 - aside, 200, 26) + sparkle(194 - aside, 142, 14) + sparkle(664 + aside, 168, 20);
	return [
		mark(mood.tear, { d: tears, fill: 'tear', stroke: 'tearLine', width: 2.4 }),
		mark(mood.vein, { d: VEIN, stroke: 'white', width: 16 }),
		mark(mood.vein, { d: VEIN, stroke: 'vein', width: 8.5 }),
		mark(mood.glitter, { d: stars, fill: 'glitter', stroke: 'white', width: 3 }),
		mark(mood.shock, { d: strokes(548 + aside), stroke: 'white', width: 14 }),
		mark(mood.shock, { d: strokes(548 + aside), stroke: 'markLine', width: 7 }),
		mark(mood.dots, {
			d: ellipse(570 + aside, 166, 9, 9) + ellipse(600 + aside, 134, 13, 13) + ellipse(642 + aside, 96, 18, 18),
			fill: 'white',
			stroke: 'markLine',
			width: 4
		})
	];
}
