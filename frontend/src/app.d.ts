declare global {
	interface Window {
		/** Present inside an OBS browser source only. */
		obsstudio?: unknown;
	}
}

export {};
