/** One line of the log, from an event of the show or from its own structured log. Pure. */

import { id, isObject, number, text, type Json } from '../../protocol/fields';

export const LEVELS = ['debug', 'info', 'warning', 'error'] as const;
export type Level = (typeof LEVELS)[number];

export interface Line {
	readonly atMs: number;
	readonly level: Level;
	/** The event's type, or `log.` and the module that wrote the line. */
	readonly type: string;
	/** Empty where it belongs to no turn. */
	readonly turn: string;
	readonly text: string;
}

/** Longer lines are cut: what a viewer sends must not fill the page's memory. */
export const MAX_CHARS = 400;

/** Told too often, or too large, to be read as lines; other tabs show them. */
const UNLISTED: ReadonlySet<string> = new Set(['machine', 'heard']);

/** The line an event makes, or null where it makes none. */
export function lineOfEvent(raw: Json): Line | null {
	const type = text(raw['type']) ?? '';
	if (!type || UNLISTED.has(type)) return null;
	if (type === 'log') return lineOfRecord(raw);
	const { seq: _seq, at, type: _type, turn, ...rest } = raw;
	const record = isObject(turn) ? turn : isObject(raw['record']) ? raw['record'] : null;
	const component = type === 'health' && isObject(rest['component']) ? rest['component'] : null;
	return {
		atMs: number(at) ?? 0,
		level: gravity(type, raw, record),
		type,
		turn: id(turn) ?? id(record?.['id']) ?? '',
		text: cut(fields(record ? summary(record) : component ? condition(component) : rest))
	};
}

/** The line of an entry of `GET /api/log`, or of the event `log`. */
export function lineOfRecord(raw: Json): Line {
	const logger = (text(raw['logger']) ?? '').replace(/^spark_vtuber\.?/, '');
	const extra = isObject(raw['fields']) ? raw['fields'] : {};
	const { turn, turn_id: turnId, ...rest } = extra;
	const more = fields(rest);
	return {
		atMs: number(raw['at']) ?? 0,
		level: levelOf(text(raw['level'])),
		type: logger ? `log.${logger}` : 'log',
		turn: id(raw['turn']) ?? id(turn) ?? id(turnId) ?? '',
		text: cut(`${text(raw['message']) ?? ''}${more && ` ${more}`}`)
	};
}

function levelOf(name: string | undefined): Level {
	const lower = name?.toLowerCase() ?? '';
	if (lower === 'critical' || lower === 'fatal' || lower === 'exception') return 'error';
	if (lower === 'warn') return 'warning';
	return LEVELS.find((level) => level === lower) ?? 'info';
}

function gravity(type: string, raw: Json, record: Json | null): Level {
	const component = isObject(raw['component']) ? raw['component'] : {};
	if (type === 'health' && component['state'] === 'failed') return 'error';
	if (type === 'health' && component['state'] === 'degraded') return 'warning';
	if (type === 'alert') return raw['severity'] === 'critical' ? 'error' : 'warning';
	if (type === 'panic' || type === 'gap' || type === 'chat.blocked') return 'warning';
	if (type === 'turn.ended') return record?.['outcome'] === 'failed' ? 'error' : 'info';
	return 'info';
}

/** Of a whole turn only what one line can hold. */
function summary(record: Json): Json {
	const { persona, outcome, reason, error, heard } = record;
	return { persona, outcome, reason, error, heard };
}

/** Of a part of the show what a person reads of it. */
function condition(component: Json): Json {
	const { name, state, detail, fix, last_error: lastError } = component;
	return { name, state, detail, fix: state === 'ok' ? null : fix, last_error: lastError };
}

/** `name=value` for each field that says something; a text with spaces stands in quotes. */
function fields(raw: Json): string {
	return Object.entries(raw)
		.filter(([, value]) => !isEmpty(value))
		.map(([name, value]) => `${name}=${written(value)}`)
		.join(' ');
}

function isEmpty(value: unknown): boolean {
	if (Array.isArray(value)) return value.length === 0;
	if (isObject(value)) return Object.keys(value).length === 0;
	return value === null || value === undefined || value === '';
}

function written(value: unknown): string {
	if (typeof value === 'string') return /^[\w.:/-]+$/.test(value) ? value : JSON.stringify(value.slice(0, MAX_CHARS));
	if (typeof value === 'number') return String(Math.round(value * 100) / 100);
	if (Array.isArray(value)) return `[${value.map(written).join(', ')}]`;
	return isObject(value) ? `{${fields(value)}}` : String(value);
}

/** Line breaks become spaces, so that one line stays one line. */
function cut(whole: string): string {
	const one = whole.replace(/\s+/g, ' ').trim();
	return one.length > MAX_CHARS ? `${one.slice(0, MAX_CHARS)}…` : one;
}
