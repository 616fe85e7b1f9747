/** Calls of the show's JSON routes, and what can go wrong with them. */

import { isObject, text, type Json } from '../protocol/fields';
import { sentence } from './format';

/** The show refused, or did not answer. The message is a sentence for people. */
export class ApiError extends Error {
	constructor(
		message: string,
		/** HTTP status; 0 where nothing answered. */
		readonly status: number,
		readonly code: string
	) {
		super(message);
	}

	/** The show has no such route: this piece was not built in, or is switched off. */
	get isMissing(): boolean {
		return (this.status === 404 && this.code === 'not_found') || this.status === 405 || this.status === 501;
	}

	/** The key of the desk is missing or no longer right. */
	get isLockedOut(): boolean {
		return this.status === 401 || this.status === 403;
	}
}

/** A call that takes longer is given up: the show answers at once, or it hangs. */
export const LIMIT_MS = 8000;

/** Reads a route. Raises `ApiError`. */
export async function getJson(path: string, limitMs = LIMIT_MS): Promise<unknown> {
	return call(path, {}, limitMs);
}

/** Gives an order. The answer is the object that came, empty where it was none. Raises `ApiError`. */
export async function postJson(path: string, body: Json = {}, limitMs = LIMIT_MS): Promise<Json> {
	const answer = await call(
		path,
		{ method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) },
		limitMs
	);
	return isObject(answer) ? answer : {};
}

async function call(path: string, init: RequestInit, limitMs: number): Promise<unknown> {
	const response = await fetch(path, { ...init, signal: AbortSignal.timeout(limitMs) }).catch((error: unknown) => {
		const isLate = error instanceof DOMException && error.name === 'TimeoutError';
		const message = isLate
			? `The show did not answer within ${limitMs / 1000} s.`
			: 'The show does not answer. Is it running?';
		throw new ApiError(message, 0, isLate ? 'timeout' : 'unreachable');
	});
	const answer: unknown = await response.json().catch(() => null);
	if (response.ok) return answer;
	const error = isObject(answer) && isObject(answer['error']) ? answer['error'] : {};
	throw new ApiError(inWords(error, response.status), response.status, text(error['code']) ?? '');
}

function inWords(error: Json, status: number): string {
	const sentences = [text(error['message']), text(error['fix'])].filter((part) => part !== undefined && part !== '');
	return sentences.map((part) => sentence(part as string)).join(' ') || `The show refused with status ${status}.`;
}
