/** The duet that runs, kept current while somebody looks. */

import { postJson } from '../api';
import { Asked } from '../asked/asked.svelte';
import type { PanelEvent, Watcher } from '../live.svelte';
import { readDuet, type Duet } from './duet';

export class LiveDuet implements Watcher {
	readonly asked = new Asked<Duet>('/api/duet', readDuet);

	reload(): void {
		void this.asked.ask();
	}

	events(events: readonly PanelEvent[]): void {
		if (!this.asked.isMissing && events.some(({ type }) => type.startsWith('duet.'))) void this.asked.ask();
	}

	/** Begins a duet; an empty topic is chosen by the characters. */
	async start(topic: string, exchanges: number): Promise<void> {
		await postJson('/api/duet', { topic, exchanges });
		await this.asked.ask();
	}

	async stop(): Promise<void> {
		await postJson('/api/duet/stop', {});
		await this.asked.ask();
	}
}
