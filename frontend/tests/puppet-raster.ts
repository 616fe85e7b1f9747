/** A coarse rasteriser for silhouettes: filled paths only, sampled at pixel centres. */
import { VIEW_BOX } from '../src/lib/puppet/svg';
import type { DrawList, Matrix } from '../src/lib/puppet/types';

type Point = readonly [number, number];

const CURVE_STEPS = 8;

/** Closed polygons of a path of absolute M, L, C, Q and Z commands, moved by `m`. */
export function polygons(d: string, [a, b, c, e, f, g]: Matrix): Point[][] {
	const tokens = d.match(/[A-Z]|-?\d*\.?\d+/g) ?? [];
	const rings: Point[][] = [];
	let ring: Point[] = [];
	let last: Point = [0, 0];
	let command = '';
	let i = 0;
	const next = (): Point => [Number(tokens[i++]), Number(tokens[i++])];
	const put = ([x, y]: Point): void => void ring.push([a * x + c * y + f, b * x + e * y + g]);
	const curve = (points: readonly Point[]): void => {
		for (let step = 1; step <= CURVE_STEPS; step++) put(bezier([last, ...points], step / CURVE_STEPS));
		last = points.at(-1) ?? last;
	};
	while (i < tokens.length) {
		if (/[A-Z]/.test(tokens[i] ?? '')) command = tokens[i++] ?? '';
		if (command === 'Z') continue;
		if (command === 'M') {
			ring = [];
			rings.push(ring);
			last = next();
			put(last);
			command = 'L';
		} else if (command === 'L') {
			last = next();
			put(last);
		} else if (command === 'Q') curve([next(), next()]);
		else if (command === 'C') curve([next(), next(), next()]);
		else throw new Error(`unknown command ${command}`);
	}
	return rings;
}

function bezier(points: readonly Point[], t: number): Point {
	if (points.length === 1) return points[0] ?? [0, 0];
	const inner = points.slice(1).map((p, i): Point => {
		const q = points[i] ?? p;
		return [q[0] + (p[0] - q[0]) * t, q[1] + (p[1] - q[1]) * t];
	});
	return bezier(inner, t);
}

/** Non-zero winding of the rings about (x, y). */
function winding(rings: readonly Point[][], x: number, y: number): number {
	let count = 0;
	for (const ring of rings) {
		ring.forEach((p, i) => {
			const q = ring[(i + 1) % ring.length] ?? p;
			if (p[1] <= y === q[1] <= y) return;
			const cross = p[0] + ((y - p[1]) / (q[1] - p[1])) * (q[0] - p[0]);
			if (cross > x) count += q[1] > p[1] ? 1 : -1;
		});
	}
	return count;
}

/** The whole view box rendered `rows` pixels high, row by row: true where she is. */
export function silhouette(list: DrawList, rows: number): boolean[] {
	const [left = 0, top = 0, width = 1, height = 1] = VIEW_BOX.split(' ').map(Number);
	const scale = height / rows;
	const columns = Math.round(width / scale);
	const start = left + (width - columns * scale) / 2;
	const mask = new Array<boolean>(rows * columns).fill(false);
	for (const item of list.items) {
		if (!item.fill || !item.d || item.opacity === 0) continue;
		const rings = polygons(item.d, list.groups[item.group]);
		for (let i = 0; i < mask.length; i++) {
			if (mask[i]) continue;
			const x = start + ((i % columns) + 0.5) * scale;
			const y = top + (Math.floor(i / columns) + 0.5) * scale;
			mask[i] = winding(rings, x, y) !== 0;
		}
	}
	return mask;
}
