import { beforeEach, describe, expect, test } from 'vitest';
import type { Speaker } from '../src/lib/audio/speaker';
import type { ClientMessage, Position } from '../src/lib/protocol/messages';
import { CAPTION_HOLD_MS, FEELING_HOLD_MS } from '../src/lib/stage/faces';
import { Track, type Mark } from '../src/lib/stage/heard';
import { Show } from '../src/lib/stage/show';

const RATE = 1000;

/** A speaker whose sound is a list of orders, and whose clock and marks the test sets. */
class ScriptedSpeaker implements Speaker {
	readonly orders: string[] = [];
	readonly track = new Track();
	readonly underruns = 0;
	timeS = 0;
	cutAt: Position | null = null;

	begin(utterance: number): void {
		this.orders.push(`begin ${utterance}`);
	}
	sound(utterance: number, pcm: Int16Array): void {
		this.orders.push(`sound ${utterance} ${pcm.length}`);
	}
	end(utterance: number, samples: number): void {
		this.orders.push(`end ${utterance} ${samples}`);
	}
	async cancel(utterances: ReadonlySet<number>): Promise<Position | null> {
		this.orders.push(`cancel ${[...utterances].join(' ')}`);
		this.track.clear();
		return this.cutAt;
	}
	heard(aheadS: number) {
		return this.track.at(this.timeS + aheadS);
	}
	destroy(): void {}

	mark(kind: Mark['kind'], utterance: number, sample: number, timeS: number): void {
		this.track.push({ kind, utterance, sample, timeS, rate: RATE });
	}
}

let nowMs = 0;
let sent: ClientMessage[] = [];
let deposed = 0;
let show: Show;

const tell = (message: object) => show.receiveText(JSON.stringify(message));

function sound(utterance: number, first: number, samples: number): void {
	const frame = new ArrayBuffer(8 + 2 * samples);
	new DataView(frame).setUint32(0, utterance, true);
	new DataView(frame).setUint32(4, first, true);
	show.receiveSound(frame);
}

/** An utterance of 1000 samples, a second long. */
function say(utterance: number, text = 'Hey you!', turn = 't1', persona = 'main'): void {
	tell({ type: 'speech.start', utterance, turn, persona, text, sample_rate: RATE });
	tell({
		type: 'speech.cues',
		utterance,
		visemes: [
			[100, 'aa', 0.8],
			[300, 'ou', 1],
			[900, 'sil', 0]
		],
		words: [
			[100, 250, 'Hey'],
			[300, 800, 'you']
		]
	});
	sound(utterance, 0, 1000);
	tell({ type: 'speech.end', utterance, samples: 1000 });
}

function at(ms: number) {
	nowMs = ms;
	show.advance();
	return show.faces.of('main');
}

beforeEach(() => {
	nowMs = 0;
	sent = [];
	deposed = 0;
	show = new Show({ send: (message) => sent.push(message), nowMs: () => nowMs, onDeposed: () => (deposed += 1) });
	tell({ type: 'welcome', personas: [{ id: 'main', name: 'Spark', look: 'spark' }] });
});

describe('a page without sound', () => {
	test('moves the mouth on the wall clock and closes it at the end', () => {
		say(1);
		at(0);
		expect(at(50)).toMatchObject({ viseme: 'sil', isSpeaking: true });
		expect(at(150)).toMatchObject({ viseme: 'aa', visemeWeight: 0.8 });
		expect(at(500)).toMatchObject({ viseme: 'ou' });
		expect(at(1001)).toMatchObject({ viseme: 'sil', visemeWeight: 0, isSpeaking: false });
		expect(sent).toEqual([]);
	});

	test('shows the caption with the word that is heard, and clears it later', () => {
		say(1);
		at(0);
		expect(at(50).caption).toEqual({ text: 'Hey you!', from: 0, to: 0 });
		expect(at(200).caption).toEqual({ text: 'Hey you!', from: 0, to: 3 });
		expect(at(400).caption).toEqual({ text: 'Hey you!', from: 4, to: 7 });
		expect(at(1100).caption?.text).toBe('Hey you!');
		expect(at(1100 + CAPTION_HOLD_MS).caption).toBeNull();
	});

	test('plays utterances back to back, the second behind the first in one caption', () => {
		say(1, 'Hey you! ');
		say(2, 'Come in.');
		at(0);
		expect(at(999).caption?.text).toBe('Hey you!');
		expect(at(1150)).toMatchObject({ viseme: 'aa', caption: { text: 'Hey you! Come in.' } });
		expect(at(2001).isSpeaking).toBe(false);
	});

	test('waits for sound that is late, with the mouth closed', () => {
		tell({ type: 'speech.start', utterance: 1, turn: 't1', persona: 'main', text: 'Hm', sample_rate: RATE });
		tell({ type: 'speech.cues', utterance: 1, visemes: [[0, 'aa', 1]] });
		sound(1, 0, 30);
		expect(at(0).isSpeaking).toBe(false);
		sound(1, 30, 170);
		at(10);
		expect(at(110).viseme).toBe('aa');
		expect(at(500)).toMatchObject({ viseme: 'sil', isSpeaking: false });
		sound(1, 200, 400);
		expect(at(501).viseme).toBe('aa');
	});

	test('takes cues that come after their sound', () => {
		say(1);
		at(0);
		at(500);
		tell({ type: 'speech.cues', utterance: 1, visemes: [[450, 'FF', 1]] });
		expect(at(510).viseme).toBe('FF');
	});

	test('follows the position the server tells', () => {
		say(1);
		say(2);
		at(0);
		tell({ type: 'ping', position: { utterance: 2, sample: 300 } });
		expect(at(10)).toMatchObject({ viseme: 'ou' });
		expect(show.script.find(1)).toBeUndefined();
		tell({ type: 'ping', position: { utterance: 1, sample: 0 } });
		expect(at(20).viseme).toBe('ou');
	});

	test('plays what a muted persona would say, though no sound comes', () => {
		tell({ type: 'speech.start', utterance: 1, turn: 't1', persona: 'main', text: 'Hm', sample_rate: RATE });
		tell({ type: 'speech.end', utterance: 1, samples: 500 });
		at(0);
		expect(at(400).caption?.text).toBe('Hm');
		at(501);
		expect(show.script.first()).toBeUndefined();
	});

	test('forgets a cancelled turn at once, and only that', () => {
		say(1);
		say(2, 'Bye', 't2');
		at(0);
		at(200);
		tell({ type: 'speech.cancel', turn: 't1' });
		expect(show.script.first()?.number).toBe(2);
		sound(1, 1000, 10);
		tell({ type: 'speech.cues', utterance: 1, visemes: [[0, 'aa', 1]] });
		expect(show.script.find(1)).toBeUndefined();
	});

	test('falls silent when the connection is gone', () => {
		say(1);
		at(0);
		at(200);
		show.silence();
		expect(at(201)).toMatchObject({ viseme: 'sil', isSpeaking: false, caption: null });
	});

	test('takes the next utterance though others were never heard of', () => {
		sound(7, 0, 100);
		say(8);
		at(0);
		expect(at(150).viseme).toBe('aa');
	});
});

describe('expressions and captions', () => {
	test('change when their instant is heard', () => {
		say(1);
		tell({ type: 'expression', persona: 'main', name: 'happy', weight: 0.7, utterance: 1, ms: 400 });
		at(0);
		expect(at(399).expression).toBe('neutral');
		expect(at(400)).toMatchObject({ expression: 'happy', expressionWeight: 0.7 });
		expect(at(2000).expression).toBe('happy');
	});

	test('change at once without an utterance', () => {
		tell({ type: 'expression', persona: 'main', name: 'sad', weight: 1 });
		tell({ type: 'caption', persona: 'main', text: 'shh' });
		expect(at(0)).toMatchObject({ expression: 'sad', caption: { text: 'shh' } });
		expect(at(60_000).caption?.text).toBe('shh');
		tell({ type: 'caption', persona: 'main', text: '' });
		expect(at(60_001).caption).toBeNull();
	});

	test('may come before the utterance they belong to', () => {
		tell({ type: 'expression', persona: 'main', name: 'smug', weight: 1, utterance: 1, ms: 0 });
		tell({ type: 'caption', persona: 'main', text: 'Shown.', utterance: 1 });
		say(1);
		expect(at(0)).toMatchObject({ expression: 'smug', caption: { text: 'Shown.' } });
	});

	test('count even when the page slept through their instant', () => {
		say(1);
		tell({ type: 'expression', persona: 'main', name: 'angry', weight: 1, utterance: 1, ms: 950 });
		at(0);
		expect(at(5000).expression).toBe('angry');
	});

	test('fade after the words they came with, and stay where they came alone', () => {
		say(1);
		tell({ type: 'expression', persona: 'main', name: 'angry', weight: 1, utterance: 1, ms: 400 });
		at(0);
		expect(at(1001).expression).toBe('angry');
		expect(at(1000 + FEELING_HOLD_MS).expression).toBe('angry');
		expect(at(1001 + FEELING_HOLD_MS).expression).toBe('neutral');
		tell({ type: 'expression', persona: 'main', name: 'sad', weight: 1 });
		expect(at(90_000).expression).toBe('sad');
	});

	test('of a turn that was cut leave no words that were not heard', () => {
		say(1);
		at(0);
		expect(at(200).caption?.text).toBe('Hey you!');
		tell({ type: 'speech.cancel', turn: 't1' });
		expect(at(201).caption).toBeNull();
	});

	test('of a turn that was cut do not come', () => {
		say(1);
		tell({ type: 'expression', persona: 'main', name: 'angry', weight: 1, utterance: 1, ms: 950 });
		at(0);
		tell({ type: 'speech.cancel', turn: 't1' });
		expect(at(5000).expression).toBe('neutral');
	});
});

describe('the audio owner', () => {
	let speaker: ScriptedSpeaker;

	beforeEach(() => {
		speaker = new ScriptedSpeaker();
		show.player.use(speaker, nowMs);
		tell({ type: 'audio.owner', you: true });
	});

	test('hands sound to the speaker and follows what is heard of it', () => {
		say(1);
		show.advance();
		expect(speaker.orders).toEqual(['begin 1', 'sound 1 1000', 'end 1 1000']);
		speaker.mark('play', 1, 0, 10);
		speaker.timeS = 9.9;
		expect(at(5000).viseme).toBe('sil');
		speaker.timeS = 10.15;
		expect(at(5001).viseme).toBe('aa');
	});

	test('moves the mouth half a frame ahead', () => {
		say(1);
		speaker.mark('play', 1, 0, 10);
		speaker.timeS = 10.094;
		expect(at(0).viseme).toBe('aa');
	});

	test('reports the beginning at once, then ten times a second, and the end', () => {
		say(1);
		speaker.mark('play', 1, 0, 0);
		speaker.mark('done', 1, 1000, 1);
		for (let ms = 0; ms <= 1100; ms += 10) {
			speaker.timeS = ms / 1000;
			at(ms);
		}
		const reports = sent.filter((message) => message.type === 'playback');
		expect(reports[0]).toEqual({ type: 'playback', utterance: 1, sample: 0 });
		expect(reports.at(-1)).toEqual({ type: 'playback', utterance: 1, sample: 1000 });
		expect(reports).toHaveLength(11);
	});

	test('reports the end of every utterance it passed while it was asleep', () => {
		for (const number of [1, 2, 3]) say(number);
		speaker.mark('play', 3, 0, 2);
		speaker.timeS = 2.5;
		at(0);
		expect(sent).toEqual([
			{ type: 'playback', utterance: 1, sample: 1000 },
			{ type: 'playback', utterance: 2, sample: 1000 },
			{ type: 'playback', utterance: 3, sample: 500 }
		]);
	});

	test('answers a cut with the sample that was rendered last', async () => {
		say(1);
		speaker.mark('play', 1, 0, 0);
		speaker.timeS = 0.2;
		at(200);
		speaker.cutAt = { utterance: 1, sample: 232 };
		tell({ type: 'speech.cancel', turn: 't1' });
		await Promise.resolve();
		await Promise.resolve();
		expect(speaker.orders.at(-1)).toBe('cancel 1');
		expect(sent.at(-1)).toEqual({ type: 'flushed', turn: 't1', utterance: 1, sample: 232 });
		expect(at(210)).toMatchObject({ viseme: 'sil', isSpeaking: false });
	});

	test('answers a cut before any sound with the last position of before', async () => {
		say(1);
		speaker.mark('play', 1, 0, 0);
		speaker.mark('done', 1, 1000, 1);
		speaker.timeS = 1.1;
		at(1100);
		say(2, 'More', 't2');
		tell({ type: 'speech.cancel', turn: 't2' });
		await Promise.resolve();
		await Promise.resolve();
		expect(sent.at(-1)).toEqual({ type: 'flushed', turn: 't2', utterance: 1, sample: 1000 });
	});

	test('goes on silently where it was when sound stops', () => {
		say(1);
		speaker.mark('play', 1, 0, 0);
		speaker.timeS = 0.15;
		expect(at(150).viseme).toBe('aa');
		show.player.use(null, nowMs);
		expect(at(350).viseme).toBe('ou');
		at(1001);
		expect(show.script.first()).toBeUndefined();
	});

	test('keeps quiet from the next utterance on when another page takes over', () => {
		say(1);
		tell({ type: 'audio.owner', you: false });
		say(2);
		expect(speaker.orders.filter((order) => order.startsWith('begin'))).toEqual(['begin 1']);
		speaker.mark('play', 1, 0, 0);
		speaker.mark('done', 1, 1000, 1);
		speaker.timeS = 1.1;
		at(1100);
		at(1110);
		expect(at(1260).viseme).toBe('aa');
	});

	test('learns once that another page makes the sound now', () => {
		expect(deposed).toBe(0);
		tell({ type: 'audio.owner', you: false });
		tell({ type: 'audio.owner', you: false });
		expect(deposed).toBe(1);
	});

	test('sounds only when the silent utterance before is over', () => {
		tell({ type: 'audio.owner', you: false });
		say(1);
		at(0);
		tell({ type: 'audio.owner', you: true });
		say(2);
		at(500);
		expect(speaker.orders).toEqual([]);
		at(1001);
		at(1002);
		expect(speaker.orders).toEqual(['begin 2', 'sound 2 1000', 'end 2 1000']);
	});

	test('plays what there is of an utterance whose end was never told', () => {
		tell({ type: 'speech.start', utterance: 1, turn: 't1', persona: 'main', text: 'Hm', sample_rate: RATE });
		sound(1, 0, 300);
		tell({ type: 'turn.end', turn: 't1', outcome: 'failed' });
		expect(speaker.orders.at(-1)).toBe('end 1 300');
	});

	test('does not play sound with a hole in it', () => {
		tell({ type: 'speech.start', utterance: 1, turn: 't1', persona: 'main', text: 'Hm', sample_rate: RATE });
		sound(1, 0, 10);
		sound(1, 20, 10);
		expect(speaker.orders).toEqual(['begin 1', 'sound 1 10']);
	});
});
