/** The times of the show, kept up to date while the tab is open. */

import { isObject, list, text, type Json } from '../../protocol/fields';
import { readTurn, type Turn } from '../turns/turn';
import { Asked } from '../asked/asked.svelte';
import type { PanelEvent, Watcher } from '../live.svelte';
import { readLatency, readShow, type Latency, type Show } from './latency';

/** A turn with what it took beside its marks: durations in milliseconds, counts as they are. */
export interface TimedTurn extends Turn {
	readonly numbers: Readonly<Record<string, number>>;
	readonly reason: string;
	readonly error: string;
}

export function readTimedTurn(raw: Json): TimedTurn {
	const numbers = Object.entries(raw).filter((entry): entry is [string, number] => typeof entry[1] === 'number');
	return {
		...readTurn(raw),
		numbers: Object.fromEntries(numbers),
		reason: text(raw['reason']) ?? '',
		error: text(raw['error']) ?? ''
	};
}

/** As many as the show keeps. */
const KEEP_TURNS = 256;
/** The quantiles are asked for again so long after a turn: several that end together ask once. */
const REST_MS = 500;

export class LiveLatency implements Watcher {
	minutes: number = $state(5);
	readonly report = new Asked<Latency>(
		() => `/api/latency?minutes=${this.minutes}`,
		(raw) => readLatency(isObject(raw) ? raw : {})
	);
	readonly turns = new Asked<readonly TimedTurn[]>(`/api/turns?limit=${KEEP_TURNS}`, (raw) =>
		list(raw).filter(isObject).map(readTimedTurn)
	);
	readonly shows = new Asked<Show[]>('/api/shows', (raw) => list(raw).filter(isObject).map(readShow));
	#timer: ReturnType<typeof setTimeout> | undefined;

	reload(): void {
		for (const each of [this.report, this.turns, this.shows]) void each.ask();
	}

	choose(minutes: number): void {
		this.minutes = minutes;
		void this.report.ask();
	}

	events(events: readonly PanelEvent[]): void {
		const ended = events.filter(({ type }) => type === 'turn.ended');
		if (ended.length === 0) return;
		const records = ended.flatMap(({ data }) => [data['turn'], data['record']].filter(isObject).slice(0, 1));
		if (records.length < ended.length) void this.turns.ask();
		else this.turns.update((turns) => withNewest(turns, records.map(readTimedTurn)));
		this.#timer ??= setTimeout(() => {
			this.#timer = undefined;
			void this.report.ask();
			void this.shows.ask();
		}, REST_MS);
	}

	close(): void {
		clearTimeout(this.#timer);
		this.#timer = undefined;
	}
}

function withNewest(turns: readonly TimedTurn[], ended: readonly TimedTurn[]): readonly TimedTurn[] {
	const known = new Set(ended.map(({ id }) => id));
	return [...ended.toReversed(), ...turns.filter(({ id }) => !known.has(id))].slice(0, KEEP_TURNS);
}
