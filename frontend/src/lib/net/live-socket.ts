import { Backoff } from './backoff';

export interface LiveSocketOptions {
	/** Where to connect; asked before every attempt. */
	readonly url: () => string | Promise<string>;
	/** A connection that stays quiet longer than this is given up; null trusts it for ever. */
	readonly quietMs: number | null;
	readonly onOpen?: () => void;
	readonly onText: (frame: string) => void;
	readonly onBinary?: (frame: ArrayBuffer) => void;
	/** The connection is gone, or silent for too long; the next attempt follows by itself. */
	readonly onLost: () => void;
}

/** A WebSocket that comes back by itself, sooner after a connection that worked. */
export class LiveSocket {
	#socket: WebSocket | null = null;
	#isClosed = false;
	#timer: ReturnType<typeof setTimeout> | undefined;
	#watch: ReturnType<typeof setTimeout> | undefined;
	readonly #backoff = new Backoff();

	constructor(private readonly options: LiveSocketOptions) {
		void this.#connect();
	}

	/** Sends an object as JSON; what cannot be sent now is dropped, for it would be stale later. */
	send(message: object): void {
		if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
	}

	close(): void {
		this.#isClosed = true;
		clearTimeout(this.#timer);
		this.#drop();
	}

	async #connect(): Promise<void> {
		const url = await this.options.url();
		if (this.#isClosed) return;
		const socket = new WebSocket(url);
		this.#socket = socket;
		socket.binaryType = 'arraybuffer';
		socket.onopen = () => {
			this.#heard();
			this.options.onOpen?.();
		};
		socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
			this.#backoff.reset();
			this.#heard();
			if (typeof data === 'string') this.options.onText(data);
			else this.options.onBinary?.(data);
		};
		socket.onclose = () => this.#lose();
	}

	#heard(): void {
		clearTimeout(this.#watch);
		if (this.options.quietMs !== null) this.#watch = setTimeout(() => this.#lose(), this.options.quietMs);
	}

	#lose(): void {
		this.#drop();
		if (this.#isClosed) return;
		this.options.onLost();
		this.#timer = setTimeout(() => void this.#connect(), this.#backoff.next());
	}

	#drop(): void {
		clearTimeout(this.#watch);
		const socket = this.#socket;
		this.#socket = null;
		if (!socket) return;
		socket.onopen = socket.onmessage = socket.onclose = null;
		socket.close();
	}
}

/** The WebSocket address of a path below this page's origin. */
export function socketUrl(path: string, query: Readonly<Record<string, string>> = {}): string {
	const url = new URL(path, location.origin);
	url.protocol = url.protocol.replace('http', 'ws');
	for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
	return url.href;
}
