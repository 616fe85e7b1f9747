/** The settings of the show as they are now, and changes of them. */

import { isObject, list, text } from '../../protocol/fields';
import { ApiError, postJson } from '../api';
import { Asked } from '../asked/asked.svelte';
import type { PanelEvent, Watcher } from '../live.svelte';
import { readSettings, type Book, type Key } from './keys';

/** Several events in one frame ask once. */
const REST_MS = 60;

/** What came of a change: what to say beside the field. */
export interface Verdict {
	readonly isRefused: boolean;
	readonly text: string;
}

const APPLIED: Readonly<Record<string, string>> = {
	now: 'Works now.',
	component: 'Its component was restarted.',
	restart: 'Counts after the next start of the show.'
};

export class LiveSettings implements Watcher {
	readonly settings = new Asked<Book>('/api/settings', (raw) => readSettings(isObject(raw) ? raw : {}));
	/** The last verdict on each key that was changed here. */
	verdicts: Readonly<Record<string, Verdict>> = $state.raw({});
	/** Keys whose change is on its way. */
	busy: ReadonlySet<string> = $state.raw(new Set());
	#timer: ReturnType<typeof setTimeout> | undefined;

	reload(): void {
		void this.settings.ask();
	}

	events(events: readonly PanelEvent[]): void {
		if (events.some(({ type }) => type === 'settings'))
			this.#timer ??= setTimeout(() => {
				this.#timer = undefined;
				void this.settings.ask();
			}, REST_MS);
	}

	close(): void {
		clearTimeout(this.#timer);
		this.#timer = undefined;
	}

	set(key: Key, value: unknown): Promise<boolean> {
		return this.#change(key.key, () => postJson('/api/settings', { key: key.key, value }));
	}

	reset(key: Key): Promise<boolean> {
		return this.#change(key.key, () => postJson('/api/settings/reset', { key: key.key }));
	}

	/** Says something beside a key without asking the show. */
	tell(key: string, verdict: Verdict | null): void {
		const { [key]: _, ...others } = this.verdicts;
		this.verdicts = verdict ? { ...others, [key]: verdict } : others;
	}

	/** Reads the user's file again; gives the names of what changed. Raises `ApiError` with all mistakes. */
	async readFile(): Promise<string[]> {
		const answer = await postJson('/api/settings/reload');
		await this.settings.ask();
		return list(answer['changed'])
			.filter(isObject)
			.flatMap((change) => text(change['key']) ?? []);
	}

	async #change(key: string, act: () => ReturnType<typeof postJson>): Promise<boolean> {
		this.busy = new Set([...this.busy, key]);
		try {
			const applied = text((await act())['applied']) ?? '';
			this.tell(key, { isRefused: false, text: APPLIED[applied] ?? 'Taken.' });
			await this.settings.ask();
			return true;
		} catch (error) {
			if (!(error instanceof ApiError)) throw error;
			this.tell(key, { isRefused: true, text: error.message });
			return false;
		} finally {
			this.busy = new Set([...this.busy].filter((each) => each !== key));
		}
	}
}
