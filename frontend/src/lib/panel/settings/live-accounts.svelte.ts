/** The accounts of the show, kept up to date by events, and signing in and out. */

import { ApiError, postJson } from '../api';
import { Asked } from '../asked/asked.svelte';
import type { PanelEvent, Watcher } from '../live.svelte';
import { readAccounts, type Account } from './accounts';

/** Asking a platform for a code may take longer than the show does. */
const LOGIN_LIMIT_MS = 20_000;

export class LiveAccounts implements Watcher {
	readonly accounts = new Asked<readonly Account[]>('/api/accounts', readAccounts);
	/** Why the last order for a platform did not work, as sentences. */
	problems: Readonly<Record<string, string>> = $state.raw({});
	/** Platforms for which an order is on its way. */
	busy: ReadonlySet<string> = $state.raw(new Set());

	reload(): void {
		void this.accounts.ask();
	}

	/** The event leaves out the code, which only who may see the desk should have: all of it is asked for. */
	events(events: readonly PanelEvent[]): void {
		if (events.some(({ type }) => type === 'account')) void this.accounts.ask();
	}

	/** Asks for a code, a new one where one waits. */
	signIn(platform: string): Promise<boolean> {
		return this.#order(platform, () => postJson('/api/accounts/login', { platform }, LOGIN_LIMIT_MS));
	}

	/** Gives up the code that waits, else the account. */
	signOut(platform: string): Promise<boolean> {
		return this.#order(platform, () => postJson('/api/accounts/logout', { platform }, LOGIN_LIMIT_MS));
	}

	async #order(platform: string, act: () => Promise<unknown>): Promise<boolean> {
		if (this.busy.has(platform)) return false;
		this.busy = new Set([...this.busy, platform]);
		try {
			await act();
			const { [platform]: _, ...others } = this.problems;
			this.problems = others;
			return true;
		} catch (error) {
			if (!(error instanceof ApiError)) throw error;
			this.problems = { ...this.problems, [platform]: error.message };
			return false;
		} finally {
			await this.accounts.ask();
			this.busy = new Set([...this.busy].filter((each) => each !== platform));
		}
	}
}
