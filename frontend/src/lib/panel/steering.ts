/** Steering the show: what comes next and why, hold mode, lines said or answered on order, ignored viewers. */

import { id, isObject, list, number, text, texts, type Json } from '../protocol/fields';
import { getJson, postJson } from './api';

export interface Cue {
	readonly id: string;
	readonly author: string;
	readonly text: string;
	readonly source: string;
	readonly kind: string;
	readonly amount: number;
	/** Id of who would answer; empty where that is not known yet. */
	readonly persona: string;
	/** How many viewers asked the same. */
	readonly askedBy: number;
	readonly waitingS: number;
	readonly score: number;
	readonly scores: readonly Score[];
	readonly reasons: readonly string[];
}

/** A part of why a line is chosen. */
export interface Score {
	readonly name: string;
	readonly value: number;
}

export interface HeldAnswer {
	readonly turn: string;
	readonly persona: string;
	readonly author: string;
	readonly cue: string;
	readonly text: string;
	readonly isComplete: boolean;
}

export interface Queue {
	readonly isHold: boolean;
	readonly waiting: number;
	readonly next: readonly Cue[];
	readonly held: readonly HeldAnswer[];
}

export interface Ignored {
	readonly key: string;
	readonly name: string;
	readonly source: string;
	/** Unix milliseconds. */
	readonly since: number;
}

/** Scores, the weightiest first. */
export function readScores(raw: unknown): readonly Score[] {
	if (!isObject(raw)) return [];
	return Object.entries(raw)
		.flatMap(([name, value]) => (typeof value === 'number' && Number.isFinite(value) ? [{ name, value }] : []))
		.sort((one, other) => Math.abs(other.value) - Math.abs(one.value));
}

export function readQueue(raw: Json): Queue {
	return {
		isHold: raw['hold'] === true,
		waiting: number(raw['waiting']) ?? 0,
		next: list(raw['next']).filter(isObject).map(readCue),
		held: list(raw['held']).filter(isObject).map(readHeld)
	};
}

function readCue(raw: Json): Cue {
	return {
		id: id(raw['id']) ?? '',
		author: text(raw['author']) ?? '',
		text: text(raw['text']) ?? '',
		source: text(raw['source']) ?? '',
		kind: text(raw['kind']) ?? '',
		amount: number(raw['amount']) ?? 0,
		persona: text(raw['persona']) ?? '',
		askedBy: number(raw['asked_by']) ?? 1,
		waitingS: number(raw['waiting_s']) ?? 0,
		score: number(raw['score']) ?? 0,
		scores: readScores(raw['scores']),
		reasons: texts(raw['reasons'])
	};
}

export function readHeld(raw: Json): HeldAnswer {
	return {
		turn: id(raw['turn']) ?? '',
		persona: text(raw['persona']) ?? '',
		author: text(raw['author']) ?? '',
		cue: text(raw['cue']) ?? '',
		text: text(raw['text']) ?? '',
		isComplete: raw['complete'] === true
	};
}

export function readIgnored(raw: Json): Ignored {
	return {
		key: id(raw['key']) ?? '',
		name: text(raw['name']) ?? '',
		source: text(raw['source']) ?? '',
		since: number(raw['since']) ?? 0
	};
}

export async function fetchQueue(limit: number): Promise<Queue> {
	const raw = await getJson(`/api/queue?limit=${limit}`);
	return readQueue(isObject(raw) ? raw : {});
}

export async function setHold(isOn: boolean): Promise<boolean> {
	return (await postJson('/api/hold', { on: isOn }))['hold'] === true;
}

/** Lets a held answer be spoken. False where it is no longer there. */
export async function approve(turn: string): Promise<boolean> {
	return (await postJson('/api/approve', { turn }))['approved'] === true;
}

/** Throws a held answer away. False where it is no longer there. */
export async function reject(turn: string): Promise<boolean> {
	return (await postJson('/api/reject', { turn }))['rejected'] === true;
}

/** Takes a waiting line out, or the first one. Gives the id of the line, or null where none waited. */
export async function dropCue(line?: string): Promise<string | null> {
	return id((await postJson('/api/queue/drop', line === undefined ? {} : { id: line }))['dropped']) ?? null;
}

/** Has something said as it is written, after what is said now. */
export async function say(words: string, persona?: string): Promise<string> {
	return id((await postJson('/api/say', persona ? { text: words, persona } : { text: words }))['id']) ?? '';
}

/** Answers a line next, also one that was dropped. False where the show no longer knows it. */
export async function answerNow(line: string): Promise<boolean> {
	return (await postJson('/api/answer', { id: line }))['queued'] === true;
}

/** The author of a line gets no more answers. */
export async function ignoreAuthor(line: string): Promise<Ignored> {
	const { viewer } = await postJson('/api/ignore', { id: line });
	return readIgnored(isObject(viewer) ? viewer : {});
}

export async function unignore(key: string): Promise<boolean> {
	return (await postJson('/api/unignore', { key }))['removed'] === true;
}

export async function fetchIgnored(): Promise<readonly Ignored[]> {
	return list(await getJson('/api/ignored'))
		.filter(isObject)
		.map(readIgnored);
}
