import { afterEach, expect, test, vi } from 'vitest';
import { Asked } from '../src/lib/panel/asked/asked.svelte';

/** Answers wait until they are let go, in the order of the questions. */
function server() {
	const waiting: ((answer: Response) => void)[] = [];
	const fetched = vi.fn((_path: string) => new Promise<Response>((resolve) => waiting.push(resolve)));
	vi.stubGlobal('fetch', fetched);
	const answer = async (body: unknown, status = 200) => {
		waiting.shift()?.(new Response(JSON.stringify(body), { status }));
		await new Promise((done) => setTimeout(done));
	};
	return { fetched, answer };
}

afterEach(() => vi.unstubAllGlobals());

test('however often it is asked, one question is on its way and one waits', async () => {
	const { fetched, answer } = server();
	const asked = new Asked('/api/x', (raw) => raw);
	const [, second, third] = [asked.ask(), asked.ask(), asked.ask()];
	expect(fetched).toHaveBeenCalledTimes(1);
	await answer('old');
	expect(fetched).toHaveBeenCalledTimes(2);
	await answer('new');
	await Promise.all([second, third]);
	expect(asked.value).toBe('new');
	expect(fetched).toHaveBeenCalledTimes(2);
});

test('a route that is missing is told apart from one that fails', async () => {
	const { answer } = server();
	const [missing, failing] = [new Asked('/api/x', Number), new Asked('/api/y', Number)];
	void missing.ask();
	void failing.ask();
	await answer({ error: { code: 'not_found', message: 'there is nothing at this address' } }, 404);
	await answer({ error: { code: 'journal', message: 'the journal is closed', fix: 'try again' } }, 503);
	expect([missing.isMissing, missing.value]).toEqual([true, null]);
	expect([failing.isMissing, failing.problem]).toEqual([false, 'The journal is closed. Try again.']);
});

test('the last answer stays when a later question fails, and a success forgets the problem', async () => {
	const { answer } = server();
	const asked = new Asked('/api/x', Number);
	void asked.ask();
	await answer(1);
	void asked.ask();
	await answer({}, 500);
	expect([asked.value, asked.problem !== '']).toEqual([1, true]);
	void asked.ask();
	await answer(2);
	expect([asked.value, asked.problem]).toEqual([2, '']);
});
