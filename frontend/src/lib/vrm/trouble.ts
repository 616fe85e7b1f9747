/** Why a model cannot be shown, in the words of the stage protocol. Free of three, so that it can be told without it. */
export const REASONS = ['missing', 'too_large', 'broken', 'refused', 'no_webgl', 'lost', 'slow', 'switched'] as const;
export type Reason = (typeof REASONS)[number];

export class LookTrouble extends Error {
	constructor(
		readonly reason: Reason,
		message: string
	) {
		super(message);
		this.name = 'LookTrouble';
	}
}

/** The reason in an error of any kind: what is not a trouble of ours comes from a file that cannot be used. */
export const reasonOf = (error: unknown): Reason => (error instanceof LookTrouble ? error.reason : 'broken');

const BY_STATUS: Readonly<Record<number, Reason>> = {
	401: 'refused',
	403: 'refused',
	404: 'missing',
	413: 'too_large'
};

/** What an answer of the show means that is no model. */
export const reasonOfStatus = (status: number): Reason => BY_STATUS[status] ?? 'broken';
