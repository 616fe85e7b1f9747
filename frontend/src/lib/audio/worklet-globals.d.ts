/** The global scope of an audio worklet, which TypeScript's DOM library does not describe. */

declare abstract class AudioWorkletProcessor {
	readonly port: MessagePort;
	abstract process(inputs: Float32Array[][], outputs: Float32Array[][]): boolean;
}

declare function registerProcessor(name: string, processor: new () => AudioWorkletProcessor): void;

declare const currentFrame: number;
declare const sampleRate: number;
