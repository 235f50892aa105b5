import { defineConfig } from 'vitest/config'

const soak = process.env.MMT_SOAK === '1'
const name = soak ? '*.soak.test.ts' : '*.test.ts'

export default defineConfig({
  test: {
    include: ['packages/*/test', 'apps/*/test', 'examples/*', 'tests'].map(
      (folder) => `${folder}/**/${name}`,
    ),
    exclude: ['**/node_modules/**', '**/dist/**', 'tests/tools/**'],
    // Processes, not threads: native bindings and process-wide choices (crypto backends) stay apart.
    pool: 'forks',
    // Built packages are loaded by Node itself, as a user's program loads them: once, untransformed.
    server: { deps: { external: [/\/(packages|apps)\/[^/]+\/dist\//] } },
    testTimeout: soak ? 6 * 3_600_000 : 90_000,
    hookTimeout: soak ? 600_000 : 30_000,
    // Tests pass in any order. vitest prints the seed; `--sequence.seed=N` repeats an order.
    sequence: { shuffle: { files: true, tests: true } },
    retry: 0,
    globals: false,
    allowOnly: false,
  },
})
