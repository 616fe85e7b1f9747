/** Measuring points for tests and the curious, reachable as `window.__stage` on a page opened with `?debug`. */

import { heardTimeS } from '../audio/speaker';
import tapUrl from '../audio/tap.worklet.ts?worker&url';
import type { Heard } from './heard';
import type { LiveStage } from './live-stage';

export interface FrameRecord {
	/** `performance.now()` of the frame. */
	readonly nowMs: number;
	/** Context time of the sound that leaves the machine in this frame; null without running audio. */
	readonly heardS: number | null;
	readonly utterance: number | null;
	readonly sample: number | null;
	readonly persona: string;
	readonly viseme: string;
	readonly mouthOpen: number;
}

/** Rendered sound began (true) or fell silent at this context time. */
export interface TapRecord {
	readonly timeS: number;
	readonly isOn: boolean;
}

declare global {
	interface Window {
		__stage?: Probe;
	}
}

const KEEP = 20_000;

export class Probe {
	/** One record a frame and persona, oldest first. */
	readonly frames: FrameRecord[] = [];
	readonly tap: TapRecord[] = [];

	constructor(private readonly stage: LiveStage) {
		if (stage.output) void this.#listen(stage.output.context, stage.output.mix);
	}

	/** Frames a second over the last second. */
	get fps(): number {
		const since = performance.now() - 1000;
		return new Set(this.frames.filter((frame) => frame.nowMs >= since).map((frame) => frame.nowMs)).size;
	}

	get underruns(): number {
		return this.stage.show.player.underruns;
	}

	/** Whether this page makes the sound of the show. */
	get isAudible(): boolean {
		return this.stage.show.player.isAudible;
	}

	get audio(): { state: string; rate: number; outputLatencyS: number; baseLatencyS: number } | null {
		const context = this.stage.output?.context;
		if (!context) return null;
		const { state, sampleRate: rate, outputLatency: outputLatencyS, baseLatency: baseLatencyS } = context;
		return { state, rate, outputLatencyS, baseLatencyS };
	}

	/** What the persona's caption says now, or null. */
	caption(persona?: string): string | null {
		const id = persona ?? this.stage.show.personas[0]?.id;
		return id === undefined ? null : (this.stage.show.faces.of(id).caption?.text ?? null);
	}

	record(nowMs: number, persona: string, mouthOpen: number, heard: Heard | null): void {
		if (this.frames.length >= KEEP) this.frames.splice(0, KEEP / 2);
		const context = this.stage.output?.isRunning ? this.stage.output.context : null;
		this.frames.push({
			nowMs,
			heardS: context && heardTimeS(context),
			utterance: heard?.utterance ?? null,
			sample: heard?.sample ?? null,
			persona,
			viseme: this.stage.show.faces.of(persona).viseme,
			mouthOpen
		});
	}

	async #listen(context: AudioContext, source: AudioNode): Promise<void> {
		const worklet = context.audioWorklet as AudioWorklet | undefined;
		if (!worklet) return;
		await worklet.addModule(tapUrl);
		const tap = new AudioWorkletNode(context, 'tap', { outputChannelCount: [1] });
		tap.port.onmessage = (event: MessageEvent<TapRecord>) => this.tap.push(event.data);
		source.connect(tap);
		// A node that leads nowhere is not rendered.
		tap.connect(new GainNode(context, { gain: 0 })).connect(context.destination);
	}
}
