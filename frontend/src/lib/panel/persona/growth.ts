/** What `GET /api/personas/growth` and the events `persona.moved` and `persona.disposition` tell. Pure. */

import { id, isObject, list, number, text, texts, type Json } from '../../protocol/fields';

export interface Trait {
	readonly name: string;
	readonly meaning: string;
	/** From 0 to 1, between `low` and `high`; `start` is what the card says. */
	readonly value: number;
	readonly start: number;
	readonly low: number;
	readonly high: number;
}

export interface Bond {
	/** `viewer:KEY` or `persona:ID`. */
	readonly with: string;
	readonly name: string;
	/** From -1 to 1. */
	readonly value: number;
}

export interface State {
	readonly id: string;
	readonly isFrozen: boolean;
	readonly traits: readonly Trait[];
	/** The strongest first. */
	readonly bonds: readonly Bond[];
	/** The latest first. */
	readonly topics: readonly string[];
}

export interface Move {
	readonly at: number;
	readonly persona: string;
	readonly part: string;
	readonly name: string;
	readonly old: number;
	readonly now: number;
	readonly cause: string;
}

export interface Growth {
	readonly states: readonly State[];
	/** The newest first. */
	readonly moves: readonly Move[];
}

/** Older moves are not kept in the page. */
export const MOST_MOVES = 50;

export function readState(raw: Json): State {
	return {
		id: id(raw['id']) ?? '',
		isFrozen: raw['frozen'] === true,
		traits: list(raw['traits']).filter(isObject).map(readTrait),
		bonds: list(raw['bonds']).filter(isObject).map(readBond),
		topics: texts(raw['topics'])
	};
}

export function readMove(raw: Json): Move {
	return {
		at: number(raw['at']) ?? 0,
		persona: id(raw['persona']) ?? '',
		part: text(raw['part']) ?? '',
		name: text(raw['name']) ?? '',
		old: number(raw['old']) ?? 0,
		now: number(raw['new']) ?? 0,
		cause: text(raw['cause']) ?? ''
	};
}

export function readGrowth(raw: unknown): Growth {
	if (!isObject(raw)) return { states: [], moves: [] };
	return {
		states: list(raw['personas']).filter(isObject).map(readState),
		moves: list(raw['moves']).filter(isObject).map(readMove).slice(0, MOST_MOVES)
	};
}

/** After the event `persona.moved`. A bond with somebody new has no name yet; the next question brings it. */
export function withMove(growth: Growth, raw: Json): Growth {
	const move = readMove(raw);
	return {
		states: growth.states.map((state) => (state.id === move.persona ? moved(state, move) : state)),
		moves: [move, ...growth.moves].slice(0, MOST_MOVES)
	};
}

/** After the event `persona.disposition`, which tells a state whole. */
export function withState(growth: Growth, raw: Json): Growth {
	const fresh = readState(raw);
	return { ...growth, states: growth.states.map((state) => (state.id === fresh.id ? fresh : state)) };
}

/** Where a value of 0..1 stands in a band, in percent. */
export function place(value: number, low: number, high: number): number {
	if (high <= low) return 50;
	return Math.min(100, Math.max(0, ((value - low) / (high - low)) * 100));
}

/** What a move did, in words: "patience fell", "mood became angry". */
export function showMove(move: Move, bonds: readonly Bond[]): string {
	if (move.part === 'mood') return `mood became ${move.name}`;
	const went = move.now < move.old ? 'fell' : 'rose';
	if (move.part !== 'bond') return `${move.name} ${went}`;
	const name = bonds.find((bond) => bond.with === move.name)?.name;
	return `liking of ${name || 'somebody'} ${went}`;
}

function moved(state: State, move: Move): State {
	if (move.part === 'trait')
		return {
			...state,
			traits: state.traits.map((trait) => (trait.name === move.name ? { ...trait, value: move.now } : trait))
		};
	if (move.part !== 'bond') return state;
	const known = state.bonds.find((bond) => bond.with === move.name);
	const others = state.bonds.filter((bond) => bond.with !== move.name);
	const bonds = [{ with: move.name, name: known?.name ?? '', value: move.now }, ...others];
	return { ...state, bonds: bonds.toSorted((a, b) => Math.abs(b.value) - Math.abs(a.value)) };
}

function readTrait(raw: Json): Trait {
	const value = number(raw['value']) ?? 0.5;
	return {
		name: text(raw['name']) ?? '',
		meaning: text(raw['meaning']) ?? '',
		value,
		start: number(raw['start']) ?? value,
		low: number(raw['low']) ?? 0,
		high: number(raw['high']) ?? 1
	};
}

function readBond(raw: Json): Bond {
	return { with: text(raw['with']) ?? '', name: text(raw['name']) ?? '', value: number(raw['value']) ?? 0 };
}
