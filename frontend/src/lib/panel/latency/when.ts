/** Dates for people. Pure. */

const two = (part: number) => String(part).padStart(2, '0');

/** Date and time of day on the clock of this machine: 2026-11-21 09:05. */
export function showDate(unixMs: number): string {
	const at = new Date(unixMs);
	const day = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join('-');
	return `${day} ${two(at.getHours())}:${two(at.getMinutes())}`;
}
