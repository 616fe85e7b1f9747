import { expect, test } from 'vitest';
import { Track, type Mark } from '../src/lib/stage/heard';

const RATE = 1000;

function mark(kind: Mark['kind'], utterance: number, sample: number, timeS: number): Mark {
	return { kind, utterance, sample, timeS, rate: RATE };
}

function track(...marks: Mark[]): Track {
	const made = new Track();
	for (const each of marks) made.push(each);
	return made;
}

test('nothing is heard before the first mark', () => {
	expect(track(mark('play', 1, 0, 5)).at(4.9)).toBeNull();
});

test('while it plays the position runs at the rate of the utterance', () => {
	expect(track(mark('play', 1, 100, 5)).at(5.25)).toEqual({ utterance: 1, sample: 350, state: 'playing' });
});

test('an utterance that ran dry stands still until it goes on', () => {
	const heard = track(mark('play', 1, 0, 5), mark('stall', 1, 200, 5.2), mark('play', 1, 200, 5.5));
	expect(heard.at(5.4)).toEqual({ utterance: 1, sample: 200, state: 'stalled' });
	expect(heard.at(5.625)).toMatchObject({ sample: 325, state: 'playing' });
});

test('an utterance is done at its last sample, a cut one is gone', () => {
	expect(track(mark('play', 1, 0, 5), mark('done', 1, 200, 5.2)).at(6)).toMatchObject({ sample: 200, state: 'done' });
	expect(track(mark('play', 1, 0, 5), mark('cut', 1, 100, 5.1)).at(5.2)).toBeNull();
});

test('a cut takes back what was scheduled for later', () => {
	const heard = track(mark('play', 1, 0, 5), mark('done', 1, 900, 5.9), mark('cut', 1, 100, 5.1));
	expect(heard.at(5.95)).toBeNull();
});

test('sound that arrives in time takes the place of the expected end', () => {
	const heard = track(mark('play', 1, 0, 5), mark('stall', 1, 100, 5.1), mark('play', 1, 100, 5.1));
	expect(heard.at(5.15)).toMatchObject({ sample: 150, state: 'playing' });
});

test('pruning keeps what is heard', () => {
	const heard = track(...Array.from({ length: 50 }, (_, i) => mark('play', i, 0, i)));
	heard.prune(49.5);
	expect(heard.at(49.5)).toMatchObject({ utterance: 49, sample: 500 });
	expect(heard.at(20)).toBeNull();
});
