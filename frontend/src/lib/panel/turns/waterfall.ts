/** A turn as a stacked bar: which part of the way took how long. Pure. */

import { MARKS, type Mark, type Marks } from './turn';

export interface Segment {
	/** The mark that ends it. */
	readonly mark: Mark;
	readonly fromMs: number;
	readonly ms: number;
}

/** What happens between the mark before and this one. */
export const LABELS: Readonly<Record<Mark, string>> = {
	received: 'Received',
	admitted: 'Gates and guard',
	prompt: 'Waiting and prompt',
	request: 'Request',
	first_token: 'First token',
	first_clause: 'First clause',
	guarded: 'Guard on the answer',
	first_audio: 'Voice',
	floor: 'Waiting for the floor',
	first_played: 'To the ear',
	last_played: 'Speaking'
};

/** The show is felt as quick when a line is answered within this time. */
export const BUDGET_MS = 500;

/** The parts of the way to the first sound, in order; a missing mark belongs to the part after it. */
export function segments(marks: Marks): Segment[] {
	let fromMs = 0;
	const parts: Segment[] = [];
	for (const mark of MARKS.slice(1, -1)) {
		const at = marks[mark];
		if (at === undefined) continue;
		parts.push({ mark, fromMs, ms: Math.max(0, at - fromMs) });
		fromMs = Math.max(fromMs, at);
	}
	return parts;
}

/** Milliseconds to the first sound, or as far as the turn came. */
export function totalMs(marks: Marks): number {
	const last = segments(marks).at(-1);
	return last ? last.fromMs + last.ms : 0;
}

/** So much between the gates and the prompt is work; more is the time until she was free. */
const PROMPT_MS = 50;

/** How long the line waited until she was free to answer it. */
export function waitedMs(marks: Marks): number {
	const { admitted, prompt } = marks;
	const ms = admitted === undefined || prompt === undefined ? 0 : prompt - admitted;
	return ms > PROMPT_MS ? ms : 0;
}

/** The parts of the way without the wait: what the answer itself took. */
export function answering(marks: Marks): Segment[] {
	const waited = waitedMs(marks);
	const parts = segments(marks);
	if (waited === 0) return parts;
	return parts
		.filter(({ mark }) => mark !== 'prompt')
		.map((part) => (part.mark === 'admitted' ? part : { ...part, fromMs: part.fromMs - waited }));
}

/** How long was spoken, or null where nothing was. */
export function speakingMs(marks: Marks): number | null {
	const { first_played: first, last_played: last } = marks;
	return first === undefined || last === undefined ? null : Math.max(0, last - first);
}

export function showMs(ms: number): string {
	if (ms < 10) return `${ms.toFixed(1)} ms`;
	return ms < 2000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** The whole turn in one sentence, for those who do not see the bar. */
export function describe(marks: Marks): string {
	const parts = segments(marks).map(({ mark, ms }) => `${LABELS[mark]} ${showMs(ms)}`);
	return parts.length > 0 ? `${showMs(totalMs(marks))} to the first sound: ${parts.join(', ')}.` : 'No times.';
}
