/** What every tab needs to know of the show: the cast, the controls, whether it is well. */

import { id, isObject, list, number, text, texts, type Json } from '../protocol/fields';
import { acknowledge, fetchAlerts, open, readAlert, withAlert, type Alert } from './alerts';
import { ApiError, getJson } from './api';
import type { PanelEvent, Watcher } from './live.svelte';

export interface PersonaState {
	readonly id: string;
	readonly name: string;
	readonly mood: string;
	readonly isMuted: boolean;
	/** Id of the turn that is going on, or ''. */
	readonly turn: string;
	/** What is being answered. */
	readonly cue: { readonly author: string; readonly text: string } | null;
}

/** A part of the show that is not well. */
export interface Ailing {
	readonly name: string;
	readonly kind: string;
	readonly detail: string;
	readonly fix: string;
}

export function readPersonas(raw: Json): readonly PersonaState[] {
	return list(raw['personas'])
		.filter(isObject)
		.map((persona) => {
			const cue = isObject(persona['cue']) ? persona['cue'] : null;
			const key = id(persona['id']) ?? '';
			return {
				id: key,
				name: text(persona['name']) || key,
				mood: text(persona['mood']) ?? '',
				isMuted: persona['muted'] === true,
				turn: id(persona['turn']) ?? '',
				cue: cue && { author: text(cue['author']) ?? '', text: text(cue['text']) ?? '' }
			};
		});
}

export class Show implements Watcher {
	personas: readonly PersonaState[] = $state.raw([]);
	isPanic = $state(false);
	/** Why the show came back without sound, in words; empty where it did not. */
	mutedReason = $state('');
	/** Answers are prepared, and nothing is spoken until it is approved. Null where the show has no such mode. */
	isHold: boolean | null = $state(null);
	/** starting, ok, degraded or failed; empty until it is known. */
	health = $state('');
	/** What stands behind a health that is not ok. */
	ailing: readonly Ailing[] = $state.raw([]);
	version = $state('');
	/** Unix milliseconds. */
	startedAt = $state(0);
	alerts: readonly Alert[] = $state.raw([]);
	/** How the room feels, from -1 to 1. */
	sentiment = $state(0);
	/** Lines that got no answer, by reason. */
	dropped: Readonly<Record<string, number>> = $state.raw({});

	readonly muted = $derived(this.personas.filter(({ isMuted }) => isMuted));
	readonly isMuted = $derived(this.muted.length > 0);
	readonly isAllMuted = $derived(this.isMuted && this.muted.length === this.personas.length);
	readonly speaking = $derived(this.personas.filter(({ turn }) => turn !== ''));
	readonly openAlerts = $derived(open(this.alerts));

	reload(): void {
		void this.#load('/api/health', (raw) => this.#takeHealth(raw));
		void this.refresh();
		void fetchAlerts().then(
			(alerts) => (this.alerts = alerts),
			() => undefined
		);
	}

	/** Asks for the cast and the controls again. */
	async refresh(): Promise<void> {
		await this.#load('/api/status', (raw) => this.#takeStatus(raw));
	}

	events(events: readonly PanelEvent[]): void {
		let isAskingHealth = false;
		for (const event of events) {
			this.#take(event);
			isAskingHealth ||= event.type === 'health';
		}
		if (isAskingHealth) void this.#load('/api/health', (raw) => this.#takeHealth(raw));
	}

	name(persona: string): string {
		return this.personas.find(({ id }) => id === persona)?.name ?? persona;
	}

	async acknowledge(alert: string): Promise<void> {
		await acknowledge(alert);
		this.alerts = this.alerts.map((each) => (each.id === alert ? { ...each, isAcknowledged: true } : each));
	}

	#take({ type, turn, data }: PanelEvent): void {
		switch (type) {
			case 'turn.started':
				this.#change(text(data['persona']) ?? '', { turn });
				void this.refresh();
				return;
			case 'turn.ended':
				this.personas = this.personas.map((each) => (each.turn === turn ? { ...each, turn: '', cue: null } : each));
				return;
			case 'muted': {
				const muted = texts(data['personas']);
				this.personas = this.personas.map((each) => ({ ...each, isMuted: muted.includes(each.id) }));
				if (muted.length === 0) this.mutedReason = '';
				return;
			}
			case 'panic':
				this.isPanic = true;
				this.personas = this.personas.map((each) => ({ ...each, turn: '', cue: null }));
				return;
			case 'resume':
				this.isPanic = false;
				return;
			case 'hold':
				this.isHold = data['on'] === true;
				return;
			case 'persona':
				void this.refresh();
				return;
			case 'alert':
				this.alerts = withAlert(this.alerts, readAlert(isObject(data['alert']) ? data['alert'] : data));
				return;
			case 'alert.cleared': {
				const cleared = id(data['id']) ?? '';
				this.alerts = this.alerts.filter((each) => each.id !== cleared);
				return;
			}
			case 'sentiment':
				this.sentiment = number(data['value']) ?? 0;
				return;
			case 'chat.flood':
				this.dropped = { ...this.dropped, full: (this.dropped['full'] ?? 0) + (number(data['lines']) ?? 0) };
				return;
			case 'chat.dropped':
			case 'chat.blocked': {
				const reason = type === 'chat.blocked' ? 'blocked' : text(data['reason']) || 'dropped';
				this.dropped = { ...this.dropped, [reason]: (this.dropped[reason] ?? 0) + 1 };
				return;
			}
		}
	}

	#change(persona: string, change: Partial<PersonaState>): void {
		this.personas = this.personas.map((each) => (each.id === persona ? { ...each, ...change } : each));
	}

	#takeHealth(raw: Json): void {
		this.health = text(raw['status']) ?? '';
		this.version = text(raw['version']) ?? '';
		this.startedAt = Date.now() - (number(raw['uptime_s']) ?? 0) * 1000;
		this.ailing = list(raw['components'])
			.filter(isObject)
			.filter(({ state }) => state === 'degraded' || state === 'failed')
			.map((raw) => ({
				name: text(raw['name']) ?? '',
				kind: text(raw['kind']) ?? '',
				detail: text(raw['detail']) ?? '',
				fix: text(raw['fix']) ?? ''
			}));
	}

	#takeStatus(raw: Json): void {
		this.personas = readPersonas(raw);
		this.isPanic = raw['panic'] === true;
		this.isHold = typeof raw['hold'] === 'boolean' ? raw['hold'] : null;
		this.mutedReason = text(raw['muted_reason']) ?? '';
		this.sentiment = number(raw['sentiment']) ?? 0;
		const dropped = isObject(raw['dropped']) ? raw['dropped'] : {};
		this.dropped = Object.fromEntries(
			Object.entries(dropped).flatMap(([reason, count]) => (typeof count === 'number' ? [[reason, count]] : []))
		);
	}

	async #load(path: string, take: (raw: Json) => void): Promise<void> {
		try {
			const raw = await getJson(path);
			if (isObject(raw)) take(raw);
		} catch (error) {
			// A route that is missing leaves its piece unknown; a connection that is gone is told elsewhere.
			if (!(error instanceof ApiError)) throw error;
		}
	}
}
