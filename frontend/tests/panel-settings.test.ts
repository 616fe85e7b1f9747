import { describe, expect, test } from 'vitest';
import {
	bySection,
	draftOf,
	find,
	limits,
	lock,
	parse,
	readKey,
	readSettings,
	showValue
} from '../src/lib/panel/settings/keys';

const TOKENS = readKey({
	key: 'replies.max_tokens',
	section: 'replies',
	meaning: 'Longest answer, in tokens.',
	type: 'integer',
	default: 300,
	value: 200,
	source: 'overrides',
	applies: 'live',
	minimum: 16,
	maximum: 4000
});
const PORTS = readKey({
	key: 'discovery.ports',
	type: 'list',
	default: [1, 2],
	value: [1, 2],
	meaning: 'Ports to look at.'
});

describe('keys', () => {
	test('are found by every word, in name or meaning', () => {
		expect(find([TOKENS, PORTS], 'longest REPLIES', false)).toEqual([TOKENS]);
		expect(find([TOKENS, PORTS], '', true)).toEqual([TOKENS]);
		expect(find([TOKENS, PORTS], 'nothing', false)).toEqual([]);
	});

	test('stand in their sections, also where the show names none', () => {
		expect(bySection([TOKENS, PORTS]).map(({ name }) => name)).toEqual(['replies', 'discovery']);
	});

	test('that another layer sets are locked, with the reason', () => {
		expect(lock(TOKENS)).toBe('');
		expect(lock({ ...TOKENS, source: 'environment' })).toContain('environment');
		expect(lock({ ...TOKENS, source: 'flag' })).toContain('flag');
		expect(lock({ ...TOKENS, isSecret: true })).toContain('secret');
	});

	test('say their limits', () => {
		expect(limits(TOKENS)).toBe('16 to 4000');
		expect(limits(PORTS)).toBe('');
		expect(limits({ ...TOKENS, maximum: null })).toBe('at least 16');
		expect(limits({ ...TOKENS, minimum: null, above: 0 })).toBe('more than 0, at most 4000');
	});

	test('of a report that is none are no keys', () => {
		expect(readSettings({ keys: 'x' })).toEqual({ file: '', overrides: '', keys: [] });
	});
});

describe('a value', () => {
	test.each<[string, unknown]>([
		['250', 250],
		[' 0,5 ', 0.5],
		['100000', 100000]
	])('"%s" is a number, and limits are left to the show', (draft, value) => {
		expect(parse(TOKENS, draft)).toEqual({ value });
	});

	test('that is no number is refused at once', () => {
		expect(parse(TOKENS, 'many')).toHaveProperty('problem');
		expect(parse(TOKENS, '')).toHaveProperty('problem');
	});

	test('a list keeps the kind of its entries', () => {
		expect(parse(PORTS, '80\n\n 443 ')).toEqual({ value: [80, 443] });
		expect(parse({ ...PORTS, default: [], value: ['a'] }, 'x\ny')).toEqual({ value: ['x', 'y'] });
	});

	test('a table is JSON', () => {
		const table = { ...TOKENS, kind: 'table' as const };
		expect(parse(table, '{"a": 1}')).toEqual({ value: { a: 1 } });
		expect(parse(table, '[1]')).toHaveProperty('problem');
		expect(parse(table, '{')).toHaveProperty('problem');
	});

	test('written and read again is itself', () => {
		expect(parse(PORTS, draftOf('list', PORTS.value))).toEqual({ value: PORTS.value });
		expect(draftOf('table', { a: 1 })).toBe('{\n  "a": 1\n}');
	});

	test('is shown on one line', () => {
		expect([showValue(''), showValue(true), showValue([1, 'a']), showValue({ a: 1 })]).toEqual([
			'empty',
			'on',
			'1, a',
			'{"a":1}'
		]);
	});
});
