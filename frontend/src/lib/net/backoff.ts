/** How long to wait before the next attempt to connect: 250 ms, doubling to 8 s, until `reset`. */
export class Backoff {
	static readonly firstMs = 250;
	static readonly lastMs = 8000;
	#nextMs = Backoff.firstMs;

	next(): number {
		const wait = this.#nextMs;
		this.#nextMs = Math.min(Backoff.lastMs, wait * 2);
		return wait;
	}

	reset(): void {
		this.#nextMs = Backoff.firstMs;
	}
}
