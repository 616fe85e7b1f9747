/** What a browser remembers of its panel. A browser that keeps nothing is no error. */

const PREFIX = 'spark-vtuber.';

export function remembered(name: string): string | null {
	try {
		return localStorage.getItem(PREFIX + name);
	} catch {
		return null;
	}
}

export function remember(name: string, value: string): void {
	try {
		localStorage.setItem(PREFIX + name, value);
	} catch {
		return;
	}
}
