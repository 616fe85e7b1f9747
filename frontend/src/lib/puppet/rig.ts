/** From parameters to a picture, without renderer, clock or memory. */
import { pivot, placed, quantise, shifted } from './draw/math';
import { MIDDLE } from './draw/path';
import { hung } from './draw/strands';
import { browItems } from './face/brows';
import { eyeItems } from './face/eyes';
import { handItems, handMatrix } from './face/hand';
import { markItems } from './face/marks';
import { mouthItems } from './face/mouth';
import { faceItems, featureItems } from './face/skin';
import type { DrawList, Group, Look, Matrix, Params } from './types';

/** Where the head turns on the neck, and where the body stands. */
const NECK = 596;
const GROUND = 1000;
const MOUTH_Y = 541;

/** Steps per unit in which breath and lean reach the large, costly body. */
const BODY_STEPS = 10;

/** Sideways and vertical travel of each layer for a full turn of the head: the nearer, the further. */
const DEPTH = {
	cheeks: [14, 9],
	nose: [24, 14],
	mouth: [18, 11],
	eyes: [18, 11],
	locks: [2, 1],
	fringe: [6, 4],
	crown: [5, 3],
	brows: [17, 11]
} as const satisfies Readonly<Record<string, readonly [number, number]>>;

function transforms(p: Params, look: Look): Readonly<Record<Group, Matrix>> {
	const yaw = p.yaw + p.mood.yaw;
	const pitch = p.pitch + p.mood.pitch;
	const roll = p.roll + p.mood.roll;
	const breath = quantise(p.breath, BODY_STEPS);
	const lean = quantise(p.lean, BODY_STEPS);
	const lift = -breath * 4;
	const sideways = lean * 9;
	const head = pivot(MIDDLE, NECK, roll + yaw * 0.025 + lean * 0.012, 1, 1, yaw * 7 + sideways, pitch * 5 + lift);
	const back = pivot(
		MIDDLE,
		NECK,
		roll * 0.85 + yaw * 0.02 + lean * 0.012,
		1,
		1,
		yaw * -7 + sideways,
		pitch * -2 + lift
	);
	const layer = ([dx, dy]: readonly [number, number]): Matrix => shifted(head, yaw * dx, pitch * dy);
	const eye = (side: -1 | 1): Matrix =>
		placed(
			head,
			MIDDLE + side * look.eye.apart + yaw * DEPTH.eyes[0],
			look.eye.y + pitch * DEPTH.eyes[1],
			1 - side * yaw * 0.06
		);
	return {
		tails: back,
		back,
		body: pivot(MIDDLE, GROUND, lean * 0.01, 1, 1 + breath * 0.0085, lean * 5, 0),
		head,
		cheeks: layer(DEPTH.cheeks),
		nose: layer(DEPTH.nose),
		mouth: placed(head, MIDDLE + yaw * DEPTH.mouth[0] + p.mood.skew * 5, MOUTH_Y + pitch * DEPTH.mouth[1], 1),
		eyeL: eye(-1),
		eyeR: eye(1),
		locks: layer(DEPTH.locks),
		fringe: layer(DEPTH.fringe),
		crown: layer(DEPTH.crown),
		brows: layer(DEPTH.brows),
		hand: handMatrix(p, sideways, yaw),
		marks: head
	};
}

/** The picture of `look` at one instant. Equal arguments give equal pictures. */
export function rig(p: Params, look: Look): DrawList {
	const { sway, whip } = p;
	const mouth = mouthItems(p, look);
	const left = eyeItems(p, look, -1);
	const right = eyeItems(p, look, 1);
	return {
		groups: transforms(p, look),
		clips: { face: look.face, mouth: mouth.clip, eyeL: left.clip, eyeR: right.clip },
		items: [
			...hung(look.behind, sway, whip),
			...look.body,
			...faceItems(look),
			...hung(look.onFace, sway, whip),
			...featureItems(p),
			...mouth.items,
			...left.items,
			...right.items,
			...hung(look.front, sway, whip),
			...browItems(p, look),
			...handItems(p),
			...markItems(p, look)
		]
	};
}
