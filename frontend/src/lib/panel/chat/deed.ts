/** What a command or a purchase of the chat did to the show. Pure. */

import { text, type Json } from '../../protocol/fields';
import { words } from '../format';

export interface Deed {
	/** The command as it is written, or the title of the reward. */
	readonly name: string;
	readonly outcome: string;
	readonly reason: string;
	/** What became of the points of a purchase. */
	readonly settled: string;
}

export function readDeed(type: string, raw: Json): Deed | null {
	const name = type === 'command' ? text(raw['name']) : text(raw['title']);
	if (!name) return null;
	return {
		name: type === 'command' ? `!${name}` : name,
		outcome: text(raw['outcome']) ?? '',
		reason: text(raw['reason']) ?? '',
		settled: text(raw['settled']) ?? ''
	};
}

const OUTCOMES: Readonly<Record<string, string>> = {
	done: 'done',
	refused: 'not allowed',
	cooldown: 'too soon',
	failed: 'failed'
};

const REASONS: Readonly<Record<string, string>> = {
	viewer_cooldown: 'again by the same viewer',
	unknown_scene: 'no such scene',
	unknown_style: 'no such preset or mood',
	unknown_persona: 'no such character',
	unknown_reward: 'no such reward',
	nothing_to_say: 'nothing to say',
	obs_not_connected: 'OBS is not connected',
	obs_no_scene: 'OBS has no such scene',
	not_connected: 'the chat cannot be written into',
	read_only: 'the chat cannot be written into',
	blocked: 'the guard kept the reply back',
	taken_back: 'a moderator took it back',
	late: 'it took too long',
	full: 'too many at once',
	panic: 'panic'
};

/** Reasons that the outcome tells already. */
const TOLD: ReadonlySet<string> = new Set(['', 'role', 'cooldown']);

const SETTLED: Readonly<Record<string, string>> = { fulfilled: 'points taken', refunded: 'points given back' };

/** What happened, in words: "not allowed", "failed: no such scene, points given back". */
export function showDeed({ outcome, reason, settled }: Deed): string {
	const why = TOLD.has(reason) ? '' : (REASONS[reason] ?? words(reason));
	const points = settled && (SETTLED[settled] ?? `points not settled: ${REASONS[settled] ?? words(settled)}`);
	const told = [why, points].filter(Boolean).join(', ');
	return `${OUTCOMES[outcome] ?? words(outcome)}${told && `: ${told}`}`;
}
