import { describe, expect, it } from 'vitest';
import { Animator } from '../src/lib/puppet/animator';
import { blinkAt } from '../src/lib/puppet/idle';
import { LOOKS, lookOf } from '../src/lib/puppet/looks';
import { MOODS, moodOf } from '../src/lib/puppet/moods';
import { REST } from '../src/lib/puppet/pose';
import { rig } from '../src/lib/puppet/rig';
import { Spring } from '../src/lib/puppet/spring';
import { EXPRESSIONS, VISEMES, type DrawList, type Look, type Params } from '../src/lib/puppet/types';
import { MOUTHS, mouthOf } from '../src/lib/puppet/visemes';
import { polygons, silhouette } from './puppet-raster';

const FRAME = 1 / 60;

/** Absolute M, L, C, Q, Z with whole coordinate pairs; nothing like NaN, Infinity or an exponent. */
const PATH_DATA = /^(?:M-?\d|$)[MLCQZ\d\s.-]*$/;

const looks = LOOKS.map((name) => [name, lookOf(name)] as const);

function speaking(viseme: string, change: Partial<Params> = {}): Params {
	return { ...REST, mouth: mouthOf(viseme), speech: 1, ...change };
}

function seeded(seed: number): () => number {
	let state = seed;
	return () => {
		state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
		return state / 2 ** 32;
	};
}

function expectSound(list: DrawList): void {
	for (const [group, matrix] of Object.entries(list.groups)) expect(matrix.every(Number.isFinite), group).toBe(true);
	for (const d of [...list.items.map((item) => item.d), ...Object.values(list.clips)]) {
		expect(d).toMatch(PATH_DATA);
		const points = polygons(d, [1, 0, 0, 1, 0, 0]).flat(2);
		expect(
			points.every((n) => Number.isFinite(n) && Math.abs(n) < 2000),
			d
		).toBe(true);
	}
	for (const { opacity = 1 } of list.items) {
		expect(opacity).toBeGreaterThanOrEqual(0);
		expect(opacity).toBeLessThanOrEqual(1);
	}
}

const bounds = (d: string): { width: number; height: number } => {
	const points = polygons(d, [1, 0, 0, 1, 0, 0]).flat();
	const span = (values: number[]): number => Math.max(...values) - Math.min(...values);
	return { width: span(points.map(([x]) => x)), height: span(points.map(([, y]) => y)) };
};

/** What never changes while a look is shown: the view relies on it. */
const structure = (list: DrawList): unknown[] =>
	list.items.map(({ group, fill, stroke, clip }) => [group, fill, stroke, clip]);

describe.each(looks)('the rig of %s', (_, look: Look) => {
	it('gives the same picture for the same parameters and leaves them alone', () => {
		const params = Object.freeze(speaking('aa', { yaw: 0.4, sway: -0.3, mood: Object.freeze({ ...moodOf('smug') }) }));
		expect(JSON.stringify(rig(params, look))).toBe(JSON.stringify(rig(params, look)));
	});

	it.each(EXPRESSIONS)('draws the expression %s with finite numbers and valid paths', (name) => {
		expectSound(rig({ ...REST, mood: MOODS[name] }, look));
	});

	it.each(VISEMES)('draws the viseme %s with finite numbers and valid paths', (name) => {
		expectSound(rig(speaking(name), look));
	});

	it('stays sound at the ends of every movement', () => {
		for (const end of [-1, 1]) {
			const moved = { yaw: end, pitch: end, roll: end * 0.1, lean: end, gazeX: end, gazeY: end, sway: end, whip: end };
			expectSound(rig({ ...REST, ...moved, breath: 1, blink: 0.5, mood: MOODS.happy }, look));
		}
	});

	it('keeps order, layers and paints whatever she does', () => {
		const rest = structure(rig(REST, look));
		for (const name of EXPRESSIONS)
			expect(structure(rig({ ...REST, mood: MOODS[name], blink: 1 }, look))).toEqual(rest);
		for (const name of VISEMES) expect(structure(rig(speaking(name), look))).toEqual(rest);
	});

	it('names only paints and clips that exist', () => {
		const list = rig(REST, look);
		for (const { fill, stroke, clip } of list.items) {
			for (const paint of [fill, stroke]) if (paint !== undefined) expect(look.paints).toHaveProperty([paint]);
			if (clip !== undefined) expect(list.clips).toHaveProperty([clip]);
		}
	});

	it('draws every viseme with a mouth of its own', () => {
		const mouths = VISEMES.map((name) =>
			JSON.stringify(rig(speaking(name), look).items.filter(({ group }) => group === 'mouth'))
		);
		expect(new Set(mouths).size).toBe(VISEMES.length);
	});

	it('closes the mouth in silence and for P, B and M, and opens it for a vowel', () => {
		const height = (name: string): number => bounds(rig(speaking(name), look).clips.mouth ?? '').height;
		expect(height('sil')).toBeLessThan(12);
		expect(height('PP')).toBeLessThan(12);
		expect(height('aa')).toBeGreaterThan(40);
		expect(height('ih')).toBeGreaterThan(15);
	});

	it('closes both eyes in a blink', () => {
		const open = rig(REST, look);
		const closed = rig({ ...REST, blink: 1 }, look);
		for (const eye of ['eyeL', 'eyeR']) {
			expect(bounds(open.clips[eye] ?? '').height).toBeGreaterThan(60);
			expect(bounds(closed.clips[eye] ?? '').height).toBeLessThan(16);
			expect(closed.items.filter(({ group, clip, d }) => group === eye && clip && d)).toEqual([]);
		}
	});

	it('lets lid and lash fall together, without a jump or a kink', () => {
		const lashAt = (blink: number): number[] => {
			const lash = rig({ ...REST, blink }, look).items.find(({ group, fill }) => group === 'eyeR' && fill === 'lash');
			return (lash?.d.match(/-?\d+\.?\d*/g) ?? []).map(Number);
		};
		for (let step = 1; step <= 20; step++) {
			const before = lashAt((step - 1) / 20);
			const after = lashAt(step / 20);
			after.forEach((value, i) => expect(Math.abs(value - (before[i] ?? NaN))).toBeLessThan(7));
		}
	});

	it('moves the body in fewer steps than the breath has frames', () => {
		const seen = new Set<string>();
		for (let frame = 0; frame < 120; frame++) seen.add(rig({ ...REST, breath: frame / 119 }, look).groups.body.join());
		expect(seen.size).toBeLessThanOrEqual(11);
	});

	it('keeps the paths of the body as they are', () => {
		const bodyOf = (p: Params): unknown[] => rig(p, look).items.filter((item) => look.body.includes(item));
		expect(bodyOf({ ...REST, yaw: 1, breath: 1, sway: 1 })).toEqual([...look.body]);
	});
});

describe('the two looks', () => {
	it('differ in at least a quarter of all pixels, and of their united silhouettes, at 64 pixels', () => {
		const [spark, ember] = ['spark', 'ember'].map((name) => silhouette(rig(REST, lookOf(name)), 64));
		let union = 0;
		let differing = 0;
		spark?.forEach((isSpark, i) => {
			const isEmber = ember?.[i] ?? false;
			if (isSpark || isEmber) union++;
			if (isSpark !== isEmber) differing++;
		});
		const picture = 64 * 51;
		expect([spark?.length, ember?.length]).toEqual([picture, picture]);
		expect(union).toBeGreaterThan(1000);
		expect(differing / picture).toBeGreaterThanOrEqual(0.25);
		expect(differing / union).toBeGreaterThanOrEqual(0.25);
	});

	it('bend the wings of ember in fewer steps than the swaying has frames', () => {
		const seen = new Set<string>();
		for (let frame = 0; frame < 480; frame++) {
			const sway = Math.sin((frame / 480) * 2 * Math.PI);
			const items = rig({ ...REST, sway, whip: sway }, lookOf('ember')).items;
			seen.add(items.find(({ fill }) => fill === 'wing')?.d ?? '');
		}
		expect(seen.size).toBeGreaterThan(4);
		expect(seen.size).toBeLessThanOrEqual(33);
	});

	it('fall back to spark for names nobody knows', () => {
		for (const name of ['', 'nobody', 'constructor', '__proto__']) expect(lookOf(name).name).toBe('spark');
		expect(lookOf('ember').name).toBe('ember');
	});
});

describe('names', () => {
	it('that nobody knows are silence and neutral', () => {
		for (const name of ['', 'AA', 'toString']) {
			expect(mouthOf(name)).toEqual(MOUTHS.sil);
			expect(moodOf(name)).toEqual(MOODS.neutral);
		}
	});
});

describe('the animator', () => {
	const alive = (): Animator => new Animator({ frozen: false, random: seeded(7) });
	const frozen = (): Animator => new Animator({ frozen: true, random: () => 0.5 });

	it('shows a viseme by more than 60 % in the frame in which it is set', () => {
		const animator = alive();
		animator.setSpeaking(true);
		for (let frame = 0; frame < 20; frame++) animator.step(FRAME);
		animator.setViseme('aa', 1);
		animator.step(FRAME / 10);
		expect(animator.mouthOpen).toBeGreaterThanOrEqual(0.6);
	});

	it('shows the first viseme as fast when nobody said that speech began', () => {
		const animator = alive();
		animator.setViseme('oh', 1);
		animator.step(FRAME);
		expect(animator.mouthOpen).toBeGreaterThanOrEqual(0.6 * MOUTHS.oh.open);
	});

	it('closes the mouth completely after silence, also in a mood that smiles with open lips', () => {
		const animator = alive();
		animator.setExpression('happy', 1);
		animator.setSpeaking(true);
		animator.setViseme('aa', 1);
		for (let frame = 0; frame < 10; frame++) animator.step(FRAME);
		animator.setViseme('sil', 1);
		for (let frame = 0; frame < 6; frame++) animator.step(FRAME);
		expect(animator.mouthOpen).toBe(0);
	});

	it('closes the mouth when speech ends in the middle of a vowel', () => {
		const animator = alive();
		animator.setSpeaking(true);
		animator.setViseme('aa', 1);
		animator.step(FRAME);
		animator.setSpeaking(false);
		for (let frame = 0; frame < 6; frame++) animator.step(FRAME);
		expect(animator.mouthOpen).toBe(0);
	});

	it('begins speech from the mouth that is seen, not from a closed one', () => {
		const animator = frozen();
		animator.setExpression('happy', 1);
		animator.step(0);
		animator.setSpeaking(true);
		expect(animator.mouthOpen).toBeCloseTo(MOODS.happy.rest);
	});

	it.each([-3, 0, 0.4, 1, 7, NaN, Infinity])('keeps the opening within 0..1 for the weight %s', (weight) => {
		for (const name of VISEMES) {
			const animator = frozen();
			animator.setViseme(name, weight);
			animator.step(FRAME);
			expect(animator.mouthOpen).toBeGreaterThanOrEqual(0);
			expect(animator.mouthOpen).toBeLessThanOrEqual(1);
		}
	});

	it('scales viseme and expression by their weights', () => {
		const animator = frozen();
		animator.setViseme('aa', 0.5);
		animator.setExpression('surprised', 0.5);
		const params = animator.step(FRAME);
		expect(params.mouth.open).toBeCloseTo(MOUTHS.aa.open / 2);
		expect(params.mood.browY).toBeCloseTo(MOODS.surprised.browY / 2);
	});

	it('keeps its own thoughts to itself while it shows a mood', () => {
		const animator = alive();
		animator.setExpression('sad', 1);
		for (let frame = 0; frame < 120; frame++) animator.step(FRAME);
		const sad = animator.step(FRAME).mood;
		for (let frame = 0; frame < 3600; frame++) expect(animator.step(FRAME).mood).toEqual(sad);
	});

	it('opens laughing eyes now and then in speech', () => {
		const animator = alive();
		animator.setExpression('happy', 1);
		for (let frame = 0; frame < 60; frame++) animator.step(FRAME);
		expect(animator.step(FRAME).mood.laugh).toBe(1);
		animator.setSpeaking(true);
		const laughs = Array.from({ length: 900 }, () => animator.step(FRAME).mood.laugh);
		expect(Math.min(...laughs)).toBeLessThan(0.1);
		expect(Math.max(...laughs)).toBeGreaterThan(0.9);
	});

	it('does not move by itself when frozen', () => {
		const animator = frozen();
		animator.setExpression('smug', 1);
		const first = animator.step(FRAME);
		for (let frame = 0; frame < 300; frame++) expect(animator.step(FRAME)).toEqual(first);
	});

	it('repeats itself exactly for the same chance and the same steps', () => {
		const [one, two] = [alive(), alive()];
		for (let frame = 0; frame < 600; frame++) expect(one.step(FRAME)).toEqual(two.step(FRAME));
	});

	it('blinks, breathes, glances, sways and shifts its weight within a minute of idleness', () => {
		const animator = alive();
		const frames = Array.from({ length: 3600 }, () => {
			animator.setExpression('neutral', 1);
			animator.setSpeaking(false);
			return animator.step(FRAME);
		});
		const span = (of: (p: Params) => number): number => Math.max(...frames.map(of)) - Math.min(...frames.map(of));
		expect(span((p) => p.blink)).toBe(1);
		expect(span((p) => p.breath)).toBeGreaterThan(0.95);
		expect(span((p) => p.gazeX)).toBeGreaterThan(0.4);
		expect(span((p) => p.sway)).toBeGreaterThan(0.2);
		expect(span((p) => p.lean)).toBeGreaterThan(0.3);
		expect(span((p) => p.mood.browY)).toBeGreaterThan(0.5);
	});

	it('only blinks when less motion is asked for', () => {
		const animator = alive();
		animator.isCalm = true;
		const frames = Array.from({ length: 900 }, () => animator.step(FRAME));
		expect(Math.max(...frames.map((p) => p.blink))).toBe(1);
		for (const frame of frames) expect(JSON.stringify(frame)).toBe(JSON.stringify({ ...REST, blink: frame.blink }));
	});

	it('moves the head more while it speaks', () => {
		const travel = (isSpeaking: boolean): number => {
			const animator = alive();
			animator.setSpeaking(isSpeaking);
			let sum = 0;
			let last = animator.step(FRAME);
			for (let frame = 0; frame < 900; frame++) {
				if (isSpeaking) animator.setViseme(frame % 16 < 8 ? 'aa' : 'nn', 1);
				const next = animator.step(FRAME);
				sum += Math.abs(next.yaw - last.yaw) + Math.abs(next.pitch - last.pitch);
				last = next;
			}
			return sum;
		};
		expect(travel(true)).toBeGreaterThan(1.5 * travel(false));
	});

	it('gives sound pictures through long gaps, odd steps and bad numbers', () => {
		const animator = alive();
		animator.setGaze(NaN, 9);
		for (const dt of [0, 1e-6, 5, NaN, -1, Infinity, 0.25, 0.25, 0.25])
			expectSound(rig(animator.step(dt), lookOf('spark')));
	});
});

describe('small motions', () => {
	it('a blink starts and ends open and closes fully between', () => {
		expect(blinkAt(-1)).toBe(0);
		expect(blinkAt(0)).toBe(0);
		expect(blinkAt(0.08)).toBe(1);
		expect(blinkAt(1)).toBe(0);
	});

	it('a spring arrives where it is pulled at any frame rate', () => {
		for (const dt of [1 / 240, 1 / 30, 0.25]) {
			const spring = new Spring(42, 5.5);
			for (let time = 0; time < 6; time += dt) spring.follow(1, dt);
			expect(spring.position).toBeCloseTo(1, 2);
		}
	});
});
