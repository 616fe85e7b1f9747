/**
 * Plays the script, aloud where this page is the audio owner, else on a silent clock, and tells what is heard.
 * A change between the two takes effect at the next utterance, and only when everything before it is over.
 */

import type { Speaker } from '../audio/speaker';
import type { Position } from '../protocol/messages';
import type { SoundFrame } from '../protocol/sound';
import type { Heard } from './heard';
import type { Script, Utterance } from './script';
import { SilentClock } from './silent-clock';

/** Mouths run ahead by half a frame at 60 Hz, so that they are right on average. */
export const LOOK_AHEAD_S = 0.008;

export class Player {
	/** Whether utterances that start from now on are played aloud, where there is a speaker. */
	isAudible = false;
	#speaker: Speaker | null = null;
	readonly #silent: SilentClock;
	/** Utterances that the speaker plays; all others run on the silent clock. */
	readonly #loud = new Set<number>();
	/** Orders to the speaker that wait until silent utterances before them are over. */
	#held: (() => void)[] = [];
	#last: Position = { utterance: 0, sample: 0 };

	constructor(private readonly script: Script) {
		this.#silent = new SilentClock(script, (utterance) => !this.#loud.has(utterance));
	}

	get underruns(): number {
		return this.#speaker?.underruns ?? 0;
	}

	/** Gives a speaker or takes it away; what it was playing goes on silently from where it is. */
	use(speaker: Speaker | null, nowMs: number): void {
		const heard = this.#speaker?.heard(0) ?? null;
		if (this.#loud.size > 0) void this.#speaker?.cancel(new Set(this.#loud));
		this.#loud.clear();
		this.#held = [];
		this.#speaker = speaker;
		if (heard && heard.state !== 'done') this.#silent.follow(heard, nowMs);
	}

	isLoud(utterance: number): boolean {
		return this.#loud.has(utterance);
	}

	start(utterance: Utterance): void {
		const { number, rate } = utterance;
		if (!this.isAudible || !this.#speaker) return;
		this.#loud.add(number);
		this.#tell(number, (speaker) => speaker.begin(number, rate));
	}

	sound({ utterance, pcm }: SoundFrame): void {
		this.#tell(utterance, (speaker) => speaker.sound(utterance, pcm));
	}

	end(utterance: number, samples: number): void {
		this.#tell(utterance, (speaker) => speaker.end(utterance, samples));
	}

	/** Falls silent for these utterances, which left the script. Gives the last position heard of anything. */
	async cancel(utterances: ReadonlySet<number>): Promise<Position> {
		const loud = new Set([...utterances].filter((number) => this.#loud.delete(number)));
		const cut = loud.size > 0 && (await this.#speaker?.cancel(loud));
		if (cut) this.#remember(cut);
		return this.#last;
	}

	clear(): void {
		if (this.#loud.size > 0) void this.#speaker?.cancel(new Set(this.#loud));
		this.#loud.clear();
		this.#held = [];
		this.#last = { utterance: 0, sample: 0 };
	}

	/** The server's own position, for a page that does not make the sound. */
	follow(position: Position, nowMs: number): void {
		this.#silent.follow(position, nowMs);
	}

	/** What is heard at `nowMs`, or null. Time must not go back between calls. */
	heard(nowMs: number): Heard | null {
		const first = this.script.first();
		if (!first) return null;
		if (!this.#loud.has(first.number)) return this.#remember(this.#silent.at(nowMs));
		for (const order of this.#held.splice(0)) order();
		return this.#remember(this.#known(this.#speaker?.heard(0) ?? null));
	}

	/** What faces show: `heard`, a little ahead where a real clock tells what comes. */
	shown(heard: Heard | null): Heard | null {
		if (heard && !this.#loud.has(heard.utterance)) return heard;
		return this.#known(this.#speaker?.heard(LOOK_AHEAD_S) ?? null);
	}

	/** The utterance is over and nothing more is said about it. */
	forget(utterance: number): void {
		this.#loud.delete(utterance);
	}

	#tell(utterance: number, order: (speaker: Speaker) => void): void {
		const speaker = this.#speaker;
		if (!speaker || !this.#loud.has(utterance)) return;
		const first = this.script.first();
		const isTurn = this.#held.length === 0 && (!first || this.#loud.has(first.number));
		if (isTurn) return order(speaker);
		this.#held.push(() => {
			if (this.#loud.has(utterance)) order(speaker);
		});
	}

	/** The speaker's clock trails its queue: positions of utterances that are over or cut do not count. */
	#known(heard: Heard | null): Heard | null {
		return heard && this.script.find(heard.utterance) ? heard : null;
	}

	#remember<T extends Position | null>(position: T): T {
		if (position) this.#last = { utterance: position.utterance, sample: position.sample };
		return position;
	}
}
