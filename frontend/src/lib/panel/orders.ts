/** The orders that the streamer's keys give. All are idempotent. Raise `ApiError`. */

import { id } from '../protocol/fields';
import { postJson } from './api';

/** Panic must be known to have worked within this time, or the streamer needs another way. */
const PANIC_LIMIT_MS = 1500;

const whom = (persona?: string) => (persona === undefined ? {} : { persona });

export async function interrupt(persona?: string): Promise<void> {
	await postJson('/api/interrupt', whom(persona));
}

export async function mute(isMuted: boolean, persona?: string): Promise<void> {
	await postJson(isMuted ? '/api/mute' : '/api/unmute', whom(persona));
}

export async function panic(): Promise<void> {
	await postJson('/api/panic', { reason: 'panel' }, PANIC_LIMIT_MS);
}

export async function resume(): Promise<void> {
	await postJson('/api/resume');
}

/** Writes a line as a viewer; gives its id. */
export async function sendLine(author: string, line: string): Promise<string> {
	return id((await postJson('/api/chat', { author, text: line }))['id']) ?? '';
}
