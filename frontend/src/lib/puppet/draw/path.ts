/** SVG path data: writing, reading, mirroring and bending. Absolute M, L, C, Q and Z only. Pure. */
import type { Outline } from '../types';

/** The middle of the drawing, about which paired pieces are mirrored. */
export const MIDDLE = 400;

const TOKEN = /[MLCQZ]|-?\d*\.?\d+/g;

/** Template tag that writes numbers with one decimal, the finest step that shows at 1080 lines. */
export function path(parts: TemplateStringsArray, ...values: readonly number[]): string {
	let text = parts[0] ?? '';
	for (let i = 0; i < values.length; i++) text += Math.round((values[i] ?? 0) * 10) / 10 + (parts[i + 1] ?? '');
	return text;
}

/** The path with every point moved by `move(x, y)`. */
export function warp(d: string, move: (x: number, y: number) => readonly [number, number]): string {
	let text = '';
	let x: number | null = null;
	for (const token of d.match(TOKEN) ?? []) {
		if (token >= 'A') text += token;
		else if (x === null) x = Number(token);
		else {
			const [mx, my] = move(x, Number(token));
			text += path`${mx} ${my} `;
			x = null;
		}
	}
	return text;
}

export const mirror = (d: string): string => warp(d, (x, y) => [2 * MIDDLE - x, y]);

/** The path and its mirror image as one. */
export const both = (d: string): string => d + mirror(d);

export const shift = (d: string, dx: number, dy: number): string => warp(d, (x, y) => [x + dx, y + dy]);

export function outline(d: string): Outline {
	const gaps: string[] = [];
	const xs: number[] = [];
	const ys: number[] = [];
	let gap = '';
	let x: number | null = null;
	for (const token of d.match(TOKEN) ?? []) {
		if (token >= 'A') gap += token;
		else if (x === null) x = Number(token);
		else {
			gaps.push(gap);
			xs.push(x);
			ys.push(Number(token));
			gap = ' ';
			x = null;
		}
	}
	gaps.push(gap);
	return { gaps, xs, ys };
}

/** The outline with each point moved sideways by `dx(y)`. */
export function bend(shape: Outline, dx: (y: number) => number): string {
	const { gaps, xs, ys } = shape;
	let text = '';
	for (let i = 0; i < xs.length; i++) {
		const y = ys[i] ?? 0;
		text += (gaps[i] ?? '') + Math.round(((xs[i] ?? 0) + dx(y)) * 10) / 10 + ' ' + y;
	}
	return text + (gaps[xs.length] ?? '');
}

/** Handle length of a quarter circle of radius 1 drawn as a cubic curve. */
const ARC = 0.5523;

export function ellipse(x: number, y: number, rx: number, ry: number): string {
	const kx = rx * ARC;
	const ky = ry * ARC;
	return path`M${x - rx} ${y}C${x - rx} ${y - ky} ${x - kx} ${y - ry} ${x} ${y - ry}C${x + kx} ${y - ry} ${x + rx} ${y - ky} ${x + rx} ${y}C${x + rx} ${y + ky} ${x + kx} ${y + ry} ${x} ${y + ry}C${x - kx} ${y + ry} ${x - rx} ${y + ky} ${x - rx} ${y}Z`;
}

/** A four-pointed star with hollow sides. */
export function sparkle(x: number, y: number, r: number): string {
	const k = r * 0.18;
	return path`M${x} ${y - r}Q${x + k} ${y - k} ${x + r} ${y}Q${x + k} ${y + k} ${x} ${y + r}Q${x - k} ${y + k} ${x - r} ${y}Q${x - k} ${y - k} ${x} ${y - r}Z`;
}

/** A drop with its tip at (x, y), pointing up. */
export const drop = (x: number, y: number, r: number): string =>
	path`M${x} ${y}C${x + r * 0.4} ${y + r * 0.9} ${x + r} ${y + r * 1.3} ${x + r} ${y + r * 2}C${x + r} ${y + r * 3.2} ${x - r} ${y + r * 3.2} ${x - r} ${y + r * 2}C${x - r} ${y + r * 1.3} ${x - r * 0.4} ${y + r * 0.9} ${x} ${y}Z`;
