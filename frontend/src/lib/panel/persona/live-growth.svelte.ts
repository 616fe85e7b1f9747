/** How the personas change, kept up to date. */

import { postJson } from '../api';
import { Asked } from '../asked/asked.svelte';
import type { PanelEvent, Watcher } from '../live.svelte';
import { readGrowth, withMove, withState, type Growth } from './growth';

export class LiveGrowth implements Watcher {
	readonly growth = new Asked<Growth>('/api/personas/growth', readGrowth);

	constructor(private readonly order: (act: () => Promise<unknown>) => Promise<boolean>) {}

	reload(): void {
		void this.growth.ask();
	}

	events(events: readonly PanelEvent[]): void {
		for (const { type, data } of events)
			if (type === 'persona.moved') this.growth.update((growth) => withMove(growth, data));
			else if (type === 'persona.disposition') this.growth.update((growth) => withState(growth, data));
	}

	async freeze(persona: string, isOn: boolean): Promise<void> {
		await this.order(() => postJson('/api/persona/freeze', { persona, on: isOn }));
		await this.growth.ask();
	}

	/** Everything that became of a persona, or one trait. */
	async reset(persona: string, trait?: string): Promise<void> {
		await this.order(() => postJson('/api/persona/reset', trait ? { persona, trait } : { persona }));
		await this.growth.ask();
	}
}
