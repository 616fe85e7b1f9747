/** Where the camera stands. Pure; lengths in metres. */

/** Heights of a model at rest. */
export interface Measures {
	readonly hips: number;
	readonly head: number;
	/** The top of everything she wears. */
	readonly top: number;
}

export interface View {
	/** Height of the camera and of what it looks at. */
	readonly y: number;
	readonly distance: number;
	/** Vertical field of view in degrees. */
	readonly fov: number;
}

const FOV = 22;
/** Air above the head, as a share of what is seen. */
const AIR = 0.08;
/** How much hat and hair above the joint of the head may take, for a model as tall as the head's joint is high. */
const TALLEST_HAIR = 0.4;
/** Width of the shoulders with hanging arms, likewise. */
const SHOULDERS = 0.5;

/** Shows a model from its hips up, standing on the lower edge, in a picture of this width by height. */
export function framing(measures: Measures, aspect: number): View {
	const { hips, head } = measures;
	const tall = Math.max(head, 0.1);
	const top = Math.min(Math.max(measures.top, head + tall * 0.1), head + tall * TALLEST_HAIR);
	const bottom = Math.min(hips, head - tall * 0.1);
	const height = Math.max((top - bottom) / (1 - AIR), (tall * SHOULDERS) / Math.max(aspect, 0.05));
	const distance = height / 2 / Math.tan((FOV * Math.PI) / 360);
	return { y: bottom + height / 2, distance, fov: FOV };
}
