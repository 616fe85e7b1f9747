/** Something the show is asked for, and what became of the question. */

import { ApiError, getJson } from '../api';

export class Asked<T> {
	/** The last answer; null until there was one. It stays when a later question fails. */
	value: T | null = $state.raw(null);
	/** Why there is no answer, as a sentence; empty where there is one. */
	problem = $state('');
	/** The show has no such route. */
	isMissing = $state(false);
	#latest = 0;

	constructor(
		private readonly path: string | (() => string),
		private readonly read: (raw: unknown) => T
	) {}

	/** Asks; of questions that overtake each other the last one counts. */
	async ask(): Promise<void> {
		const question = (this.#latest += 1);
		try {
			const raw = await getJson(typeof this.path === 'string' ? this.path : this.path());
			if (question === this.#latest) this.set(this.read(raw));
		} catch (error) {
			if (!(error instanceof ApiError)) throw error;
			if (question !== this.#latest) return;
			this.problem = error.message;
			this.isMissing = error.isMissing;
		}
	}

	/** Takes what an event or an order told. */
	set(value: T): void {
		this.value = value;
		this.problem = '';
		this.isMissing = false;
	}

	/** Changes what is known; does nothing where nothing is. */
	update(change: (value: T) => T): void {
		if (this.value !== null) this.value = change(this.value);
	}
}
