/** How the bones of a humanoid stand, by the parameters that move the puppet too. Pure. */
import type { Params } from '../puppet/types';

/** Radians about x, y and z, in the rest frame of VRM 1.0: y up, facing +z, her left along +x. */
export type Turn = readonly [number, number, number];

/** Bones that are moved; the last four are optional in a model. */
export const BONES = [
	'hips',
	'spine',
	'head',
	'leftUpperArm',
	'rightUpperArm',
	'leftLowerArm',
	'rightLowerArm',
	'chest',
	'neck',
	'leftShoulder',
	'rightShoulder'
] as const;
export type Bone = (typeof BONES)[number];
export type Pose = Readonly<Record<Bone, Turn>>;

/** Full deflection of the head, in radians for a parameter of 1. */
const YAW = 0.5;
const PITCH = 0.34;

/** Arms hang from the T-pose of the file, a little away from the body, elbows a little bent. */
const HANG = 1.24;
const ELBOW = 0.22;

/** The part of a turn of the head that the neck makes. */
const NECK = 0.4;

export function poseOf(params: Params, hasNeck: boolean): Pose {
	const { mood, breath, lean } = params;
	const yaw = (params.yaw + mood.yaw) * YAW;
	const pitch = (params.pitch + mood.pitch) * PITCH;
	// A positive roll of the puppet leans to the right of the picture, which is a negative turn about z.
	const roll = -(params.roll + mood.roll) * 1.6;
	const neck = hasNeck ? NECK : 0;
	const turn = (share: number): Turn => [pitch * share, yaw * share, roll * share];
	const out = HANG - breath * 0.025;
	return {
		hips: [0, yaw * 0.05, lean * 0.012],
		spine: [0, yaw * 0.1, -lean * 0.035],
		chest: [-breath * 0.022, yaw * 0.08, -lean * 0.012],
		neck: turn(neck),
		head: turn(1 - neck),
		leftShoulder: [0, 0, breath * 0.02],
		rightShoulder: [0, 0, -breath * 0.02],
		leftUpperArm: [0, 0, -out - lean * 0.02],
		rightUpperArm: [0, 0, out - lean * 0.02],
		leftLowerArm: [0, -ELBOW, 0],
		rightLowerArm: [0, ELBOW, 0]
	};
}

/** A turn for a file of VRM 0.x, whose models face -z. */
export const mirrored = ([x, y, z]: Turn): Turn => [-x, y, -z];
