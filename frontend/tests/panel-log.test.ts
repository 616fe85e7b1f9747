import { describe, expect, test } from 'vitest';
import { Book, EVERYTHING, Selection, type Wanted } from '../src/lib/panel/log/book';
import { lineOfEvent, lineOfRecord, MAX_CHARS, type Line } from '../src/lib/panel/log/line';

const line = (number: number, more: Partial<Line> = {}): Line => ({
	atMs: number,
	level: 'info',
	type: 'chat.received',
	turn: '',
	text: `line ${number}`,
	...more
});

function filled(capacity: number, lines: readonly Line[]): Book {
	const book = new Book(capacity);
	for (const each of lines) book.append(each);
	return book;
}

function found(book: Book, wanted: Partial<Wanted>, piece = 1000): string[] {
	const selection = new Selection(book, { ...EVERYTHING, ...wanted });
	while (!selection.isDone) selection.advance(piece);
	return Array.from({ length: selection.length }, (_, place) => book.at(selection.numberAt(place))?.text ?? '?');
}

describe('the book', () => {
	test('keeps the newest lines and their numbers', () => {
		const book = filled(
			3,
			[0, 1, 2, 3, 4].map((number) => line(number))
		);
		expect([book.first, book.end, book.length]).toEqual([2, 5, 3]);
		expect(book.at(1)).toBeNull();
		expect(book.at(4)).toEqual(line(4));
		expect(book.at(5)).toBeNull();
	});

	test('gives back what was put in', () => {
		const odd = line(7, { level: 'error', type: 'log.web', turn: 't7', text: '<b>& ü' });
		expect(filled(10, [odd]).at(0)).toEqual(odd);
	});
});

describe('a selection', () => {
	const book = filled(100, [
		line(0, { level: 'debug', type: 'log.web' }),
		line(1, { turn: 't1' }),
		line(2, { level: 'warning', type: 'chat.blocked' }),
		line(3, { level: 'error', type: 'log', text: 'What (a) .* mess' }),
		line(4, { type: 'chatter' })
	]);

	test.each<[Partial<Wanted>, number[]]>([
		[{}, [0, 1, 2, 3, 4]],
		[{ level: 'warning' }, [2, 3]],
		[{ type: 'chat' }, [1, 2]],
		[{ type: 'log' }, [0, 3]],
		[{ turn: 't1' }, [1]],
		[{ text: '(A) .*' }, [3]],
		[{ text: 'nothing like it' }, []]
	])('of %j finds its lines', (wanted, numbers) => {
		expect(found(book, wanted, 2)).toEqual(numbers.map((number) => book.at(number)?.text));
	});

	test('grows with the book and forgets what the book forgot', () => {
		const small = filled(4, [line(0), line(1, { level: 'error' }), line(2)]);
		const selection = new Selection(small, { ...EVERYTHING, level: 'error' });
		selection.advance(100);
		expect(selection.length).toBe(1);
		small.append(line(3, { level: 'error' }));
		expect(selection.isDone).toBe(false);
		selection.advance(100);
		expect([0, 1].map((place) => selection.numberAt(place))).toEqual([1, 3]);
		small.append(line(4));
		small.append(line(5));
		expect(selection.advance(100)).toBe(1);
		expect(selection.length).toBe(1);
		expect(selection.numberAt(0)).toBe(3);
		expect(selection.numberAt(1)).toBe(-1);
	});

	test('starts at what is kept when it was left behind', () => {
		const small = filled(2, [line(0)]);
		const selection = new Selection(small, { ...EVERYTHING, text: 'line' });
		for (let number = 1; number < 9; number += 1) small.append(line(number));
		selection.advance(100);
		expect([selection.length, selection.numberAt(0)]).toEqual([2, 7]);
	});
});

describe('a line', () => {
	test('of an event has its fields, and the turn apart', () => {
		const raw = { seq: 3, at: 5, type: 'chat.dropped', id: 'c1', turn: 't1', reason: 'too old', note: null };
		expect(lineOfEvent(raw)).toEqual({
			atMs: 5,
			level: 'info',
			type: 'chat.dropped',
			turn: 't1',
			text: 'id=c1 reason="too old"'
		});
	});

	test('of a record carries level, module and turn', () => {
		const fields = { turn_id: 't4', port: 80 };
		const raw = { at: 1, level: 'WARNING', logger: 'spark_vtuber.web.gate', message: 'odd\nhost', fields };
		expect(lineOfRecord(raw)).toEqual({
			atMs: 1,
			level: 'warning',
			type: 'log.web.gate',
			turn: 't4',
			text: 'odd host port=80'
		});
	});

	test('writes nested values short', () => {
		const raw = { type: 'chat.chosen', scores: { fresh: 9.99996 }, reasons: ['named Spark', 'fresh'], emotes: [] };
		expect(lineOfEvent(raw)?.text).toBe('scores={fresh=10} reasons=["named Spark", fresh]');
	});

	test('of a failed component is an error', () => {
		const raw = { type: 'health', component: { name: 'llm', state: 'failed', since: 5, fix: 'start it' } };
		expect(lineOfEvent(raw)).toMatchObject({ level: 'error', text: 'name=llm state=failed fix="start it"' });
	});

	test('is never longer than a line may be, and figures make none', () => {
		expect(lineOfEvent({ type: 'chat.received', text: 'x'.repeat(9000) })?.text.length).toBeLessThan(MAX_CHARS + 50);
		expect(lineOfEvent({ type: 'machine' })).toBeNull();
	});
});
