/** The switches in the address of a stage page. */
export interface Switches {
	/** `?audio=0`: never make sound, never ask for it. */
	readonly hasAudio: boolean;
	/** `?captions=0`: no captions. */
	readonly hasCaptions: boolean;
	/** `?persona=id`: show only this one. */
	readonly persona: string | null;
	/** `?frozen`: equal positions give pixel-identical pictures. */
	readonly isFrozen: boolean;
	/** `?debug`: measuring points in `window.__stage`. */
	readonly isDebug: boolean;
	/** `?key=token`: lets the page onto a stage that is not open to everybody. */
	readonly key: string | null;
}

export function readSwitches(search: string): Switches {
	const query = new URLSearchParams(search);
	return {
		hasAudio: query.get('audio') !== '0',
		hasCaptions: query.get('captions') !== '0',
		persona: query.get('persona') || null,
		isFrozen: query.has('frozen'),
		isDebug: query.has('debug'),
		key: query.get('key') || null
	};
}

/** The address without the token, so that it does not end up in a screenshot or the history. */
export function withoutKey(href: string): string {
	const url = new URL(href);
	url.searchParams.delete('key');
	return url.href;
}
