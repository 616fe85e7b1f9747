/** The stage without a page: takes what the server sends, says what must be sent back, keeps every face current. */

import { parseMessage, type ClientMessage, type Persona, type ServerMessage } from '../protocol/messages';
import { parseSound } from '../protocol/sound';
import { Faces } from './faces';
import type { Heard } from './heard';
import { Player } from './player';
import { Reporter } from './reporter';
import { Script, type Utterance } from './script';

export interface ShowOptions {
	readonly send: (message: ClientMessage) => void;
	/** A monotonic clock in milliseconds. */
	readonly nowMs: () => number;
	/** A new list of personas stands on the stage. */
	readonly onCast?: (personas: readonly Persona[]) => void;
	/** Puppets shall stand in for all models, or not any more. */
	readonly onPuppets?: (isOn: boolean) => void;
	/** This page made the sound, and the server gave that to another. */
	readonly onDeposed?: () => void;
}

export class Show {
	readonly script = new Script();
	readonly faces = new Faces(this.script);
	readonly player = new Player(this.script);
	personas: readonly Persona[] = [];
	readonly #reporter = new Reporter();

	constructor(private readonly options: ShowOptions) {}

	/** Takes a text frame; anything that is not a message of ours is ignored. */
	receiveText(frame: string): void {
		const message = parseMessage(frame);
		if (message) this.#receive(message);
	}

	/** Takes a binary frame; sound that nobody announced is ignored. */
	receiveSound(frame: ArrayBuffer): void {
		const sound = parseSound(frame);
		if (sound && this.script.sound(sound.utterance, sound.first, sound.pcm.length)) this.player.sound(sound);
	}

	/** Brings reports and faces up to date. Safe to call at any rate. Gives what is heard. */
	advance(): Heard | null {
		const nowMs = this.options.nowMs();
		let heard = this.player.heard(nowMs);
		while (heard) {
			for (const passed of this.script.before(heard.utterance)) this.#finish(passed, nowMs);
			if (heard.state !== 'done') break;
			const over = this.script.find(heard.utterance);
			if (over) this.#finish(over, nowMs);
			heard = this.player.heard(nowMs);
		}
		if (heard) this.#report(heard, nowMs);
		this.faces.advance(this.player.shown(heard), nowMs);
		return heard;
	}

	/** Everything stops at once: the connection is gone. */
	silence(): void {
		this.player.isAudible = false;
		this.player.clear();
		this.script.clear();
		this.faces.hush();
	}

	#receive(message: ServerMessage): void {
		switch (message.type) {
			case 'welcome':
				this.silence();
				this.personas = message.personas;
				return this.options.onCast?.(message.personas);
			case 'puppets':
				return this.options.onPuppets?.(message.on);
			case 'speech.start': {
				const utterance = this.script.start(message);
				if (utterance) this.player.start(utterance);
				return;
			}
			case 'speech.cues':
				return this.script.cues(message);
			case 'expression':
				return this.faces.express(message);
			case 'caption':
				return this.faces.caption(message);
			case 'speech.end':
				return this.#end(message.utterance, message.samples);
			case 'speech.cancel':
				return void this.#cancel(message.turn);
			case 'audio.owner': {
				const wasAudible = this.player.isAudible;
				this.player.isAudible = message.you;
				if (wasAudible && !message.you) this.options.onDeposed?.();
				return;
			}
			case 'turn.end':
				for (const open of this.script.open(message.turn)) this.#end(open.number, open.received);
				return;
			case 'ping':
				if (message.position) this.player.follow(message.position, this.options.nowMs());
				return;
			default:
				return message satisfies never;
		}
	}

	#end(utterance: number, samples: number): void {
		if (this.script.end(utterance, samples)) this.player.end(utterance, samples);
	}

	async #cancel(turn: string): Promise<void> {
		this.advance();
		const wasAudible = this.player.isAudible;
		const gone = this.script.cancel(turn);
		this.faces.cut(turn);
		const at = await this.player.cancel(gone);
		if (wasAudible) this.options.send({ type: 'flushed', turn, ...at });
	}

	#report(heard: Heard, nowMs: number): void {
		const utterance = this.script.find(heard.utterance);
		if (!utterance || !this.player.isLoud(heard.utterance)) return;
		// The mark of the end may come a moment later than its time.
		const sample = Math.min(heard.sample, utterance.samples ?? utterance.received);
		const report = this.#reporter.heard({ utterance: heard.utterance, sample }, nowMs);
		if (report) this.options.send(report);
	}

	#finish(utterance: Utterance, nowMs: number): void {
		const { number, samples, received } = utterance;
		if (this.player.isLoud(number)) this.options.send(this.#reporter.ended(number, samples ?? received, nowMs));
		this.faces.finish(utterance);
		this.script.finish(number);
		this.player.forget(number);
	}
}
