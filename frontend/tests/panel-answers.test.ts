import { expect, test } from 'vitest';
import { pressed, readAnswers, readRatings, SHOWN, withAnswers } from '../src/lib/panel/now/answers';
import { readTurn } from '../src/lib/panel/turns/turn';

const turn = (id: string, said = 'hello') => ({ id, persona: 'main', said, heard: said, cue: { text: 'hi' } });

test('only turns in which something was said can be rated, the newest first', () => {
	expect(readAnswers([turn('t3'), turn('t2', ''), null, turn('t1')]).map(({ id }) => id)).toEqual(['t3', 't1']);
});

test('answers that end come on top, once, and old ones make room', () => {
	const before = readAnswers(Array.from({ length: SHOWN }, (_, number) => turn(`t${SHOWN - number}`)));
	const after = withAnswers(before, [readTurn(turn('t6', 'anew')), readTurn(turn('t7')), readTurn(turn('t8', ''))]);
	expect(after.map(({ id }) => id)).toEqual(['t7', 't6', 't5', 't4', 't3', 't2']);
	expect(after[1]?.said).toBe('anew');
});

test('a thumb that is pressed again is taken back', () => {
	const rating = { turn: 't1', thumb: 'up', better: 'hey' } as const;
	expect(pressed(rating, 'up')).toEqual({ ...rating, thumb: '' });
	expect(pressed(rating, 'down')).toEqual({ ...rating, thumb: 'down' });
});

test('ratings are read with care', () => {
	const read = readRatings([
		{ turn: 't1', thumb: 'sideways', better: 3 },
		{ thumb: 'up' },
		'x',
		{ turn: 't2', thumb: 'down' }
	]);
	expect([...read.values()]).toEqual([
		{ turn: 't1', thumb: '', better: '' },
		{ turn: 't2', thumb: 'down', better: '' }
	]);
});
