import react from '@vitejs/plugin-react';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const libs = process.env['WRIT_LIBS'] ?? '../../libs';
const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: at('.'),
  plugins: [react()],
  resolve: { alias: [{ find: /^@writ\/([^/]+)$/, replacement: at(`${libs}/$1/src/index.ts`) }] },
  build: {
    outDir: at('../../dist/console'),
    emptyOutDir: true,
    target: 'es2023',
    // A data: URL for a font or picture would need a wider Content-Security-Policy than the page has.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      // The contract's index builds zod schemas when it is loaded. The console takes its types and its pure functions,
      // so what it does not import by name may go: 60 kB less to load before the first picture.
      treeshake: { moduleSideEffects: (id) => !/libs\/(contract|kernel|rules|sdk|verify|words)\//.test(id) },
    },
  },
  server: { proxy: { '/v1': process.env['WRIT_URL'] ?? 'http://127.0.0.1:8420' } },
});
