/** As much of a page as the puppet touches: elements that remember attributes and count how often they are set. */

export class FakeElement {
	readonly attributes = new Map<string, string>();
	readonly children: FakeElement[] = [];
	readonly style: Record<string, string> = {};
	parent: FakeElement | null = null;
	writes = 0;

	constructor(
		readonly name: string,
		readonly ownerDocument: FakeDocument
	) {}

	setAttribute(name: string, value: string): void {
		this.attributes.set(name, value);
		this.writes++;
	}

	append(...added: FakeElement[]): void {
		for (const child of added) {
			child.parent = this;
			this.children.push(child);
		}
	}

	remove(): void {
		this.parent?.children.splice(this.parent.children.indexOf(this), 1);
		this.parent = null;
	}

	/** This element and all below it. */
	all(): FakeElement[] {
		return [this, ...this.children.flatMap((child) => child.all())];
	}
}

export class FakeDocument {
	readonly body = new FakeElement('body', this);

	createElementNS(_: string, name: string): FakeElement {
		return new FakeElement(name, this);
	}

	getElementById(id: string): FakeElement | null {
		return this.body.all().find((element) => element.attributes.get('id') === id) ?? null;
	}
}

/** A media query that tests can answer. */
export class FakeQuery {
	matches = false;
	readonly listeners = new Set<() => void>();

	addEventListener(_: 'change', listener: () => void): void {
		this.listeners.add(listener);
	}

	removeEventListener(_: 'change', listener: () => void): void {
		this.listeners.delete(listener);
	}

	answer(matches: boolean): void {
		this.matches = matches;
		for (const listener of this.listeners) listener();
	}
}
