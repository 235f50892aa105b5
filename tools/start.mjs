// `pnpm start`: builds what has changed, then runs the reference alliance: four validators on this machine. Further arguments go to `mmt testnet`.
import { spawn, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const began = Date.now()

process.stdout.write('Building the packages (the first time takes a minute) …\n')
const build = spawnSync(
  'node_modules/.bin/turbo',
  ['run', 'build', '--output-logs=errors-only', '--log-prefix=none'],
  {
    cwd: root,
    env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
    shell: process.platform === 'win32',
  },
)
if (build.status !== 0) {
  process.stdout.write(build.stdout ?? '')
  process.exit(build.status ?? 1)
}
process.stdout.write(`Built in ${((Date.now() - began) / 1000).toFixed(1)} s.\n\n`)

// The reader of this may go away, as after `pnpm start | head -3`; the network then stops by itself.
process.stdout.on('error', () => undefined)

const home = process.env.MMT_HOME ?? '.mmt'
const network = spawn(
  process.execPath,
  [
    'apps/cli/dist/main.js',
    'testnet',
    ...['--validators', '4', '--dir', home, '--chain', 'examples/04-alliance/chain.ts'],
    ...process.argv.slice(2),
  ],
  { cwd: root, stdio: 'inherit' },
)
// Ctrl-C reaches the network as well, which then stops cleanly; this process only waits for it.
process.on('SIGINT', () => undefined)
process.on('SIGTERM', () => network.kill('SIGTERM'))
network.on('exit', (code) => process.exit(code ?? 1))
