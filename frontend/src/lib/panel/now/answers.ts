/** The last answers, and what the streamer thinks of them. */

import { id, isObject, list, text } from '../../protocol/fields';
import { readTurn, type Turn } from '../turns/turn';
import { postJson } from '../api';

export type Thumb = '' | 'up' | 'down';

export interface Rating {
	readonly turn: string;
	readonly thumb: Thumb;
	/** What she should have said; empty where nobody said. */
	readonly better: string;
}

/** How many answers are shown. */
export const SHOWN = 6;

const THUMBS: readonly string[] = ['up', 'down'];

/** An answer of `GET /api/ratings`, by turn. */
export function readRatings(raw: unknown): ReadonlyMap<string, Rating> {
	const ratings = list(raw).filter(isObject).map(readRating);
	return new Map(ratings.filter(({ turn }) => turn !== '').map((rating) => [rating.turn, rating]));
}

export function readRating(raw: Readonly<Record<string, unknown>>): Rating {
	const thumb = text(raw['thumb']) ?? '';
	return {
		turn: id(raw['turn']) ?? '',
		thumb: THUMBS.includes(thumb) ? (thumb as Thumb) : '',
		better: text(raw['better']) ?? ''
	};
}

/** An answer of `GET /api/turns`: those in which something was said, the newest first. */
export function readAnswers(raw: unknown): readonly Turn[] {
	return list(raw).filter(isObject).map(readTurn).filter(isAnswer).slice(0, SHOWN);
}

/** The answers with those that ended since, the newest first. */
export function withAnswers(answers: readonly Turn[], ended: readonly Turn[]): readonly Turn[] {
	const fresh = ended.filter(isAnswer).toReversed();
	const known = new Set(fresh.map((turn) => turn.id));
	return [...fresh, ...answers.filter((turn) => !known.has(turn.id))].slice(0, SHOWN);
}

/** The rating after a thumb was pressed: the same one again takes it back. */
export function pressed(rating: Rating, thumb: Thumb): Rating {
	return { ...rating, thumb: rating.thumb === thumb ? '' : thumb };
}

/** Keeps a rating; an empty one takes it back. Raises `ApiError`. */
export async function rate(rating: Rating): Promise<Rating> {
	return readRating(await postJson('/api/rating', { ...rating }));
}

function isAnswer(turn: Turn): boolean {
	return turn.id !== '' && turn.said !== '';
}
