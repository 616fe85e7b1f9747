/** What `GET /api/personas`, `GET /api/presets` and the event `persona` tell. Pure. */

import { id, isObject, list, number, text, texts, type Json } from '../../protocol/fields';

export const OWN = 'own';

export interface Persona {
	readonly id: string;
	readonly name: string;
	readonly look: string;
	readonly mood: string;
	/** From 0 to 1. */
	readonly energy: number;
	/** From 0 to 1. */
	readonly talkativeness: number;
	readonly hasIdleTalk: boolean;
	/** Answers only lines with which something was given; null where the show does not tell. */
	readonly isPaidOnly: boolean | null;
	/** Name of the preset it has; empty when set by hand. */
	readonly preset: string;
	/** What the streamer set of `mood` and `energy`; the rest follows what happens to the persona. */
	readonly held: readonly string[];
	readonly expertise: readonly string[];
}

/** What `POST /api/persona` may change. */
export interface Change {
	readonly mood?: string;
	/** `own` gives it back to the persona, as a mood does. */
	readonly energy?: number | typeof OWN;
	readonly talkativeness?: number;
	readonly idle_talk?: boolean;
	readonly paid_only?: boolean;
	readonly preset?: string;
}

export function readPersona(raw: Json): Persona {
	const name = id(raw['id']) ?? id(raw['persona']) ?? '';
	return {
		id: name,
		name: text(raw['name']) ?? name,
		look: text(raw['look']) ?? '',
		mood: text(raw['mood']) ?? '',
		energy: share(raw['energy']),
		talkativeness: share(raw['talkativeness']),
		hasIdleTalk: raw['idle_talk'] === true,
		isPaidOnly: typeof raw['paid_only'] === 'boolean' ? raw['paid_only'] : null,
		preset: text(raw['preset']) ?? '',
		held: texts(raw['held']),
		expertise: texts(raw['expertise'])
	};
}

export function readPersonas(raw: unknown): Persona[] {
	return list(raw).filter(isObject).map(readPersona);
}

function share(raw: unknown): number {
	return Math.min(1, Math.max(0, number(raw) ?? 0.5));
}

/** The personas after the event `persona`, which may tell only some fields of one. */
export function withPersona(personas: readonly Persona[], raw: Json): readonly Persona[] {
	const told = isObject(raw['persona']) ? raw['persona'] : raw;
	const who = id(told['id']) ?? id(told['persona']) ?? '';
	return personas.map((persona) =>
		persona.id === who ? readPersona({ ...written(persona), ...told, id: who }) : persona
	);
}

function written(persona: Persona): Json {
	return { ...persona, idle_talk: persona.hasIdleTalk, paid_only: persona.isPaidOnly };
}

/** The personas with one of them first: the event `persona.lead`. */
export function withLead(personas: readonly Persona[], raw: Json): readonly Persona[] {
	const lead = personas.find((persona) => persona.id === id(raw['id']));
	return lead ? [lead, ...personas.filter((persona) => persona !== lead)] : personas;
}

/** A change as it looks until the show has answered: what is given back keeps its value until then. */
export function shown(persona: Persona, change: Change): Json {
	const given = Object.entries(change).filter(([name, value]) => !(isOwn(name) && value === OWN));
	const held = Object.entries(change).reduce<readonly string[]>(
		(names, [name, value]) =>
			isOwn(name) ? [...names.filter((one) => one !== name), ...(value === OWN ? [] : [name])] : names,
		persona.held
	);
	return { ...Object.fromEntries(given), held, ...('preset' in change ? {} : { preset: '' }) };
}

function isOwn(name: string): boolean {
	return name === 'mood' || name === 'energy';
}

export interface Preset {
	readonly name: string;
	readonly title: string;
	readonly meaning: string;
	readonly isOwn: boolean;
	readonly values: Json;
}

export function readPresets(raw: unknown): Preset[] {
	return list(raw)
		.filter(isObject)
		.flatMap((preset) => {
			const name = text(preset['name']) ?? '';
			if (!name) return [];
			return [
				{
					name,
					title: text(preset['title']) || name.replaceAll('-', ' ').replace(/^./, (first) => first.toUpperCase()),
					meaning: text(preset['meaning']) ?? '',
					isOwn: preset['own'] === true,
					values: isObject(preset['values']) ? preset['values'] : {}
				}
			];
		});
}
