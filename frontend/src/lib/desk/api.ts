/** The routes of the show that the desk uses. */

import { isObject, id, text, type Json } from '../protocol/fields';

/** The show refused, or did not answer; the message says what to do. */
export class ApiError extends Error {}

export async function getJson(path: string): Promise<unknown> {
	return call(path, {});
}

export async function postJson(path: string, body: Json = {}): Promise<Json> {
	const answer = await call(path, {
		method: 'POST',
		headers: { 'Content-Type': 'application/json' },
		body: JSON.stringify(body)
	});
	return isObject(answer) ? answer : {};
}

/** Sends a line of chat; gives its id. */
export async function sendLine(author: string, line: string): Promise<string> {
	return id((await postJson('/api/chat', { author, text: line }))['id']) ?? '';
}

async function call(path: string, init: RequestInit): Promise<unknown> {
	const response = await fetch(path, init).catch(() => {
		throw new ApiError('The show does not answer. Is it running?');
	});
	const answer: unknown = await response.json().catch(() => null);
	if (response.ok) return answer;
	throw new ApiError(problem(answer) ?? `The show refused with status ${response.status}.`);
}

function problem(answer: unknown): string | null {
	const error = isObject(answer) ? answer['error'] : null;
	if (!isObject(error)) return null;
	const sentences = [text(error['message']), text(error['fix'])].filter((part) => part !== undefined && part !== '');
	return sentences.join(': ') || null;
}
