/** The guard as it is now: its ledger, what it goes by, and who has strikes. */

import { text } from '../../protocol/fields';
import { ApiError, getJson, postJson } from '../api';
import { Asked } from '../asked/asked.svelte';
import type { PanelEvent, Watcher } from '../live.svelte';
import {
	EVERYTHING,
	isWanted,
	question,
	readCounts,
	readEntry,
	readOpinion,
	readPage,
	readStance,
	readStruck,
	withNewer,
	withOlder,
	type Count,
	type Entry,
	type Opinion,
	type Stance,
	type Struck,
	type Wanted
} from './guard';

const PAGE = 100;
/** Events that come together ask once. */
const REST_MS = 250;

export class LiveGuard implements Watcher {
	readonly stance = new Asked<Stance>('/api/guard', readStance);
	readonly strikes = new Asked<readonly Struck[]>('/api/guard/strikes', readStruck);
	readonly counts = new Asked<readonly Count[]>('/api/guard/summary?hours=24', readCounts);
	/** Newest first; null until they were told. */
	entries: readonly Entry[] | null = $state.raw(null);
	wanted: Wanted = $state.raw(EVERYTHING);
	/** Why there are no entries, as a sentence. */
	problem = $state('');
	#hasMore = false;
	#isLoading = false;
	#look = 0;
	readonly #due = new Set<Pick<Asked<unknown>, 'ask'>>();
	#timer: ReturnType<typeof setTimeout> | undefined;

	reload(): void {
		for (const each of [this.stance, this.strikes, this.counts]) void each.ask();
		void this.look(this.wanted);
	}

	events(events: readonly PanelEvent[]): void {
		for (const { type, data } of events) {
			if (type === 'guard') this.#entered(readEntry(data));
			else if (type === 'struck' || type === 'pardoned') this.#soon(this.strikes);
			else if (type === 'settings' && text(data['key'])?.startsWith('guard')) this.#soon(this.stance);
		}
	}

	close(): void {
		clearTimeout(this.#timer);
		this.#timer = undefined;
	}

	/** Shows what is wanted from now on. */
	async look(wanted: Wanted): Promise<void> {
		this.wanted = wanted;
		const look = (this.#look += 1);
		try {
			const page = readPage(await getJson(`/api/guard/ledger?${question(wanted, PAGE)}`));
			if (look !== this.#look) return;
			this.entries = page.entries;
			this.#hasMore = page.hasMore;
			this.problem = '';
		} catch (error) {
			if (!(error instanceof ApiError)) throw error;
			if (look === this.#look) this.problem = error.message;
		}
	}

	/** Asks for entries before the oldest; does nothing where there are none, or while it asks already. */
	async loadOlder(): Promise<void> {
		const oldest = this.entries?.at(-1)?.id;
		if (!this.#hasMore || this.#isLoading || oldest === undefined) return;
		this.#isLoading = true;
		const look = this.#look;
		try {
			const page = readPage(await getJson(`/api/guard/ledger?${question(this.wanted, PAGE, oldest)}`));
			if (look !== this.#look) return;
			this.entries = withOlder(this.entries ?? [], page.entries);
			this.#hasMore = page.hasMore;
		} catch (error) {
			if (!(error instanceof ApiError)) throw error;
		} finally {
			this.#isLoading = false;
		}
	}

	/** What the guard makes of a text. Raises `ApiError`. */
	async check(written: string, direction: string): Promise<Opinion> {
		return readOpinion(await postJson('/api/guard/check', { text: written, direction }));
	}

	/** Puts a phrase on a list, or takes it off. Raises `ApiError`. */
	async edit(list: 'allow' | 'block', phrase: string, isIn: boolean): Promise<void> {
		const told = await postJson('/api/guard/lists', { list, [isIn ? 'add' : 'remove']: phrase });
		this.stance.update((stance) => {
			const { allow, block } = readStance(told);
			return { ...stance, allow, block };
		});
	}

	/** Changes what the guard goes by. Raises `ApiError`. */
	async set(key: 'guard.level' | 'guard.categories', value: unknown): Promise<void> {
		await postJson('/api/settings', { key, value });
		await this.stance.ask();
	}

	/** Has the categories follow the level again. Raises `ApiError`. */
	async followLevel(): Promise<void> {
		await postJson('/api/settings/reset', { key: 'guard.categories' });
		await this.stance.ask();
	}

	/** Forgets the strikes of a viewer. Raises `ApiError`. */
	async pardon(key: string): Promise<void> {
		await postJson('/api/guard/pardon', { key });
		await this.strikes.ask();
	}

	#entered(entry: Entry | null): void {
		if (!entry) return;
		if (this.entries && isWanted(entry, this.wanted)) this.entries = withNewer(this.entries, entry);
		if (entry.viewer) this.#soon(this.strikes);
		this.#soon(this.counts);
	}

	/** What comes many times a second is asked for no more often than this allows. */
	#soon(asked: Pick<Asked<unknown>, 'ask'>): void {
		this.#due.add(asked);
		this.#timer ??= setTimeout(() => {
			this.#timer = undefined;
			for (const each of this.#due) void each.ask();
			this.#due.clear();
		}, REST_MS);
	}
}

/** The names of viewers with strikes, by key. */
export function names(struck: readonly Struck[]): ReadonlyMap<string, string> {
	return new Map(struck.map(({ key, name }) => [key, name]));
}
