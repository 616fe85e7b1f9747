import { describe, expect, test } from 'vitest';
import {
	EVERYTHING,
	isWanted,
	KEEP,
	marked,
	placeName,
	question,
	readCounts,
	readEntry,
	readOpinion,
	readPage,
	readStance,
	readStruck,
	repeats,
	sum,
	switched,
	withNewer,
	withOlder,
	type Entry
} from '../src/lib/panel/guard/guard';

const RAW = {
	id: 7,
	at: 5,
	direction: 'in',
	position: 'chat',
	decision: 'block',
	category: 'hate',
	rule: 'group',
	score: 0.9,
	digest: 'd',
	length: 12,
	viewer: 'v',
	meaning: 'Because.'
};

const entry = (id: number, fields: object = {}): Entry => {
	const read = readEntry({ ...RAW, id, ...fields });
	if (!read) throw new Error('no entry');
	return read;
};

describe('the ledger', () => {
	test('leaves out what is no entry, and takes nothing it does not know', () => {
		const page = readPage({ entries: [RAW, { id: 'x' }, null, 4], more: true });
		expect(page.entries).toHaveLength(1);
		expect(page).toMatchObject({ hasMore: true, entries: [{ id: 7, isBlocked: true, category: 'hate' }] });
		expect(readPage(null)).toEqual({ entries: [], hasMore: false });
		expect(readEntry({ ...RAW, decision: 'rewrite' })?.isBlocked).toBe(false);
	});

	test('shows what just came first and once, and forgets the oldest', () => {
		let entries: readonly Entry[] = [entry(1)];
		entries = withNewer(withNewer(entries, entry(2)), entry(2));
		expect(entries.map(({ id }) => id)).toEqual([2, 1]);
		const many = Array.from({ length: KEEP }, (_, index) => entry(KEEP - index));
		expect(withNewer(many, entry(KEEP + 1))).toHaveLength(KEEP);
	});

	test('adds older ones behind, without those that it has', () => {
		expect(withOlder([entry(5), entry(4)], [entry(4), entry(3)]).map(({ id }) => id)).toEqual([5, 4, 3]);
		expect(withOlder([], [entry(3)])).toHaveLength(1);
	});

	test('holds only what is wanted', () => {
		expect(isWanted(entry(1), EVERYTHING)).toBe(true);
		expect(isWanted(entry(1), { ...EVERYTHING, category: 'hate', direction: 'in' })).toBe(true);
		expect(isWanted(entry(1), { ...EVERYTHING, viewer: 'other' })).toBe(false);
	});

	test('is asked for with what is wanted, however it is written', () => {
		expect(question(EVERYTHING, 100)).toBe('limit=100');
		expect(question({ ...EVERYTHING, category: 'a&b', viewer: 'v' }, 9, 12)).toBe(
			'limit=9&category=a%26b&viewer=v&before=12'
		);
	});

	test('tells how often the same text came', () => {
		expect(repeats([entry(1), entry(2), entry(3, { digest: 'e' })]).get('d')).toBe(2);
	});

	test('names places in words, also one that is new', () => {
		expect(placeName('clause')).toBe('a spoken sentence');
		expect(placeName('brand_new')).toBe('brand new');
	});
});

describe('a verdict', () => {
	test('is a block where nobody can read it', () => {
		expect(readOpinion({ decision: 'perhaps' }).decision).toBe('block');
	});

	test('has only spans and remedies that make sense', () => {
		const opinion = readOpinion({
			decision: 'block',
			spans: [[2, 5], [5, 2], ['a', 'b'], [-1, 3], 7, [1]],
			remedies: [{ kind: 'allow', value: 'x' }, null]
		});
		expect(opinion.spans).toEqual([[2, 5]]);
		expect(opinion.remedies).toEqual([{ kind: 'allow', value: 'x' }]);
	});

	test.each([
		['a bad one', [[2, 5]], ['a ', '*bad', ' one']],
		['bad', [[0, 3]], ['*bad']],
		[
			'overlapping',
			[
				[2, 6],
				[0, 4]
			],
			['*over', '*la', 'pping']
		],
		['short', [[3, 99]], ['sho', '*rt']],
		['🙂🙂 bad', [[3, 6]], ['🙂🙂 ', '*bad']],
		['nothing', [], ['nothing']]
	] as const)('marks where in "%s" something matched', (whole, spans, pieces) => {
		expect(marked(whole, spans).map(({ text, isMatch }) => (isMatch ? `*${text}` : text))).toEqual(pieces);
	});

	test.each([
		[[[0, 2]]],
		[
			[
				[1, 3],
				[2, 9]
			]
		],
		[[[5, 6]]],
		[[]]
	] as const)('loses nothing of the text', (spans) => {
		expect(
			marked('a bad one', spans)
				.map(({ text }) => text)
				.join('')
		).toBe('a bad one');
	});
});

describe('what the guard goes by', () => {
	const stance = readStance({
		engine: 'chain',
		levels: [{ id: 'strict', title: 'Strict', on: true }, {}],
		categories: [
			{ id: 'slur', fixed: true, on: true },
			{ id: 'link', on: false, set: true },
			{ id: 'self_harm', on: true }
		],
		allow: ['x', 4],
		block: null
	});

	test('is read with care', () => {
		expect(stance).toMatchObject({ engine: 'chain', allow: ['x'], block: null });
		expect(stance.levels).toHaveLength(1);
		expect(stance.categories[2]?.title).toBe('Self harm');
	});

	test('keeps what was set when one more category is switched, and nothing else', () => {
		expect(switched(stance.categories, 'self_harm', false)).toEqual({ link: false, self_harm: false });
		expect(switched(stance.categories, 'link', true)).toEqual({ link: true });
	});
});

test('a viewer whose name was blocked has another one', () => {
	const [struck] = readStruck([{ key: 'abcdef', name: '', strikes: 1.5, until: 9 }, { name: 'keyless' }]);
	expect(struck).toMatchObject({ key: 'abcdef', name: 'viewer abcd', strikes: 1.5, until: 9 });
});

test('counts are told largest first, with their sum', () => {
	const counts = readCounts({
		categories: [
			{ category: 'link', rewrite: 3 },
			{ category: 'hate', block: 1200 }
		]
	});
	expect(counts.map(({ category }) => category)).toEqual(['hate', 'link']);
	expect(sum(counts)).toBe('1,200 blocked, 3 mended');
	expect(sum([])).toBe('0 blocked, 0 mended');
});
