/** The mouth: one closed outline for every position, with teeth, tongue and lips inside it. Drawn about its centre. */
import { blend, clamp, lerp } from '../draw/math';
import { ellipse, path } from '../draw/path';
import { restingMouth } from '../moods';
import type { Item, Look, Mouth, Params } from '../types';

const HALF_WIDTH = 31;
const HEIGHT = 46;
/** Below this opening only the line between the lips shows. */
const SHUT = 0.03;

interface Form {
	readonly open: number;
	readonly round: number;
	readonly w: number;
	readonly leftY: number;
	readonly rightY: number;
	readonly top: number;
	readonly bottom: number;
	readonly corner: number;
}

function formOf({ mood }: Params, { open, round, press, width }: Mouth, look: Look): Form {
	const corner = clamp(mood.corner + look.corner, -1, 1) * (1 - round * 0.8) * (1 - press * 0.8);
	const w = HALF_WIDTH * width * (1 + open * 0.16);
	const h = HEIGHT * open;
	const dip = corner * 5 * (1 - Math.min(1, open * 2));
	const frown = Math.max(0, -corner);
	return {
		open,
		round,
		w,
		corner,
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

export function mouthItems(p: Params, look: Look): { readonly items: readonly Item[]; readonly clip: string } {
	const group = 'mouth';
	const mouth = blend(restingMouth(p.mood), p.mouth, p.speech);
	const form = formOf(p, mouth, look);
	const { w, top, bottom, open } = form;
	const shape = outlineOf(form);
	const isOpen = open > SHUT;
	const tall = bottom - top;
	const { upperTeeth: upper, lowerTeeth: lower, tongue, tip, tuck, press } = mouth;
	const fang = Math.max(look.fangs, p.mood.fang * (1 - p.speech)) * (1 - press);
	const inside = (shown: boolean, d: string, fill: string): Item => ({
		group,
		d: isOpen && shown ? d : '',
		fill,
		clip: 'mouth'
	});
	const biteTop = top + tall * 0.52 * upper;
	const biteLow = bottom - tall * 0.5 * lower;
	const tongueY = lerp(bottom + 6, top + tall * 0.62, tongue);
	const lips = Math.max(press, clamp(mouth.round * (1.02 - mouth.width) * 1.8, 0, 1));
	const closedFang = fang * (1 - Math.min(1, open * 8));
	return {
		clip: shape,
		items: [
			{
				group,
				d:
					lips > 0.05
						? ellipse(0, (top + bottom) / 2 + 1, lerp(w + 5, w * 0.86, press), Math.max(8.5, tall / 2 + 5.5))
						: '',
				fill: 'lip',
				opacity: lips
			},
			{ group, d: isOpen ? shape : '', fill: 'mouth' },
			inside(true, ellipse(0, tongueY + tall * 0.16, w * 0.72, Math.max(6, tall * 0.42)), 'tongue'),
			{
				...inside(
					upper > 0.04,
					path`M${-w - 4} ${top - 20}L${w + 4} ${top - 20}L${w + 4} ${biteTop - 3}Q0 ${biteTop + 3} ${-w - 4} ${biteTop - 3}Z`,
					'teeth'
				),
				stroke: 'toothLine',
				width: 1.6
			},
			{
				...inside(
					lower > 0.04,
					path`M${-w - 4} ${bottom + 20}L${w + 4} ${bottom + 20}L${w + 4} ${biteLow - 1}Q0 ${biteLow + 3} ${-w - 4} ${biteLow - 1}Z`,
					'teeth'
				),
				stroke: 'toothLine',
				width: 1.6
			},
			inside(
				fang > 0.05,
				tooth(-w * 0.55, top + tall * 0.1, (8 + tall * 0.24) * fang) +
					tooth(w * 0.55, top + tall * 0.1, (8 + tall * 0.24) * fang),
				'teeth'
			),
			inside(
				tuck > 0.05,
				path`M${-w - 4} ${bottom + 20}L${w + 4} ${bottom + 20}L${w + 4} ${bottom - tall * 0.4 * tuck}Q0 ${bottom - tall * 0.62 * tuck} ${-w - 4} ${bottom - tall * 0.4 * tuck}Z`,
				'lip'
			),
			{ group, d: shape, stroke: 'mouthLine', width: lerp(4, 3.4, Math.min(1, open * 3)) + press },
			{
				group,
				d: tip > 0.05 ? ellipse(0, lerp(top, bottom, 0.78), w * 0.46, 9 * tip) : '',
				fill: 'tongue',
				stroke: 'mouthLine',
				width: 2.6,
				opacity: Math.min(1, tip * 2)
			},
			{
				group,
				d: closedFang > 0.05 ? tooth(w * 0.5, lerp(form.rightY, top, 0.55) + 3, 11) : '',
				fill: 'teeth',
				stroke: 'mouthLine',
				width: 2,
				opacity: closedFang
			},
			{
				group,
				d: path`M-9 ${bottom + 12}Q0 ${bottom + 15} 9 ${bottom + 12}`,
				stroke: 'skinLine',
				width: 2.4,
				opacity: 0.45
			}
		]
	};
}
