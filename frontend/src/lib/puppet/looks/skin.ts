/** What both characters share: the shape of the face and the colours of skin and mouth. */
import type { Paint } from '../types';

export const FACE =
	'M262 384C255 444 264 494 288 526C314 560 364 588 391 597Q400 600 409 597C436 588 486 560 512 526C536 494 545 444 538 384C532 236 268 236 262 384Z';

export const SKIN_PAINTS: Readonly<Record<string, Paint>> = {
	skin: { kind: 'linear', line: [0, 300, 0, 760], stops: ['#fff3ea', '#ffe9dc', '#fbd3c2'] },
	skinShade: '#eba394',
	skinLine: '#b4634f',
	blush: { kind: 'radial', stops: ['rgba(255,106,132,.75)', 'rgba(255,106,132,.4)', 'rgba(255,106,132,0)'] },
	blushLine: '#f0607a',
	eyeWhite: '#fffdfc',
	mouth: { kind: 'box', stops: ['#7c1f38', '#a8324a'] },
	mouthLine: '#8a3440',
	lip: '#f0909a',
	tongue: '#f78a92',
	teeth: '#ffffff',
	toothLine: '#d9a9b4',
	tear: { kind: 'box', stops: ['#dff6ff', '#8fdcff'] },
	tearLine: '#4aa3d8',
	vein: '#ff2f55'
};
