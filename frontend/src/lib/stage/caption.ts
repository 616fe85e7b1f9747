/** Captions: one to three lines of what a persona says, with the word that is heard right now. */

import type { WordCue } from '../protocol/messages';
import { lastAt } from './lookup';

export interface Caption {
	readonly text: string;
	/** The word being heard is `text.slice(from, to)`; both 0 where no word is known. */
	readonly from: number;
	readonly to: number;
}

/** Earlier clauses of a turn stay in view while the whole is no longer than this. */
export const CAPTION_CHARS = 110;

/** Where each word stands in `shown`; a word that is not found takes the place of the one before it. */
export function placeWords(shown: string, words: readonly WordCue[]): readonly (readonly [number, number])[] {
	const folded = shown.toLowerCase();
	let from = 0;
	let to = 0;
	return words.map((word) => {
		const wanted = word.text.trim().toLowerCase();
		const at = wanted ? folded.indexOf(wanted, to) : -1;
		if (at >= 0) {
			from = at;
			to = at + wanted.length;
		}
		return [from, to] as const;
	});
}

/** The caption while `shown` is spoken, behind the `lead` of earlier clauses. */
export function captionAt(lead: string, shown: string, words: readonly WordCue[], ms: number): Caption {
	const text = lead + shown.trimEnd();
	const current = lastAt(words, ms);
	const place = current < 0 ? undefined : placeWords(shown, words.slice(0, current + 1))[current];
	if (!place) return { text, from: 0, to: 0 };
	return { text, from: lead.length + place[0], to: lead.length + place[1] };
}

/** What stays in view before the clause `next`, when `lead` and `shown` were in view until now. */
export function leadFor(lead: string, shown: string, next: string): string {
	const before = `${lead}${shown}`.trimEnd();
	return before.length + 1 + next.trim().length <= CAPTION_CHARS ? `${before} ` : '';
}
