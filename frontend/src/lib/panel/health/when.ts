/** Times for people. Pure. */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long something lasted: the greatest unit and, where it says more, the next one. */
export function showSpan(ms: number): string {
	const span = Math.max(0, ms);
	if (span < MINUTE) return `${Math.floor(span / SECOND)} s`;
	if (span < HOUR) return `${Math.floor(span / MINUTE)} min`;
	if (span < DAY) return pair(span, HOUR, 'h', MINUTE, 'min');
	return pair(span, DAY, 'd', HOUR, 'h');
}

function pair(span: number, great: number, greatUnit: string, small: number, smallUnit: string): string {
	const rest = Math.floor((span % great) / small);
	return `${Math.floor(span / great)} ${greatUnit}${rest > 0 ? ` ${rest} ${smallUnit}` : ''}`;
}

/** The time of day on the clock of this machine: 09:05:07. */
export function showTime(unixMs: number): string {
	const at = new Date(unixMs);
	return [at.getHours(), at.getMinutes(), at.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':');
}

/** Date and time of day on the clock of this machine: 2026-11-21 09:05. */
export function showDate(unixMs: number): string {
	const at = new Date(unixMs);
	const day = [at.getFullYear(), at.getMonth() + 1, at.getDate()].map((part) => String(part).padStart(2, '0'));
	return `${day.join('-')} ${showTime(unixMs).slice(0, 5)}`;
}
