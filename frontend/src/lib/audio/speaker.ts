/** The sound of the stage, made in one of two ways, and the clock of what is heard of it. */

import type { Position } from '../protocol/messages';
import type { Heard } from '../stage/heard';

export interface Speaker {
	/** An utterance follows; utterances play back to back in number order. */
	begin(utterance: number, rate: number): void;
	/** The next samples of an utterance that began. The buffer is the speaker's from now on. */
	sound(utterance: number, pcm: Int16Array<ArrayBuffer>): void;
	/** How long the utterance is; what never came of it is silence. */
	end(utterance: number, samples: number): void;
	/** Drops utterances at once. Gives the place where one of them was cut off, or null where none sounded. */
	cancel(utterances: ReadonlySet<number>): Promise<Position | null>;
	/** What is heard now, `aheadS` seconds later, or null when nothing is. */
	heard(aheadS: number): Heard | null;
	/** How often sound ran dry within an utterance. */
	readonly underruns: number;
	destroy(): void;
}

/**
 * The context time of the sound that leaves the machine now. `currentTime` steps by up to 9 ms, so it only stands in
 * until the output has a timestamp.
 */
export function heardTimeS(context: AudioContext): number {
	const stamp = context.getOutputTimestamp();
	if (stamp.contextTime && stamp.performanceTime) {
		return stamp.contextTime + (performance.now() - stamp.performanceTime) / 1000;
	}
	return context.currentTime - (context.outputLatency || context.baseLatency || 0);
}
