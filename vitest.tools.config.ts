import { defineConfig } from 'vitest/config'

// Tests that need programs from Debian packages; `.ci/run` installs what is missing.
export default defineConfig({
  test: {
    include: ['tests/tools/**/*.test.ts'],
    pool: 'forks',
    server: { deps: { external: [/\/(packages|apps)\/[^/]+\/dist\//] } },
    testTimeout: 120_000,
    hookTimeout: 120_000,
    sequence: { shuffle: { files: true, tests: true } },
    retry: 0,
    globals: false,
    allowOnly: false,
  },
})
