/** What the routes about the show's parts tell: components, dead letters, alerts, OBS and avatars. Pure. */

import type { Alert } from '../alerts';
import { id, isObject, list, number, text, texts, type Json } from '../../protocol/fields';

export interface Part {
	readonly name: string;
	readonly kind: string;
	readonly state: string;
	readonly detail: string;
	readonly fix: string;
	/** Unix time; null where the show does not say. */
	readonly sinceMs: number | null;
	readonly isRestartable: boolean;
	readonly restarts: number;
	readonly lastError: string;
	readonly lastErrorMs: number | null;
}

export function readPart(raw: Json): Part {
	return {
		name: text(raw['name']) ?? '',
		kind: text(raw['kind']) ?? '',
		state: text(raw['state']) ?? '',
		detail: text(raw['detail']) ?? '',
		fix: text(raw['fix']) ?? '',
		sinceMs: number(raw['since']) ?? null,
		isRestartable: raw['restartable'] === true,
		restarts: number(raw['restarts']) ?? 0,
		lastError: text(raw['last_error']) ?? '',
		lastErrorMs: number(raw['last_error_at']) ?? null
	};
}

const GRAVITY: Readonly<Record<string, number>> = { failed: 0, degraded: 1, starting: 2 };

/** The parts of a health report, those that need somebody first, the rest in the show's order. */
export function readParts(raw: Json): Part[] {
	return list(raw['components'])
		.filter(isObject)
		.map(readPart)
		.sort((a, b) => (GRAVITY[a.state] ?? 3) - (GRAVITY[b.state] ?? 3));
}

/** A cue that failed for good. */
export interface DeadLetter {
	readonly id: string;
	readonly atMs: number | null;
	readonly persona: string;
	readonly author: string;
	readonly text: string;
	readonly error: string;
	readonly attempts: number;
}

export function readDeadLetter(raw: Json): DeadLetter {
	return {
		id: id(raw['id']) ?? '',
		atMs: number(raw['at']) ?? null,
		persona: text(raw['persona']) ?? '',
		author: text(raw['author']) ?? '',
		text: text(raw['text']) ?? '',
		error: text(raw['error']) ?? '',
		attempts: number(raw['attempts']) ?? 0
	};
}

/** Open ones first, then those that last, the newest first in each. */
export function byUrgency(alerts: readonly Alert[]): Alert[] {
	const rank = ({ isAcknowledged, isCleared }: Alert) => (isCleared ? 2 : isAcknowledged ? 1 : 0);
	return alerts.toSorted((one, other) => rank(one) - rank(other) || other.since - one.since);
}

export interface Obs {
	readonly state: string;
	readonly address: string;
	readonly detail: string;
	readonly fix: string;
	readonly scene: string;
	readonly scenes: readonly string[];
	readonly safetyScene: string;
	readonly isStreaming: boolean;
	readonly isRecording: boolean;
	readonly stats: {
		readonly fps: number | null;
		readonly droppedFrames: number | null;
		readonly droppedPercent: number | null;
		readonly renderLagMs: number | null;
		readonly cpuPercent: number | null;
		readonly memoryMb: number | null;
	};
}

export function readObs(raw: Json): Obs {
	const stats = isObject(raw['stats']) ? raw['stats'] : {};
	return {
		state: text(raw['state']) ?? 'off',
		address: text(raw['address']) ?? '',
		detail: text(raw['detail']) ?? '',
		fix: text(raw['fix']) ?? '',
		scene: text(raw['scene']) ?? '',
		scenes: texts(raw['scenes']),
		safetyScene: text(raw['safety_scene']) ?? '',
		isStreaming: raw['streaming'] === true,
		isRecording: raw['recording'] === true,
		stats: {
			fps: number(stats['fps']) ?? null,
			droppedFrames: number(stats['dropped_frames']) ?? null,
			droppedPercent: number(stats['dropped_percent']) ?? null,
			renderLagMs: number(stats['render_lag_ms']) ?? null,
			cpuPercent: number(stats['cpu_percent']) ?? null,
			memoryMb: number(stats['memory_mb']) ?? null
		}
	};
}

export interface Avatar {
	readonly persona: string;
	readonly state: string;
	readonly model: string;
	readonly port: number | null;
	readonly detail: string;
	readonly fix: string;
}

export function readAvatar(raw: Json): Avatar {
	return {
		persona: text(raw['persona']) ?? '',
		state: text(raw['state']) ?? '',
		model: text(raw['model']) ?? '',
		port: number(raw['port']) ?? null,
		detail: text(raw['detail']) ?? '',
		fix: text(raw['fix']) ?? ''
	};
}

/** The modules that have a stand-in inside the show, and what `POST /api/fallback` calls it. */
export const STAND_INS = [
	{ module: 'llm', title: 'Answers', use: 'understudy', means: 'the understudy, without a model' },
	{ module: 'tts', title: 'Voice', use: 'espeak', means: 'eSpeak NG, inside the show' },
	{ module: 'stage', title: 'Avatar', use: 'puppet', means: 'the built-in puppet' },
	{ module: 'chat', title: 'Chat', use: 'page', means: 'lines from this page only' },
	{ module: 'obs', title: 'OBS', use: 'off', means: 'OBS is left alone' }
] as const;
export type Module = (typeof STAND_INS)[number]['module'];

/** The modules that are switched to their stand-in; the show lists each as a part of its own. */
export function switched(parts: readonly Part[]): ReadonlySet<string> {
	return new Set(
		parts.flatMap(({ name, kind, state }) =>
			kind === 'fallback' && state !== 'off' ? [name.replace(/^fallback:/, '')] : []
		)
	);
}
