/** What the page and its audio thread tell each other. */

import type { Position } from '../protocol/messages';
import type { Mark } from '../stage/heard';

export type ToRing =
	| { readonly type: 'begin'; readonly utterance: number; readonly rate: number }
	| { readonly type: 'sound'; readonly utterance: number; readonly pcm: Int16Array<ArrayBuffer> }
	| { readonly type: 'end'; readonly utterance: number; readonly samples: number }
	| { readonly type: 'cancel'; readonly utterances: ReadonlySet<number>; readonly request: number };

export type FromRing =
	| { readonly type: 'mark'; readonly mark: Mark }
	| { readonly type: 'tick'; readonly underruns: number }
	| { readonly type: 'cancelled'; readonly request: number; readonly at: Position | null };
