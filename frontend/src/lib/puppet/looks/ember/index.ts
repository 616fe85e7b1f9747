/** Ember: Spark's evil twin. Cropped wolf cut that glows at the tips, horns, a coat with too much collar, wings and a burning tail. */
import type { Look } from '../../types';
import { behind, front, onFace } from './hair';
import { body } from './outfit';
import { tail } from './tail';
import { wings } from './wings';
import { FACE, SKIN_PAINTS } from '../skin';

export const ember: Look = {
	name: 'ember',
	paints: {
		...SKIN_PAINTS,
		line: '#2a0d1c',
		lash: '#1d0813',
		brow: '#4a1a26',
		lidShade: '#3a0d14',
		white: '#ffffff',
		hair: {
			kind: 'linear',
			line: [0, 150, 0, 690],
			stops: ['#5c2a3e', '#47202f', '#6a2130', '#d8402e', '#ff8a3c', '#ffc45c']
		},
		hairBack: { kind: 'linear', line: [0, 300, 0, 700], stops: ['#24101b', '#3a1422', '#8f2226', '#e8592c'] },
		hairShade: { kind: 'linear', line: [0, 250, 0, 660], stops: ['#260f1a', '#34121f', '#7d1c22', '#c43a22'] },
		ember: { kind: 'linear', line: [0, 160, 0, 460], stops: ['#d93a34', '#ff6a35', '#ffb04a'] },
		shine: '#ffb9a8',
		iris: { kind: 'box', stops: ['#5c0d12', '#c22a16', '#ff8420', '#ffe06a'] },
		irisRim: '#3d080c',
		irisGlow: '#fff0a0',
		horn: { kind: 'linear', line: [0, 40, 0, 230], stops: ['#f2d6b8', '#8a4a4a', '#3a1822'] },
		hornLine: '#22090f',
		gold: { kind: 'box', stops: ['#ffe9a0', '#f0b93c', '#c9851e'] },
		goldLine: '#6b3a0c',
		spike: '#ffe9c4',
		coat: { kind: 'linear', line: [0, 640, 0, 1000], stops: ['#40303f', '#2b1e2b', '#1d131e'] },
		collarFold: '#7d1020',
		coatShade: '#160d17',
		coatFold: '#54404f',
		clothLine: '#12080f',
		collarIn: { kind: 'linear', line: [0, 520, 0, 760], stops: ['#ff5a44', '#b3202f', '#6d1020'] },
		lapel: { kind: 'linear', line: [0, 650, 0, 1000], stops: ['#d93340', '#8d1628'] },
		top: { kind: 'linear', line: [0, 700, 0, 1000], stops: ['#58202e', '#381320'] },
		topShade: '#240a14',
		topLine: '#a8404a',
		choker: '#1d131e',
		tail: { kind: 'linear', line: [0, 700, 0, 990], stops: ['#c23a30', '#3a1622', '#24101b'] },
		wing: { kind: 'linear', line: [0, 60, 0, 680], stops: ['#3c1526', '#5c1a2c', '#a32c30', '#ff8a3c'] },
		wingShade: { kind: 'linear', line: [0, 60, 0, 680], stops: ['#26101c', '#3a1322', '#6f1c28', '#b93a28'] },
		wingEdge: { kind: 'linear', line: [0, 60, 0, 680], stops: ['#d8402e', '#ff7a38', '#ffb04a'] },
		wingBone: { kind: 'linear', line: [0, 60, 0, 680], stops: ['#b0443c', '#d9532f', '#ff9a3c'] },
		flame: { kind: 'box', stops: ['#ff4a2e', '#ff8a2e', '#ffc648'] },
		flameLine: '#a81c1c',
		flameCore: '#fff0a8',
		sleeve: { kind: 'linear', line: [0, 690, 0, 1000], stops: ['#4a3848', '#2e202e', '#1f141f'] },
		sleeveFold: '#5d4858',
		cuff: { kind: 'box', stops: ['#e23a48', '#a01c30'] },
		glitter: '#ff9a3c',
		markLine: '#3d0f1c'
	},
	eye: {
		apart: 69,
		y: 464,
		halfWidth: 50,
		innerY: 18,
		outerY: -14,
		lidInner: -30,
		lidOuter: -64,
		lowInner: 42,
		lowOuter: 27,
		lash: 16,
		flick: [20, -20],
		irisX: 31,
		irisY: 38,
		pupil: 'slit',
		star: false
	},
	brow: { y: 392, apart: 72, length: 72, arch: 7, weight: 4.5, tilt: -0.14 },
	fangs: 0.7,
	corner: 0.1,
	aside: 42,
	face: FACE,
	behind: [...wings, ...tail, ...behind],
	body,
	onFace,
	front
};
