/** Who plays a character: the puppet, or a model of the show with the puppet as its understudy. */
import { LOOKS, createPuppet, type Avatar, type Expression, type PuppetOptions, type Viseme } from '../puppet';
import type { Persona } from '../protocol/messages';
import { reasonOf, type Reason } from '../vrm/trouble';

const MODEL = 'vrm:';

/** What stands on the stage for a character whose look is a model, and why where it is not the model. */
export type Shown = { readonly shown: 'model' } | { readonly shown: 'puppet'; readonly reason: Reason };

/** Loads a model; `onLost` when the browser takes its graphics away later. */
export type OpenModel = (onLost: () => void) => Promise<Avatar>;

/** A browser that lost its graphics has them back after a moment. */
const RETRY_MS = 3000;
/** One that loses them again and again is left alone. */
const TRIES = 5;

/** The name of the model that a look means; null where it is a puppet. */
export const modelIn = (look: string): string | null => (look.startsWith(MODEL) ? look.slice(MODEL.length) : null);

/** The puppet for a character whose model cannot be shown: the one of its name, else by its place in the cast. */
export function understudyLook({ id, name }: Persona, place: number): string {
	const own = LOOKS.find((look) => look === id.toLowerCase() || look === name.toLowerCase());
	return own ?? LOOKS[place % LOOKS.length] ?? 'spark';
}

export interface RoleOptions extends PuppetOptions {
	/** Which one of the cast, from 0. */
	readonly place: number;
	/** The streamer wants puppets in place of models. */
	readonly isPuppet: boolean;
}

/** Puts a character into `host`. `onShown` is told about models only. */
export function castRole(
	host: HTMLElement,
	persona: Persona,
	options: RoleOptions,
	onShown: (shown: Shown) => void
): Avatar {
	const model = modelIn(persona.look);
	if (model === null) return createPuppet(host, persona.look, options);
	const understudy = () => createPuppet(host, understudyLook(persona, options.place), options);
	if (options.isPuppet) {
		onShown({ shown: 'puppet', reason: 'switched' });
		return understudy();
	}
	const open: OpenModel = async (onLost) => {
		const { createModel } = await import('../vrm');
		return createModel(host, model, { ...options, name: options.name ?? persona.name, onLost });
	};
	return new ModelRole(open, understudy, onShown);
}

/** Shows nothing until the model is there, and the puppet from when it is known that it will not come. */
export class ModelRole implements Avatar {
	#avatar: Avatar | null = null;
	#isGone = false;
	#tries = 0;
	#again: ReturnType<typeof setTimeout> | undefined;

	constructor(
		private readonly open: OpenModel,
		private readonly understudy: () => Avatar,
		private readonly onShown: (shown: Shown) => void
	) {
		void this.#load();
	}

	get mouthOpen(): number {
		return this.#avatar?.mouthOpen ?? 0;
	}

	setViseme(name: Viseme, weight: number): void {
		this.#avatar?.setViseme(name, weight);
	}

	setExpression(name: Expression, weight: number): void {
		this.#avatar?.setExpression(name, weight);
	}

	setSpeaking(on: boolean): void {
		this.#avatar?.setSpeaking(on);
	}

	setGaze(x: number, y: number): void {
		this.#avatar?.setGaze(x, y);
	}

	update(dtSeconds: number): void {
		this.#avatar?.update(dtSeconds);
	}

	resize(): void {
		this.#avatar?.resize?.();
	}

	destroy(): void {
		this.#isGone = true;
		clearTimeout(this.#again);
		this.#play(null);
	}

	async #load(): Promise<void> {
		this.#tries += 1;
		try {
			const model = await this.open(() => this.#lose());
			if (this.#isGone) return model.destroy();
			this.#play(model);
			this.onShown({ shown: 'model' });
		} catch (error) {
			if (!this.#isGone) this.#standIn(reasonOf(error), error);
		}
	}

	#lose(): void {
		if (this.#isGone) return;
		this.#standIn('lost', 'the browser took the graphics away');
		if (this.#tries < TRIES) this.#again = setTimeout(() => void this.#load(), RETRY_MS);
	}

	#standIn(reason: Reason, why: unknown): void {
		console.warn(`The puppet stands in for a model: ${reason} (${String(why)})`);
		this.#play(null);
		this.#play(this.understudy());
		this.onShown({ shown: 'puppet', reason });
	}

	#play(avatar: Avatar | null): void {
		this.#avatar?.destroy();
		this.#avatar = avatar;
	}
}
