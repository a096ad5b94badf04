import { defineConfig } from 'vitest/config'

// One run: `node` for everything in process and in workerd, `browser` for pages in real Chromium.
export default defineConfig({
  test: {
    globalSetup: ['test/support/global.ts'],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: { name: 'node', include: ['test/**/*.test.ts'], exclude: ['test/browser/**'] },
      },
      { extends: true, test: { name: 'browser', include: ['test/browser/**/*.test.ts'] } },
    ],
  },
})
