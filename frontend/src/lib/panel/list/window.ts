/** Which rows of a long list are in view, and where each of them stands. Pure. */

export interface Layout {
	/** How high all rows are together, in pixels. */
	readonly total: number;
	/** Where a row begins. `count` gives the end. */
	readonly at: (index: number) => number;
	/** The row at a height. */
	readonly row: (px: number) => number;
}

/** Rows that are all equally high. */
export function evenLayout(count: number, rowPx: number): Layout {
	return {
		total: count * rowPx,
		at: (index) => index * rowPx,
		row: (px) => clamp(Math.floor(px / rowPx), count)
	};
}

/** Rows of their own heights. `heights` is asked once for each. */
export function unevenLayout(count: number, height: (index: number) => number): Layout {
	const starts = new Float64Array(count + 1);
	for (let index = 0; index < count; index += 1) starts[index + 1] = (starts[index] as number) + height(index);
	return {
		total: starts[count] as number,
		at: (index) => starts[Math.min(count, Math.max(0, index))] as number,
		row: (px) => clamp(rowAt(starts, px), count)
	};
}

export interface Span {
	readonly first: number;
	/** The row behind the last one. */
	readonly end: number;
}

/** The rows to draw: those between `top` and `top + height`, and a few around them. */
export function visible(layout: Layout, count: number, top: number, height: number, around: number): Span {
	if (count === 0) return { first: 0, end: 0 };
	return {
		first: Math.max(0, layout.row(top) - around),
		end: Math.min(count, layout.row(top + height) + 1 + around)
	};
}

function clamp(row: number, count: number): number {
	return Math.min(Math.max(0, count - 1), Math.max(0, row));
}

/** The last row that begins at `px` or before. */
function rowAt(starts: Float64Array, px: number): number {
	let low = 0;
	let high = starts.length - 1;
	while (low < high) {
		const middle = (low + high + 1) >> 1;
		if ((starts[middle] as number) <= px) low = middle;
		else high = middle - 1;
	}
	return low;
}
