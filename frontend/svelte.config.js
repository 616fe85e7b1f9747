import { readFileSync } from 'node:fs';
import adapter from '@sveltejs/adapter-static';

const { version } = JSON.parse(readFileSync(new URL('./package.json', import.meta.url), 'utf8'));
const out = process.env.SPARK_UI_OUT ?? 'build';

/** @type {import("@sveltejs/kit").Config} */
export default {
	kit: {
		adapter: adapter({ pages: out, assets: out, strict: true }),
		paths: { relative: true },
		// The default is the time of the build, which would give every build other file names.
		version: { name: version },
		// The part of the address behind # names a tab of the panel, not an element.
		prerender: { handleMissingId: 'ignore' }
	}
};
