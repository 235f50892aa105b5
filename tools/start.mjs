// `pnpm start`: builds what has changed, then runs the reference alliance: four validators on this machine. Further arguments go to `mmt testnet`.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const began = Date.now()

process.stdout.write('Building the packages (the first time takes a minute or two) …\n')
const { status, output, count } = await build()
if (status !== 0) {
  process.stdout.write(output)
  process.exit(status ?? 1)
}
process.stdout.write(`${count} packages are built, after ${((Date.now() - began) / 1000).toFixed(1)} s.\n\n`)

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

/** Builds what has changed, and tells people at a terminal which package has its turn. The output is for a build that fails. */
function build() {
  const args = ['run', 'build', '--ui=stream', '--output-logs=new-only', '--log-order=stream']
  const turbo = spawn('node_modules/.bin/turbo', args, {
    cwd: root,
    env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
    shell: process.platform === 'win32',
  })
  let [output, count] = ['', 0]
  createInterface({ input: turbo.stdout }).on('line', (line) => {
    output += `${line}\n`
    const name = /^(\S+):build: cache (hit|miss)/.exec(line)?.[1]
    if (name === undefined) return
    count += 1
    if (process.stdout.isTTY) process.stdout.write(`\r\x1b[2K${count} ${name}`)
  })
  return new Promise((resolve) => {
    turbo.on('close', (status) => {
      if (process.stdout.isTTY) process.stdout.write('\r\x1b[2K')
      resolve({ status, output, count })
    })
  })
}
