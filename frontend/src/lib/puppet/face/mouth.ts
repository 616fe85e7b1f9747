/** The mouth: one closed outline for every position, with teeth, tongue and lips inside it. Drawn about its centre. */
import { blend, clamp, lerp } from '../draw/math';
import { ellipse, path } from '../draw/path';
import { restingMouth } from '../moods';
import type { Item, Look, Mood, Mouth, Params } from '../types';

const HALF_WIDTH = 33;
const HEIGHT = 46;
/** Below this opening only the line between the lips shows. */
const SHUT = 0.03;
/** Below this weight a part is left out. */
const FAINT = 0.05;

interface Form {
	readonly open: number;
	readonly round: number;
	readonly w: number;
	readonly leftY: number;
	readonly rightY: number;
	readonly top: number;
	readonly bottom: number;
}

function formOf(mood: Mood, { open, round, press, width }: Mouth, look: Look): Form {
	const corner = clamp(mood.corner + look.corner, -1, 1) * (1 - round * 0.8) * (1 - press * 0.8);
	const w = HALF_WIDTH * width * (1 + open * 0.16);
	const h = HEIGHT * open;
	const dip = corner * 5 * (1 - Math.min(1, open * 2));
	const frown = Math.max(0, -corner);
	return {
		open,
		round,
		w,
		leftY: -corner * 5 + mood.skew * 5,
		rightY: -corner * 5 - mood.skew * 8,
		top: dip - h * lerp(0.14 + frown * 0.26, 0.5, round),
		bottom: dip + h * lerp(0.9 - frown * 0.2, 0.58, round)
	};
}

function outlineOf({ w, leftY, rightY, top, bottom, round, open }: Form): string {
	const flat = Math.min(1, open * 3);
	const kt = w * lerp(0.45, 0.55, round);
	const kb = w * lerp(lerp(0.45, 0.7, flat), 0.55, round);
	const up = lerp(0.06, 0.5, round);
	const down = lerp(0.5 * flat, 0.5, round);
	const lift = (y: number): number => lerp(y, top, up);
	const drop = (y: number): number => lerp(y, bottom, down);
	return (
		path`M${-w} ${leftY}C${-w} ${lift(leftY)} ${-kt} ${top} 0 ${top}C${kt} ${top} ${w} ${lift(rightY)} ${w} ${rightY}` +
		path`C${w} ${drop(rightY)} ${kb} ${bottom} 0 ${bottom}C${-kb} ${bottom} ${-w} ${drop(leftY)} ${-w} ${leftY}Z`
	);
}

const tooth = (x: number, y: number, length: number): string =>
	path`M${x - 6} ${y - 2}L${x + 6} ${y - 2}Q${x + 4} ${y + length * 0.6} ${x} ${y + length}Q${x - 4} ${y + length * 0.6} ${x - 6} ${y - 2}Z`;

/** A piece inside the mouth, cut off by the lips; nothing where `shown` is false. */
const inside = (shown: boolean, d: string, fill: string): Item => ({
	group: 'mouth',
	d: shown ? d : '',
	fill,
	clip: 'mouth'
});

/** A band from below the mouth up to `edge` at the sides and `middle` in the middle, or from above down to it. */
const band = (w: number, from: number, edge: number, middle: number): string =>
	path`M${-w - 4} ${from}L${w + 4} ${from}L${w + 4} ${edge}Q0 ${middle} ${-w - 4} ${edge}Z`;

/** Tongue, teeth, canines and the lower lip under the teeth. */
function innerItems({ w, top, bottom, open }: Form, mouth: Mouth, fang: number): readonly Item[] {
	const { upperTeeth, lowerTeeth, tongue, tuck } = mouth;
	const isOpen = open > SHUT;
	const tall = bottom - top;
	const above = top - 20;
	const below = bottom + 20;
	const upper = top + tall * 0.52 * upperTeeth;
	const lower = bottom - tall * 0.5 * lowerTeeth;
	const back = lerp(bottom + 6, top + tall * 0.62, tongue) + tall * 0.16;
	const rim = { stroke: 'toothLine', width: 1.6 };
	const canine = (x: number): string => tooth(x, top + tall * 0.1, (8 + tall * 0.24) * fang);
	return [
		inside(isOpen, ellipse(0, back, w * 0.72, Math.max(6, tall * 0.42)), 'tongue'),
		{ ...inside(isOpen && upperTeeth > FAINT, band(w, above, upper - 3, upper + 3), 'teeth'), ...rim },
		{ ...inside(isOpen && lowerTeeth > FAINT, band(w, below, lower - 1, lower + 3), 'teeth'), ...rim },
		inside(isOpen && fang > FAINT, canine(-w * 0.55) + canine(w * 0.55), 'teeth'),
		inside(isOpen && tuck > FAINT, band(w, below, bottom - tall * 0.4 * tuck, bottom - tall * 0.62 * tuck), 'lip')
	];
}

/** The tip of the tongue and one canine, where they stand over the lips. */
function outerItems({ w, top, bottom, rightY, open }: Form, { tip }: Mouth, fang: number): readonly Item[] {
	const group = 'mouth';
	const peek = fang * (1 - Math.min(1, open * 8));
	const tongue = tip > FAINT ? ellipse(0, lerp(top, bottom, 0.78), w * 0.46, 9 * tip) : '';
	const canine = peek > FAINT ? tooth(w * 0.5, lerp(rightY, top, 0.55) + 3, 11) : '';
	const chin = path`M-9 ${bottom + 12}Q0 ${bottom + 15} 9 ${bottom + 12}`;
	return [
		{ group, d: tongue, fill: 'tongue', stroke: 'mouthLine', width: 2.6, opacity: Math.min(1, tip * 2) },
		{ group, d: canine, fill: 'teeth', stroke: 'mouthLine', width: 2, opacity: peek },
		{ group, d: chin, stroke: 'skinLine', width: 2.4, opacity: 0.45 }
	];
}

/** The lips show where they are pressed together or pushed forward. */
function lipItem({ w, top, bottom }: Form, { press, round, width }: Mouth): Item {
	const shown = Math.max(press, clamp(round * (1.02 - width) * 1.8, 0, 1));
	const shape = ellipse(
		0,
		(top + bottom) / 2 + 1,
		lerp(w + 5, w * 0.86, press),
		Math.max(8.5, (bottom - top) / 2 + 5.5)
	);
	return { group: 'mouth', d: shown > FAINT ? shape : '', fill: 'lip', opacity: shown };
}

/** Items of the mouth, and its opening as the clip `mouth`. */
export function mouthItems(p: Params, look: Look): { readonly items: readonly Item[]; readonly clip: string } {
	const mouth = blend(restingMouth(p.mood), p.mouth, p.speech);
	const form = formOf(p.mood, mouth, look);
	const shape = outlineOf(form);
	const fang = Math.max(look.fangs, p.mood.fang * (1 - p.speech)) * (1 - mouth.press);
	const line = lerp(4, 3.4, Math.min(1, form.open * 3)) + mouth.press;
	return {
		clip: shape,
		items: [
			lipItem(form, mouth),
			{ group: 'mouth', d: form.open > SHUT ? shape : '', fill: 'mouth' },
			...innerItems(form, mouth, fang),
			{ group: 'mouth', d: shape, stroke: 'mouthLine', width: line },
			...outerItems(form, mouth, fang)
		]
	};
}
