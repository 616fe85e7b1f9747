import { expect, test } from 'vitest';
import { MOST_MOVES, place, readGrowth, showMove, withMove, withState } from '../src/lib/panel/persona/growth';
import { OWN, readPersonas, shown, withLead } from '../src/lib/panel/persona/personas';

const WARMTH = { name: 'warmth', meaning: 'How warm.', value: 0.7, start: 0.7, low: 0.5, high: 0.9 };
const TOLD = {
	personas: [
		{
			id: 'main',
			frozen: false,
			traits: [WARMTH],
			bonds: [{ with: 'viewer:a', name: 'ana', value: 0.1 }],
			topics: ['cats']
		},
		null
	],
	moves: [{ at: 5, persona: 'main', part: 'trait', name: 'warmth', old: 0.6, new: 0.7, cause: 'thanks' }, 7]
};

test('what is told of states and moves is read, and what is none is left out', () => {
	const growth = readGrowth(TOLD);
	expect(growth.states).toEqual([
		{
			id: 'main',
			isFrozen: false,
			traits: [WARMTH],
			bonds: [{ with: 'viewer:a', name: 'ana', value: 0.1 }],
			topics: ['cats']
		}
	]);
	expect(growth.moves).toHaveLength(1);
	expect(readGrowth('nothing')).toEqual({ states: [], moves: [] });
});

test('a move changes the trait and the bond that it names, of its persona', () => {
	let growth = readGrowth(TOLD);
	growth = withMove(growth, {
		at: 6,
		persona: 'main',
		part: 'trait',
		name: 'warmth',
		old: 0.7,
		new: 0.65,
		cause: 'insult'
	});
	growth = withMove(growth, {
		at: 7,
		persona: 'main',
		part: 'bond',
		name: 'viewer:b',
		old: 0,
		new: -0.3,
		cause: 'insult'
	});
	growth = withMove(growth, { at: 8, persona: 'ember', part: 'trait', name: 'warmth', old: 0, new: 1, cause: 'gift' });
	expect(growth.states[0]?.traits[0]?.value).toBe(0.65);
	expect(growth.states[0]?.bonds.map((bond) => [bond.name, bond.value])).toEqual([
		['', -0.3],
		['ana', 0.1]
	]);
	expect(growth.moves.map((move) => move.at)).toEqual([8, 7, 6, 5]);
});

test('no more moves are kept than are worth it', () => {
	let growth = readGrowth(TOLD);
	for (let at = 0; at < 2 * MOST_MOVES; at++) growth = withMove(growth, { at, persona: 'main', part: 'energy' });
	expect(growth.moves).toHaveLength(MOST_MOVES);
});

test('a state that is told whole takes the place of the old one', () => {
	const growth = withState(readGrowth(TOLD), { id: 'main', frozen: true, traits: [], bonds: [], topics: [] });
	expect(growth.states[0]).toMatchObject({ id: 'main', isFrozen: true, traits: [] });
});

test('a value has its place in its band, and the middle of one without room', () => {
	expect([place(0.5, 0.5, 0.9), place(0.9, 0.5, 0.9), place(2, 0, 1), place(0.5, 0.5, 0.5)]).toEqual([0, 100, 100, 50]);
});

test('a move is told in words', () => {
	const { states } = readGrowth(TOLD);
	const move = { at: 1, persona: 'main', old: 0.5, now: 0.4, cause: 'insult' };
	const bonds = states[0]?.bonds ?? [];
	expect(showMove({ ...move, part: 'trait', name: 'warmth' }, bonds)).toBe('warmth fell');
	expect(showMove({ ...move, part: 'mood', name: 'angry' }, bonds)).toBe('mood became angry');
	expect(showMove({ ...move, part: 'bond', name: 'viewer:a', now: 0.9 }, bonds)).toBe('liking of ana rose');
	expect(showMove({ ...move, part: 'bond', name: 'viewer:x' }, bonds)).toBe('liking of somebody fell');
});

const [SPARK, EMBER] = readPersonas([
	{ id: 'main', mood: 'happy', preset: 'calm', held: ['mood'] },
	{ id: 'ember', mood: 'smug' }
]);

test('what is set is held, and what is given back is not, until the show says how it is', () => {
	if (!SPARK) throw new Error('nobody');
	expect(shown(SPARK, { energy: 0.9 })).toEqual({ energy: 0.9, held: ['mood', 'energy'], preset: '' });
	expect(shown(SPARK, { mood: OWN })).toEqual({ held: [], preset: '' });
	expect(shown(SPARK, { preset: 'hype' })).toEqual({ preset: 'hype', held: ['mood'] });
});

test('the main persona stands first', () => {
	if (!SPARK || !EMBER) throw new Error('nobody');
	expect(withLead([SPARK, EMBER], { id: 'ember' }).map(({ id }) => id)).toEqual(['ember', 'main']);
	expect(withLead([SPARK, EMBER], { id: 'nobody' }).map(({ id }) => id)).toEqual(['main', 'ember']);
});
