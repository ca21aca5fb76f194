import { defineConfig } from 'vite';

/** Assets come from this repository's reference data; the build copies them into `dist`. */
export default defineConfig({
  base: './',
  build: { target: 'es2022', assetsInlineLimit: 0, chunkSizeWarningLimit: 1000 },
  worker: { format: 'es' },
  server: { fs: { allow: ['../..'] } },
});
