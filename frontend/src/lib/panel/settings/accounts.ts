/** Accounts on platforms as the show tells of them. Pure. */

import { isObject, list, number, text, texts, type Json } from '../../protocol/fields';

export type AccountState = 'signed_out' | 'waiting' | 'signed_in' | 'refused';

/** What somebody does to sign in. */
export interface LoginCode {
	/** A web address; empty where what came is none. */
	readonly address: string;
	readonly code: string;
	/** Unix time in milliseconds. */
	readonly expiresMs: number;
}

export interface Account {
	readonly platform: string;
	readonly title: string;
	readonly state: AccountState;
	/** Its name there; empty while it is not known. */
	readonly login: string;
	/** Permissions that what is switched on needs. */
	readonly missing: readonly string[];
	/** Permissions that nothing uses. */
	readonly excess: readonly string[];
	readonly detail: string;
	readonly fix: string;
	readonly code: LoginCode | null;
}

const STATES: readonly string[] = ['signed_out', 'waiting', 'signed_in', 'refused'] satisfies AccountState[];

export function readAccounts(raw: unknown): Account[] {
	return list(raw).filter(isObject).flatMap(readAccount);
}

function readAccount(raw: Json): Account[] {
	const platform = text(raw['platform']) ?? '';
	const state = text(raw['state']) ?? '';
	if (!platform || !STATES.includes(state)) return [];
	return [
		{
			platform,
			title: text(raw['title']) || platform,
			state: state as AccountState,
			login: text(raw['login']) ?? '',
			missing: texts(raw['missing']),
			excess: texts(raw['excess']),
			detail: text(raw['detail']) ?? '',
			fix: text(raw['fix']) ?? '',
			code: isObject(raw['code']) ? readCode(raw['code']) : null
		}
	];
}

function readCode(raw: Json): LoginCode {
	return {
		address: webAddress(text(raw['address']) ?? ''),
		code: text(raw['code']) ?? '',
		expiresMs: number(raw['expires_at']) ?? 0
	};
}

/** The address if a browser may open it: what a platform says becomes a link. */
function webAddress(address: string): string {
	return /^https?:\/\//i.test(address) ? address : '';
}

export type Look = 'plain' | 'good' | 'warn' | 'bad';

/** How an account is, in words and by colour. */
export function summary({ state, login, missing }: Account): { readonly words: string; readonly look: Look } {
	switch (state) {
		case 'signed_out':
			return { words: 'Not signed in', look: 'plain' };
		case 'waiting':
			return { words: 'Waiting for you', look: 'warn' };
		case 'refused':
			return { words: 'Needs attention', look: 'bad' };
		case 'signed_in':
			return { words: login ? `Signed in as ${login}` : 'Signed in', look: missing.length > 0 ? 'warn' : 'good' };
	}
}

const OFFERS: Readonly<Record<string, string>> = {
	twitch: 'Signed in, the show also hears of rewards, follows, polls and more, and writes into the chat.',
	youtube: 'The chat is read without an account. Signed in, the show also writes into it.'
};

/** What signing in is good for. */
export function offer({ platform, title }: Account): string {
	const what = OFFERS[platform] ?? 'Signed in, the show hears more of the channel and writes into its chat.';
	return `${what} The password stays with ${title}.`;
}

/** How long a code is still good: "29:05", "0:09". Empty when it is too old. */
export function timeLeft({ expiresMs }: LoginCode, nowMs: number): string {
	const seconds = Math.ceil((expiresMs - nowMs) / 1000);
	if (seconds <= 0) return '';
	return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
