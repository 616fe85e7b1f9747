/** What `GET /api/machine` and the event `machine` tell, and how it moved in the last minutes. Pure. */

import { count, isObject, list, number, text, type Json } from '../../protocol/fields';

export interface Process {
	readonly pid: number;
	readonly name: string;
	readonly role: string;
	readonly rssBytes: number;
	readonly cpuPercent: number | null;
}

/** A field that the driver does not tell is null. */
export interface Gpu {
	readonly name: string;
	readonly usedBytes: number | null;
	readonly totalBytes: number | null;
	readonly busyPercent: number | null;
	readonly celsius: number | null;
	readonly isThrottled: boolean;
}

export interface Temperature {
	readonly name: string;
	readonly celsius: number;
	/** From here on the machine protects itself; null where it does not say. */
	readonly high: number | null;
}

export interface Memory {
	readonly totalBytes: number;
	readonly usedBytes: number;
	readonly showBytes: number;
	readonly limitBytes: number;
	/** `ok`, `warn` or `act`. */
	readonly level: string;
}

export interface Machine {
	readonly atMs: number;
	readonly memory: Memory;
	/** The greatest first. */
	readonly processes: readonly Process[];
	readonly cpuPercent: number | null;
	readonly gpus: readonly Gpu[];
	readonly temperatures: readonly Temperature[];
	readonly isThrottled: boolean;
	readonly throttleReason: string;
	readonly queues: readonly Tally[];
	readonly dropped: readonly Tally[];
	readonly heat: { readonly level: string; readonly reason: string };
	/** What the show does to help itself, by reason. */
	readonly strain: readonly string[];
}

/** A name and how many. */
export interface Tally {
	readonly name: string;
	readonly count: number;
}

export function readMachine(raw: Json): Machine {
	const memory = isObject(raw['memory']) ? raw['memory'] : {};
	const heat = isObject(raw['heat']) ? raw['heat'] : {};
	return {
		atMs: number(raw['at']) ?? 0,
		memory: {
			totalBytes: number(memory['total_bytes']) ?? 0,
			usedBytes: number(memory['used_bytes']) ?? 0,
			showBytes: number(memory['show_bytes']) ?? 0,
			limitBytes: number(memory['limit_bytes']) ?? 0,
			level: text(memory['level']) ?? 'ok'
		},
		processes: list(raw['processes'])
			.filter(isObject)
			.map(readProcess)
			.sort((a, b) => b.rssBytes - a.rssBytes),
		cpuPercent: number(raw['cpu_percent']) ?? null,
		gpus: list(raw['gpus']).filter(isObject).map(readGpu),
		temperatures: list(raw['temperatures']).filter(isObject).flatMap(readTemperature),
		isThrottled: raw['throttled'] === true,
		throttleReason: text(raw['throttle_reason']) ?? '',
		queues: tallies(raw['queues']),
		dropped: tallies(raw['dropped']),
		heat: { level: text(heat['level']) ?? 'ok', reason: text(heat['reason']) ?? '' },
		strain: isObject(raw['strain'])
			? Object.entries(raw['strain']).map(([name, why]) => `${name}: ${text(why) ?? ''}`)
			: []
	};
}

function readProcess(raw: Json): Process {
	return {
		pid: count(raw['pid']) ?? 0,
		name: text(raw['name']) ?? '',
		role: text(raw['role']) ?? '',
		rssBytes: number(raw['rss_bytes']) ?? 0,
		cpuPercent: number(raw['cpu_percent']) ?? null
	};
}

function readGpu(raw: Json): Gpu {
	return {
		name: text(raw['name']) ?? 'GPU',
		usedBytes: number(raw['memory_used_bytes']) ?? null,
		totalBytes: number(raw['memory_total_bytes']) ?? null,
		busyPercent: number(raw['utilisation_percent']) ?? null,
		celsius: number(raw['temperature_c']) ?? null,
		isThrottled: raw['throttled'] === true
	};
}

function readTemperature(raw: Json): Temperature[] {
	const celsius = number(raw['celsius']);
	return celsius === undefined
		? []
		: [{ name: text(raw['name']) ?? '', celsius, high: number(raw['high']) ?? number(raw['high_c']) ?? null }];
}

/** An object of counts as a list, the greatest first, equal ones by name. */
export function tallies(raw: unknown): Tally[] {
	if (!isObject(raw)) return [];
	return Object.entries(raw)
		.flatMap(([name, many]) => {
			const known = number(many);
			return known === undefined ? [] : [{ name, count: known }];
		})
		.sort((a, b) => b.count - a.count || a.name.localeCompare(b.name));
}

/** Samples of each figure, oldest first; a figure that was not told is null in its place. */
export type Trends = Readonly<Record<string, readonly (number | null)[]>>;

/** Three minutes at one sample every two seconds. */
export const KEEP_SAMPLES = 90;

/** The figures of which the panel draws a line. */
export function figures(machine: Machine): Record<string, number | null> {
	return {
		memory: machine.memory.usedBytes,
		show: machine.memory.showBytes,
		cpu: machine.cpuPercent,
		...Object.fromEntries(machine.gpus.map((gpu, index) => [`gpu ${index}`, gpu.busyPercent])),
		...Object.fromEntries(machine.processes.map(({ pid, rssBytes }) => [`process ${pid}`, rssBytes])),
		...Object.fromEntries(machine.queues.map(({ name, count }) => [`queue ${name}`, count])),
		...Object.fromEntries(machine.temperatures.map(({ name, celsius }) => [`heat ${name}`, celsius]))
	};
}

/** The trends with one more sample. A figure that is gone, as a process that ended, is forgotten. */
export function withSample(trends: Trends, sample: Readonly<Record<string, number | null>>): Trends {
	return Object.fromEntries(
		Object.entries(sample).map(([name, value]) => [name, [...(trends[name] ?? []), value].slice(-KEEP_SAMPLES)])
	);
}

/** `part` of `whole` in percent, from 0 to 100. */
export function percentOf(part: number, whole: number): number {
	return whole > 0 ? Math.min(100, Math.max(0, (100 * part) / whole)) : 0;
}

/** A line of fewer samples does not fill its box. */
const FEW_SAMPLES = 15;

/** The points of a line through `values` in a box of 100 by 20; gaps where a value is missing. */
export function sparkline(values: readonly (number | null)[], slots = Math.max(FEW_SAMPLES, values.length)): string {
	const known = values.filter((value) => value !== null);
	if (known.length < 2) return '';
	const least = Math.min(...known);
	const range = Math.max(...known) - least;
	// A flat line lies in the middle.
	const y = (value: number) => (range > 0 ? 19 - (18 * (value - least)) / range : 10);
	const x = (index: number) => 100 - ((values.length - 1 - index) * 100) / (slots - 1);
	let isDrawing = false;
	return values
		.map((value, index) => {
			if (value === null) {
				isDrawing = false;
				return '';
			}
			const step = `${isDrawing ? 'L' : 'M'}${x(index).toFixed(1)} ${y(value).toFixed(1)}`;
			isDrawing = true;
			return step;
		})
		.join('');
}
