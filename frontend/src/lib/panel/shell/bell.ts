/** The sound of an alert: two soft tones, the critical one higher and twice. */

const LENGTH_S = 0.16;
const LOUDNESS = 0.12;

/** Rings where the browser lets it: a page that nobody clicked yet stays silent. */
export function ring(isCritical: boolean): void {
	const context = new AudioContext();
	const tones = isCritical ? [880, 1175, 880, 1175] : [660, 880];
	tones.forEach((hz, index) => {
		const at = context.currentTime + index * LENGTH_S;
		const gain = new GainNode(context, { gain: 0 });
		gain.gain.setTargetAtTime(LOUDNESS, at, 0.01);
		gain.gain.setTargetAtTime(0, at + LENGTH_S * 0.6, 0.03);
		const tone = new OscillatorNode(context, { frequency: hz });
		tone.connect(gain).connect(context.destination);
		tone.start(at);
		tone.stop(at + LENGTH_S * 1.5);
	});
	setTimeout(() => void context.close(), tones.length * LENGTH_S * 1000 + 500);
}
