/** What `GET /api/latency` and `GET /api/shows` tell, and the lines drawn of it. Pure. */

import { id, isObject, list, number, type Json } from '../../protocol/fields';
import { MARKS } from '../turns/turn';

export interface Quantiles {
	readonly name: string;
	readonly p50: number;
	readonly p95: number;
	readonly count: number;
}

/** One turn on the line of time; a time that never was is null. */
export interface Point {
	readonly atMs: number;
	readonly responseMs: number | null;
	readonly firstPlayedMs: number | null;
}

export interface Latency {
	readonly turns: number;
	/** In the order in which they happen. */
	readonly marks: readonly Quantiles[];
	readonly durations: readonly Quantiles[];
	/** Oldest first. */
	readonly series: readonly Point[];
}

/** The windows a person may choose, in minutes; 0 is the whole show. */
export const WINDOWS = [
	{ minutes: 5, title: '5 minutes' },
	{ minutes: 30, title: '30 minutes' },
	{ minutes: 0, title: 'Whole show' }
] as const;

export function readLatency(raw: Json): Latency {
	return {
		turns: number(raw['turns']) ?? 0,
		marks: readQuantiles(raw['marks']).sort((one, other) => order(one.name) - order(other.name)),
		durations: readQuantiles(raw['durations']),
		series: list(raw['series'])
			.filter(isObject)
			.flatMap(readPoint)
			.sort((a, b) => a.atMs - b.atMs)
	};
}

const NAMES: readonly string[] = MARKS;

/** Place of a mark among all; one that is not known comes last. */
function order(mark: string): number {
	const place = NAMES.indexOf(mark);
	return place < 0 ? NAMES.length : place;
}

function readQuantiles(raw: unknown): Quantiles[] {
	if (!isObject(raw)) return [];
	return Object.entries(raw).flatMap(([name, value]) => {
		if (!isObject(value)) return [];
		const p50 = number(value['p50']);
		const p95 = number(value['p95']);
		return p50 === undefined || p95 === undefined ? [] : [{ name, p50, p95, count: number(value['count']) ?? 0 }];
	});
}

function readPoint(raw: Json): Point[] {
	const atMs = number(raw['at']);
	if (atMs === undefined) return [];
	return [
		{ atMs, responseMs: number(raw['response_ms']) ?? null, firstPlayedMs: number(raw['first_played_ms']) ?? null }
	];
}

/** The value below which a share of `values` lies, by the nearest rank; null of none. */
export function quantile(values: readonly number[], share: number): number | null {
	if (values.length === 0) return null;
	const sorted = values.toSorted((a, b) => a - b);
	return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] ?? null;
}

/** So many turns make one point of a running p50 or p95. */
export const RUNNING_TURNS = 20;

/** The columns of a chart: seconds of Unix time, each turn's first sound, and its running p50 and p95. */
export type Columns = [number[], (number | null)[], (number | null)[], (number | null)[]];

export function columns(series: readonly Point[], running: number = RUNNING_TURNS): Columns {
	const heard = series.map(({ firstPlayedMs, responseMs }) => firstPlayedMs ?? responseMs);
	const before = (index: number) =>
		heard.slice(Math.max(0, index - running + 1), index + 1).filter((value) => value !== null);
	return [
		series.map(({ atMs }) => atMs / 1000),
		heard,
		heard.map((_, index) => quantile(before(index), 0.5)),
		heard.map((_, index) => quantile(before(index), 0.95))
	];
}

export interface Show {
	readonly session: string;
	readonly startedMs: number | null;
	/** Null while it goes on. */
	readonly endedMs: number | null;
	readonly turns: number | null;
	readonly lines: number | null;
	readonly p50Ms: number | null;
	readonly p95Ms: number | null;
	readonly uptimeS: number | null;
	readonly counters: Readonly<Record<string, number>>;
}

export function readShow(raw: Json): Show {
	const counters = isObject(raw['counters']) ? raw['counters'] : {};
	return {
		session: id(raw['session']) ?? '',
		startedMs: number(raw['started']) ?? null,
		endedMs: number(raw['ended']) ?? null,
		turns: number(raw['turns']) ?? null,
		lines: number(raw['lines']) ?? null,
		p50Ms: number(raw['p50_ms']) ?? null,
		p95Ms: number(raw['p95_ms']) ?? null,
		uptimeS: number(raw['uptime_s']) ?? null,
		counters: Object.fromEntries(
			Object.entries(counters).flatMap(([name, many]) => {
				const known = number(many);
				return known === undefined ? [] : [[name, known]];
			})
		)
	};
}

/** How a figure moved: `better`, `worse`, or empty where it did not or cannot be said. */
export function verdict(now: number | null, before: number | null, isLessBetter: boolean): string {
	if (now === null || before === null || now === before) return '';
	return now < before === isLessBetter ? 'better' : 'worse';
}

/** The change from `before` in percent, with its sign; empty where it cannot be said. */
export function change(now: number | null, before: number | null): string {
	if (now === null || before === null || before === 0) return '';
	const percent = Math.round((100 * (now - before)) / before);
	return percent === 0 ? '±0 %' : `${percent > 0 ? '+' : '−'}${Math.abs(percent)} %`;
}
