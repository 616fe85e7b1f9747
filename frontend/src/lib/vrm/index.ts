/** A VRM model as an avatar. Import it lazily: it brings three along. */
import { Animator } from '../puppet/animator';
import type { Avatar, Expression, Viseme } from '../puppet/types';
import { closeGround, openGround, type Ground } from './canvas';
import { Face } from './face';
import { Figure } from './figure';
import { loadModel } from './load';

export interface ModelOptions {
	/** No clock and no chance: equal calls give equal pictures. */
	readonly frozen?: boolean;
	/** Uniform in [0, 1); drives blinks and glances. */
	readonly random?: () => number;
	/** What screen readers call the picture. */
	readonly name: string;
	/** The browser took the graphics away. The avatar draws nothing any more; destroy it. */
	readonly onLost: () => void;
}

const CALM = '(prefers-reduced-motion: reduce)';

/** Where the processor draws, a frame is due this often: 30 a second, a little early on purpose. */
const SOFTWARE_FRAME_S = 1 / 30 - 0.004;

/**
 * Loads the model `name` of the show into `host`: from the hips up, as large as fits, on a transparent ground.
 *
 * Throws a `LookTrouble` that says why there is none; nothing is left in `host` then.
 */
export async function createModel(host: HTMLElement, name: string, options: ModelOptions): Promise<Avatar> {
	const ground = openGround(host.ownerDocument, options.name);
	try {
		const figure = new Figure(await loadModel(name), ground);
		return avatarOf(host, figure, ground, options);
	} catch (error) {
		closeGround(ground);
		throw error;
	}
}

function avatarOf(host: HTMLElement, figure: Figure, ground: Ground, options: ModelOptions): Avatar {
	const { frozen = false, random = Math.random } = options;
	const animator = new Animator({ frozen, random: frozen ? () => 0.5 : random });
	const face = new Face(frozen);
	const canvas = ground.renderer.domElement;
	const calm = matchMedia(CALM);
	let isGone = false;
	let isLost = false;
	let sinceFrame = 0;

	const heed = (): void => {
		animator.isCalm = calm.matches;
	};
	const lose = (): void => {
		isLost = true;
		options.onLost();
	};
	const resize = (): void => figure.resize(host.clientWidth, host.clientHeight);
	const watch = new ResizeObserver(resize);

	function update(dtSeconds: number): void {
		if (isGone || isLost) return;
		const params = animator.step(dtSeconds);
		face.step(dtSeconds);
		sinceFrame += dtSeconds;
		if (ground.isSoftware && !frozen && sinceFrame < SOFTWARE_FRAME_S) return;
		figure.draw(params, face, frozen ? 0 : sinceFrame);
		sinceFrame = 0;
	}

	heed();
	calm.addEventListener('change', heed);
	canvas.addEventListener('webglcontextlost', lose);
	watch.observe(host);
	resize();
	figure.draw(animator.step(0), face, 0);
	host.append(canvas);

	return {
		setViseme(name: Viseme, weight: number): void {
			animator.setViseme(name, weight);
			face.setViseme(name, weight);
		},
		setExpression(name: Expression, weight: number): void {
			animator.setExpression(name, weight);
			face.setExpression(name, weight);
		},
		setSpeaking(on: boolean): void {
			animator.setSpeaking(on);
			face.setSpeaking(on);
		},
		setGaze: (x: number, y: number) => animator.setGaze(x, y),
		update,
		resize,
		destroy(): void {
			if (isGone) return;
			isGone = true;
			calm.removeEventListener('change', heed);
			canvas.removeEventListener('webglcontextlost', lose);
			watch.disconnect();
			figure.dispose();
			closeGround(ground);
		},
		get mouthOpen(): number {
			return face.mouthOpen;
		}
	};
}
