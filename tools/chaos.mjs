// `pnpm chaos --minutes N --seed S [--next MAIN_JS]`: faults over the reference alliance, real processes. `--next` is `main.js` of another build, for
// upgrades of one node at a time. The runner is TypeScript; it is bundled where its packages are found.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { build } from '../tests/node_modules/esbuild/lib/main.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const outfile = `${root}tests/node_modules/.mmt/chaos.mjs`
await build({
  ...{ entryPoints: [`${root}tests/chaos/main.ts`], outfile, bundle: true, packages: 'external' },
  ...{ platform: 'node', format: 'esm', target: 'node20', sourcemap: 'inline' },
})
const run = spawn(process.execPath, ['--enable-source-maps', outfile, ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
})
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => run.kill(signal))
run.on('exit', (code) => process.exit(code ?? 1))
