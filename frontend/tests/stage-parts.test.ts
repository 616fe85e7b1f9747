import { expect, test } from 'vitest';
import { Backoff } from '../src/lib/net/backoff';
import { captionAt, CAPTION_CHARS, leadFor, placeWords } from '../src/lib/stage/caption';
import { isDue } from '../src/lib/stage/frame-loop';
import { insertByTime, lastAt } from '../src/lib/stage/lookup';
import { readSwitches, withoutKey } from '../src/lib/stage/switches';

test('reconnecting waits 250 ms, doubling to 8 s, and starts again after success', () => {
	const backoff = new Backoff();
	expect(Array.from({ length: 7 }, () => backoff.next())).toEqual([250, 500, 1000, 2000, 4000, 8000, 8000]);
	backoff.reset();
	expect(backoff.next()).toBe(250);
});

test('the timeline finds the last entry at or before an instant', () => {
	const entries = [10, 20, 20, 30].map((ms) => ({ ms }));
	expect([0, 10, 19, 20, 29, 30, 99].map((ms) => lastAt(entries, ms))).toEqual([-1, 0, 0, 2, 2, 3, 3]);
	expect(lastAt([], 5)).toBe(-1);
});

test('late entries find their place, behind those of the same instant', () => {
	const entries = [
		{ ms: 10, name: 'a' },
		{ ms: 30, name: 'b' }
	];
	insertByTime(entries, { ms: 20, name: 'c' });
	insertByTime(entries, { ms: 10, name: 'd' });
	expect(entries.map((entry) => entry.name).join('')).toBe('adcb');
});

test('words are found in the caption in order, whatever their case', () => {
	const words = ['the', 'cat', 'the', 'hat'].map((text, i) => ({ ms: i, msEnd: i, text }));
	expect(placeWords('The cat, the hat', words)).toEqual([
		[0, 3],
		[4, 7],
		[9, 12],
		[13, 16]
	]);
});

test('a word that the caption writes otherwise keeps the word before it', () => {
	const words = ['costs', 'three', 'dollars'].map((text, i) => ({ ms: i, msEnd: i, text }));
	expect(placeWords('costs $3', words)).toEqual([
		[0, 5],
		[0, 5],
		[0, 5]
	]);
});

test('the word that is heard is marked behind what was said before', () => {
	expect(captionAt('Oh hey, ', 'you two ', [{ ms: 50, msEnd: 90, text: 'you' }], 60)).toEqual({
		text: 'Oh hey, you two',
		from: 8,
		to: 11
	});
});

test('a caption begins anew when it would grow too long', () => {
	expect(leadFor('', 'Oh hey, ', 'you.')).toBe('Oh hey, ');
	expect(leadFor('Oh hey, ', 'you. ', 'x'.repeat(CAPTION_CHARS))).toBe('');
});

test('frames are capped, also on screens that are a little early', () => {
	expect(isDue(16, 0, 60)).toBe(true);
	expect(isDue(8, 0, 60)).toBe(false);
	expect(isDue(16.7, 0, 30)).toBe(false);
	expect(isDue(33.3, 0, 30)).toBe(true);
});

test('the switches of a stage page', () => {
	expect(readSwitches('')).toEqual({
		hasAudio: true,
		hasCaptions: true,
		persona: null,
		isFrozen: false,
		isDebug: false,
		key: null
	});
	expect(readSwitches('?audio=0&captions=0&persona=a&frozen&debug&key=k')).toEqual({
		hasAudio: false,
		hasCaptions: false,
		persona: 'a',
		isFrozen: true,
		isDebug: true,
		key: 'k'
	});
});

test('the token leaves the address and nothing else does', () => {
	expect(withoutKey('http://127.0.0.1:8080/stage/?key=secret&audio=0#x')).toBe(
		'http://127.0.0.1:8080/stage/?audio=0#x'
	);
});
