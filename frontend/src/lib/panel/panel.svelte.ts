/** The running panel of a page: what is shared by all of its tabs. */

import { getContext, setContext } from 'svelte';
import { ApiError } from './api';
import { Live } from './live.svelte';
import { interrupt, mute, panic, resume } from './orders';
import { Route } from './route.svelte';
import { Show } from './show.svelte';
import { setHold } from './steering';
import { Toasts } from './toasts.svelte';

const KEY = Symbol('panel');

export class Panel {
	readonly live = new Live();
	readonly show = new Show();
	readonly route = new Route();
	readonly toasts = new Toasts();

	/** Connects; gives what closes everything. */
	open(): () => void {
		const unwatch = this.live.watch(this.show);
		const unfollow = this.route.follow();
		this.live.open();
		return () => {
			unwatch();
			unfollow();
			this.live.close();
			this.toasts.clear();
		};
	}

	/**
	 * Gives an order and tells where it failed. `what` is the order in words: "Muting". True where it worked.
	 */
	async order(what: string, act: () => Promise<unknown>): Promise<boolean> {
		try {
			await act();
			this.toasts.close(`order.${what}`);
			return true;
		} catch (error) {
			if (!(error instanceof ApiError)) throw error;
			this.toasts.show({ key: `order.${what}`, tone: 'bad', text: `${what} did not work. ${error.message}` });
			return false;
		}
	}

	skip(persona?: string): Promise<boolean> {
		return this.order('Skipping', () => interrupt(persona));
	}

	mute(isMuted: boolean, persona?: string): Promise<boolean> {
		return this.order(isMuted ? 'Muting' : 'Unmuting', async () => {
			await mute(isMuted, persona);
			await this.show.refresh();
		});
	}

	async panic(): Promise<boolean> {
		try {
			await panic();
			return true;
		} catch (error) {
			if (!(error instanceof ApiError)) throw error;
			const text = `The show did not take the panic. ${error.message} Run "spark-vtuber panic" in a terminal: it works though the show hangs.`;
			this.toasts.show({ key: 'panic', tone: 'bad', text, staysMs: null });
			return false;
		}
	}

	resume(): Promise<boolean> {
		return this.order('Resuming', resume);
	}

	hold(isOn: boolean): Promise<boolean> {
		return this.order('Hold mode', async () => (this.show.isHold = await setHold(isOn)));
	}
}

/** Makes `panel` the one that `usePanel` gives to everything inside this component. */
export function providePanel(panel: Panel): Panel {
	return setContext(KEY, panel);
}

/** The panel around this component. */
export function usePanel(): Panel {
	return getContext<Panel>(KEY);
}
