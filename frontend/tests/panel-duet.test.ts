import { expect, test } from 'vitest';
import { progress, readDuet, showDuet } from '../src/lib/panel/now/duet';

const running = {
	phase: 'running',
	topic: 'tea',
	tension: 'one hates it',
	number: 2,
	of: 6,
	speaker: 'twin',
	reason: ''
};

test('a duet is read from what the show tells', () => {
	expect(readDuet(running)).toEqual(running);
});

test('a duet is none where the show tells nothing one can read', () => {
	for (const raw of [null, 'x', [], {}, { phase: 'dancing', number: 'two' }])
		expect(readDuet(raw)).toMatchObject({ phase: 'none', topic: '', number: 0, of: 0 });
});

test('a duet says how far it is', () => {
	expect(showDuet(readDuet(running))).toBe('Step 2 of 6.');
	expect(showDuet(readDuet({ ...running, number: 0 }))).toBe('About to begin.');
	expect(progress(readDuet(running))).toBeCloseTo(1 / 3);
	expect(progress(readDuet({}))).toBe(0);
});

test('a duet says why it waits, leaves, and how the last one ended', () => {
	expect(showDuet(readDuet({ ...running, phase: 'paused', reason: 'hold' }))).toContain('held');
	expect(showDuet(readDuet({ ...running, phase: 'paused', reason: 'viewers' }))).toContain('chat');
	expect(showDuet(readDuet({ ...running, phase: 'leaving', reason: 'loop' }))).toContain('way out');
	expect(showDuet(readDuet({ ...running, phase: 'none', reason: 'loop' }))).toContain('same');
	expect(showDuet(readDuet({ ...running, phase: 'none', reason: 'never heard of' }))).toBe('');
});
