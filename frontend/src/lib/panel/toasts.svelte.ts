/** Short messages that come and go by themselves. */

export type Tone = 'good' | 'warn' | 'bad' | 'plain';

export interface Toast {
	/** Messages with the same key replace each other: there is never more than one. */
	readonly key: string;
	readonly tone: Tone;
	readonly text: string;
	/** What can be done about it. */
	readonly action?: { readonly label: string; readonly act: () => void };
	/** Milliseconds until it goes by itself; null stays until it is replaced or closed. */
	readonly staysMs?: number | null;
}

const STAYS_MS = 6000;
const KEEP = 4;

export class Toasts {
	list: readonly Toast[] = $state.raw([]);
	readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();

	/** Shows a message, in the place of one with the same key. */
	show(toast: Toast): void {
		this.#forget(toast.key);
		const others = this.list.filter(({ key }) => key !== toast.key);
		for (const { key } of others.slice(0, Math.max(0, others.length - KEEP + 1))) this.#forget(key);
		this.list = [...others.slice(1 - KEEP), toast];
		const staysMs = toast.staysMs === undefined ? STAYS_MS : toast.staysMs;
		if (staysMs !== null)
			this.#timers.set(
				toast.key,
				setTimeout(() => this.close(toast.key), staysMs)
			);
	}

	close(key: string): void {
		this.#forget(key);
		this.list = this.list.filter((toast) => toast.key !== key);
	}

	clear(): void {
		for (const { key } of this.list) this.#forget(key);
		this.list = [];
	}

	#forget(key: string): void {
		clearTimeout(this.#timers.get(key));
		this.#timers.delete(key);
	}
}
