/** The running desk of a page: events folded into one board, at most ten times a second. */

import { LiveSocket, socketUrl } from '../net/live-socket';
import { isObject } from '../protocol/fields';
import { ApiError, getJson, postJson, sendLine } from './api';
import { after, EMPTY, withSent, withTurns, type Board, KEEP_TURNS } from './board';
import { parseEvent, readHealth, readStatus, readTurn, type DeskEvent } from './events';

/** So many events are folded in at once, whatever the time. */
const FOLD_AT = 1000;
/** A flood of events redraws the desk no more often than this. */
const REST_MS = 100;

export class LiveDesk {
	board: Board = $state.raw(EMPTY);
	isConnected = $state(false);
	version = $state('');
	/** The last order that failed, in words; empty when the last one worked. */
	problem = $state('');
	#session = '';
	/** Number of the last event seen in this life of the show. */
	#seq: number | null = null;
	#waiting: DeskEvent[] = [];
	#frame = 0;
	#foldedMs = 0;
	readonly #socket: LiveSocket;

	constructor() {
		this.#socket = new LiveSocket({
			url: async () => {
				await this.#refresh();
				return socketUrl('/api/events', this.#seq === null ? {} : { since: String(this.#seq) });
			},
			quietMs: null,
			onOpen: () => (this.isConnected = true),
			onText: (frame) => this.#receive(frame),
			onLost: () => (this.isConnected = false)
		});
	}

	/** Sends a line of chat. True when the show took it. */
	async say(author: string, text: string): Promise<boolean> {
		return this.#order(async () => {
			const id = await sendLine(author, text);
			this.board = withSent(this.board, id, author, text);
		});
	}

	async interrupt(): Promise<boolean> {
		return this.#order(() => postJson('/api/interrupt'));
	}

	async mute(isMuted: boolean): Promise<boolean> {
		return this.#order(() => postJson(isMuted ? '/api/mute' : '/api/unmute'));
	}

	async panic(isPanic: boolean): Promise<boolean> {
		return this.#order(() => postJson(isPanic ? '/api/panic' : '/api/resume'));
	}

	close(): void {
		cancelAnimationFrame(this.#frame);
		this.#socket.close();
	}

	async #order(act: () => Promise<unknown>): Promise<boolean> {
		try {
			await act();
			this.problem = '';
			return true;
		} catch (error) {
			if (!(error instanceof ApiError)) throw error;
			this.problem = error.message;
			return false;
		}
	}

	/** What is true now, asked before every connection; events say what changes from then on. */
	async #refresh(): Promise<void> {
		const [health, status, turns] = await Promise.all(
			['/api/health', '/api/status', `/api/turns?limit=${KEEP_TURNS}`].map((path) => getJson(path).catch(() => null))
		);
		if (isObject(health)) {
			const { session, version, components } = readHealth(health);
			if (session !== this.#session) this.#seq = null;
			this.#session = session;
			this.version = version;
			this.board = { ...this.board, components };
		}
		if (isObject(status)) {
			const { muted, isPanic, drops } = readStatus(status);
			// Events that are still to come would be counted twice.
			this.board = { ...this.board, muted, isPanic, ...(this.#seq === null && { drops }) };
		}
		this.#take(turns);
	}

	#take(turns: unknown): void {
		if (Array.isArray(turns)) this.board = withTurns(this.board, turns.filter(isObject).map(readTurn));
	}

	#receive(frame: string): void {
		const event = parseEvent(frame);
		if (!event) return;
		this.#seq = event.seq;
		this.#waiting.push(event);
		// A hidden page draws no frames; what waits for one must not pile up.
		if (this.#waiting.length >= FOLD_AT) this.#fold();
		else this.#frame ||= requestAnimationFrame(() => this.#draw());
	}

	#draw(): void {
		if (performance.now() - this.#foldedMs >= REST_MS) this.#fold();
		else this.#frame = requestAnimationFrame(() => this.#draw());
	}

	#fold(): void {
		cancelAnimationFrame(this.#frame);
		this.#frame = 0;
		this.#foldedMs = performance.now();
		const events = this.#waiting.splice(0);
		this.board = after(this.board, events);
		const isIncomplete = events.some((each) => each.type === 'gap' || (each.type === 'turn.ended' && !each.record));
		if (isIncomplete)
			void getJson(`/api/turns?limit=${KEEP_TURNS}`).then(
				(turns) => this.#take(turns),
				() => undefined
			);
	}
}
