/** A damped spring, stepped finely enough to stay stable at any frame rate. */

/** Longest step in seconds for which the stiffest spring in use stays stable. */
const STEP = 1 / 90;

export class Spring {
	#position = 0;
	#velocity = 0;

	/** `stiffness` in 1/s², `damping` in 1/s. */
	constructor(
		private readonly stiffness: number,
		private readonly damping: number
	) {}

	get position(): number {
		return this.#position;
	}

	/** Pulls towards `target` for `dt` seconds and returns the new position. */
	follow(target: number, dt: number): number {
		const steps = Math.max(1, Math.ceil(dt / STEP));
		const h = dt / steps;
		for (let i = 0; i < steps; i++) {
			this.#velocity += ((target - this.#position) * this.stiffness - this.#velocity * this.damping) * h;
			this.#position += this.#velocity * h;
		}
		return this.#position;
	}
}
