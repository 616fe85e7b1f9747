import { describe, expect, test } from 'vitest';
import { parseMessage } from '../src/lib/protocol/messages';
import { parseSound } from '../src/lib/protocol/sound';

const read = (message: unknown) => parseMessage(JSON.stringify(message));

describe('text frames', () => {
	test('welcome brings the cast', () => {
		const welcome = {
			type: 'welcome',
			protocol: 1,
			session: 's',
			personas: [{ id: 'main', name: 'Spark', look: 'spark' }, { name: 'no id' }, 7],
			expressions: ['happy'],
			muted: ['main'],
			audio_owner: null
		};
		expect(read(welcome)).toEqual({
			type: 'welcome',
			session: 's',
			personas: [{ id: 'main', name: 'Spark', look: 'spark' }],
			expressions: ['happy'],
			muted: ['main']
		});
	});

	test('cues are read in full, and broken ones are left out', () => {
		const message = {
			type: 'speech.cues',
			utterance: 3,
			visemes: [
				[0, 'aa', 0.5],
				[40, 'sil'],
				['x', 'aa', 1],
				[80, 'oh', 7]
			],
			words: [[0, 90, 'hey'], [100], [120, null, 'you']]
		};
		expect(read(message)).toEqual({
			type: 'speech.cues',
			utterance: 3,
			visemes: [
				{ ms: 0, name: 'aa', weight: 0.5 },
				{ ms: 40, name: 'sil', weight: 1 },
				{ ms: 80, name: 'oh', weight: 1 }
			],
			words: [
				{ ms: 0, msEnd: 90, text: 'hey' },
				{ ms: 120, msEnd: 120, text: 'you' }
			]
		});
	});

	test('unknown fields do no harm', () => {
		expect(read({ type: 'speech.end', utterance: 1, samples: 2, later: true })).toEqual({
			type: 'speech.end',
			utterance: 1,
			samples: 2
		});
	});

	test('ping may carry a position', () => {
		expect(read({ type: 'ping' })).toEqual({ type: 'ping', position: null });
		expect(read({ type: 'ping', position: { utterance: 2, sample: 9 } })).toEqual({
			type: 'ping',
			position: { utterance: 2, sample: 9 }
		});
	});

	test.each([
		['not json'],
		['null'],
		['[1]'],
		['{}'],
		['{"type":7}'],
		['{"type":"constructor"}'],
		['{"type":"from.the.future"}'],
		['{"type":"speech.start","utterance":-1,"sample_rate":24000}'],
		['{"type":"speech.start","utterance":1,"sample_rate":0}'],
		['{"type":"speech.end","utterance":1.5,"samples":1}'],
		['{"type":"speech.cancel"}'],
		['{"type":"expression"}'],
		['{"type":"caption"}']
	])('%s is ignored', (frame) => {
		expect(parseMessage(frame)).toBeNull();
	});
});

describe('binary frames', () => {
	test('carry utterance, first sample and signed 16-bit samples', () => {
		const bytes = Uint8Array.from([2, 0, 0, 0, 0x10, 1, 0, 0, 1, 0, 0xff, 0xff, 0x00, 0x80]);
		const frame = parseSound(bytes.buffer);
		expect(frame).toMatchObject({ utterance: 2, first: 272 });
		expect([...(frame?.pcm ?? [])]).toEqual([1, -1, -32768]);
	});

	test('that are cut off are ignored', () => {
		expect(parseSound(new ArrayBuffer(7))).toBeNull();
		expect(parseSound(new ArrayBuffer(11))).toBeNull();
	});
});
