import { ScheduledSpeaker } from './scheduled-speaker';
import type { Speaker } from './speaker';
import { WorkletSpeaker } from './worklet-speaker';

/** Voices are made at this rate by default; at the same rate the browser need not convert every chunk. */
const RATE = 24_000;

export interface OutputOptions {
	/** The sound can be heard now, through `speaker`; null when it cannot any more. */
	readonly onSpeaker: (speaker: Speaker | null) => void;
	/** Something was rendered; comes also while the page is hidden. */
	readonly onNews: () => void;
}

/** The page's one audio context. Runs as soon as the browser lets it, and says when it does. */
export class Output {
	readonly context: AudioContext;
	/** Everything that sounds goes through here. */
	readonly mix: GainNode;
	#speaker: Speaker | null = null;
	#isClosed = false;
	#wasRunning = false;

	constructor(private readonly options: OutputOptions) {
		this.context = openContext();
		this.mix = new GainNode(this.context);
		this.mix.connect(this.context.destination);
		this.context.onstatechange = () => this.#follow();
		// The promise of a blocked context never settles, so nothing waits for it.
		void this.context.resume().catch(() => undefined);
		void this.#open();
	}

	get isRunning(): boolean {
		return this.context.state === 'running';
	}

	/** Starts sound that the browser held back; counts only within a click or a key press. */
	unlock(): void {
		if (!this.#isClosed && !this.isRunning) void this.context.resume().catch(() => undefined);
	}

	close(): void {
		this.#isClosed = true;
		this.context.onstatechange = null;
		this.#speaker?.destroy();
		void this.context.close();
	}

	async #open(): Promise<void> {
		const speaker = await this.#makeSpeaker();
		if (this.#isClosed) return speaker.destroy();
		this.#speaker = speaker;
		this.#follow();
	}

	async #makeSpeaker(): Promise<Speaker> {
		// Undefined on pages that are not a secure context, whatever the type says.
		const worklet = this.context.audioWorklet as AudioWorklet | undefined;
		if (!worklet) return new ScheduledSpeaker(this.context, this.mix, this.options.onNews);
		return WorkletSpeaker.open(this.context, this.mix, this.options.onNews);
	}

	#follow(): void {
		if (!this.#speaker || this.isRunning === this.#wasRunning) return;
		this.#wasRunning = this.isRunning;
		this.options.onSpeaker(this.isRunning ? this.#speaker : null);
	}
}

function openContext(): AudioContext {
	try {
		return new AudioContext({ sampleRate: RATE, latencyHint: 'interactive' });
	} catch {
		return new AudioContext({ latencyHint: 'interactive' });
	}
}
