/** Scalar and matrix arithmetic. Pure. */
import type { Matrix } from '../types';

export const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));

export const lerp = (from: number, to: number, t: number): number => from + (to - from) * t;

/** Share of the way to go in `dt` seconds at `rate` per second, independent of the frame rate. */
export const ease = (rate: number, dt: number): number => 1 - Math.exp(-rate * dt);

/** Rounded to `steps` parts of one, so that a slow motion changes less often than once a frame. */
export const quantise = (value: number, steps: number): number => Math.round(value * steps) / steps;

/** The value limited to `low`..`high`; 0 for what is not a finite number. */
export const finite = (value: number, low: number, high: number): number =>
	Number.isFinite(value) ? clamp(value, low, high) : 0;

/** Every number of `from` moved towards the same key of `to`. Both have the same keys. */
export function blend<T extends { readonly [K in keyof T]: number }>(from: T, to: T, t: number): T {
	const mixed = { ...from };
	for (const key in from) mixed[key] = lerp(from[key], to[key], t) as T[typeof key];
	return mixed;
}

/** Rotation (radians) and scale about a pivot, then a shift. */
export function pivot(
	x: number,
	y: number,
	angle: number,
	scaleX: number,
	scaleY: number,
	dx: number,
	dy: number
): Matrix {
	const cos = Math.cos(angle);
	const sin = Math.sin(angle);
	const a = cos * scaleX;
	const b = sin * scaleX;
	const c = -sin * scaleY;
	const d = cos * scaleY;
	return [a, b, c, d, x - a * x - c * y + dx, y - b * x - d * y + dy];
}

/** `m` applied after a shift by (dx, dy). */
export function shifted(m: Matrix, dx: number, dy: number): Matrix {
	const [a, b, c, d, e, f] = m;
	return [a, b, c, d, a * dx + c * dy + e, b * dx + d * dy + f];
}

/** `m` applied after scaling x by `scale` and moving the origin to (x, y). */
export function placed(m: Matrix, x: number, y: number, scale: number): Matrix {
	const [a, b, c, d, e, f] = m;
	return [a * scale, b * scale, c, d, a * x + c * y + e, b * x + d * y + f];
}
