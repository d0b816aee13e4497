// One page, no server: the bundle is embedded in the window. Vitest shares the file.
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { svelteTesting } from '@testing-library/svelte/vite';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [svelte(), svelteTesting()],
  server: { port: 5173, strictPort: true, host: '127.0.0.1' },
  // Nothing is inlined as data: so that the strict content policy (font-src 'self') holds.
  build: { target: 'safari17', assetsInlineLimit: 0, chunkSizeWarningLimit: 400 },
  test: { environment: 'happy-dom', include: ['src/**/*.test.ts'], testTimeout: 15000, css: true },
});
