/** What comes next, kept current while somebody looks. */

import { isObject } from '../../protocol/fields';
import { Asked } from '../asked/asked.svelte';
import type { PanelEvent, Watcher } from '../live.svelte';
import { readQueue, type Queue } from '../steering';

/** How many cues are shown. */
export const SHOWN = 3;
/** The next question follows at the earliest so long after the last. */
const REST_MS = 400;
/** Waiting times and scores change by themselves. */
const AGAIN_MS = 2500;

const STIRRING = /^(chat\.|turn\.|hold$|panic$|resume$|ignored$)/;

export class LiveQueue implements Watcher {
	readonly asked = new Asked<Queue>(`/api/queue?limit=${SHOWN}`, (raw) => readQueue(isObject(raw) ? raw : {}));
	readonly queue = $derived(this.asked.value);
	#timer: ReturnType<typeof setTimeout> | undefined;
	#askedMs = 0;
	#ticks: ReturnType<typeof setInterval> | undefined;

	/** Begins; gives what ends it. */
	start(): () => void {
		this.#ticks = setInterval(() => {
			if (!document.hidden && !this.asked.isMissing) void this.ask();
		}, AGAIN_MS);
		return () => {
			clearInterval(this.#ticks);
			clearTimeout(this.#timer);
			this.#timer = undefined;
		};
	}

	reload(): void {
		void this.ask();
	}

	events(events: readonly PanelEvent[]): void {
		if (this.asked.isMissing || !events.some(({ type }) => STIRRING.test(type))) return;
		this.#timer ??= setTimeout(() => void this.ask(), Math.max(0, this.#askedMs + REST_MS - performance.now()));
	}

	async ask(): Promise<void> {
		clearTimeout(this.#timer);
		this.#timer = undefined;
		this.#askedMs = performance.now();
		await this.asked.ask();
	}
}
