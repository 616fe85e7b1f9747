/** What the show warns of. */

import { id, isObject, list, number, text, type Json } from '../protocol/fields';
import { getJson, postJson } from './api';

export interface Alert {
	readonly id: string;
	readonly rule: string;
	readonly severity: 'warning' | 'critical';
	readonly text: string;
	readonly fix: string;
	/** Unix milliseconds. */
	readonly since: number;
	readonly isAcknowledged: boolean;
	readonly isCleared: boolean;
}

export function readAlert(raw: Json): Alert {
	return {
		id: id(raw['id']) ?? '',
		rule: text(raw['rule']) ?? '',
		severity: raw['severity'] === 'critical' ? 'critical' : 'warning',
		text: text(raw['text']) ?? '',
		fix: text(raw['fix']) ?? '',
		since: number(raw['since']) ?? 0,
		isAcknowledged: raw['acknowledged'] === true,
		isCleared: typeof raw['cleared'] === 'number'
	};
}

export async function fetchAlerts(): Promise<readonly Alert[]> {
	return list(await getJson('/api/alerts'))
		.filter(isObject)
		.map(readAlert);
}

export async function acknowledge(alert: string): Promise<void> {
	await postJson('/api/alerts/ack', { id: alert });
}

/** The alerts with `alert` in its place, or behind the others. */
export function withAlert(alerts: readonly Alert[], alert: Alert): readonly Alert[] {
	return alerts.some((each) => each.id === alert.id)
		? alerts.map((each) => (each.id === alert.id ? alert : each))
		: [...alerts, alert];
}

/** What the banner shows: neither cleared nor acknowledged, the critical ones first, then the newest. */
export function open(alerts: readonly Alert[]): readonly Alert[] {
	const rank = ({ severity }: Alert) => (severity === 'critical' ? 0 : 1);
	return alerts
		.filter((each) => !each.isCleared && !each.isAcknowledged)
		.sort((one, other) => rank(one) - rank(other) || other.since - one.since);
}
