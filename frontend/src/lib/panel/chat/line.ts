/** A line of the chat and what became of it. Pure. */

import { id, isObject, list, number, text, type Json } from '../../protocol/fields';
import { capital, words } from '../format';
import { readScores, type Score } from '../steering';
import type { Deed } from './deed';

export const STATES = ['waiting', 'chosen', 'answered', 'dropped', 'blocked'] as const;
export type LineState = (typeof STATES)[number];

export interface ChatLine {
	readonly id: string;
	/** Rises with every line of this life of the show; null where only an event told of it. */
	readonly seq: number | null;
	/** Unix milliseconds. */
	readonly at: number;
	readonly source: string;
	readonly kind: string;
	readonly author: string;
	/** Empty for a blocked line: what the guard refused is shown to nobody. */
	readonly text: string;
	readonly amount: number;
	readonly currency: string;
	readonly emotes: readonly Emote[];
	readonly state: LineState;
	/** Why it was dropped or blocked. */
	readonly reason: string;
	/** What blocked it. */
	readonly rule: string;
	readonly turn: string;
	readonly scores: readonly Score[];
	/** What was heard of the answer. */
	readonly answer: string;
	/** The answer was cut off before its end. */
	readonly isCut: boolean;
	/** What it did as a command or a purchase; null where it is neither, or nobody told. */
	readonly deed: Deed | null;
}

/** A picture in the place of `text.slice(start, end)`, counted in characters. */
export interface Emote {
	readonly name: string;
	readonly start: number;
	readonly end: number;
	readonly url: string;
}

export function readLine(raw: Json): ChatLine {
	const state = STATES.find((each) => each === raw['state']) ?? 'waiting';
	const isBlocked = state === 'blocked';
	return {
		id: id(raw['id']) ?? '',
		seq: number(raw['seq']) ?? null,
		at: number(raw['at']) ?? 0,
		source: text(raw['source']) ?? '',
		kind: text(raw['kind']) ?? '',
		author: isBlocked ? '' : (text(raw['author']) ?? ''),
		text: isBlocked ? '' : (text(raw['text']) ?? ''),
		amount: number(raw['amount']) ?? 0,
		currency: text(raw['currency']) ?? '',
		emotes: isBlocked ? [] : list(raw['emotes']).filter(isObject).flatMap(readEmote),
		state,
		reason: text(raw['reason']) ?? '',
		rule: text(raw['rule']) ?? '',
		turn: id(raw['turn']) ?? '',
		scores: readScores(raw['scores']),
		answer: '',
		isCut: false,
		deed: null
	};
}

/** Pictures come from the show itself, or not at all. */
const PICTURE = /^\/api\/emotes\/\w[\w-]*\/\w[\w.:-]*$/;

function readEmote(raw: Json): Emote[] {
	const url = text(raw['url']) ?? '';
	const name = text(raw['name']) ?? '';
	const start = number(raw['start']);
	const end = number(raw['end']);
	if (!PICTURE.test(url) || !name || start === undefined || end === undefined || start < 0 || end <= start) return [];
	return [{ name, start, end, url }];
}

/** A piece of a line: words, or a picture with the words it stands for. */
export interface Piece {
	readonly text: string;
	/** Empty for words. */
	readonly url: string;
}

/** A line cut into words and pictures. Ranges that overlap, or do not hold the name of their emote, stay words. */
export function pieces(line: string, emotes: readonly Emote[]): readonly Piece[] {
	if (emotes.length === 0) return line ? [{ text: line, url: '' }] : [];
	// Ranges count whole characters, as the show does, not the halves of a surrogate pair.
	const characters = [...line];
	const parts: Piece[] = [];
	let from = 0;
	const say = (to: number) => {
		if (to > from) parts.push({ text: characters.slice(from, to).join(''), url: '' });
	};
	for (const { name, start, end, url } of [...emotes].sort((one, other) => one.start - other.start)) {
		if (start < from || characters.slice(start, end).join('') !== name) continue;
		say(start);
		parts.push({ text: name, url });
		from = end;
	}
	say(characters.length);
	return parts;
}

const REASONS: Readonly<Record<string, string>> = {
	size: 'too long',
	empty: 'nothing to say to it',
	rate: 'too many lines by one viewer',
	duplicate: 'said before',
	full: 'too many were waiting',
	stale: 'waited too long',
	deleted: 'deleted by a moderator',
	banned: 'the author was banned',
	panic: 'panic',
	muted: 'muted',
	operator: 'stopped by you',
	replaced: 'a newer line took its place',
	priority: 'a more important line took its place',
	shutdown: 'the show ended',
	rejected: 'you rejected the answer',
	command: 'a command',
	ignored: 'you ignore the author',
	struck: 'the author was blocked too often of late',
	doubtful: 'the second opinion held it back',
	unpaid: 'only paid lines are answered now',
	reserved: 'she talks little now, and nobody spoke to her',
	merged: 'answered with another line that asks the same',
	copypasta: 'the same words from many',
	emotes: 'nothing but pictures, from many',
	policy: 'the policy of the show leaves it out',
	crash: 'something broke',
	failed: 'the answer failed'
};

const NAMES: Readonly<Record<LineState, string>> = {
	waiting: 'Waiting',
	chosen: 'Answering',
	answered: 'Answered',
	dropped: 'Dropped',
	blocked: 'Blocked'
};

export function stateName(state: LineState): string {
	return NAMES[state];
}

/** Why a line was dropped or blocked, in words; empty for others. */
export function whyNot({ state, reason, rule }: ChatLine): string {
	if (state === 'blocked') return [...new Set([rule, reason])].filter(Boolean).map(words).join(', ');
	return state === 'dropped' ? (REASONS[reason] ?? words(reason)) : '';
}

/** What stands in the place of the text where there is none. */
export function standIn({ state, kind, reason, author, deed }: ChatLine): string {
	if (deed) return deed.name;
	if (state === 'blocked') return 'Kept back by the guard';
	if (state === 'dropped' && TAKEN_BACK.has(reason) && author) return 'Taken back';
	if (state === 'dropped' && !author) return 'Not read';
	return capital(words(kind));
}

/** Reasons that take the words of a line away as well. */
export const TAKEN_BACK: ReadonlySet<string> = new Set(['deleted', 'banned', 'ignored']);

/** Whether every word of `query` is in the line or its author. Blocked lines hold no words. */
export function holds(line: ChatLine, query: string): boolean {
	const text = `${line.author} ${line.text}`.toLowerCase();
	return query
		.toLowerCase()
		.split(/\s+/)
		.every((word) => text.includes(word));
}
