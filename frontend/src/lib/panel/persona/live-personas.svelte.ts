/** The personas of the show, and changes of them that take effect at once. */

import { postJson } from '../api';
import { Asked } from '../asked/asked.svelte';
import type { PanelEvent, Watcher } from '../live.svelte';
import {
	readPersonas,
	readPresets,
	shown,
	withLead,
	withPersona,
	type Change,
	type Persona,
	type Preset
} from './personas';

/** A slider that is drawn along asks no more often than this. */
const REST_MS = 120;

export class LivePersonas implements Watcher {
	readonly personas = new Asked<readonly Persona[]>('/api/personas', readPersonas);
	readonly presets = new Asked<readonly Preset[]>('/api/presets', readPresets);
	/** What a person did and the show was not told yet, by persona. */
	readonly #waiting = new Map<string, Change>();
	readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();
	/** So many orders are on their way: what comes meanwhile may be older than what the person did. */
	#sending = 0;

	constructor(private readonly order: (act: () => Promise<unknown>) => Promise<boolean>) {}

	reload(): void {
		void this.personas.ask();
		void this.presets.ask();
	}

	events(events: readonly PanelEvent[]): void {
		if (this.#waiting.size > 0 || this.#sending > 0) return;
		for (const { type, data } of events)
			if (type === 'persona') this.personas.update((personas) => withPersona(personas, data));
			else if (type === 'persona.lead') this.personas.update((personas) => withLead(personas, data));
	}

	/** Shows the change now and tells the show within a moment; the last of several counts. */
	change(persona: string, change: Change): void {
		const before = this.personas.value?.find((one) => one.id === persona);
		if (before) this.personas.update((personas) => withPersona(personas, { id: persona, ...shown(before, change) }));
		this.#waiting.set(persona, { ...this.#waiting.get(persona), ...change });
		if (!this.#timers.has(persona))
			this.#timers.set(
				persona,
				setTimeout(() => void this.#send(persona), REST_MS)
			);
	}

	/** Makes a persona the main one. */
	async lead(persona: string): Promise<void> {
		await this.order(() => postJson('/api/persona/lead', { persona }));
		await this.personas.ask();
	}

	async #send(persona: string): Promise<void> {
		this.#timers.delete(persona);
		const change = this.#waiting.get(persona);
		this.#waiting.delete(persona);
		if (!change) return;
		this.#sending += 1;
		const isTaken = await this.order(() => postJson('/api/persona', { persona, ...change }));
		this.#sending -= 1;
		// The answer may be older than the next change; only when nothing waits it is the truth.
		if (!isTaken || (this.#waiting.size === 0 && this.#sending === 0)) await this.personas.ask();
	}
}
