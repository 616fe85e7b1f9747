/** Spark: violet twin tails, a lightning bolt for a cowlick, a jacket that never stays on her shoulders. */
import type { Look } from '../../types';
import { behind, front, onFace } from './hair';
import { body } from './outfit';
import { FACE, SKIN_PAINTS } from '../skin';

export const spark: Look = {
	name: 'spark',
	paints: {
		...SKIN_PAINTS,
		line: '#4b2f8f',
		lash: '#2a1750',
		brow: '#6a4bb8',
		lidShade: '#3a2370',
		white: '#ffffff',
		hair: { kind: 'linear', line: [0, 150, 0, 900], stops: ['#c9b6ff', '#a888f7', '#b07df0', '#f48fd4', '#ffb3de'] },
		hairBack: { kind: 'linear', line: [0, 380, 0, 770], stops: ['#5b3fae', '#7a52c9', '#c05cb8'] },
		hairShade: { kind: 'linear', line: [0, 200, 0, 880], stops: ['#7a58d6', '#8353d2', '#c455b6'] },
		inner: { kind: 'linear', line: [0, 300, 0, 860], stops: ['#4ab8e8', '#66dcf5', '#a9f4ff'] },
		shine: '#ffffff',
		iris: { kind: 'box', stops: ['#2d1466', '#5a2fc0', '#8f5bff', '#ff9be6'] },
		irisRim: '#26104f',
		irisGlow: '#8ff3ff',
		ribbon: { kind: 'linear', line: [0, 200, 0, 900], stops: ['#4a3bc4', '#3b2ea6', '#2f258c'] },
		ribbonDark: '#2f2488',
		ribbonLine: '#1f1663',
		gold: { kind: 'box', stops: ['#fff3a8', '#ffd94d', '#ffb52e'] },
		goldLine: '#a8641a',
		cyan: '#6fe9ff',
		bodice: { kind: 'linear', line: [0, 650, 0, 1000], stops: ['#3a2d8c', '#2b2070'] },
		bodiceShade: '#1d1554',
		clothLine: '#2a1c66',
		choker: '#2b2070',
		jacket: { kind: 'linear', line: [0, 730, 0, 1000], stops: ['#ffffff', '#f5f0ff', '#e4dbfb'] },
		jacketShade: '#c9bcec',
		jacketFold: '#b7a8e0',
		lining: { kind: 'linear', line: [0, 730, 0, 1000], stops: ['#ff9ad8', '#e06cc4', '#b556bd'] },
		glitter: '#ffd94d',
		markLine: '#4b2f8f'
	},
	eye: {
		apart: 69,
		y: 462,
		halfWidth: 49,
		innerY: 12,
		outerY: 0,
		lidInner: -60,
		lidOuter: -74,
		lowInner: 47,
		lowOuter: 42,
		lash: 15,
		flick: [15, -13],
		irisX: 35,
		irisY: 44,
		pupil: 'round',
		star: true
	},
	brow: { y: 384, apart: 73, length: 68, arch: 10, weight: 3, tilt: 0 },
	fangs: 0,
	corner: 0,
	face: FACE,
	behind,
	body,
	onFace,
	front
};
