/** Measures the sound that is rendered: tells the context times at which it begins and falls silent. For `?debug`. */

/** Quieter than this is silence (about -34 dB). */
const LEVEL = 0.02;
/** Sound is over when it stayed silent this long; shorter gaps are zero crossings. */
const GAP_S = 0.004;

class TapProcessor extends AudioWorkletProcessor {
	#isOn = false;
	#quiet = 0;

	override process(inputs: Float32Array[][], outputs: Float32Array[][]): boolean {
		const samples = inputs[0]?.[0];
		if (!samples) return true;
		outputs[0]?.[0]?.set(samples);
		for (let i = 0; i < samples.length; i += 1) this.#hear(Math.abs(samples[i] as number) > LEVEL, currentFrame + i);
		return true;
	}

	#hear(isLoud: boolean, frame: number): void {
		this.#quiet = isLoud ? 0 : this.#quiet + 1;
		if (isLoud && !this.#isOn) this.#turn(true, frame);
		else if (this.#isOn && this.#quiet > GAP_S * sampleRate) this.#turn(false, frame - this.#quiet + 1);
	}

	#turn(isOn: boolean, frame: number): void {
		this.#isOn = isOn;
		this.port.postMessage({ timeS: frame / sampleRate, isOn });
	}
}

registerProcessor('tap', TapProcessor);
