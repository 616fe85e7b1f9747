/** Something the show is asked for, and what became of the question. */

import { ApiError, getJson } from '../api';

export class Asked<T> {
	/** The last answer; null until there was one. It stays when a later question fails. */
	value: T | null = $state.raw(null);
	/** Why there is no answer, as a sentence; empty where there is one. */
	problem = $state('');
	/** The show has no such route. */
	isMissing = $state(false);
	#running: Promise<void> | null = null;
	#next: Promise<void> | null = null;

	constructor(
		private readonly path: string | (() => string),
		private readonly read: (raw: unknown) => T
	) {}

	/**
	 * Asks; the answer is from after this call. While one question is on its way only one more waits, however often
	 * it is asked.
	 */
	ask(): Promise<void> {
		if (this.#running) return (this.#next ??= this.#running.then(() => this.#begin()));
		return this.#begin();
	}

	#begin(): Promise<void> {
		this.#next = null;
		return (this.#running = this.#question().finally(() => (this.#running = null)));
	}

	async #question(): Promise<void> {
		try {
			this.set(this.read(await getJson(typeof this.path === 'string' ? this.path : this.path())));
		} catch (error) {
			if (!(error instanceof ApiError)) throw error;
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
