import { describe, expect, test } from 'vitest';
import { FADE_FRAMES, Ring, type RingMark } from '../src/lib/audio/ring';

const RATE = 24_000;
const BLOCK = 128;

function ramp(from: number, length: number): Int16Array {
	return Int16Array.from({ length }, (_, i) => from + i);
}

function play(ring: Ring, blocks: number): { sound: number[]; marks: (RingMark & { frame: number })[] } {
	const sound: number[] = [];
	const marks: (RingMark & { frame: number })[] = [];
	for (let block = 0; block < blocks; block += 1) {
		const out = new Float32Array(BLOCK).fill(9);
		for (const mark of ring.render(out)) marks.push({ ...mark, frame: block * BLOCK + mark.offset });
		sound.push(...Array.from(out, (value) => Math.round(value * 32768)));
	}
	return { sound, marks };
}

describe('the ring', () => {
	test('is silent until 40 ms of sound wait', () => {
		const ring = new Ring(RATE);
		ring.begin(1, RATE);
		ring.sound(1, ramp(1, 959));
		expect(play(ring, 2).marks).toEqual([]);
		ring.sound(1, ramp(960, 1));
		const { sound, marks } = play(ring, 1);
		expect(marks).toMatchObject([{ kind: 'play', utterance: 1, sample: 0, frame: 0 }]);
		expect(sound.slice(0, 3)).toEqual([1, 2, 3]);
	});

	test('plays an utterance shorter than the threshold once its end is known', () => {
		const ring = new Ring(RATE);
		ring.begin(1, RATE);
		ring.sound(1, ramp(1, 100));
		ring.end(1, 100);
		const { marks } = play(ring, 1);
		expect(marks.map(({ kind, frame }) => [kind, frame])).toEqual([
			['play', 0],
			['done', 100]
		]);
		expect(ring.underruns).toBe(0);
	});

	test('plays utterances back to back without a lost or added sample', () => {
		const ring = new Ring(RATE);
		ring.begin(1, RATE);
		ring.begin(2, RATE);
		ring.sound(1, ramp(1, 1000));
		ring.end(1, 1000);
		ring.sound(2, ramp(5000, 50));
		const { sound, marks } = play(ring, 9);
		expect(sound.slice(998, 1002)).toEqual([999, 1000, 5000, 5001]);
		expect(marks.map(({ kind, utterance, frame }) => [kind, utterance, frame])).toEqual([
			['play', 1, 0],
			['done', 1, 1000],
			['play', 2, 1000],
			['stall', 2, 1050]
		]);
	});

	test('plays in the order of numbers, however they were begun', () => {
		const ring = new Ring(RATE);
		ring.begin(2, RATE);
		ring.begin(1, RATE);
		for (const utterance of [2, 1]) {
			ring.sound(utterance, ramp(utterance * 100, 10));
			ring.end(utterance, 10);
		}
		expect(play(ring, 1).sound.slice(9, 11)).toEqual([109, 200]);
	});

	test('counts one underrun each time sound runs dry, and goes on where it stopped', () => {
		const ring = new Ring(RATE);
		ring.begin(1, RATE);
		ring.sound(1, ramp(1, 960));
		expect(play(ring, 20).marks.at(-1)).toMatchObject({ kind: 'stall', sample: 960, frame: 960 });
		ring.sound(1, ramp(961, 960));
		const { sound, marks } = play(ring, 1);
		expect(marks).toMatchObject([{ kind: 'play', sample: 960, frame: 0 }]);
		expect(sound[0]).toBe(961);
		expect(ring.underruns).toBe(1);
	});

	test('fills with silence what never arrived of an utterance', () => {
		const ring = new Ring(RATE);
		ring.begin(1, RATE);
		ring.end(1, 200);
		const { sound, marks } = play(ring, 2);
		expect(new Set(sound)).toEqual(new Set([0]));
		expect(marks.map(({ kind, frame }) => [kind, frame])).toEqual([
			['play', 0],
			['done', 200]
		]);
	});

	test('cuts within one block, without a click, and says where', () => {
		const ring = new Ring(RATE);
		ring.begin(1, RATE);
		ring.sound(1, new Int16Array(24_000).fill(10_000));
		play(ring, 10);
		expect(ring.cancel(new Set([1]))).toMatchObject({ kind: 'cut', utterance: 1, sample: 1280 });
		const { sound, marks } = play(ring, 3);
		const fade = sound.slice(0, FADE_FRAMES);
		expect(fade).toEqual([...fade].sort((one, other) => other - one));
		expect(new Set(sound.slice(FADE_FRAMES))).toEqual(new Set([0]));
		expect(marks).toEqual([]);
	});

	test('goes on with what was not cut', () => {
		const ring = new Ring(RATE);
		ring.begin(1, RATE);
		ring.begin(2, RATE);
		ring.sound(1, ramp(0, 24_000));
		ring.sound(2, ramp(7, 24_000));
		play(ring, 1);
		ring.cancel(new Set([1]));
		expect(play(ring, 2).marks).toMatchObject([{ kind: 'play', utterance: 2, sample: 0, frame: FADE_FRAMES }]);
	});

	test('gives no cut for utterances that did not sound yet', () => {
		const ring = new Ring(RATE);
		ring.begin(1, RATE);
		expect(ring.cancel(new Set([1]))).toBeNull();
		ring.sound(1, ramp(1, 5000));
		expect(play(ring, 1).marks).toEqual([]);
	});

	test('spreads samples over a context of another rate', () => {
		const ring = new Ring(48_000);
		ring.begin(1, 24_000);
		for (let first = 0; first < 1000; first += 10)
			ring.sound(
				1,
				ramp(2 * first, 10).map((_, i) => 2 * (first + i))
			);
		ring.end(1, 1000);
		const { sound, marks } = play(ring, 16);
		expect(sound.slice(0, 1999)).toEqual(Array.from({ length: 1999 }, (_, i) => i));
		expect(marks.at(-1)).toMatchObject({ kind: 'done', sample: 1000, frame: 2000 });
	});
});
