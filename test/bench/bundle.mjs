/** Bundles the benchmark into dist/bench: measured is compiled code, as it is shipped. */
import { build } from 'esbuild'

await build({
  entryPoints: ['test/bench/run.ts'],
  outdir: 'dist/bench',
  bundle: true,
  splitting: true,
  format: 'esm',
  target: 'es2024',
  platform: 'node',
  external: ['better-sqlite3', 'miniflare', 'esbuild'],
  banner: {
    js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
  },
  jsx: 'automatic',
  jsxImportSource: 'hono/jsx',
  logLevel: 'warning',
})
