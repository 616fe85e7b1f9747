/** The binary frames of the stage protocol: uint32 LE utterance, uint32 LE index of the first sample, s16le mono PCM. */

export interface SoundFrame {
	readonly utterance: number;
	/** Index of the first sample within the utterance. */
	readonly first: number;
	readonly pcm: Int16Array<ArrayBuffer>;
}

const HEADER_BYTES = 8;
const BYTES_PER_SAMPLE = 2;

/** The sound in a frame, or null where the frame is too short or ends within a sample. */
export function parseSound(frame: ArrayBuffer): SoundFrame | null {
	if (frame.byteLength < HEADER_BYTES || frame.byteLength % BYTES_PER_SAMPLE !== 0) return null;
	const header = new DataView(frame, 0, HEADER_BYTES);
	return {
		utterance: header.getUint32(0, true),
		first: header.getUint32(4, true),
		pcm: readPcm(frame)
	};
}

/** Typed arrays use the order of the machine; the wire is little-endian. */
function readPcm(frame: ArrayBuffer): Int16Array<ArrayBuffer> {
	if (IS_LITTLE_ENDIAN) return new Int16Array(frame, HEADER_BYTES);
	const view = new DataView(frame, HEADER_BYTES);
	return Int16Array.from({ length: view.byteLength / BYTES_PER_SAMPLE }, (_, i) => view.getInt16(2 * i, true));
}

const IS_LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
