import { expect, test, vi } from 'vitest';
import { REST } from '../src/lib/puppet/pose';
import { EXPRESSIONS, VISEMES, type Avatar } from '../src/lib/puppet/types';
import { ModelRole, modelIn, understudyLook, type Shown } from '../src/lib/stage/role';
import { Show } from '../src/lib/stage/show';
import { Face } from '../src/lib/vrm/face';
import { framing } from '../src/lib/vrm/framing';
import { BONES, mirrored, poseOf } from '../src/lib/vrm/pose';
import { LookTrouble, reasonOf, reasonOfStatus } from '../src/lib/vrm/trouble';
import { FEELINGS, VOWELS, feelingsOf, opening, vowelsOf } from '../src/lib/vrm/weights';

test('every viseme is a mix of vowels, and only silence and pressed lips close the mouth', () => {
	for (const viseme of VISEMES) {
		const vowels = vowelsOf(viseme, 1);
		const sum = VOWELS.reduce((all, vowel) => all + vowels[vowel], 0);
		expect(sum).toBeLessThanOrEqual(1);
		expect(opening(vowels) > 0).toBe(!['sil', 'PP'].includes(viseme));
		expect(opening(vowelsOf(viseme, 0))).toBe(0);
	}
});

test('a vowel of speech is the preset of the same name, by its weight', () => {
	expect(vowelsOf('aa', 0.5)).toEqual({ aa: 0.5, ih: 0, ou: 0, ee: 0, oh: 0 });
	expect(vowelsOf('oh', 1).oh).toBe(1);
	expect(vowelsOf('ou', 1).ou).toBe(1);
	expect(opening(vowelsOf('aa', 1))).toBeGreaterThan(opening(vowelsOf('ih', 1)));
});

test('names and numbers that mean nothing close the mouth and calm the face', () => {
	for (const name of ['', 'zz', '__proto__', 'toString']) {
		expect(opening(vowelsOf(name, 1))).toBe(0);
		expect(Object.values(feelingsOf(name, 1))).toEqual([0, 0, 0, 0, 0]);
	}
	expect(opening(vowelsOf('aa', Number.NaN))).toBe(0);
	expect(opening(vowelsOf('aa', 7))).toBe(1);
});

test('every expression but neutral shows in a preset; smug is relaxed', () => {
	for (const expression of EXPRESSIONS) {
		const shown = FEELINGS.filter((feeling) => feelingsOf(expression, 1)[feeling] > 0);
		expect(shown.length).toBe(expression === 'neutral' ? 0 : 1);
	}
	expect(feelingsOf('smug', 1).relaxed).toBeGreaterThan(0.8);
	expect(feelingsOf('sad', 0.5).sad).toBe(0.5);
});

test('the mouth follows within a frame, and a frozen face is there at once', () => {
	const face = new Face(false);
	face.setSpeaking(true);
	face.setViseme('aa', 1);
	face.step(1 / 60);
	expect(face.mouthOpen).toBeGreaterThanOrEqual(0.7);
	face.setSpeaking(false);
	for (let frame = 0; frame < 10; frame++) face.step(1 / 60);
	expect(face.mouthOpen).toBe(0);
	const still = new Face(true);
	still.setViseme('oh', 1);
	still.setExpression('angry', 1);
	still.step(0);
	expect([still.vowels.oh, still.feelings.angry]).toEqual([1, 1]);
});

test('a feeling leaves room for the lips while she speaks', () => {
	const face = new Face(true);
	face.setExpression('happy', 1);
	face.setSpeaking(true);
	face.step(0);
	expect(face.feelings.happy).toBe(0.75);
});

test('at rest the arms hang and nothing turns; a head without a neck turns as far', () => {
	const pose = poseOf(REST, true);
	expect(pose.leftUpperArm[2]).toBeCloseTo(-pose.rightUpperArm[2]);
	expect(pose.leftUpperArm[2]).toBeLessThan(-1);
	expect(pose.head.every((angle) => angle === 0 || Object.is(angle, -0))).toBe(true);
	const turned = { ...REST, yaw: 1, pitch: 0.5 };
	const [withNeck, without] = [poseOf(turned, true), poseOf(turned, false)];
	expect(withNeck.head[1] + withNeck.neck[1]).toBeCloseTo(without.head[1]);
	expect(without.head[1]).toBeGreaterThan(0);
	expect(BONES.flatMap((bone) => pose[bone]).every(Number.isFinite)).toBe(true);
	expect(mirrored([1, 2, 3])).toEqual([-1, 2, -3]);
});

test('the picture holds the hips at its lower edge and the top of the head', () => {
	for (const aspect of [0.3, 0.6, 16 / 9, 3]) {
		const { y, distance, fov } = framing({ hips: 0.9, head: 1.4, top: 1.65 }, aspect);
		const half = distance * Math.tan((fov * Math.PI) / 360);
		expect(y - half).toBeCloseTo(0.9);
		expect(y + half).toBeGreaterThan(1.65);
	}
});

test('a picture stays a picture for bodies that are none', () => {
	for (const measures of [
		{ hips: 0, head: 0, top: 0 },
		{ hips: 5, head: 1, top: 90 },
		{ hips: -1, head: 0.01, top: 0 }
	]) {
		const { distance } = framing(measures, 1.5);
		expect(distance).toBeGreaterThan(0);
		expect(Number.isFinite(distance)).toBe(true);
	}
});

test('an answer of the show says why there is no model', () => {
	expect([401, 403, 404, 413, 422, 500].map(reasonOfStatus)).toEqual([
		'refused',
		'refused',
		'missing',
		'too_large',
		'broken',
		'broken'
	]);
	expect(reasonOf(new LookTrouble('slow', 'x'))).toBe('slow');
	expect(reasonOf(new TypeError('x'))).toBe('broken');
});

test('a look names a model or a puppet, and the understudy is the puppet of the name', () => {
	expect(modelIn('vrm:Paper Fox')).toBe('Paper Fox');
	expect(modelIn('ember')).toBeNull();
	const persona = (id: string, name: string) => ({ id, name, look: 'vrm:x' });
	expect(understudyLook(persona('ember', 'Nova'), 0)).toBe('ember');
	expect(understudyLook(persona('main', 'Spark'), 1)).toBe('spark');
	expect([0, 1, 2].map((place) => understudyLook(persona('nova', 'Nova'), place))).toEqual(['spark', 'ember', 'spark']);
});

test('the show says when puppets stand in for models', () => {
	const said: boolean[] = [];
	const show = new Show({ send: () => {}, nowMs: () => 0, onPuppets: (isOn) => said.push(isOn) });
	for (const on of [true, false, 'yes', 1]) show.receiveText(JSON.stringify({ type: 'puppets', on }));
	expect(said).toEqual([true, false, false, false]);
});

/** An avatar that notes whether it is on the stage. */
function actor(name: string, onStage: Set<string>): Avatar {
	onStage.add(name);
	const nothing = () => {};
	return {
		setViseme: nothing,
		setExpression: nothing,
		setSpeaking: nothing,
		setGaze: nothing,
		update: nothing,
		destroy: () => void onStage.delete(name),
		mouthOpen: name === 'model' ? 1 : 0.5
	};
}

test('a model that cannot be shown is played by the puppet', async () => {
	const onStage = new Set<string>();
	const told: Shown[] = [];
	const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
	const role = new ModelRole(
		() => Promise.reject(new LookTrouble('missing', 'gone')),
		() => actor('puppet', onStage),
		(shown) => told.push(shown)
	);
	expect(role.mouthOpen).toBe(0);
	await vi.waitFor(() => expect([...onStage]).toEqual(['puppet']));
	expect(told).toEqual([{ shown: 'puppet', reason: 'missing' }]);
	expect(warn.mock.calls[0]?.[0]).toContain('missing');
	role.destroy();
	expect(onStage.size).toBe(0);
});

test('a model that loses its graphics gives way to the puppet and comes back', async () => {
	vi.useFakeTimers();
	vi.spyOn(console, 'warn').mockImplementation(() => {});
	const onStage = new Set<string>();
	const told: Shown[] = [];
	let lose = () => {};
	const role = new ModelRole(
		async (onLost) => {
			lose = onLost;
			return actor('model', onStage);
		},
		() => actor('puppet', onStage),
		(shown) => told.push(shown)
	);
	await vi.advanceTimersByTimeAsync(0);
	expect([[...onStage], role.mouthOpen]).toEqual([['model'], 1]);
	lose();
	expect([[...onStage], role.mouthOpen]).toEqual([['puppet'], 0.5]);
	await vi.advanceTimersByTimeAsync(5000);
	expect([...onStage]).toEqual(['model']);
	expect(told.map((each) => each.shown)).toEqual(['model', 'puppet', 'model']);
	vi.useRealTimers();
});

test('a role that is over when its model comes leaves nothing behind', async () => {
	const onStage = new Set<string>();
	let come = (_: Avatar) => {};
	const role = new ModelRole(
		() => new Promise((resolve) => (come = resolve)),
		() => actor('puppet', onStage),
		() => expect.unreachable()
	);
	role.destroy();
	come(actor('model', onStage));
	await vi.waitFor(() => expect(onStage.size).toBe(0));
});
