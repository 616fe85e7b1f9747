/** The 2D puppet: an original character drawn by code. */
import { Animator } from './animator';
import { lookOf } from './looks';
import { rig } from './rig';
import { SvgView } from './svg';
import type { Avatar, Expression, Viseme } from './types';

export { LOOKS } from './looks';
export { EXPRESSIONS, VISEMES } from './types';
export type { Avatar, Expression, Viseme } from './types';

export interface PuppetOptions {
	/** No clock and no chance: equal calls give pixel-identical pictures. */
	readonly frozen?: boolean;
	/** Uniform in [0, 1); drives blinks, glances and passing moods. */
	readonly random?: () => number;
	/** What screen readers call the picture; the look's name if not given. */
	readonly name?: string;
}

const CALM = '(prefers-reduced-motion: reduce)';

/**
 * Puts a character into `host`, which is in the document: as large as fits, on a transparent ground, standing on the
 * lower edge.
 *
 * An unknown look is `spark`. Nothing moves until `update` is called; 60 calls a second look best, 30 are enough and
 * half the painting where there is no GPU. With reduced motion asked for, she only blinks, speaks and changes mood.
 */
export function createPuppet(host: HTMLElement, look: string, options: PuppetOptions = {}): Avatar {
	const { frozen = false, random = Math.random } = options;
	const character = lookOf(look);
	const animator = new Animator({ frozen, random: frozen ? () => 0.5 : random });
	const calm = matchMedia(CALM);
	const heed = (): void => {
		animator.isCalm = calm.matches;
	};
	heed();
	calm.addEventListener('change', heed);
	const label = options.name ?? character.name;
	const view = new SvgView(host, character, rig(animator.step(0), character), label, freeId(host.ownerDocument));
	let isGone = false;
	return {
		setViseme: (name: Viseme, weight: number) => animator.setViseme(name, weight),
		setExpression: (name: Expression, weight: number) => animator.setExpression(name, weight),
		setSpeaking: (on: boolean) => animator.setSpeaking(on),
		setGaze: (x: number, y: number) => animator.setGaze(x, y),
		update(dtSeconds: number): void {
			if (!isGone) view.draw(rig(animator.step(dtSeconds), character));
		},
		destroy(): void {
			isGone = true;
			calm.removeEventListener('change', heed);
			view.remove();
		},
		get mouthOpen(): number {
			return animator.mouthOpen;
		}
	};
}

/** A prefix for the ids of gradients and clips that no puppet in the document has. */
function freeId(page: Document): string {
	let number = 0;
	while (page.getElementById(`puppet${number}`)) number++;
	return `puppet${number}`;
}
