/** Which tab is open: the part of the address behind `#`, so that every tab can be linked to and kept. */

export const TABS = [
	{ id: 'now', name: 'Now', icon: 'now' },
	{ id: 'chat', name: 'Chat', icon: 'chat' },
	{ id: 'health', name: 'Health', icon: 'health' },
	{ id: 'latency', name: 'Latency', icon: 'latency' },
	{ id: 'persona', name: 'Persona', icon: 'persona' },
	{ id: 'guard', name: 'Guard', icon: 'shield' },
	{ id: 'log', name: 'Log', icon: 'log' },
	{ id: 'settings', name: 'Settings', icon: 'settings' }
] as const;

export type TabId = (typeof TABS)[number]['id'];

export interface Place {
	readonly tab: TabId;
	/** What stands behind the tab: `#/latency/t7` opens Latency with `t7`. */
	readonly rest: string;
}

/** The place in a `#/tab/rest`; anything else is Now. */
export function readPlace(hash: string): Place {
	const [, tab = '', rest = ''] = /^#\/([a-z]+)(?:\/(.*))?$/.exec(hash) ?? [];
	const known = TABS.find(({ id }) => id === tab);
	return { tab: known?.id ?? 'now', rest: known ? decode(rest) : '' };
}

function decode(rest: string): string {
	try {
		return decodeURIComponent(rest);
	} catch {
		return '';
	}
}

export function linkTo(tab: TabId, rest = ''): string {
	return rest ? `#/${tab}/${encodeURIComponent(rest)}` : `#/${tab}`;
}

export class Route {
	place: Place = $state.raw({ tab: 'now', rest: '' });
	readonly tab = $derived(this.place.tab);

	/** Follows the address; gives what ends that. */
	follow(): () => void {
		const read = () => (this.place = readPlace(location.hash));
		read();
		addEventListener('hashchange', read);
		return () => removeEventListener('hashchange', read);
	}

	go(tab: TabId, rest = ''): void {
		location.hash = linkTo(tab, rest);
	}
}
