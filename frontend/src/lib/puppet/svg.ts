/** The SVG view: keeps its nodes and sets only the attributes that changed. */
import type { DrawList, Group, Item, Look, Matrix, Paint } from './types';

const SVG = 'http://www.w3.org/2000/svg';

/** The part of the drawing that is shown: x, y, width, height. */
export const VIEW_BOX = '0 0 800 1000';

function node(name: string, attributes: Readonly<Record<string, string | number>> = {}): SVGElement {
	const element = document.createElementNS(SVG, name);
	for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
	return element;
}

function gradientNode(id: string, paint: Exclude<Paint, string>): SVGElement {
	switch (paint.kind) {
		case 'linear': {
			const [x1, y1, x2, y2] = paint.line;
			return node('linearGradient', { id, gradientUnits: 'userSpaceOnUse', x1, y1, x2, y2 });
		}
		case 'box':
			return node('linearGradient', { id, x1: 0, y1: 0, x2: 0, y2: 1 });
		case 'radial':
			return node('radialGradient', { id });
	}
}

function gradient(id: string, paint: Exclude<Paint, string>): SVGElement {
	const element = gradientNode(id, paint);
	paint.stops.forEach((colour, i) =>
		element.append(node('stop', { offset: i / Math.max(1, paint.stops.length - 1), 'stop-color': colour }))
	);
	return element;
}

/** One path on the page and what was last written to it. */
interface Drawn {
	readonly element: SVGElement;
	item: Item;
}

export class SvgView {
	readonly #svg: SVGElement;
	readonly #id: string;
	readonly #paints: ReadonlyMap<string, string>;
	readonly #layers: { readonly element: SVGElement; readonly group: Group; matrix: Matrix | null }[] = [];
	readonly #clips: { readonly element: SVGElement; readonly name: string; d: string }[] = [];
	readonly #drawn: Drawn[] = [];

	/**
	 * Adds an `svg` with the first picture to `host`. `id` becomes its id and the prefix of all ids in it; no other
	 * element of the document may have it.
	 */
	constructor(host: HTMLElement, look: Look, first: DrawList, label: string, id: string) {
		this.#id = id;
		this.#svg = node('svg', {
			id,
			viewBox: VIEW_BOX,
			width: '100%',
			height: '100%',
			preserveAspectRatio: 'xMidYMax meet',
			role: 'img',
			'aria-label': label
		});
		this.#svg.style.display = 'block';
		const defs = node('defs');
		this.#svg.append(defs);
		this.#paints = new Map(
			Object.entries(look.paints).map(([name, paint]) => {
				if (typeof paint === 'string') return [name, paint];
				defs.append(gradient(`${id}-${name}`, paint));
				return [name, `url(#${id}-${name})`];
			})
		);
		for (const [name, d] of Object.entries(first.clips)) {
			const element = node('path', { d });
			const clip = node('clipPath', { id: `${id}-clip-${name}` });
			clip.append(element);
			defs.append(clip);
			this.#clips.push({ element, name, d });
		}
		this.#build(first);
		this.draw(first);
		host.append(this.#svg);
	}

	/** Shows `list`, which comes from the same look as the first one. */
	draw(list: DrawList): void {
		for (const layer of this.#layers) {
			const matrix = list.groups[layer.group];
			if (layer.matrix && same(layer.matrix, matrix)) continue;
			layer.matrix = matrix;
			layer.element.setAttribute('transform', `matrix(${matrix.map((n) => Math.round(n * 1e4) / 1e4).join(' ')})`);
		}
		for (const clip of this.#clips) {
			const d = list.clips[clip.name] ?? '';
			if (d === clip.d) continue;
			clip.d = d;
			clip.element.setAttribute('d', d);
		}
		this.#drawn.forEach((drawn, i) => {
			const item = list.items[i];
			if (item && item !== drawn.item) update(drawn, item);
		});
	}

	remove(): void {
		this.#svg.remove();
	}

	#build(list: DrawList): void {
		let run = '';
		let parent: SVGElement = this.#svg;
		for (const item of list.items) {
			const key = `${item.group} ${item.clip ?? ''}`;
			if (key !== run) {
				run = key;
				parent = node('g', { 'stroke-linejoin': 'round', 'stroke-linecap': 'round' });
				if (item.clip) parent.setAttribute('clip-path', `url(#${this.#id}-clip-${item.clip})`);
				this.#svg.append(parent);
				this.#layers.push({ element: parent, group: item.group, matrix: null });
			}
			const element = node('path', { d: item.d, fill: this.#paint(item.fill), opacity: item.opacity ?? 1 });
			if (item.stroke) {
				element.setAttribute('stroke', this.#paint(item.stroke));
				element.setAttribute('stroke-width', String(item.width ?? 1));
			}
			parent.append(element);
			this.#drawn.push({ element, item });
		}
	}

	#paint(name: string | undefined): string {
		return name === undefined ? 'none' : (this.#paints.get(name) ?? 'none');
	}
}

function update(drawn: Drawn, item: Item): void {
	const last = drawn.item;
	drawn.item = item;
	if (item.d !== last.d) drawn.element.setAttribute('d', item.d);
	if (item.opacity !== last.opacity)
		drawn.element.setAttribute('opacity', String(Math.round((item.opacity ?? 1) * 100) / 100));
	if (item.width !== last.width) drawn.element.setAttribute('stroke-width', String(item.width ?? 1));
}

const same = (a: Matrix, b: Matrix): boolean => a.every((value, i) => value === b[i]);
