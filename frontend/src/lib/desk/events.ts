/** What `/api/events` and the JSON routes tell, read with care: fields that are missing or odd become empty. */

import { id, isObject, list, number, parseObject, text, texts, type Json } from '../protocol/fields';

/** An instant of a turn, in the order in which they happen; `MARKS[0]` is the zero of all others. */
export const MARKS = [
	'received',
	'admitted',
	'prompt',
	'request',
	'first_token',
	'first_clause',
	'guarded',
	'first_audio',
	'floor',
	'first_played',
	'last_played'
] as const;
export type Mark = (typeof MARKS)[number];

/** Milliseconds since the line was received; a mark that is missing never happened. */
export type Marks = Readonly<Partial<Record<Mark, number>>>;

export interface Turn {
	readonly id: string;
	readonly persona: string;
	/** Id of the line that was answered; empty where no line stands behind the turn. */
	readonly line: string;
	readonly author: string;
	readonly cue: string;
	readonly outcome: string;
	readonly said: string;
	readonly heard: string;
	readonly engine: string;
	readonly isDegraded: boolean;
	readonly marks: Marks;
}

export interface Component {
	readonly name: string;
	readonly kind: string;
	readonly state: string;
	readonly detail: string;
	readonly fix: string;
}

export interface Health {
	readonly status: string;
	readonly version: string;
	readonly session: string;
	readonly components: readonly Component[];
}

export type DeskEvent = { readonly seq: number; readonly atMs: number } & (
	| {
			readonly type: 'chat.received';
			readonly id: string;
			readonly author: string;
			readonly text: string;
			readonly source: string;
	  }
	| { readonly type: 'chat.dropped'; readonly id: string; readonly reason: string }
	| { readonly type: 'chat.blocked'; readonly id: string; readonly rule: string; readonly reason: string }
	| { readonly type: 'chat.chosen'; readonly id: string; readonly turn: string; readonly persona: string }
	| { readonly type: 'turn.started'; readonly turn: string; readonly persona: string }
	| { readonly type: 'turn.ended'; readonly turn: string; readonly record: Turn | null }
	| { readonly type: 'health'; readonly component: Component }
	| { readonly type: 'muted'; readonly personas: readonly string[] }
	| { readonly type: 'panic' }
	| { readonly type: 'resume' }
	| { readonly type: 'gap' }
	| { readonly type: 'other' }
);

/** The event in a message, or null for what is none. Types that the desk does not show come as `other`. */
export function parseEvent(frame: string): DeskEvent | null {
	const raw = parseObject(frame);
	const seq = raw && number(raw['seq']);
	if (!raw || seq === undefined || seq === null) return null;
	const at = { seq, atMs: number(raw['at']) ?? 0 };
	const line = id(raw['id']) ?? '';
	const turn = id(raw['turn']) ?? '';
	const persona = text(raw['persona']) ?? '';
	const reason = text(raw['reason']) ?? '';
	switch (raw['type']) {
		case 'chat.received': {
			const source = text(raw['source']) ?? '';
			return {
				...at,
				type: raw['type'],
				id: line,
				author: text(raw['author']) ?? '',
				text: text(raw['text']) ?? '',
				source
			};
		}
		case 'chat.dropped':
			return { ...at, type: raw['type'], id: line, reason };
		case 'chat.blocked':
			return { ...at, type: raw['type'], id: line, rule: text(raw['rule']) ?? '', reason };
		case 'chat.chosen':
			return { ...at, type: raw['type'], id: line, turn, persona };
		case 'turn.started':
			return { ...at, type: raw['type'], turn, persona };
		case 'turn.ended': {
			const record = [raw['turn'], raw['record']].filter(isObject).map(readTurn)[0] ?? null;
			return { ...at, type: raw['type'], turn: record?.id ?? turn, record };
		}
		case 'health': {
			const component = isObject(raw['component']) ? raw['component'] : {};
			return { ...at, type: raw['type'], component: readComponent(component) };
		}
		case 'muted':
			return { ...at, type: raw['type'], personas: texts(raw['personas']) };
		case 'panic':
		case 'resume':
		case 'gap':
			return { ...at, type: raw['type'] };
		default:
			return { ...at, type: 'other' };
	}
}

/** An entry of `GET /api/turns`. */
export function readTurn(raw: Json): Turn {
	const cue = isObject(raw['cue']) ? raw['cue'] : {};
	const marks = isObject(raw['marks']) ? raw['marks'] : {};
	return {
		id: id(raw['id']) ?? '',
		persona: text(raw['persona']) ?? '',
		line: id(cue['event']) ?? '',
		author: text(cue['author']) ?? '',
		cue: text(cue['text']) ?? text(raw['cue']) ?? '',
		outcome: text(raw['outcome']) ?? '',
		said: text(raw['said']) ?? '',
		heard: text(raw['heard']) ?? '',
		engine: text(raw['engine']) ?? '',
		isDegraded: raw['degraded'] === true,
		marks: Object.fromEntries(
			MARKS.flatMap((mark) => {
				const ms = number(marks[mark]);
				return ms === undefined ? [] : [[mark, ms]];
			})
		)
	};
}

/** `GET /api/health`. */
export function readHealth(raw: Json): Health {
	return {
		status: text(raw['status']) ?? '',
		version: text(raw['version']) ?? '',
		session: id(raw['session']) ?? '',
		components: list(raw['components']).filter(isObject).map(readComponent)
	};
}

/** What `GET /api/status` says about the controls and the lines that were not answered. */
export interface Status {
	readonly muted: readonly string[];
	readonly isPanic: boolean;
	readonly drops: Readonly<Record<string, number>>;
}

/** `GET /api/status`. */
export function readStatus(raw: Json): Status {
	const dropped = isObject(raw['dropped']) ? raw['dropped'] : {};
	return {
		muted: list(raw['personas'])
			.filter(isObject)
			.flatMap((persona) => (persona['muted'] === true ? [id(persona['id']) ?? ''] : [])),
		isPanic: raw['panic'] === true,
		drops: Object.fromEntries(
			Object.entries(dropped).flatMap(([reason, many]) => (typeof many === 'number' ? [[reason, many]] : []))
		)
	};
}

function readComponent(raw: Json): Component {
	return {
		name: text(raw['name']) ?? '',
		kind: text(raw['kind']) ?? '',
		state: text(raw['state']) ?? '',
		detail: text(raw['detail']) ?? '',
		fix: text(raw['fix']) ?? ''
	};
}
