/** Adds `entry` to entries ordered by time; later arrivals go behind those of the same instant. */
export function insertByTime<T extends { readonly ms: number }>(entries: T[], entry: T): void {
	let at = entries.length;
	while (at > 0 && (entries[at - 1] as T).ms > entry.ms) at -= 1;
	entries.splice(at, 0, entry);
}

/** Index of the last entry at or before `ms`, or -1. */
export function lastAt(entries: readonly { readonly ms: number }[], ms: number): number {
	let low = 0;
	let high = entries.length;
	while (low < high) {
		const middle = (low + high) >> 1;
		if ((entries[middle] as { readonly ms: number }).ms <= ms) low = middle + 1;
		else high = middle;
	}
	return low - 1;
}
