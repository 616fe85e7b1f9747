import { describe, expect, test } from 'vitest';
import { change, columns, quantile, readLatency, readShow, verdict } from '../src/lib/panel/latency/latency';

describe('quantiles', () => {
	test('are the nearest rank', () => {
		const values = [5, 1, 4, 2, 3];
		expect(quantile(values, 0.5)).toBe(3);
		expect(quantile(values, 0.95)).toBe(5);
		expect(quantile([], 0.5)).toBeNull();
	});
});

describe('the report of a window', () => {
	test('is read in order of time, without points that have none', () => {
		const latency = readLatency({
			turns: 2,
			marks: { first_played: { p50: 300, p95: 500, count: 2 }, odd: { p50: 'x' } },
			durations: null,
			series: [{ at: 20, first_played_ms: 2 }, { at: 10, response_ms: 1 }, { first_played_ms: 9 }]
		});
		expect(latency.marks).toEqual([{ name: 'first_played', p50: 300, p95: 500, count: 2 }]);
		expect(latency.durations).toEqual([]);
		expect(latency.series.map(({ atMs }) => atMs)).toEqual([10, 20]);
	});

	test('becomes columns with a running p50 and p95', () => {
		const series = [100, 300, null, 200].map((ms, at) => ({ atMs: at * 1000, responseMs: ms, firstPlayedMs: ms }));
		expect(columns(series, 3)).toEqual([
			[0, 1, 2, 3],
			[100, 300, null, 200],
			[100, 100, 100, 200],
			[100, 300, 300, 300]
		]);
	});
});

test('marks stand in the order in which they happen', () => {
	const one = { p50: 1, p95: 2, count: 3 };
	const marks = { later: one, first_played: one, admitted: one, first_audio: one };
	expect(readLatency({ marks }).marks.map(({ name }) => name)).toEqual([
		'admitted',
		'first_audio',
		'first_played',
		'later'
	]);
});

describe('two shows', () => {
	test('differ for better or worse', () => {
		expect(verdict(300, 400, true)).toBe('better');
		expect(verdict(300, 400, false)).toBe('worse');
		expect(verdict(300, null, true)).toBe('');
		expect(change(300, 400)).toBe('−25 %');
		expect(change(1, 0)).toBe('');
	});

	test('are read without what is missing', () => {
		expect(readShow({ session: 's', counters: { turns: 3, odd: 'x' } })).toMatchObject({
			p50Ms: null,
			endedMs: null,
			counters: { turns: 3 }
		});
	});
});
