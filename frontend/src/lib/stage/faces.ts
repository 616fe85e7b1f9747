/** What each persona shows at the position that is heard: mouth, expression, caption. Pure. */

import type { ServerMessage } from '../protocol/messages';
import { captionAt, leadFor, type Caption } from './caption';
import { lastAt } from './lookup';
import type { ExpressionCue, Script, Utterance } from './script';
import type { Heard } from './heard';

export interface Face {
	readonly viseme: string;
	readonly visemeWeight: number;
	readonly isSpeaking: boolean;
	readonly expression: string;
	readonly expressionWeight: number;
	readonly caption: Caption | null;
}

/** A caption stays this long after the last sound of its turn. */
export const CAPTION_HOLD_MS = 1800;

/** A feeling that came with words fades this long after them. */
export const FEELING_HOLD_MS = 8000;

interface State {
	viseme: string;
	visemeWeight: number;
	isSpeaking: boolean;
	expression: string;
	expressionWeight: number;
	caption: Caption | null;
	/** The utterance in view, the clauses of its turn before it, and its own text. */
	utterance: number;
	turn: string;
	lead: string;
	shown: string;
	/** When the caption goes; null while it is spoken, and for one that waits to be cleared. */
	clearAtMs: number | null;
	/** When the feeling goes; null for one that stays until the next, Infinity while its turn goes on. */
	calmAtMs: number | null;
}

export class Faces {
	readonly #states = new Map<string, State>();

	constructor(private readonly script: Script) {}

	of(persona: string): Face {
		return this.#state(persona);
	}

	/** An expression without an utterance is shown at once, one with an utterance when its instant is heard. */
	express(message: Extract<ServerMessage, { type: 'expression' }>): void {
		if (message.utterance === null) this.#express(message, null);
		else this.script.expression(message.utterance, message);
	}

	/** A caption without an utterance is shown until the next one; an empty text clears. */
	caption(message: Extract<ServerMessage, { type: 'caption' }>): void {
		if (message.utterance !== null) return this.script.caption(message.utterance, message.text);
		const state = this.#state(message.persona);
		state.caption = message.text ? { text: message.text, from: 0, to: 0 } : null;
		Object.assign(state, { clearAtMs: null, ...SAID_NOTHING });
	}

	/** Moves every face to what is heard at `nowMs`. */
	advance(heard: Heard | null, nowMs: number): void {
		const speaking = heard && this.script.find(heard.utterance);
		for (const [persona, state] of this.#states) {
			if (speaking?.persona === persona) continue;
			this.#rest(state, nowMs);
			this.#calm(state, nowMs);
		}
		if (heard && speaking) this.#speak(speaking, heard);
	}

	/** The last instants of an utterance count, however coarsely time is sampled. Call before the script forgets it. */
	finish(utterance: Utterance): void {
		for (const cue of this.script.notes(utterance.number)?.expressions.splice(0) ?? []) this.#express(cue);
	}

	/** A turn was cut off: its words go at once, for not all of them were heard. */
	cut(turn: string): void {
		for (const state of this.#states.values()) {
			if (state.turn === turn && turn) Object.assign(state, { caption: null, clearAtMs: null, ...SAID_NOTHING });
		}
	}

	/** Mouths close and captions go; expressions stay. */
	hush(): void {
		for (const state of this.#states.values()) {
			Object.assign(state, { viseme: 'sil', visemeWeight: 0, isSpeaking: false, caption: null, clearAtMs: null });
		}
	}

	#speak(utterance: Utterance, heard: Heard): void {
		const state = this.#state(utterance.persona);
		const ms = (heard.sample * 1000) / utterance.rate;
		const isSounding = heard.state === 'playing';
		const viseme = isSounding ? utterance.visemes[lastAt(utterance.visemes, ms)] : undefined;
		state.viseme = viseme?.name ?? 'sil';
		state.visemeWeight = viseme?.weight ?? 0;
		state.isSpeaking = isSounding;
		this.#expressUntil(utterance.number, ms);
		this.#show(state, utterance, ms);
	}

	#show(state: State, utterance: Utterance, ms: number): void {
		const shown = this.script.notes(utterance.number)?.caption ?? utterance.text;
		if (state.utterance !== utterance.number) {
			state.lead = state.turn === utterance.turn ? leadFor(state.lead, state.shown, shown) : '';
			state.utterance = utterance.number;
			state.turn = utterance.turn;
		}
		state.shown = shown;
		const caption = captionAt(state.lead, shown, utterance.words, ms);
		if (!isSame(caption, state.caption)) state.caption = caption.text ? caption : null;
		state.clearAtMs = Infinity;
	}

	#rest(state: State, nowMs: number): void {
		state.viseme = 'sil';
		state.visemeWeight = 0;
		state.isSpeaking = false;
		if (state.clearAtMs === Infinity) state.clearAtMs = nowMs + CAPTION_HOLD_MS;
		if (state.clearAtMs === null || nowMs < state.clearAtMs) return;
		state.caption = null;
		Object.assign(state, { clearAtMs: null, ...SAID_NOTHING });
	}

	#calm(state: State, nowMs: number): void {
		if (state.calmAtMs === Infinity) state.calmAtMs = nowMs + FEELING_HOLD_MS;
		if (state.calmAtMs === null || nowMs < state.calmAtMs) return;
		Object.assign(state, CALM);
	}

	#expressUntil(number: number, ms: number): void {
		const cues = this.script.notes(number)?.expressions;
		if (cues) for (const cue of cues.splice(0, lastAt(cues, ms) + 1)) this.#express(cue);
	}

	#express(cue: Pick<ExpressionCue, 'persona' | 'name' | 'weight'>, calmAtMs: number | null = Infinity): void {
		const state = this.#state(cue.persona);
		state.expression = cue.name;
		state.expressionWeight = cue.weight;
		state.calmAtMs = calmAtMs;
	}

	#state(persona: string): State {
		let state = this.#states.get(persona);
		if (!state) this.#states.set(persona, (state = { ...RESTING }));
		return state;
	}
}

const SAID_NOTHING = { turn: '', lead: '', shown: '' } as const;

const CALM = { expression: 'neutral', expressionWeight: 1, calmAtMs: null } as const;

const RESTING: State = {
	viseme: 'sil',
	visemeWeight: 0,
	isSpeaking: false,
	...CALM,
	caption: null,
	utterance: -1,
	...SAID_NOTHING,
	clearAtMs: null
};

function isSame(one: Caption, other: Caption | null): boolean {
	return other !== null && one.text === other.text && one.from === other.from && one.to === other.to;
}
