import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LiveSocket } from '../src/lib/net/live-socket';

/** A WebSocket whose other end is the test. */
class ScriptedSocket {
	static readonly OPEN = 1;
	static all: ScriptedSocket[] = [];
	readyState = 0;
	binaryType = '';
	readonly sent: string[] = [];
	onopen: (() => void) | null = null;
	onmessage: ((event: { data: unknown }) => void) | null = null;
	onclose: (() => void) | null = null;

	constructor(readonly url: string) {
		ScriptedSocket.all.push(this);
	}

	open(): void {
		this.readyState = ScriptedSocket.OPEN;
		this.onopen?.();
	}

	fail(): void {
		this.readyState = 3;
		this.onclose?.();
	}

	send(frame: string): void {
		this.sent.push(frame);
	}

	close(): void {
		this.readyState = 3;
	}
}

const told: string[] = [];
let socket: LiveSocket;
const current = () => ScriptedSocket.all.at(-1) as ScriptedSocket;
const tick = (ms: number) => vi.advanceTimersByTimeAsync(ms);

beforeEach(async () => {
	vi.useFakeTimers();
	vi.stubGlobal('WebSocket', ScriptedSocket);
	ScriptedSocket.all = [];
	told.length = 0;
	socket = new LiveSocket({
		url: () => 'ws://show/api/stage',
		quietMs: 2000,
		onOpen: () => told.push('open'),
		onText: (frame) => told.push(frame),
		onBinary: (frame) => told.push(`${frame.byteLength} bytes`),
		onLost: () => told.push('lost')
	});
	await tick(0);
});

afterEach(() => {
	socket.close();
	vi.unstubAllGlobals();
	vi.useRealTimers();
});

test('frames arrive, and nothing is sent before the connection stands', () => {
	socket.send({ a: 1 });
	current().open();
	socket.send({ b: 2 });
	current().onmessage?.({ data: 'text' });
	current().onmessage?.({ data: new ArrayBuffer(3) });
	expect(told).toEqual(['open', 'text', '3 bytes']);
	expect(current().sent).toEqual(['{"b":2}']);
});

test('a failed attempt is repeated after 250 ms, then 500', async () => {
	current().fail();
	await tick(249);
	expect(ScriptedSocket.all).toHaveLength(1);
	await tick(1);
	expect(ScriptedSocket.all).toHaveLength(2);
	current().fail();
	await tick(499);
	expect(ScriptedSocket.all).toHaveLength(2);
	await tick(1);
	expect(ScriptedSocket.all).toHaveLength(3);
});

test('a connection that worked comes back at once, not after the waits of before', async () => {
	current().fail();
	await tick(250);
	current().fail();
	await tick(500);
	current().open();
	current().onmessage?.({ data: 'x' });
	current().fail();
	await tick(250);
	expect(ScriptedSocket.all).toHaveLength(4);
});

test('two seconds without a word are a lost connection', async () => {
	current().open();
	await tick(1500);
	current().onmessage?.({ data: 'ping' });
	await tick(1999);
	expect(told).toEqual(['open', 'ping']);
	await tick(1);
	expect(told.at(-1)).toBe('lost');
});

test('a connection that is gone is heard of once, and no more of it', async () => {
	const old = current();
	old.open();
	await tick(2000);
	old.onmessage?.({ data: 'late' });
	old.fail();
	expect(told).toEqual(['open', 'lost']);
});

test('a closed one stays closed', async () => {
	current().open();
	socket.close();
	await tick(60_000);
	expect(ScriptedSocket.all).toHaveLength(1);
	expect(told).toEqual(['open']);
});
