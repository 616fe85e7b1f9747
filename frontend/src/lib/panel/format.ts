/** Numbers, times and codes in words. Pure. */

const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const COUNT = new Intl.NumberFormat('en-US');

/** Milliseconds as "0.4 ms", "250 ms" or "3.2 s". */
export function showMs(ms: number): string {
	if (ms < 10) return `${ms.toFixed(1)} ms`;
	return ms < 2000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** A length of time in its two largest parts: "8 s", "4 min", "2 h 5 min", "3 d 4 h". */
export function showDuration(seconds: number): string {
	const s = Math.max(0, Math.floor(seconds));
	if (s < 60) return `${s} s`;
	const minutes = Math.floor(s / 60);
	if (minutes < 60) return `${minutes} min`;
	const hours = Math.floor(minutes / 60);
	if (hours < 24) return pair(hours, 'h', minutes % 60, 'min');
	return pair(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

/** How long ago an instant was: "now", "12 s ago", "3 min ago". Unix milliseconds. */
export function showAgo(at: number, nowMs: number): string {
	const seconds = (nowMs - at) / 1000;
	return seconds < 2 ? 'now' : `${showDuration(seconds)} ago`;
}

/** The time of day: "21:04:33". Unix milliseconds. */
export function showClock(at: number): string {
	return CLOCK.format(at);
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** Bytes in decimal units, three figures at most: "512 B", "3.4 MB", "1.2 GB". */
export function showBytes(bytes: number): string {
	let value = Math.max(0, bytes);
	let unit = 0;
	while (value >= 999.5 && unit < UNITS.length - 1) {
		value /= 1000;
		unit += 1;
	}
	return `${unit > 1 && value < 99.5 ? value.toFixed(1) : Math.round(value)} ${UNITS[unit]}`;
}

/** "1,234". */
export function showCount(count: number): string {
	return COUNT.format(count);
}

/** 0.273 as "27 %". */
export function showShare(share: number): string {
	return `${Math.round(share * 100)} %`;
}

/** A code in words: "rate_limit" as "rate limit". */
export function words(code: string): string {
	return code.replaceAll(/[_.]+/g, ' ').trim();
}

/** What the amounts of a kind count, where that is not the kind itself: one, and several. */
const COUNTED: Readonly<Record<string, readonly [string, string]>> = {
	raid: ['viewer', 'viewers'],
	gift: ['gift', 'gifts'],
	bits: ['bit', 'bits'],
	subscription: ['month', 'months'],
	resubscription: ['month', 'months'],
	sticker: ['sticker', 'stickers'],
	ad_break: ['second', 'seconds']
};

/** What was given with a line of the chat: "5 EUR", "42 viewers", "1 gift". */
export function showAmount(amount: number, kind: string, currency: string): string {
	if (kind === 'hype_train') return `level ${showCount(amount)}`;
	const [one, several] = COUNTED[kind] ?? [words(kind), words(kind)];
	return `${showCount(amount)} ${currency || (amount === 1 ? one : several)}`;
}

/** A phrase as a sentence: a capital letter in front, a full stop behind. Empty stays empty. */
export function sentence(phrase: string): string {
	return phrase && capital(phrase) + (/[.!?…]$/.test(phrase) ? '' : '.');
}

/** With a capital letter in front. */
export function capital(phrase: string): string {
	return phrase.charAt(0).toUpperCase() + phrase.slice(1);
}

function pair(large: number, unit: string, small: number, smaller: string): string {
	return small > 0 ? `${large} ${unit} ${small} ${smaller}` : `${large} ${unit}`;
}
