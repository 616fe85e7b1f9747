import { expect, test } from 'vitest';
import { offer, readAccounts, summary, timeLeft, type Account } from '../src/lib/panel/settings/accounts';

const TWITCH = { platform: 'twitch', title: 'Twitch', state: 'signed_in', login: 'nova', missing: [], excess: [] };
const WAITING = {
	...TWITCH,
	state: 'waiting',
	code: { address: 'https://www.twitch.tv/activate', code: 'ABCDEFGH', expires_at: 90_000 }
};

const account = (fields: object = {}): Account => {
	const [read] = readAccounts([{ ...TWITCH, ...fields }]);
	if (!read) throw new Error('no account');
	return read;
};

test('what is no account is left out, and what is missing is empty', () => {
	expect(readAccounts([{ platform: 'twitch', state: 'signed_out' }, { state: 'signed_in' }, null, 4])).toEqual([
		{
			platform: 'twitch',
			title: 'twitch',
			state: 'signed_out',
			login: '',
			missing: [],
			excess: [],
			detail: '',
			fix: '',
			code: null
		}
	]);
	expect(readAccounts([{ ...TWITCH, state: 'dancing' }])).toEqual([]);
	expect(readAccounts({})).toEqual([]);
});

test('only a web address becomes a link', () => {
	const address = (written: unknown) =>
		account({ state: 'waiting', code: { ...WAITING.code, address: written } }).code?.address;
	expect(address('https://www.twitch.tv/activate')).toBe('https://www.twitch.tv/activate');
	expect(address('javascript:alert(1)')).toBe('');
	expect(address(' data:text/html,x')).toBe('');
	expect(address(7)).toBe('');
});

test('an account says how it is', () => {
	expect(summary(account())).toEqual({ words: 'Signed in as nova', look: 'good' });
	expect(summary(account({ login: '' })).words).toBe('Signed in');
	expect(summary(account({ missing: ['bits:read'] })).look).toBe('warn');
	expect(summary(account({ state: 'refused' }))).toEqual({ words: 'Needs attention', look: 'bad' });
	expect(summary(account({ state: 'signed_out' })).look).toBe('plain');
	expect(summary(account(WAITING)).words).toBe('Waiting for you');
});

test('the time of a code runs out', () => {
	const { code } = account(WAITING);
	if (!code) throw new Error('no code');
	expect(timeLeft(code, 0)).toBe('1:30');
	expect(timeLeft(code, 80_001)).toBe('0:10');
	expect(timeLeft(code, 90_000)).toBe('');
	expect(timeLeft(code, 1e9)).toBe('');
});

test('each platform says what signing in is good for', () => {
	expect(offer(account())).toContain('rewards');
	expect(offer(account({ platform: 'youtube', title: 'YouTube' }))).toMatch(
		/read without an account.*stays with YouTube\./
	);
	expect(offer(account({ platform: 'kick', title: 'Kick' }))).toContain('stays with Kick');
});
