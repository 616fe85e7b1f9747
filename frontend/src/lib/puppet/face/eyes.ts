/** Eyes: lids, lashes, iris. Drawn about the eye's centre; the group places them. */
import { clamp, lerp } from '../draw/math';
import { ellipse, path, sparkle } from '../draw/path';
import type { EyeShape, Item, Look, Params } from '../types';

/** Left and right in the picture. */
export type Side = -1 | 1;

/** Below this openness nothing of the eyeball shows. */
const SHUT = 0.04;

/** Heights of the corners and lid control points of a closed eye: asleep, and laughing. */
const ASLEEP = { inner: 17, outer: 13, lidInner: 32, lidOuter: 35 };
const LAUGHING = { inner: 20, outer: 17, lidInner: -21, lidOuter: -25 };

interface Lids {
	readonly open: number;
	readonly inner: readonly [number, number];
	readonly outer: readonly [number, number];
	readonly lidInner: readonly [number, number];
	readonly lidOuter: readonly [number, number];
	readonly lowOuter: readonly [number, number];
	readonly lowInner: readonly [number, number];
}

/** Openness after blink and laughter: 0 closed, 1 at rest, more when startled. */
export const openness = (p: Params): number => Math.max(0, p.mood.eye * (1 - p.blink) * (1 - p.mood.laugh));

/** All points move along straight lines between open and closed, so that lid and lash cannot part on the way. */
function lidsOf(p: Params, eye: EyeShape, side: Side): Lids {
	const open = openness(p);
	const shown = Math.min(1, open);
	const w = eye.halfWidth;
	const { laugh, browTilt } = p.mood;
	const closed = (key: keyof typeof ASLEEP): number => lerp(ASLEEP[key], LAUGHING[key], laugh);
	const cross = Math.max(0, -browTilt) * 34;
	const sorry = Math.max(0, browTilt) * 26;
	const at = (u: number, shut: number, wide: number, t: number): readonly [number, number] => [
		side * u,
		lerp(shut, wide, t)
	];
	return {
		open,
		inner: at(-w, closed('inner'), eye.innerY, shown),
		outer: at(w, closed('outer'), eye.outerY + sorry * 0.4, shown),
		lidInner: at(-w * 0.56, closed('lidInner'), eye.lidInner + cross, open),
		lidOuter: at(w * 0.5, closed('lidOuter'), eye.lidOuter + sorry, open),
		lowOuter: at(lerp(w * 0.5, w * 0.74, shown), closed('lidOuter'), eye.lowOuter, shown),
		lowInner: at(-w * 0.56, closed('lidInner'), eye.lowInner, shown)
	};
}

const upperLid = ({ inner, outer, lidInner, lidOuter }: Lids): string =>
	path`M${inner[0]} ${inner[1]}C${lidInner[0]} ${lidInner[1]} ${lidOuter[0]} ${lidOuter[1]} ${outer[0]} ${outer[1]}`;

const opening = (lids: Lids): string => {
	const { inner, lowOuter, lowInner } = lids;
	return upperLid(lids) + path`C${lowOuter[0]} ${lowOuter[1]} ${lowInner[0]} ${lowInner[1]} ${inner[0]} ${inner[1]}Z`;
};

/** The point between two. */
const between = (p: readonly [number, number], q: readonly [number, number]): readonly [number, number] => [
	(p[0] + q[0]) / 2,
	(p[1] + q[1]) / 2
];

/** One crescent from the inner corner to the tip of the outer lash and back above the lid, whose curve it halves. */
function lash(lids: Lids, eye: EyeShape, side: Side, laugh: number): string {
	const { inner, outer, lidInner, lidOuter, open } = lids;
	const shown = Math.min(1, open);
	const thick = eye.lash * lerp(0.6, 1, shown);
	const reach = eye.flick[0] * lerp(0.8, 1, shown) * lerp(1, 0.55, laugh);
	const tipX = outer[0] + side * reach;
	const tipY = outer[1] + lerp(lerp(-1, 4, laugh), eye.flick[1], shown);
	const crown = between(lidInner, lidOuter);
	const nearOuter = between(lidOuter, outer);
	const nearInner = between(inner, lidInner);
	const beyond = between(nearOuter, crown);
	const before = between(nearInner, crown);
	const top = between(beyond, before);
	return (
		upperLid(lids) +
		path`Q${outer[0] + side * reach * 0.45} ${outer[1] + 1} ${tipX} ${tipY}` +
		path`C${nearOuter[0] + side * 6} ${nearOuter[1] - thick * 0.95} ${beyond[0] + side * 3} ${beyond[1] - thick} ${top[0]} ${top[1] - thick * 0.9}` +
		path`C${before[0]} ${before[1] - thick * 0.8} ${nearInner[0]} ${nearInner[1] - thick * 0.35} ${inner[0]} ${inner[1]}Z`
	);
}

function irisItems(p: Params, look: Look, side: Side, lids: Lids): Item[] {
	const { eye } = look;
	const group = side < 0 ? 'eyeL' : 'eyeR';
	const visible = lids.open > SHUT;
	const size = p.mood.iris;
	const x = clamp(p.gazeX + p.mood.gazeX, -1, 1) * 11 + p.yaw * 3 - side * 2;
	const y = clamp(p.gazeY + p.mood.gazeY, -1, 1) * 10 + p.pitch * 2 - 3;
	const rx = eye.irisX * size;
	const ry = eye.irisY * size;
	const lidY = 0.375 * (lids.lidInner[1] + lids.lidOuter[1]) + 0.125 * (lids.inner[1] + lids.outer[1]);
	const inside = (d: string, fill: string, opacity = 1): Item => ({
		group,
		d: visible ? d : '',
		fill,
		opacity,
		clip: group
	});
	const slit = path`M${x} ${y - ry * 0.62}Q${x + rx * 0.36} ${y} ${x} ${y + ry * 0.66}Q${x - rx * 0.36} ${y} ${x} ${y - ry * 0.62}Z`;
	const crescent = path`M${x - rx * 0.78} ${y + ry * 0.16}C${x - rx * 0.6} ${y + ry * 1.1} ${x + rx * 0.6} ${y + ry * 1.1} ${x + rx * 0.78} ${y + ry * 0.16}C${x + rx * 0.4} ${y + ry * 0.66} ${x - rx * 0.4} ${y + ry * 0.66} ${x - rx * 0.78} ${y + ry * 0.16}Z`;
	return [
		{ ...inside(ellipse(x, y, rx, ry), 'iris'), stroke: 'irisRim', width: 4 },
		inside(crescent, 'irisGlow', 0.8),
		inside(eye.pupil === 'slit' ? slit : ellipse(x, y - ry * 0.04, rx * 0.44, ry * 0.46), 'irisRim'),
		inside(path`M-80 -100L80 -100L80 ${lidY + 30}Q0 ${lidY + 8} -80 ${lidY + 30}Z`, 'lidShade', 0.26),
		inside(ellipse(x - rx * 0.36, y - ry * 0.42, rx * 0.32, ry * 0.29), 'white'),
		inside(
			eye.star
				? sparkle(x + rx * 0.4, y + ry * 0.34, rx * 0.42)
				: ellipse(x + rx * 0.4, y + ry * 0.4, rx * 0.17, ry * 0.15),
			'white'
		),
		inside(ellipse(x + rx * 0.46, y - ry * 0.16, rx * 0.1, ry * 0.09), 'white', 0.85),
		inside(ellipse(x - rx * 0.34, y + ry * 0.5, rx * 0.09, ry * 0.08), 'white', 0.7)
	];
}

/** Items of one eye; its clip is named after its group. */
export function eyeItems(
	p: Params,
	look: Look,
	side: Side
): { readonly items: readonly Item[]; readonly clip: string } {
	const { eye } = look;
	const group = side < 0 ? 'eyeL' : 'eyeR';
	const lids = lidsOf(p, eye, side);
	const clip = opening(lids);
	const visible = lids.open > SHUT;
	const shown = Math.min(1, lids.open);
	const w = eye.halfWidth;
	const { lidInner, lidOuter, outer, lowOuter, lowInner } = lids;
	const crease = path`M${side * -w * 0.5} ${lidInner[1] * 0.72 - eye.lash - 3}Q${side * w * 0.12} ${(lidInner[1] + lidOuter[1]) * 0.43 - eye.lash - 9} ${side * w * 0.84} ${lidOuter[1] * 0.5 - eye.lash - 3}`;
	const lower = path`M${outer[0] - side * 5} ${lerp(outer[1], lowOuter[1], 0.42)}Q${lowOuter[0] - side * 4} ${lowOuter[1] * 0.86} ${side * w * 0.16} ${lerp(lowOuter[1], lowInner[1], 0.6) * 0.83}`;
	return {
		clip,
		items: [
			{ group, d: visible ? clip : '', fill: 'eyeWhite' },
			...irisItems(p, look, side, lids),
			{ group, d: lash(lids, eye, side, p.mood.laugh), fill: 'lash', stroke: 'lash', width: 2.2 },
			{ group, d: crease, stroke: 'skinLine', width: 2.4, opacity: shown * 0.75 },
			{ group, d: lower, stroke: 'lash', width: 2.8, opacity: shown * 0.8 }
		]
	};
}
