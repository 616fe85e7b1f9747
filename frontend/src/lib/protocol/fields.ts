/** Reading fields of JSON that came from outside: the value if it has the wanted type, else undefined. */

export type Json = Readonly<Record<string, unknown>>;

/** The object in `text`, or null when it is not JSON or not an object. */
export function parseObject(text: string): Json | null {
	try {
		const value: unknown = JSON.parse(text);
		return isObject(value) ? value : null;
	} catch {
		return null;
	}
}

export function isObject(value: unknown): value is Json {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function text(value: unknown): string | undefined {
	return typeof value === 'string' ? value : undefined;
}

/** Turn and line ids may be text or numbers on the wire; here they are text. */
export function id(value: unknown): string | undefined {
	return typeof value === 'number' ? String(value) : text(value);
}

export function number(value: unknown): number | undefined {
	return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** A whole number from 0 to 2^32 - 1: utterances and sample counts. */
export function count(value: unknown): number | undefined {
	return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 0xffffffff
		? (value as number)
		: undefined;
}

export function list(value: unknown): readonly unknown[] {
	return Array.isArray(value) ? value : [];
}

export function texts(value: unknown): string[] {
	return list(value).filter((entry): entry is string => typeof entry === 'string');
}
