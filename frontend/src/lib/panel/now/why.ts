/** Why a line is chosen, in words. Pure. */

import { capital, words } from '../format';
import type { Score } from '../steering';

const MEANINGS: Readonly<Record<string, string>> = {
	fresh: 'Fresh',
	paid: 'Paid',
	event: 'Event',
	addressed: 'Addressed',
	question: 'A question',
	substance: 'Substance',
	priority: 'Set by you',
	mood: 'Fits the mood',
	expertise: 'Her subject',
	new: 'New viewer',
	loyal: 'Regular viewer'
};

export interface Bar {
	readonly name: string;
	readonly meaning: string;
	/** The value as shown. */
	readonly shown: string;
	/** How long the bar is, 0 to 1. */
	readonly share: number;
	readonly isAgainst: boolean;
}

/** The weightiest scores as bars; the longest is that of `most`. */
export function bars(scores: readonly Score[], most: number, limit = 4): readonly Bar[] {
	return scores
		.filter(({ value }) => Math.abs(value) >= 0.05)
		.slice(0, limit)
		.map(({ name, value }) => ({
			name,
			meaning: MEANINGS[name] ?? capital(words(name)),
			shown: showScore(value),
			share: most > 0 ? Math.min(1, Math.abs(value) / most) : 0,
			isAgainst: value < 0
		}));
}

/** The largest of all scores, for bars that can be compared. */
export function largest(all: readonly (readonly Score[])[]): number {
	return Math.max(0, ...all.flatMap((scores) => scores.map(({ value }) => Math.abs(value))));
}

export function showScore(value: number): string {
	const shown = Math.abs(value) >= 10 ? String(Math.round(value)) : String(Math.round(value * 10) / 10);
	return value > 0 ? `+${shown}` : shown.replace('-', '−');
}
