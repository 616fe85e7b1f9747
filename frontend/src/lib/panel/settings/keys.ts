/** What `GET /api/settings` tells, and how a person writes a value. Pure. */

import { isObject, list, number, text, type Json } from '../../protocol/fields';

export type Kind = 'integer' | 'number' | 'string' | 'boolean' | 'list' | 'table';

const KINDS: readonly Kind[] = ['integer', 'number', 'string', 'boolean', 'list', 'table'];

export interface Key {
	readonly key: string;
	readonly section: string;
	readonly meaning: string;
	readonly kind: Kind;
	readonly default: unknown;
	readonly value: unknown;
	/** `default`, `file`, `overrides`, `environment` or `flag`. */
	readonly source: string;
	/** `live`, `component` or `restart`. */
	readonly applies: string;
	readonly minimum: number | null;
	readonly maximum: number | null;
	/** The value must be more than this. */
	readonly above: number | null;
	/** The value must be less than this. */
	readonly below: number | null;
	readonly choices: readonly unknown[];
	readonly isSecret: boolean;
	/** It was changed and waits for a restart. */
	readonly isPending: boolean;
}

export interface Book {
	/** Path of the user's file; empty where there is none. */
	readonly file: string;
	readonly overrides: string;
	readonly keys: readonly Key[];
}

export function readSettings(raw: Json): Book {
	return {
		file: text(raw['file']) ?? '',
		overrides: text(raw['overrides']) ?? '',
		keys: list(raw['keys']).filter(isObject).map(readKey)
	};
}

export function readKey(raw: Json): Key {
	const key = text(raw['key']) ?? '';
	return {
		key,
		section: text(raw['section']) || key.split('.').slice(0, -1).join('.') || key,
		meaning: text(raw['meaning']) ?? '',
		kind: KINDS.find((kind) => kind === raw['type']) ?? 'string',
		default: raw['default'],
		value: raw['value'],
		source: text(raw['source']) ?? 'default',
		applies: text(raw['applies']) ?? 'restart',
		minimum: number(raw['minimum']) ?? null,
		maximum: number(raw['maximum']) ?? null,
		above: number(raw['exclusive_minimum']) ?? null,
		below: number(raw['exclusive_maximum']) ?? null,
		choices: list(raw['choices']),
		isSecret: raw['secret'] === true,
		isPending: raw['pending'] === true
	};
}

/** Why a key cannot be changed here; empty where it can. */
export function lock({ source, isSecret }: Key): string {
	if (source === 'environment') return 'Set by a variable of the environment, which wins over the panel.';
	if (source === 'flag') return 'Set by a flag of the command, which wins over the panel.';
	if (isSecret) return 'A secret: the configuration only names it, and it is never shown.';
	return '';
}

/** When a change takes effect, in words. */
export const APPLIES: Readonly<Record<string, string>> = {
	live: 'Live',
	component: 'Restarts its component',
	restart: 'Needs a restart'
};

/** Which layer set a value, in words. */
export const SOURCES: Readonly<Record<string, string>> = {
	default: 'Default',
	file: 'File',
	overrides: 'Panel',
	environment: 'Environment',
	flag: 'Flag'
};

/** The keys that hold every word of `query` in their name or meaning; with `isChanged` only those not at default. */
export function find(keys: readonly Key[], query: string, isChanged: boolean): Key[] {
	const words = query.toLowerCase().split(/\s+/).filter(Boolean);
	return keys.filter(({ key, meaning, source }) => {
		if (isChanged && source === 'default') return false;
		const whole = `${key} ${meaning}`.toLowerCase();
		return words.every((word) => whole.includes(word));
	});
}

export interface Section {
	readonly name: string;
	readonly keys: readonly Key[];
}

/** The keys by section, in the order in which the sections first appear. */
export function bySection(keys: readonly Key[]): Section[] {
	const sections = new Map<string, Key[]>();
	for (const key of keys) {
		const found = sections.get(key.section);
		if (found) found.push(key);
		else sections.set(key.section, [key]);
	}
	return [...sections].map(([name, inside]) => ({ name, keys: inside }));
}

/** A value as it stands in its field. */
export function draftOf(kind: Kind, value: unknown): string {
	if (value === null || value === undefined) return '';
	if (kind === 'list' && Array.isArray(value)) return value.map(lineOf).join('\n');
	if (typeof value === 'object') return JSON.stringify(value, null, 2);
	return String(value);
}

function lineOf(entry: unknown): string {
	return typeof entry === 'string' ? entry : JSON.stringify(entry);
}

export type Parsed = { readonly value: unknown } | { readonly problem: string };

/** What a person wrote as a value; only what is no value at all is refused here, limits are the show's to judge. */
export function parse(key: Key, draft: string): Parsed {
	switch (key.kind) {
		case 'integer':
		case 'number': {
			const value = Number(draft.trim().replace(',', '.'));
			return draft.trim() === '' || !Number.isFinite(value) ? { problem: 'This is not a number.' } : { value };
		}
		case 'list':
			return {
				value: draft
					.split('\n')
					.map((line) => line.trim())
					.filter(Boolean)
					.map(entryLike(key))
			};
		case 'table':
			return parseTable(draft);
		case 'boolean':
			return { value: draft === 'true' };
		case 'string':
			return { value: draft };
		default:
			return key.kind satisfies never;
	}
}

/** Entries of a list of numbers are numbers; of any other they are texts. */
function entryLike({ default: usual, value }: Key): (line: string) => unknown {
	const known = [...list(usual), ...list(value)];
	const areNumbers = known.length > 0 && known.every((entry) => typeof entry === 'number');
	const areObjects = known.some((entry) => isObject(entry));
	return (line) => {
		if (areNumbers) return line !== '' && Number.isFinite(Number(line)) ? Number(line) : line;
		if (!areObjects) return line;
		const table = parseTable(line);
		return 'value' in table ? table.value : line;
	};
}

function parseTable(draft: string): Parsed {
	try {
		const value: unknown = JSON.parse(draft || '{}');
		return isObject(value) ? { value } : { problem: 'Write a table as JSON: { "name": value }.' };
	} catch {
		return { problem: 'This is not JSON. Write a table as { "name": value }.' };
	}
}

/** A value on one line, for texts such as "default: 8". */
export function showValue(value: unknown): string {
	if (value === '' || value === null || value === undefined) return 'empty';
	if (typeof value === 'boolean') return value ? 'on' : 'off';
	if (Array.isArray(value)) return value.length > 0 ? value.map(lineOf).join(', ') : 'empty';
	return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** The limits of a number in words; empty where it has none. */
export function limits({ minimum, maximum, above, below }: Key): string {
	if (minimum !== null && maximum !== null) return `${minimum} to ${maximum}`;
	const words = [
		minimum === null ? '' : `at least ${minimum}`,
		above === null ? '' : `more than ${above}`,
		maximum === null ? '' : `at most ${maximum}`,
		below === null ? '' : `less than ${below}`
	];
	return words.filter(Boolean).join(', ');
}
