/** Bundles for Node (server, command line) and for the edge. On Node a stack trace reads like the source; at the edge the source map does that. */
import { build } from 'esbuild'

const shared = {
  bundle: true,
  format: 'esm',
  target: 'es2024',
  sourcemap: true,
  logLevel: 'warning',
  jsx: 'automatic',
  jsxImportSource: 'hono/jsx',
}
await build({
  ...shared,
  entryPoints: { node: 'src/node.ts', encore: 'src/encore.ts' },
  outdir: 'dist',
  platform: 'node',
  external: ['better-sqlite3'],
  banner: {
    js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
  },
})
/** Zod carries its messages in fifty languages; we speak one. */
const oneLanguage = {
  name: 'one-language',
  setup({ onLoad }) {
    onLoad({ filter: /zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: "export { default as en } from './en.js'",
      loader: 'js',
    }))
  },
}
await build({
  ...shared,
  plugins: [oneLanguage],
  entryPoints: { worker: 'src/worker.ts' },
  outdir: 'dist',
  platform: 'neutral',
  mainFields: ['module', 'main'],
  conditions: ['workerd', 'worker', 'browser'],
  external: ['node:*'],
  // An edge runtime reads all of it at each cold start.
  minify: true,
})
