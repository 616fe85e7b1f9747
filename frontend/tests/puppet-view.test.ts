import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createPuppet, type Avatar, type PuppetOptions } from '../src/lib/puppet';
import { FakeDocument, FakeQuery, type FakeElement } from './puppet-page';

const FRAME = 1 / 60;

let page: FakeDocument;
let calm: FakeQuery;

beforeEach(() => {
	page = new FakeDocument();
	calm = new FakeQuery();
	vi.stubGlobal('document', page);
	vi.stubGlobal('matchMedia', () => calm);
});

afterEach(() => vi.unstubAllGlobals());

function puppet(look = 'spark', options: PuppetOptions = { frozen: true }): Avatar {
	return createPuppet(page.body as unknown as HTMLElement, look, options);
}

const svg = (): FakeElement | undefined => page.body.children.find(({ name }) => name === 'svg');
const attribute = (name: string): string | undefined => svg()?.attributes.get(name);
const picture = (): string => JSON.stringify(page.body.all().map(({ attributes }) => [...attributes]));

/** Elements written to while `act` runs. */
function touched(act: () => void): FakeElement[] {
	const before = new Map(page.body.all().map((element) => [element, element.writes]));
	act();
	return page.body.all().filter((element) => element.writes !== before.get(element));
}

describe('the view', () => {
	it('is an image with the name of the character, or of her look', () => {
		const named = puppet('ember', { frozen: true, name: 'Cinder' });
		expect([attribute('role'), attribute('aria-label')]).toEqual(['img', 'Cinder']);
		named.destroy();
		puppet('ember');
		expect(attribute('aria-label')).toBe('ember');
	});

	it('draws spark for a look nobody knows', () => {
		puppet('nobody');
		expect(attribute('aria-label')).toBe('spark');
	});

	it('writes nothing when nothing changed', () => {
		const avatar = puppet();
		avatar.update(FRAME);
		expect(touched(() => avatar.update(FRAME))).toEqual([]);
	});

	it('keeps its nodes and writes only a few of them when the mouth moves', () => {
		const avatar = puppet();
		avatar.setSpeaking(true);
		avatar.update(FRAME);
		const nodes = page.body.all();
		avatar.setViseme('aa', 1);
		const written = touched(() => avatar.update(FRAME));
		expect(written.length).toBeGreaterThan(2);
		expect(written.length).toBeLessThan(16);
		expect(page.body.all()).toEqual(nodes);
	});

	it('treats names nobody knows as neutral and silence', () => {
		const avatar = puppet();
		avatar.update(FRAME);
		const rest = picture();
		avatar.setExpression('gleeful' as 'happy', 1);
		avatar.setViseme('xx' as 'aa', 1);
		avatar.update(FRAME);
		expect(picture()).toBe(rest);
	});

	it('gives ids of their own to puppets on one page', () => {
		puppet();
		puppet();
		const ids = page.body.all().flatMap(({ attributes }) => attributes.get('id') ?? []);
		expect(ids.length).toBeGreaterThan(20);
		expect(new Set(ids).size).toBe(ids.length);
	});

	it('leaves nothing behind and stays silent when destroyed', () => {
		const avatar = puppet();
		avatar.destroy();
		avatar.update(FRAME);
		avatar.destroy();
		expect(page.body.children).toEqual([]);
		expect(calm.listeners.size).toBe(0);
	});

	it('stops drifting as soon as less motion is asked for', () => {
		const avatar = puppet('spark', { random: () => 0.99 });
		const framesThatMove = (): number =>
			Array.from({ length: 60 }, () => touched(() => avatar.update(FRAME))).filter((t) => t.length).length;
		expect(framesThatMove()).toBe(60);
		calm.answer(true);
		for (let frame = 0; frame < 600; frame++) avatar.update(FRAME);
		expect(framesThatMove()).toBeLessThan(30);
	});

	it('reports how far speech opens the mouth', () => {
		const avatar = puppet();
		expect(avatar.mouthOpen).toBe(0);
		avatar.setViseme('aa', 1);
		avatar.update(FRAME);
		expect(avatar.mouthOpen).toBe(1);
	});
});
