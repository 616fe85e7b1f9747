/** The last answers and their ratings, kept current while somebody looks. */

import { isObject } from '../../protocol/fields';
import { Asked } from '../asked/asked.svelte';
import type { PanelEvent, Watcher } from '../live.svelte';
import { readTurn, type Turn } from '../turns/turn';
import { readAnswers, readRating, readRatings, SHOWN, withAnswers, type Rating } from './answers';

/** Turns in which nothing was said are left out of the answers. */
const LOOKED_AT = 4 * SHOWN;

export class LiveAnswers implements Watcher {
	readonly answers = new Asked<readonly Turn[]>(`/api/turns?limit=${LOOKED_AT}`, readAnswers);
	readonly ratings = new Asked<ReadonlyMap<string, Rating>>('/api/ratings', readRatings);

	reload(): void {
		void this.answers.ask();
		void this.ratings.ask();
	}

	events(events: readonly PanelEvent[]): void {
		const ended = events.filter(({ type }) => type === 'turn.ended');
		const records = ended.flatMap(({ data }) => [data['turn'], data['record']].filter(isObject).slice(0, 1));
		if (records.length < ended.length) void this.answers.ask();
		else if (records.length > 0) this.answers.update((known) => withAnswers(known, records.map(readTurn)));
		for (const { type, data } of events) if (type === 'turn.rated') this.take(readRating(data));
	}

	/** What is thought of a turn. */
	of(turn: string): Rating {
		return this.ratings.value?.get(turn) ?? { turn, thumb: '', better: '' };
	}

	/** Takes a rating that was kept. */
	take(rating: Rating): void {
		this.ratings.update((known) => new Map(known).set(rating.turn, rating));
	}
}
