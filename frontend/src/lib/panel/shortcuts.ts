/** The keys of the panel. Pure. */

import { TABS, type TabId } from './route.svelte';

export type Act = 'panic' | 'mute' | 'skip' | 'hold' | 'help' | { readonly tab: TabId };

export interface Press {
	readonly key: string;
	readonly code: string;
	readonly altKey: boolean;
	readonly ctrlKey: boolean;
	readonly metaKey: boolean;
	readonly repeat: boolean;
}

/** Single keys work outside text fields; these also inside, with Alt. */
export const KEYS = [
	{ key: 'P', meaning: 'Panic: everything stops', act: 'panic' },
	{ key: 'M', meaning: 'Mute everybody, or sound again', act: 'mute' },
	{ key: 'S', meaning: 'Skip: cut who speaks', act: 'skip' },
	{ key: 'H', meaning: 'Hold mode on or off', act: 'hold' }
] as const;

/** What a key press means, or null. `isTyping`: the focus is in a text field. */
export function meaningOf(press: Press, isTyping: boolean): Act | null {
	if (press.ctrlKey || press.metaKey || press.repeat) return null;
	if (press.altKey) return KEYS.find(({ key }) => press.code === `Key${key}`)?.act ?? null;
	if (isTyping) return null;
	if (press.key === '?') return 'help';
	const tab = TABS[Number(press.key) - 1];
	if (tab) return { tab: tab.id };
	return KEYS.find(({ key }) => press.key.toUpperCase() === key)?.act ?? null;
}

/** Whether letters typed at this element are text. */
export function isTextField(element: unknown): boolean {
	if (!(element instanceof HTMLElement)) return false;
	if (element instanceof HTMLInputElement) return !['checkbox', 'radio', 'button', 'range'].includes(element.type);
	return element instanceof HTMLTextAreaElement || element instanceof HTMLSelectElement || element.isContentEditable;
}
