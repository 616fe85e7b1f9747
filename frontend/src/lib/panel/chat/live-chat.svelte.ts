/** The live chat of the panel. */

import { isObject, list } from '../../protocol/fields';
import { readTurn } from '../turns/turn';
import { ApiError, getJson } from '../api';
import type { PanelEvent, Watcher } from '../live.svelte';
import { fetchIgnored, type Ignored } from '../steering';
import { after, merged, withAnswers, withOlder, type Book } from './book';
import { readLine, type ChatLine } from './line';

const PAGE = 200;

interface Page {
	/** Oldest first. */
	readonly lines: readonly ChatLine[];
	readonly hasMore: boolean;
}

export class LiveChat implements Watcher {
	book: Book = $state.raw([]);
	ignored: readonly Ignored[] = $state.raw([]);
	/** Whether it is known what was written before; false until it was asked for. */
	isLoaded = $state(false);
	/** The show does not tell what was written before: only lines from now on are known. */
	isHistoryMissing = $state(false);
	/** The show cannot ignore viewers or answer lines on order. */
	isSteeringMissing = $state(false);
	/** Why the lines could not be had; empty where they could. */
	problem = $state('');
	hasMore = $state(false);
	/** What the show found for a search; null without one. Oldest first. */
	found: readonly ChatLine[] | null = $state.raw(null);
	#isAsking = false;
	#search = 0;

	reload(isNewSession: boolean): void {
		if (isNewSession) this.book = [];
		void this.#load();
		void this.loadIgnored();
	}

	events(events: readonly PanelEvent[]): void {
		this.book = after(this.book, events);
		if (this.found !== null) this.found = known(this.found, this.book);
		if (!events.some(({ type }) => type === 'ignored')) return;
		void this.loadIgnored();
		// What an ignored viewer wrote before is taken back too, without a word about each line.
		void this.#load();
	}

	async loadIgnored(): Promise<void> {
		try {
			this.ignored = await fetchIgnored();
			this.isSteeringMissing = false;
		} catch (error) {
			if (!(error instanceof ApiError)) throw error;
			if (error.isMissing) this.isSteeringMissing = true;
		}
	}

	/** Asks for lines before the oldest that is known. */
	async loadOlder(): Promise<void> {
		const oldest = this.book.find(({ seq }) => seq !== null)?.seq ?? null;
		if (this.#isAsking || !this.hasMore || oldest === null) return;
		const page = await this.#ask(`&before=${oldest}`);
		if (!page) return;
		this.book = withOlder(this.book, page.lines);
		this.hasMore = page.hasMore && this.book[0]?.seq !== oldest;
	}

	/** Lets the show look through everything that was written; an empty query ends the search. */
	async search(query: string): Promise<void> {
		const search = (this.#search += 1);
		if (query === '' || this.isHistoryMissing) return void (this.found = null);
		try {
			const page = readPage(await getJson(`/api/lines?limit=${PAGE}&query=${encodeURIComponent(query)}`));
			if (search === this.#search) this.found = known(page.lines, this.book);
		} catch (error) {
			if (!(error instanceof ApiError)) throw error;
			if (search === this.#search) this.found = null;
		}
	}

	async #load(): Promise<void> {
		const page = await this.#ask('');
		this.isLoaded = true;
		if (!page) return;
		this.book = merged(this.book, page.lines);
		this.hasMore = page.hasMore;
		await this.#loadAnswers();
	}

	async #loadAnswers(): Promise<void> {
		if (!this.book.some(({ state, answer }) => state === 'answered' && answer === '')) return;
		try {
			const turns = list(await getJson(`/api/turns?limit=${PAGE}`));
			this.book = withAnswers(this.book, turns.filter(isObject).map(readTurn));
		} catch (error) {
			if (!(error instanceof ApiError)) throw error;
		}
	}

	async #ask(more: string): Promise<Page | null> {
		this.#isAsking = true;
		try {
			const page = readPage(await getJson(`/api/lines?limit=${PAGE}${more}`));
			this.problem = '';
			this.isHistoryMissing = false;
			return page;
		} catch (error) {
			if (!(error instanceof ApiError)) throw error;
			this.isHistoryMissing = error.isMissing;
			this.problem = error.isMissing ? '' : error.message;
			return null;
		} finally {
			this.#isAsking = false;
		}
	}
}

function readPage(raw: unknown): Page {
	const page = isObject(raw) ? raw : {};
	const lines = list(page['lines'])
		.filter(isObject)
		.map(readLine)
		.filter(({ id }) => id !== '')
		.reverse();
	return { lines, hasMore: page['more'] === true };
}

/** The lines as the book has them, where it has them: events told more since. */
function known(lines: readonly ChatLine[], book: Book): readonly ChatLine[] {
	const newest = new Map(book.map((line) => [line.id, line]));
	return lines.map((line) => newest.get(line.id) ?? line);
}
