/**
 * The text frames of the stage protocol, version 1. Times are milliseconds on the timeline of an utterance, positions
 * are samples of it. Types and fields that are not known here are ignored, so that the protocol can grow.
 */

import { count, id, isObject, list, number, parseObject, text, texts, type Json } from './fields';

export const PROTOCOL = 1;

export interface Persona {
	readonly id: string;
	readonly name: string;
	readonly look: string;
}

export interface VisemeCue {
	readonly ms: number;
	readonly name: string;
	readonly weight: number;
}

export interface WordCue {
	readonly ms: number;
	readonly msEnd: number;
	readonly text: string;
}

/** A place in the sound of the show: `sample` samples of `utterance`. */
export interface Position {
	readonly utterance: number;
	readonly sample: number;
}

export type ServerMessage =
	| {
			readonly type: 'welcome';
			readonly session: string;
			readonly personas: readonly Persona[];
			readonly expressions: readonly string[];
			readonly muted: readonly string[];
	  }
	| {
			readonly type: 'speech.start';
			readonly utterance: number;
			readonly turn: string;
			readonly persona: string;
			readonly text: string;
			readonly sampleRate: number;
	  }
	| {
			readonly type: 'speech.cues';
			readonly utterance: number;
			readonly visemes: readonly VisemeCue[];
			readonly words: readonly WordCue[];
	  }
	| {
			readonly type: 'expression';
			readonly persona: string;
			readonly name: string;
			readonly weight: number;
			readonly utterance: number | null;
			readonly ms: number;
	  }
	| { readonly type: 'caption'; readonly persona: string; readonly text: string; readonly utterance: number | null }
	| { readonly type: 'speech.end'; readonly utterance: number; readonly samples: number }
	| { readonly type: 'speech.cancel'; readonly turn: string }
	| { readonly type: 'audio.owner'; readonly you: boolean }
	| { readonly type: 'puppets'; readonly on: boolean }
	| { readonly type: 'turn.end'; readonly turn: string; readonly outcome: string }
	| { readonly type: 'ping'; readonly position: Position | null };

export type ClientMessage =
	| { readonly type: 'hello'; readonly client: string; readonly audio: boolean; readonly protocol: number }
	| { readonly type: 'playback'; readonly utterance: number; readonly sample: number }
	| { readonly type: 'flushed'; readonly turn: string; readonly utterance: number; readonly sample: number };

/** The message in a text frame, or null for anything that is not one of ours. */
export function parseMessage(frame: string): ServerMessage | null {
	const raw = parseObject(frame);
	const type = raw && text(raw['type']);
	const read = type && Object.hasOwn(READERS, type) ? READERS[type] : undefined;
	return raw && read ? read(raw) : null;
}

type Reader = (raw: Json) => ServerMessage | null;

const READERS: Readonly<Record<string, Reader | undefined>> = {
	welcome: (raw) => ({
		type: 'welcome',
		session: text(raw['session']) ?? '',
		personas: list(raw['personas']).filter(isObject).flatMap(readPersona),
		expressions: texts(raw['expressions']),
		muted: texts(raw['muted'])
	}),
	'speech.start': (raw) => {
		const utterance = count(raw['utterance']);
		const sampleRate = count(raw['sample_rate']);
		if (utterance === undefined || !sampleRate) return null;
		const turn = id(raw['turn']) ?? '';
		return {
			type: 'speech.start',
			utterance,
			turn,
			persona: text(raw['persona']) ?? '',
			text: text(raw['text']) ?? '',
			sampleRate
		};
	},
	'speech.cues': (raw) => {
		const utterance = count(raw['utterance']);
		if (utterance === undefined) return null;
		return {
			type: 'speech.cues',
			utterance,
			visemes: list(raw['visemes']).flatMap(readViseme),
			words: list(raw['words']).flatMap(readWord)
		};
	},
	expression: (raw) => {
		const name = text(raw['name']);
		if (name === undefined) return null;
		return {
			type: 'expression',
			persona: text(raw['persona']) ?? '',
			name,
			weight: number(raw['weight']) ?? 1,
			utterance: count(raw['utterance']) ?? null,
			ms: number(raw['ms']) ?? 0
		};
	},
	caption: (raw) => {
		const shown = text(raw['text']);
		if (shown === undefined) return null;
		return {
			type: 'caption',
			persona: text(raw['persona']) ?? '',
			text: shown,
			utterance: count(raw['utterance']) ?? null
		};
	},
	'speech.end': (raw) => {
		const utterance = count(raw['utterance']);
		const samples = count(raw['samples']);
		return utterance === undefined || samples === undefined ? null : { type: 'speech.end', utterance, samples };
	},
	'speech.cancel': (raw) => {
		const turn = id(raw['turn']);
		return turn === undefined ? null : { type: 'speech.cancel', turn };
	},
	puppets: (raw) => ({ type: 'puppets', on: raw['on'] === true }),
	'audio.owner': (raw) => ({ type: 'audio.owner', you: raw['you'] === true }),
	'turn.end': (raw) => {
		const turn = id(raw['turn']);
		return turn === undefined ? null : { type: 'turn.end', turn, outcome: text(raw['outcome']) ?? '' };
	},
	ping: (raw) => ({ type: 'ping', position: readPosition(raw['position']) })
};

function readPersona(raw: Json): Persona[] {
	const persona = text(raw['id']);
	return persona === undefined
		? []
		: [{ id: persona, name: text(raw['name']) ?? persona, look: text(raw['look']) ?? '' }];
}

function readViseme(raw: unknown): VisemeCue[] {
	const [at, viseme, strength] = list(raw);
	const ms = number(at);
	const name = text(viseme);
	if (ms === undefined || name === undefined) return [];
	return [{ ms, name, weight: Math.min(1, Math.max(0, number(strength) ?? 1)) }];
}

function readWord(raw: unknown): WordCue[] {
	const [from, to, word] = list(raw);
	const ms = number(from);
	const shown = text(word);
	return ms === undefined || shown === undefined ? [] : [{ ms, msEnd: number(to) ?? ms, text: shown }];
}

function readPosition(raw: unknown): Position | null {
	if (!isObject(raw)) return null;
	const utterance = count(raw['utterance']);
	const sample = count(raw['sample']);
	return utterance === undefined || sample === undefined ? null : { utterance, sample };
}
