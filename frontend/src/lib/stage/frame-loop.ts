/** Screens that refresh a little late or early must not lose every other frame. */
const SLACK_MS = 4;

/** Whether a frame at `nowMs` is wanted, when the last one was drawn at `lastMs` and at most `rate` a second are. */
export function isDue(nowMs: number, lastMs: number, rate: number): boolean {
	return nowMs - lastMs >= 1000 / rate - SLACK_MS;
}

/** Calls `draw` with the seconds since its last call, at most `rate()` times a second; not while the page is hidden. */
export function runFrames(draw: (dtSeconds: number) => void, rate: () => number): () => void {
	let last = performance.now();
	let request = requestAnimationFrame(frame);

	function frame(): void {
		request = requestAnimationFrame(frame);
		const now = performance.now();
		if (!isDue(now, last, rate())) return;
		// After a pause the figures move on from where they were.
		const dtSeconds = Math.min(0.1, (now - last) / 1000);
		last = now;
		draw(dtSeconds);
	}

	return () => cancelAnimationFrame(request);
}
