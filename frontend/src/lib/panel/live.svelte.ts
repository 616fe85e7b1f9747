/** The show's events as they come: one connection for the whole panel, handed on once a frame. */

import { LiveSocket, socketUrl } from '../net/live-socket';
import { id, isObject, number, parseObject, text, type Json } from '../protocol/fields';
import { ApiError, getJson } from './api';

/** An event of `/api/events`; `data` is the whole message, to be read with care (`protocol/fields`). */
export interface PanelEvent {
	readonly seq: number;
	/** Unix time in milliseconds. */
	readonly at: number;
	readonly type: string;
	/** Id of the turn it belongs to, or ''. */
	readonly turn: string;
	readonly data: Json;
}

/** The event in a message, or null for what is none. */
export function parseEvent(frame: string): PanelEvent | null {
	const data = parseObject(frame);
	const seq = data && number(data['seq']);
	const type = data && text(data['type']);
	if (!data || seq === undefined || seq === null || !type) return null;
	return { seq, at: number(data['at']) ?? 0, type, turn: id(data['turn']) ?? '', data };
}

export interface Watcher {
	/** Events in their order, at most once a frame. */
	readonly events?: (events: readonly PanelEvent[]) => void;
	/**
	 * What is known may be wrong or missing: ask for it again. Called at the first connection, after a hole in the
	 * events, and when another life of the show answers. The connection is open, so nothing falls between.
	 */
	readonly reload?: (isNewSession: boolean) => void;
}

export type Connection = 'connecting' | 'open' | 'lost';

/** A hidden page draws no frames; so many events are handed on at once, whatever the time. */
const FLUSH_AT = 1000;
/** And at least so often. */
const HIDDEN_MS = 1000;

export class Live {
	connection: Connection = $state('connecting');
	/** The show answers, but not to this browser: its key is missing or no longer right. */
	isLockedOut = $state(false);
	/** Which life of the show answers. */
	session = $state('');
	#seq: number | null = null;
	#isStale = true;
	#isNew = true;
	#waiting: PanelEvent[] = [];
	#frame = 0;
	#timer: ReturnType<typeof setTimeout> | undefined;
	#socket: LiveSocket | null = null;
	readonly #watchers = new Set<Watcher>();

	/** Registers a watcher; gives what takes it off again. One that comes late is asked to load at once. */
	watch(watcher: Watcher): () => void {
		this.#watchers.add(watcher);
		if (this.connection === 'open') watcher.reload?.(true);
		return () => this.#watchers.delete(watcher);
	}

	open(): void {
		this.#socket ??= new LiveSocket({
			url: async () => {
				await this.#meet();
				return socketUrl('/api/events', this.#seq === null ? {} : { since: String(this.#seq) });
			},
			quietMs: null,
			onOpen: () => this.#opened(),
			onText: (frame) => this.#receive(frame),
			onLost: () => (this.connection = 'lost')
		});
	}

	close(): void {
		this.#socket?.close();
		this.#socket = null;
		cancelAnimationFrame(this.#frame);
		clearTimeout(this.#timer);
		this.#frame = 0;
	}

	/** Finds out which life of the show answers; another one counts its events from the beginning. */
	async #meet(): Promise<void> {
		try {
			const health = await getJson('/api/health');
			const session = isObject(health) ? (id(health['session']) ?? '') : '';
			this.isLockedOut = false;
			if (session === this.session) return;
			this.session = session;
			this.#seq = null;
			this.#isStale = this.#isNew = true;
		} catch (error) {
			if (!(error instanceof ApiError)) throw error;
			this.isLockedOut = error.isLockedOut;
		}
	}

	#opened(): void {
		this.connection = 'open';
		if (this.#isStale) this.#reload();
	}

	#reload(): void {
		const isNew = this.#isNew;
		this.#isStale = this.#isNew = false;
		for (const watcher of [...this.#watchers]) watcher.reload?.(isNew);
	}

	#receive(frame: string): void {
		const event = parseEvent(frame);
		if (!event) return;
		this.#seq = event.seq;
		this.#waiting.push(event);
		if (this.#waiting.length >= FLUSH_AT) return this.#flush();
		if (document.hidden) this.#timer ??= setTimeout(() => this.#flush(), HIDDEN_MS);
		else this.#frame ||= requestAnimationFrame(() => this.#flush());
	}

	#flush(): void {
		cancelAnimationFrame(this.#frame);
		clearTimeout(this.#timer);
		this.#frame = 0;
		this.#timer = undefined;
		const events = this.#waiting.splice(0);
		if (events.length === 0) return;
		for (const watcher of [...this.#watchers]) watcher.events?.(events);
		if (events.some(({ type }) => type === 'gap')) this.#reload();
	}
}
