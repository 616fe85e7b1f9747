/** What happened before the panel was opened, as far as the show remembers. */

import { socketUrl } from '../../net/live-socket';
import { parseEvent, type PanelEvent } from '../live.svelte';

/** The show sends what it keeps at once; a pause this long is its end. */
const QUIET_MS = 250;
/** After this long the past is over, whatever still comes. */
const LIMIT_MS = 5000;

/** The events that the show still has, oldest first. Never fails: without an answer there are none. */
export function pastEvents(): Promise<PanelEvent[]> {
	return new Promise((resolve) => {
		const events: PanelEvent[] = [];
		const socket = new WebSocket(socketUrl('/api/events', { since: '0' }));
		const end = () => {
			clearTimeout(quiet);
			clearTimeout(limit);
			socket.onmessage = socket.onclose = null;
			socket.close();
			resolve(events);
		};
		const limit = setTimeout(end, LIMIT_MS);
		let quiet = setTimeout(end, LIMIT_MS);
		socket.onopen = () => {
			clearTimeout(quiet);
			quiet = setTimeout(end, QUIET_MS);
		};
		socket.onmessage = ({ data }: MessageEvent<unknown>) => {
			const event = typeof data === 'string' ? parseEvent(data) : null;
			if (event && event.type !== 'gap') events.push(event);
			// One timer that is put off is cheaper than thousands, but they come ten thousand at once only here.
			clearTimeout(quiet);
			quiet = setTimeout(end, QUIET_MS);
		};
		socket.onclose = end;
	});
}
