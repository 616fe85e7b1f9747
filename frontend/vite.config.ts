import { sveltekit } from '@sveltejs/kit/vite';
import { defineConfig } from 'vitest/config';

const show = process.env.SPARK_SHOW ?? 'http://127.0.0.1:8080';

export default defineConfig({
	plugins: [sveltekit()],
	// The stage loads its audio worklets by URL; as files they pass a strict content policy.
	build: { assetsInlineLimit: 0 },
	server: { host: '127.0.0.1', proxy: { '/api': { target: show, ws: true } } },
	test: { include: ['tests/**/*.test.ts'], environment: 'node' }
});
