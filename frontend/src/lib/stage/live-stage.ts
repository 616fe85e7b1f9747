/** The running stage of a page: connection, sound and faces together. */

import { Output } from '../audio/output';
import { LiveSocket, socketUrl } from '../net/live-socket';
import { PROTOCOL, type Persona } from '../protocol/messages';
import type { Shown } from './role';
import { Show } from './show';

/** The server says something at least once a second; after this long without a word it is gone. */
const QUIET_MS = 2000;
/** Hidden pages draw no frames; their reports and captions still move on. */
const HIDDEN_TICK_MS = 250;
/** A browser that lets sound play does so within this time; later the viewer is asked. */
const BLOCKED_AFTER_MS = 600;

export interface LiveStageOptions {
	/** How this page calls itself: `obs` or `page`. */
	readonly client: string;
	/** Whether this page may make sound. */
	readonly hasAudio: boolean;
	/** Stage token, where the server wants one. */
	readonly key: string | null;
	readonly onCast: (personas: readonly Persona[]) => void;
	/** Puppets shall stand in for all models, or not any more. */
	readonly onPuppets: (isOn: boolean) => void;
	readonly onConnection: (isConnected: boolean) => void;
	/** The browser holds sound back (true) until the viewer clicks. */
	readonly onBlocked: (isBlocked: boolean) => void;
}

export class LiveStage {
	readonly show: Show;
	readonly output: Output | null;
	#isAudible = false;
	/** What was told of models, for a show that comes back. */
	readonly #looks = new Map<string, Shown>();
	readonly #socket: LiveSocket;
	readonly #ticks: ReturnType<typeof setInterval>;
	readonly #asking: ReturnType<typeof setTimeout>;

	constructor(private readonly options: LiveStageOptions) {
		this.show = new Show({
			send: (message) => this.#socket.send(message),
			nowMs: () => performance.now(),
			onCast: options.onCast,
			onPuppets: options.onPuppets,
			// A page that was frozen loses its office; it works again, and says so.
			onDeposed: () => this.#isAudible && this.#hello()
		});
		this.#socket = new LiveSocket({
			url: () => socketUrl('/api/stage', options.key === null ? {} : { key: options.key }),
			quietMs: QUIET_MS,
			onOpen: () => {
				this.#hello();
				for (const [persona, shown] of this.#looks) this.#socket.send({ type: 'look', persona, ...shown });
				options.onConnection(true);
			},
			onText: (frame) => this.show.receiveText(frame),
			onBinary: (frame) => this.show.receiveSound(frame),
			onLost: () => {
				this.show.silence();
				options.onConnection(false);
			}
		});
		this.output = options.hasAudio ? this.#openOutput() : null;
		this.#ticks = setInterval(() => document.hidden && this.show.advance(), HIDDEN_TICK_MS);
		this.#asking = setTimeout(
			() => options.onBlocked(this.output !== null && !this.output.isRunning),
			BLOCKED_AFTER_MS
		);
	}

	/** Tells the show what this page shows of a character whose look is a model. */
	tellLook(persona: string, shown: Shown): void {
		this.#looks.set(persona, shown);
		this.#socket.send({ type: 'look', persona, ...shown });
	}

	close(): void {
		clearInterval(this.#ticks);
		clearTimeout(this.#asking);
		this.#socket.close();
		this.output?.close();
	}

	#openOutput(): Output {
		return new Output({
			onSpeaker: (speaker) => {
				this.show.player.use(speaker, performance.now());
				this.#isAudible = speaker !== null;
				this.options.onBlocked(!this.#isAudible);
				this.#hello();
			},
			onNews: () => this.show.advance()
		});
	}

	#hello(): void {
		this.#socket.send({ type: 'hello', client: this.options.client, audio: this.#isAudible, protocol: PROTOCOL });
	}
}
