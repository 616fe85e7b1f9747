import { describe, expect, test } from 'vitest';
import { readTurn } from '../src/lib/panel/turns/turn';
import {
	answering,
	describe as inWords,
	segments,
	waitedMs,
	showMs,
	speakingMs,
	totalMs
} from '../src/lib/panel/turns/waterfall';

const RECORD = {
	id: 't1',
	persona: 'main',
	cue: { id: 'q1', kind: 'chat', author: 'ann', text: 'hi', event: 'c1' },
	outcome: 'completed',
	said: 'Hello you!',
	heard: 'Hello you!',
	marks: { received: 0, admitted: 1, first_token: 201, first_audio: 230, first_played: 280, last_played: 1280 }
};

describe('the waterfall', () => {
	const { marks } = readTurn(RECORD);

	test('stacks the parts up to the first sound without a hole', () => {
		expect(segments(marks)).toEqual([
			{ mark: 'admitted', fromMs: 0, ms: 1 },
			{ mark: 'first_token', fromMs: 1, ms: 200 },
			{ mark: 'first_audio', fromMs: 201, ms: 29 },
			{ mark: 'first_played', fromMs: 230, ms: 50 }
		]);
		expect(totalMs(marks)).toBe(280);
		expect(speakingMs(marks)).toBe(1000);
	});

	test('leaves the wait for her out of what the answer took', () => {
		const late = { received: 0, admitted: 1, prompt: 4001, request: 4002, first_token: 4200 };
		expect(waitedMs(late)).toBe(4000);
		expect(answering(late)).toEqual([
			{ mark: 'admitted', fromMs: 0, ms: 1 },
			{ mark: 'request', fromMs: 1, ms: 1 },
			{ mark: 'first_token', fromMs: 2, ms: 198 }
		]);
		expect(waitedMs(marks)).toBe(0);
		expect(answering(marks)).toEqual(segments(marks));
		expect(waitedMs({ received: 0, admitted: 1, prompt: 20 })).toBe(0);
	});

	test('never runs backwards', () => {
		const odd = segments({ received: 0, first_audio: 100, floor: 90, first_played: 120 });
		expect(odd.map(({ fromMs, ms }) => [fromMs, ms])).toEqual([
			[0, 100],
			[100, 0],
			[100, 20]
		]);
	});

	test('of a turn that never sounded ends where the turn did', () => {
		expect(totalMs({ received: 0, admitted: 3 })).toBe(3);
		expect(speakingMs({ received: 0 })).toBeNull();
		expect(inWords({})).toBe('No times.');
	});

	test('can be read aloud', () => {
		expect(inWords({ received: 0, first_token: 200.4, first_played: 250 })).toBe(
			'250 ms to the first sound: First token 200 ms, To the ear 50 ms.'
		);
		expect([0.25, 99.6, 3210].map(showMs)).toEqual(['0.3 ms', '100 ms', '3.2 s']);
	});
});
