import { expect, test } from 'vitest';
import { readPersonas, readPresets, withPersona } from '../src/lib/panel/persona/personas';

const SPARK = {
	id: 'main',
	name: 'Spark',
	energy: 0.4,
	talkativeness: 2,
	idle_talk: true,
	mood: 'calm',
	preset: 'calm'
};

test('a share beyond its limits is brought within them', () => {
	expect(readPersonas([SPARK, null])).toMatchObject([{ id: 'main', energy: 0.4, talkativeness: 1, hasIdleTalk: true }]);
});

test('an event changes only what it tells, of the persona it names', () => {
	const two = readPersonas([SPARK, { ...SPARK, id: 'ember' }]);
	const [spark, ember] = withPersona(two, { seq: 4, type: 'persona', persona: 'ember', energy: 0.9, idle_talk: false });
	expect(spark).toEqual(two[0]);
	expect(ember).toMatchObject({ id: 'ember', name: 'Spark', energy: 0.9, hasIdleTalk: false, talkativeness: 1 });
});

test('a preset without a title gets one from its name', () => {
	expect(readPresets([{ name: 'reading-donations' }, {}])).toMatchObject([
		{ name: 'reading-donations', title: 'Reading donations', isOwn: false }
	]);
});
