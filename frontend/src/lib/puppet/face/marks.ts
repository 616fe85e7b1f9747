/** Comic marks of the moods: tears, vein, sparkles, exclamation strokes, thought dots. */
import { drop, ellipse, MIDDLE, sparkle } from '../draw/path';
import type { Item, Look, Params } from '../types';

const VEIN = 'M292 232Q312 234 312 214M340 212Q340 234 362 234M362 258Q340 258 340 280M312 280Q312 258 292 256';
const STROKES = 'M600 236L634 206M622 276L666 258M566 204L584 164';

const mark = (weight: number, item: Omit<Item, 'group' | 'opacity'>): Item => ({
	...item,
	group: 'marks',
	d: weight > 0.02 ? item.d : '',
	opacity: Math.min(1, weight)
});

export function markItems({ mood }: Params, look: Look): readonly Item[] {
	const tearY = look.eye.y + look.eye.lowOuter * 0.8;
	const tears = drop(MIDDLE - look.eye.apart - 30, tearY, 9) + drop(MIDDLE + look.eye.apart + 30, tearY, 9);
	const stars = sparkle(196, 214, 26) + sparkle(232, 160, 14) + sparkle(618, 190, 20);
	return [
		mark(mood.tear, { d: tears, fill: 'tear', stroke: 'tearLine', width: 2.4 }),
		mark(mood.vein, { d: VEIN, stroke: 'white', width: 16 }),
		mark(mood.vein, { d: VEIN, stroke: 'vein', width: 8.5 }),
		mark(mood.glitter, { d: stars, fill: 'glitter', stroke: 'white', width: 3 }),
		mark(mood.shock, { d: STROKES, stroke: 'white', width: 14 }),
		mark(mood.shock, { d: STROKES, stroke: 'markLine', width: 7 }),
		mark(mood.dots, {
			d: ellipse(588, 190, 9, 9) + ellipse(616, 162, 12, 12) + ellipse(652, 128, 16, 16),
			fill: 'white',
			stroke: 'markLine',
			width: 4
		})
	];
}
