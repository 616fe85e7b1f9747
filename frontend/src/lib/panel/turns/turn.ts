/** A turn as the show tells of it, read with care: fields that are missing or odd become empty. */

import { id, isObject, number, text, type Json } from '../../protocol/fields';

/** An instant of a turn, in the order in which they happen; `MARKS[0]` is the zero of all others. */
export const MARKS = [
	'received',
	'admitted',
	'prompt',
	'request',
	'first_token',
	'first_clause',
	'guarded',
	'first_audio',
	'floor',
	'first_played',
	'last_played'
] as const;
export type Mark = (typeof MARKS)[number];

/** Milliseconds since the line was received; a mark that is missing never happened. */
export type Marks = Readonly<Partial<Record<Mark, number>>>;

export interface Turn {
	readonly id: string;
	readonly persona: string;
	/** Id of the line that was answered; empty where no line stands behind the turn. */
	readonly line: string;
	readonly author: string;
	readonly cue: string;
	readonly outcome: string;
	readonly said: string;
	readonly heard: string;
	readonly engine: string;
	readonly isDegraded: boolean;
	readonly marks: Marks;
}

/** An entry of `GET /api/turns`. */
export function readTurn(raw: Json): Turn {
	const cue = isObject(raw['cue']) ? raw['cue'] : {};
	const marks = isObject(raw['marks']) ? raw['marks'] : {};
	return {
		id: id(raw['id']) ?? '',
		persona: text(raw['persona']) ?? '',
		line: id(cue['event']) ?? '',
		author: text(cue['author']) ?? '',
		cue: text(cue['text']) ?? text(raw['cue']) ?? '',
		outcome: text(raw['outcome']) ?? '',
		said: text(raw['said']) ?? '',
		heard: text(raw['heard']) ?? '',
		engine: text(raw['engine']) ?? '',
		isDegraded: raw['degraded'] === true,
		marks: Object.fromEntries(
			MARKS.flatMap((mark) => {
				const ms = number(marks[mark]);
				return ms === undefined ? [] : [[mark, ms]];
			})
		)
	};
}
