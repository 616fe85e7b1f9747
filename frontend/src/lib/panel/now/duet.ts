/** What `GET /api/duet` tells: two characters who talk to each other. Pure. */

import { id, isObject, number, text } from '../../protocol/fields';

export type Phase = 'none' | 'running' | 'paused' | 'leaving';

export interface Duet {
	readonly phase: Phase;
	readonly topic: string;
	readonly tension: string;
	/** The step that is said or prepared, from 1; 0 before the first. */
	readonly number: number;
	readonly of: number;
	readonly speaker: string;
	/** Why it waits, leaves, or how the last one ended. */
	readonly reason: string;
}

/** The least and the most exchanges of a duet. */
export const EXCHANGES = { least: 2, most: 8 } as const;
export const LONGEST_TOPIC = 200;

const PHASES: ReadonlySet<string> = new Set<Phase>(['none', 'running', 'paused', 'leaving']);

const ENDS: Readonly<Record<string, string>> = {
	completed: 'The last one came to its end.',
	stopped: 'You ended the last one.',
	cut: 'The last one was interrupted.',
	viewers: 'The last one made room for the chat.',
	loop: 'The last one ended: they said the same again.',
	flattery: 'The last one ended: they only praised each other.',
	chorus: 'The last one ended: they spoke as one.',
	failed: 'The last one ended: somebody had nothing to say.',
	stale: 'The last one waited too long.',
	panic: 'The last one ended with the panic.',
	muted: 'The last one ended: one of the two was muted.',
	retracted: 'The last one ended: its wish was taken back.',
	shutdown: ''
};

export function readDuet(raw: unknown): Duet {
	const duet = isObject(raw) ? raw : {};
	const phase = text(duet['phase']) ?? '';
	return {
		phase: PHASES.has(phase) ? (phase as Phase) : 'none',
		topic: text(duet['topic']) ?? '',
		tension: text(duet['tension']) ?? '',
		number: number(duet['number']) ?? 0,
		of: number(duet['of']) ?? 0,
		speaker: id(duet['speaker']) ?? '',
		reason: text(duet['reason']) ?? ''
	};
}

/** How a duet is, in one sentence; empty where there is nothing to say. */
export function showDuet(duet: Duet): string {
	switch (duet.phase) {
		case 'none':
			return ENDS[duet.reason] ?? '';
		case 'paused':
			return duet.reason === 'hold' ? 'Waits while answers are held.' : 'Waits while the chat is answered.';
		case 'leaving':
			return 'Looks for a way out.';
		case 'running':
			return duet.number > 0 ? `Step ${duet.number} of ${duet.of}.` : 'About to begin.';
	}
}

/** How far it is, 0 to 1. */
export function progress(duet: Duet): number {
	return duet.of > 0 ? Math.min(1, duet.number / duet.of) : 0;
}
