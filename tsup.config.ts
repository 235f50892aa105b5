import { existsSync } from 'node:fs'
import { defineConfig } from 'tsup'

// One build for every package: ESM with type declarations, entries by convention.
export default defineConfig({
  entry: [
    'src/index.ts',
    'src/main.ts',
    'src/worker.ts',
    ...(process.env.MMT_ENTRIES?.split(',') ?? []),
  ].filter((file) => existsSync(file)),
  format: 'esm',
  target: 'node20',
  platform: 'neutral',
  dts: { compilerOptions: { ignoreDeprecations: '6.0' } },
  sourcemap: true,
  clean: true,
  splitting: true,
  treeshake: true,
  // The engine of vm-sandbox travels inside its code, so that a bundled chain file has it.
  loader: { '.wasm': 'binary' },
})
