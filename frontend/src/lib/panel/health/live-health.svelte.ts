/** How the show and its machine are, kept up to date by events. */

import { id, isObject, list } from '../../protocol/fields';
import { readAlert, withAlert, type Alert } from '../alerts';
import { Asked } from '../asked/asked.svelte';
import type { PanelEvent, Watcher } from '../live.svelte';
import type { Panel } from '../panel.svelte';
import { figures, readMachine, withSample, type Machine, type Trends } from './machine';
import {
	readAvatar,
	readDeadLetter,
	readObs,
	readParts,
	type Avatar,
	type DeadLetter,
	type Obs,
	type Part
} from './reports';

const object = (raw: unknown) => (isObject(raw) ? raw : {});
const objects = (raw: unknown) => list(raw).filter(isObject);

/** Events that come together ask once. */
const REST_MS = 150;

export class LiveHealth implements Watcher {
	readonly parts = new Asked<Part[]>('/api/health', (raw) => readParts(object(raw)));
	readonly machine = new Asked<Machine>('/api/machine', (raw) => readMachine(object(raw)));
	readonly letters = new Asked<DeadLetter[]>('/api/dead-letters', (raw) => objects(raw).map(readDeadLetter));
	readonly alerts = new Asked<readonly Alert[]>('/api/alerts', (raw) => objects(raw).map(readAlert));
	readonly obs = new Asked<Obs>('/api/obs', (raw) => readObs(object(raw)));
	readonly avatars = new Asked<Avatar[]>('/api/avatars', (raw) => objects(raw).map(readAvatar));
	trends: Trends = $state.raw({});
	#sampledMs = 0;
	readonly #due = new Set<Pick<Asked<unknown>, 'ask'>>();
	#timer: ReturnType<typeof setTimeout> | undefined;

	reload(isNewSession = false): void {
		if (isNewSession) this.trends = {};
		void this.measure();
		for (const each of [this.parts, this.letters, this.alerts, this.obs, this.avatars]) void each.ask();
	}

	/** The events tell of changes; what has many fields is asked for again rather than put together here. */
	events(events: readonly PanelEvent[]): void {
		const types = new Set(events.map(({ type }) => type));
		for (const { type, data } of events) {
			if (type === 'machine') this.#measured(data);
			else if (type === 'alert')
				this.alerts.update((alerts) => withAlert(alerts, readAlert(object(data['alert'] ?? data))));
			else if (type === 'alert.cleared') this.#cleared(id(data['id']) ?? '');
		}
		if (types.has('health') || types.has('component.restarted')) this.#soon(this.parts);
		if (types.has('obs')) this.#soon(this.obs);
		if (types.has('avatar')) this.#soon(this.avatars);
		if (types.has('cue.dead') || types.has('cue.undead')) this.#soon(this.letters);
	}

	/** A part that comes and goes ten times a second is asked for no more often than this allows. */
	#soon(asked: Pick<Asked<unknown>, 'ask'>): void {
		this.#due.add(asked);
		this.#timer ??= setTimeout(() => {
			this.#timer = undefined;
			for (const each of this.#due) void each.ask();
			this.#due.clear();
		}, REST_MS);
	}

	/** Looks at the machine; the show looks closely only while somebody asks. */
	async measure(): Promise<void> {
		await this.machine.ask();
		this.#sample();
	}

	#cleared(alert: string): void {
		this.alerts.update((alerts) => alerts.map((each) => (each.id === alert ? { ...each, isCleared: true } : each)));
	}

	#measured(data: PanelEvent['data']): void {
		this.machine.set(readMachine(object(data['machine'] ?? data)));
		this.#sample();
	}

	#sample(): void {
		const machine = this.machine.value;
		if (!machine || machine.atMs === this.#sampledMs) return;
		this.#sampledMs = machine.atMs;
		this.trends = withSample(this.trends, figures(machine));
	}
}

const known = new WeakMap<Panel, LiveHealth>();

/** The health of a panel. It goes on while another tab is open, so that its lines have no holes. */
export function healthOf(panel: Panel): LiveHealth {
	let health = known.get(panel);
	if (!health) {
		known.set(panel, (health = new LiveHealth()));
		panel.live.watch(health);
	}
	return health;
}
