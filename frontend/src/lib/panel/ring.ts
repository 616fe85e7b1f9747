/** The newest `size` of a row of things, as arrays that are replaced and never changed (for `$state.raw`). */
export function append<T>(row: readonly T[], more: readonly T[], size: number): readonly T[] {
	if (more.length === 0) return row;
	const surplus = row.length + more.length - size;
	if (surplus <= 0) return [...row, ...more];
	return surplus >= row.length ? more.slice(-size) : [...row.slice(surplus), ...more];
}
