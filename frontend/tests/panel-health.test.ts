import { describe, expect, test } from 'vitest';
import {
	figures,
	KEEP_SAMPLES,
	percentOf,
	readMachine,
	sparkline,
	withSample,
	type Trends
} from '../src/lib/panel/health/machine';
import { showBytes } from '../src/lib/panel/format';
import { readAlert } from '../src/lib/panel/alerts';
import { byUrgency, readObs, readParts, switched } from '../src/lib/panel/health/reports';
import { showDate } from '../src/lib/panel/latency/when';

const MACHINE = {
	at: 1000,
	memory: { total_bytes: 16e9, used_bytes: 9e9, show_bytes: 4e8, limit_bytes: 15e9, level: 'ok' },
	processes: [
		{ pid: 2, name: 'espeak', role: 'worker', rss_bytes: 3e7, cpu_percent: 1 },
		{ pid: 1, name: 'show', role: 'show', rss_bytes: 2e8, cpu_percent: 12 }
	],
	cpu_percent: 31,
	gpus: [{ name: 'One', utilisation_percent: 40 }],
	temperatures: [{ name: 'package', celsius: 61, high: 95 }, { name: 'broken' }],
	throttled: false,
	throttle_reason: null,
	queues: { inbox: 2, floor: 0 },
	dropped: { rate: 1, duplicate: 7, odd: 'x' },
	heat: { level: 'ok', reason: '' }
};

describe('the machine', () => {
	test('is read with its greatest process and its greatest drop first', () => {
		const machine = readMachine(MACHINE);
		expect(machine.processes.map(({ name }) => name)).toEqual(['show', 'espeak']);
		expect(machine.dropped).toEqual([
			{ name: 'duplicate', count: 7 },
			{ name: 'rate', count: 1 }
		]);
		expect(machine.temperatures).toEqual([{ name: 'package', celsius: 61, high: 95 }]);
	});

	test('says nothing where the driver says nothing', () => {
		const [gpu] = readMachine(MACHINE).gpus;
		expect(gpu).toMatchObject({ usedBytes: null, totalBytes: null, celsius: null, busyPercent: 40 });
	});

	test('of nonsense is empty, not an error', () => {
		const machine = readMachine({ memory: 7, processes: 'x', gpus: [null], queues: [1] });
		expect(machine.processes).toEqual([]);
		expect(machine.queues).toEqual([]);
		expect(machine.memory.limitBytes).toBe(0);
	});

	test('keeps so many samples of each figure and forgets a process that ended', () => {
		let trends: Trends = { 'process 9': [1] };
		for (let step = 0; step < KEEP_SAMPLES + 5; step += 1)
			trends = withSample(trends, figures(readMachine({ ...MACHINE, cpu_percent: step })));
		expect(trends['cpu']).toHaveLength(KEEP_SAMPLES);
		expect(trends['cpu']?.at(-1)).toBe(KEEP_SAMPLES + 4);
		expect(trends['process 9']).toBeUndefined();
		expect(trends['process 1']).toHaveLength(KEEP_SAMPLES);
	});
});

describe('figures for people', () => {
	test.each([
		[0, '0 B'],
		[999, '999 B'],
		[31_000, '31 kB'],
		[2_340_000, '2.3 MB'],
		[212_000_000, '212 MB'],
		[15.6e9, '15.6 GB'],
		[999_600_000, '1.0 GB']
	])('%d bytes are %s', (bytes, shown) => expect(showBytes(bytes)).toBe(shown));

	test('a share stays between nothing and everything', () => {
		expect(percentOf(3, 4)).toBe(75);
		expect(percentOf(9, 4)).toBe(100);
		expect(percentOf(1, 0)).toBe(0);
	});

	test('a date is that of this machine', () => {
		expect(showDate(new Date(2026, 0, 5, 9, 7).getTime())).toBe('2026-01-05 09:07');
	});

	test('a line ends at the right edge, has gaps, and needs two points', () => {
		expect(sparkline([1], 3)).toBe('');
		expect(sparkline([0, 10], 3)).toBe('M50.0 19.0L100.0 1.0');
		expect(sparkline([1, null, 1, 1], 4)).toBe('M0.0 10.0M66.7 10.0L100.0 10.0');
	});
});

describe('reports', () => {
	test('name first what needs somebody', () => {
		const states = ['ok', 'starting', 'failed', 'degraded'];
		const parts = readParts({ components: states.map((state) => ({ name: state, state })) });
		expect(parts.map(({ state }) => state)).toEqual(['failed', 'degraded', 'starting', 'ok']);
	});

	test('alerts stand by what is left to do', () => {
		const alerts = [
			readAlert({ id: 'over', since: 9, cleared: 10 }),
			readAlert({ id: 'seen', since: 8, acknowledged: true }),
			readAlert({ id: 'old', since: 1 }),
			readAlert({ id: 'new', since: 2 })
		];
		expect(byUrgency(alerts).map(({ id }) => id)).toEqual(['new', 'old', 'seen', 'over']);
	});

	test('a module is switched while its stand-in is a part that is not off', () => {
		const components = [
			{ name: 'fallback:llm', kind: 'fallback', state: 'degraded' },
			{ name: 'fallback:tts', kind: 'fallback', state: 'off' },
			{ name: 'llm:main', kind: 'llm', state: 'ok' }
		];
		expect(switched(readParts({ components }))).toEqual(new Set(['llm']));
	});

	test('OBS that is off has no scenes and no figures', () => {
		expect(readObs({})).toMatchObject({ state: 'off', scenes: [], stats: { fps: null } });
	});
});
