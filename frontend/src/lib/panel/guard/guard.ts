/** What the guard held back, what it goes by, and who has strikes. Pure. */

import { id, isObject, list, number, text, texts, type Json } from '../../protocol/fields';
import { capital, showCount, words } from '../format';

/** One text that was blocked or mended, without a word of it. */
export interface Entry {
	readonly id: number;
	/** Unix milliseconds. */
	readonly at: number;
	readonly direction: string;
	readonly position: string;
	readonly isBlocked: boolean;
	readonly category: string;
	readonly rule: string;
	readonly score: number;
	/** The same for the same text. */
	readonly digest: string;
	/** In characters. */
	readonly length: number;
	readonly language: string;
	readonly source: string;
	/** Stands for who wrote it; empty where nobody did. */
	readonly viewer: string;
	readonly turn: string;
	/** The rule in plain words. */
	readonly meaning: string;
}

export function readEntry(raw: Json): Entry | null {
	const key = number(raw['id']);
	if (key === undefined) return null;
	return {
		id: key,
		at: number(raw['at']) ?? 0,
		direction: text(raw['direction']) ?? '',
		position: text(raw['position']) ?? '',
		isBlocked: raw['decision'] !== 'rewrite',
		category: text(raw['category']) ?? '',
		rule: text(raw['rule']) ?? '',
		score: number(raw['score']) ?? 0,
		digest: text(raw['digest']) ?? '',
		length: number(raw['length']) ?? 0,
		language: text(raw['language']) ?? '',
		source: text(raw['source']) ?? '',
		viewer: text(raw['viewer']) ?? '',
		turn: id(raw['turn']) ?? '',
		meaning: text(raw['meaning']) ?? ''
	};
}

export interface Page {
	/** Newest first. */
	readonly entries: readonly Entry[];
	readonly hasMore: boolean;
}

export function readPage(raw: unknown): Page {
	const told = isObject(raw) ? raw : {};
	const entries = list(told['entries'])
		.filter(isObject)
		.flatMap((entry) => readEntry(entry) ?? []);
	return { entries, hasMore: told['more'] === true };
}

/** Which entries are wanted; what is empty does not matter. */
export interface Wanted {
	readonly direction: string;
	readonly position: string;
	readonly category: string;
	readonly viewer: string;
}

export const EVERYTHING: Wanted = { direction: '', position: '', category: '', viewer: '' };

export function isWanted(entry: Entry, wanted: Wanted): boolean {
	return (['direction', 'position', 'category', 'viewer'] as const).every(
		(field) => wanted[field] === '' || wanted[field] === entry[field]
	);
}

/** The part of an address that asks for a page. */
export function question(wanted: Wanted, limit: number, before?: number): string {
	const asked = new URLSearchParams({ limit: String(limit) });
	for (const [name, value] of Object.entries(wanted)) if (value) asked.set(name, value as string);
	if (before !== undefined) asked.set('before', String(before));
	return asked.toString();
}

/** Entries in memory at most; older ones are asked for again. */
export const KEEP = 2000;

/** The entries with one that just came; one that is there already changes nothing. */
export function withNewer(entries: readonly Entry[], entry: Entry): readonly Entry[] {
	return entries.some(({ id }) => id === entry.id) ? entries : [entry, ...entries].slice(0, KEEP);
}

/** The entries with a page of older ones. */
export function withOlder(entries: readonly Entry[], older: readonly Entry[]): readonly Entry[] {
	const oldest = entries.at(-1)?.id ?? Infinity;
	return [...entries, ...older.filter(({ id }) => id < oldest)];
}

const PLACES: Readonly<Record<string, string>> = {
	transcript: 'what was heard',
	chat: 'a chat line',
	name: 'a viewer’s name',
	emote: 'an emote',
	prompt: 'a prompt',
	clause: 'a spoken sentence',
	caption: 'a caption',
	memory: 'a memory',
	tool: 'a tool call',
	game: 'a game’s text'
};
export const POSITIONS = Object.keys(PLACES);

/** Where a text stood: "a chat line". */
export function placeName(position: string): string {
	return PLACES[position] ?? words(position);
}

/** How often each text is among the entries, by its digest. */
export function repeats(entries: readonly Entry[]): ReadonlyMap<string, number> {
	const counts = new Map<string, number>();
	for (const { digest } of entries) counts.set(digest, (counts.get(digest) ?? 0) + 1);
	return counts;
}

/** A level or a category. */
export interface Choice {
	readonly id: string;
	readonly title: string;
	readonly meaning: string;
	readonly isOn: boolean;
	/** It cannot be switched off. */
	readonly isFixed: boolean;
	/** It is as it is whatever the level says. */
	readonly isSet: boolean;
}

export interface Stance {
	readonly engine: string;
	readonly levels: readonly Choice[];
	readonly categories: readonly Choice[];
	/** Null where this guard has no such list. */
	readonly allow: readonly string[] | null;
	readonly block: readonly string[] | null;
}

export function readStance(raw: unknown): Stance {
	const told = isObject(raw) ? raw : {};
	return {
		engine: text(told['engine']) ?? '',
		levels: choices(told['levels']),
		categories: choices(told['categories']),
		allow: Array.isArray(told['allow']) ? texts(told['allow']) : null,
		block: Array.isArray(told['block']) ? texts(told['block']) : null
	};
}

function choices(raw: unknown): Choice[] {
	return list(raw)
		.filter(isObject)
		.flatMap((one) => {
			const name = text(one['id']) ?? '';
			if (!name) return [];
			return [
				{
					id: name,
					title: text(one['title']) || capital(words(name)),
					meaning: text(one['meaning']) ?? '',
					isOn: one['on'] === true,
					isFixed: one['fixed'] === true,
					isSet: one['set'] === true
				}
			];
		});
}

/** The value of `guard.categories` after one more was switched. */
export function switched(categories: readonly Choice[], id: string, isOn: boolean): Record<string, boolean> {
	const set = categories.filter(({ isSet }) => isSet).map((one) => [one.id, one.isOn] as const);
	return Object.fromEntries([...set, [id, isOn]]);
}

/** A change with which a text would pass. */
export interface Remedy {
	readonly kind: string;
	readonly value: string;
}

/** What the guard makes of a text. */
export interface Opinion {
	readonly decision: 'allow' | 'rewrite' | 'block';
	readonly text: string;
	readonly category: string;
	readonly rule: string;
	readonly score: number;
	readonly spans: readonly (readonly [number, number])[];
	readonly level: string;
	readonly microseconds: number;
	readonly meaning: string;
	readonly remedies: readonly Remedy[];
}

export function readOpinion(raw: Json): Opinion {
	const decision = raw['decision'];
	return {
		decision: decision === 'allow' || decision === 'rewrite' ? decision : 'block',
		text: text(raw['text']) ?? '',
		category: text(raw['category']) ?? '',
		rule: text(raw['rule']) ?? '',
		score: number(raw['score']) ?? 0,
		spans: list(raw['spans']).flatMap((span) => {
			const [start, end] = list(span).map((at) => number(at) ?? NaN);
			return start !== undefined && end !== undefined && start >= 0 && start < end ? [[start, end] as const] : [];
		}),
		level: text(raw['level']) ?? '',
		microseconds: number(raw['microseconds']) ?? 0,
		meaning: text(raw['meaning']) ?? '',
		remedies: list(raw['remedies'])
			.filter(isObject)
			.map((remedy) => ({ kind: text(remedy['kind']) ?? '', value: text(remedy['value']) ?? '' }))
	};
}

export interface Piece {
	readonly text: string;
	readonly isMatch: boolean;
}

/** A text cut where something in it matched; the spans count whole characters, not halves of pairs. */
export function marked(whole: string, spans: Opinion['spans']): readonly Piece[] {
	const characters = [...whole];
	const pieces: Piece[] = [];
	let at = 0;
	const add = (end: number, isMatch: boolean) => {
		if (end > at) pieces.push({ text: characters.slice(at, end).join(''), isMatch });
		at = Math.max(at, end);
	};
	for (const [start, end] of spans.toSorted(([a], [b]) => a - b)) {
		add(Math.min(start, characters.length), false);
		add(Math.min(end, characters.length), true);
	}
	add(characters.length, false);
	return pieces;
}

/** A viewer with strikes. */
export interface Struck {
	readonly key: string;
	readonly name: string;
	readonly source: string;
	readonly strikes: number;
	/** Lines of theirs that were blocked. */
	readonly lines: number;
	/** Unix milliseconds of the last strike. */
	readonly last: number;
	/** When they are answered again, in Unix milliseconds; 0 while they are. */
	readonly until: number;
}

export function readStruck(raw: unknown): Struck[] {
	return list(raw)
		.filter(isObject)
		.flatMap((one) => {
			const key = text(one['key']) ?? '';
			if (!key) return [];
			return [
				{
					key,
					name: text(one['name']) || nameless(key),
					source: text(one['source']) ?? '',
					strikes: number(one['strikes']) ?? 0,
					lines: number(one['lines']) ?? 0,
					last: number(one['last']) ?? 0,
					until: number(one['until']) ?? 0
				}
			];
		});
}

/** What stands for a viewer whose name is not known. */
export function nameless(key: string): string {
	return `viewer ${key.slice(0, 4)}`;
}

export interface Count {
	readonly category: string;
	readonly blocked: number;
	readonly mended: number;
}

/** The counts of a summary, the largest first. */
export function readCounts(raw: unknown): Count[] {
	const told = isObject(raw) ? raw : {};
	return list(told['categories'])
		.filter(isObject)
		.map((one) => ({
			category: text(one['category']) ?? '',
			blocked: number(one['block']) ?? 0,
			mended: number(one['rewrite']) ?? 0
		}))
		.sort((a, b) => b.blocked + b.mended - (a.blocked + a.mended));
}

/** "12 blocked, 3 mended". */
export function sum(counts: readonly Count[]): string {
	const blocked = counts.reduce((all, { blocked }) => all + blocked, 0);
	const mended = counts.reduce((all, { mended }) => all + mended, 0);
	return `${showCount(blocked)} blocked, ${showCount(mended)} mended`;
}
