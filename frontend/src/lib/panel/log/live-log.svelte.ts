/** The log of the show as it grows, and what is looked for in it. */

import { isObject, list } from '../../protocol/fields';
import { getJson } from '../api';
import type { PanelEvent, Watcher } from '../live.svelte';
import type { Panel } from '../panel.svelte';
import { Book, EVERYTHING, Selection, type Wanted } from './book';
import { lineOfEvent, lineOfRecord, type Line } from './line';
import { pastEvents } from './past';

/** So many lines are looked through in one frame: about 5 ms of work. */
const PIECE = 20_000;
/** A flood of lines redraws the list no more often than this. */
const REST_MS = 100;

export class LiveLog implements Watcher {
	readonly book = new Book();
	/** What is looked for; `look` changes it. */
	wanted: Wanted = $state.raw(EVERYTHING);
	/** Rises whenever `selection` says something else. */
	version = $state(0);
	selection = new Selection(this.book, EVERYTHING);
	#seq = 0;
	/** Events that came while the past was asked for; null while it is not. */
	#held: PanelEvent[] | null = null;
	#timer: ReturnType<typeof setTimeout> | undefined;
	#isIncomplete = true;

	/** A new life of the show counts its events anew; of the first one the past is read. */
	reload(isNewSession: boolean): void {
		if (!isNewSession) return;
		if (this.#isIncomplete) void this.#readPast();
		else this.book.append({ ...MARKER, atMs: Date.now(), text: 'Another life of the show answers.' });
		this.#seq = 0;
		this.#touch();
	}

	events(events: readonly PanelEvent[]): void {
		if (this.#held) this.#held.push(...events);
		else this.#take(events);
	}

	look(wanted: Wanted): void {
		this.wanted = wanted;
		this.selection = new Selection(this.book, wanted);
		this.#advance();
	}

	clear(): void {
		this.book.clear();
		this.look(this.wanted);
	}

	async #readPast(): Promise<void> {
		this.#isIncomplete = false;
		this.#held = [];
		const [events, records] = await Promise.all([pastEvents(), pastRecords()]);
		const oldest = events.find(({ type }) => type === 'log')?.at ?? Infinity;
		const lines = events.flatMap(({ data }) => lineOfEvent(data) ?? []);
		const before = records.filter(({ atMs }) => atMs < oldest);
		for (const line of [...before, ...lines].sort((one, other) => one.atMs - other.atMs)) this.book.append(line);
		this.#seq = events.at(-1)?.seq ?? 0;
		const held = this.#held;
		this.#held = null;
		this.#take(held);
		this.#touch();
	}

	#take(events: readonly PanelEvent[]): void {
		for (const { seq, type, data } of events) {
			if (seq <= this.#seq && type !== 'gap') continue;
			this.#seq = seq;
			const line = lineOfEvent(data);
			if (line) this.book.append(line);
		}
		this.#touch();
	}

	#touch(): void {
		this.#timer ??= setTimeout(() => this.#advance(), REST_MS);
	}

	#advance(): void {
		clearTimeout(this.#timer);
		this.#timer = undefined;
		this.selection.advance(PIECE);
		this.version += 1;
		if (!this.selection.isDone) this.#timer = setTimeout(() => this.#advance(), 0);
	}
}

const MARKER = { level: 'warning', type: 'panel', turn: '' } as const satisfies Partial<Line>;

/** The show's own log as far as it is kept, oldest first; empty where the show has no such route. */
async function pastRecords(): Promise<Line[]> {
	const raw = await getJson('/api/log?limit=1000').catch(() => null);
	const records = isObject(raw) ? raw['lines'] : raw;
	return list(records).filter(isObject).map(lineOfRecord);
}

const known = new WeakMap<Panel, LiveLog>();

/** The log of a panel. It goes on while another tab is open. */
export function logOf(panel: Panel): LiveLog {
	let log = known.get(panel);
	if (!log) {
		known.set(panel, (log = new LiveLog()));
		panel.live.watch(log);
	}
	return log;
}
