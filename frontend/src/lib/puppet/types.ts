/** Names and values shared by every part of the puppet. Nothing here touches the DOM. */

/** The fifteen mouth positions of the Oculus lip-sync reference, in its order. */
export const VISEMES = [
	'sil',
	'PP',
	'FF',
	'TH',
	'DD',
	'kk',
	'CH',
	'SS',
	'nn',
	'RR',
	'aa',
	'E',
	'ih',
	'oh',
	'ou'
] as const;
export type Viseme = (typeof VISEMES)[number];

export const EXPRESSIONS = ['neutral', 'happy', 'sad', 'angry', 'surprised', 'smug', 'thinking'] as const;
export type Expression = (typeof EXPRESSIONS)[number];

/** What a stage page drives, whatever draws the character (the SVG puppet here, a VRM model elsewhere). */
export interface Avatar {
	/** The mouth position being heard; `weight` 0 (closed) to 1. An unknown name closes the mouth. */
	setViseme(name: Viseme, weight: number): void;
	/** The mood; `weight` 0 (neutral) to 1. An unknown name is neutral. */
	setExpression(name: Expression, weight: number): void;
	/** True from the first to the last sound of an utterance: head motion follows it. */
	setSpeaking(on: boolean): void;
	/** Where to look, -1 (left, up) to 1 (right, down). */
	setGaze(x: number, y: number): void;
	/** Advances by `dtSeconds` and draws. The caller owns the frame loop and its rate. */
	update(dtSeconds: number): void;
	resize?(): void;
	/** Removes what was added to the host. Later calls do nothing. */
	destroy(): void;
	/** How far speech opens the mouth right now, 0 (closed) to 1. */
	readonly mouthOpen: number;
}

/** A mouth position. All numbers are 0..1 except `width` (1 = at rest). */
export interface Mouth {
	readonly open: number;
	readonly width: number;
	/** Corners drawn in to a ring. */
	readonly round: number;
	readonly upperTeeth: number;
	readonly lowerTeeth: number;
	/** Height of the tongue's back, from hidden to touching the palate. */
	readonly tongue: number;
	/** Tip of the tongue between the teeth. */
	readonly tip: number;
	/** Lips pressed together. */
	readonly press: number;
	/** Lower lip drawn under the upper teeth. */
	readonly tuck: number;
}

/** A mood as numbers, so that two moods can be mixed. Angles in radians, distances in drawing units. */
export interface Mood {
	/** Openness of the eyes, 1 = at rest. */
	readonly eye: number;
	/** 1 = eyes closed to laughing arcs. */
	readonly laugh: number;
	readonly iris: number;
	readonly browY: number;
	/** Positive lifts the inner end (worried), negative lowers it (cross). */
	readonly browTilt: number;
	/** Extra height of the character's left brow alone. */
	readonly browSplit: number;
	readonly gazeX: number;
	readonly gazeY: number;
	/** Corners of the mouth: 1 up, -1 down. */
	readonly corner: number;
	/** Mouth opening while nothing is said. */
	readonly rest: number;
	readonly restRound: number;
	readonly restWidth: number;
	/** One corner higher than the other. */
	readonly skew: number;
	readonly fang: number;
	readonly blush: number;
	readonly yaw: number;
	readonly pitch: number;
	readonly roll: number;
	readonly tear: number;
	readonly vein: number;
	readonly glitter: number;
	readonly shock: number;
	readonly dots: number;
	/** A hand at the chin. */
	readonly hand: number;
}

/** Everything that moves, at one instant. -1..1 where not said otherwise. */
export interface Params {
	readonly yaw: number;
	readonly pitch: number;
	readonly roll: number;
	/** Sideways shift of the body. */
	readonly lean: number;
	/** 0 (out) to 1 (in). */
	readonly breath: number;
	/** 0 (open) to 1 (closed). */
	readonly blink: number;
	readonly gazeX: number;
	readonly gazeY: number;
	/** Hair: middle of a strand, and its tip, which follows later. */
	readonly sway: number;
	readonly whip: number;
	readonly mouth: Mouth;
	/** 0 = the mood shapes the mouth, 1 = speech does. */
	readonly speech: number;
	readonly mood: Mood;
}

/** An affine transform in SVG order: a b c d e f. */
export type Matrix = readonly [number, number, number, number, number, number];

/** Layers that move as one; each has its own transform. */
export const GROUPS = [
	'tails',
	'back',
	'body',
	'head',
	'cheeks',
	'nose',
	'mouth',
	'eyeL',
	'eyeR',
	'locks',
	'fringe',
	'crown',
	'brows',
	'hand',
	'marks'
] as const;
export type Group = (typeof GROUPS)[number];

/** One path. `fill` and `stroke` name paints of the look; an empty `d` draws nothing. */
export interface Item {
	readonly group: Group;
	readonly d: string;
	readonly fill?: string | undefined;
	readonly stroke?: string | undefined;
	readonly width?: number | undefined;
	readonly opacity?: number | undefined;
	/** Name of an entry of `DrawList.clips`, in the coordinates of `group`. */
	readonly clip?: string | undefined;
}

/** A picture: for one look the order, groups, paints and clips of the items never change, only paths and opacities. */
export interface DrawList {
	readonly groups: Readonly<Record<Group, Matrix>>;
	readonly clips: Readonly<Record<string, string>>;
	readonly items: readonly Item[];
}

/** Stops are spread evenly. `linear` runs from (x1, y1) to (x2, y2) in drawing units; `box` from top to bottom of the path. */
export type Paint =
	| string
	| {
			readonly kind: 'linear';
			readonly line: readonly [number, number, number, number];
			readonly stops: readonly string[];
	  }
	| { readonly kind: 'box'; readonly stops: readonly string[] }
	| { readonly kind: 'radial'; readonly stops: readonly string[] };

/** A piece of hair, cloth or ornament. With `hang` it bends sideways the further it is from its root. */
export interface Strand extends Item {
	readonly hang?: Hang;
}

export interface Hang {
	/** Height of the root; the bend grows from there over `span` (negative: upwards). */
	readonly from: number;
	readonly span: number;
	/** Sideways drawing units at the end of the span. */
	readonly gain: number;
}

/** A path read once, to be bent every frame. */
export interface Outline {
	/** Text between the points: `gaps[i]` stands before point `i`, the last one closes the path. */
	readonly gaps: readonly string[];
	readonly xs: readonly number[];
	readonly ys: readonly number[];
}

/** A strand made ready to hang; `shape` is null where it does not. */
export interface Hanging {
	readonly strand: Strand;
	readonly shape: Outline | null;
}

/** Eye geometry for the character's outer-to-the-right eye, about the eye's centre. */
export interface EyeShape {
	/** Distance of the centre from the middle of the face, and its height. */
	readonly apart: number;
	readonly y: number;
	readonly halfWidth: number;
	readonly innerY: number;
	readonly outerY: number;
	/** Heights of the lid's control points, inner and outer. */
	readonly lidInner: number;
	readonly lidOuter: number;
	readonly lowInner: number;
	readonly lowOuter: number;
	readonly lash: number;
	/** Tip of the outer lash, from the outer corner. */
	readonly flick: readonly [number, number];
	readonly irisX: number;
	readonly irisY: number;
	readonly pupil: 'round' | 'slit';
	/** A four-pointed star among the highlights. */
	readonly star: boolean;
}

export interface BrowShape {
	readonly y: number;
	readonly apart: number;
	readonly length: number;
	readonly arch: number;
	readonly weight: number;
	/** Added to every mood's tilt. */
	readonly tilt: number;
}

/** A character: colours, proportions and the pieces that are hers alone. Plain data. */
export interface Look {
	readonly name: string;
	readonly paints: Readonly<Record<string, Paint>>;
	readonly eye: EyeShape;
	readonly brow: BrowShape;
	/** Length of the canine teeth at any opening, 0..1. */
	readonly fangs: number;
	/** Added to the corners of the mouth in every mood. */
	readonly corner: number;
	/** Room that the marks beside the head leave for what stands there. */
	readonly aside: number;
	readonly face: string;
	readonly behind: readonly Hanging[];
	readonly body: readonly Item[];
	/** Shadows and marks on the skin, under the eyes. */
	readonly onFace: readonly Hanging[];
	readonly front: readonly Hanging[];
}
