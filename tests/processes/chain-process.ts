// Real processes for tests: the chain behind `pnpm start`, and the command line against it.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach } from 'vitest'
import { freePorts } from '../free-ports.ts'

export const root = fileURLToPath(new URL('../..', import.meta.url))

/** A temporary home, a free port, and the environment with which commands find both. */
export interface Place {
  readonly folder: string
  readonly home: string
  readonly port: number
  readonly env: NodeJS.ProcessEnv
  /** What was started here. */
  readonly chains: RunningChain[]
  /** Ends what still runs here, and removes the folder. */
  remove(): Promise<void>
}

/** Gives every test of a file a place of its own, which goes with it. */
export function inPlace(begin: (place: Place) => void): void {
  let place: Place
  beforeEach(async () => {
    place = await makePlace()
    begin(place)
  })
  afterEach(() => place.remove())
}

async function makePlace(): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'mmt-test-'))
  const home = join(folder, 'home')
  const passphrase = join(folder, 'passphrase')
  await writeFile(passphrase, 'correct horse battery staple\n', { mode: 0o600 })
  // Those of a network of four, of which this is the first for JSON-RPC.
  const port = (await freePorts(4)) + 200
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    MMT_HOME: home,
    MMT_PASSPHRASE_FILE: passphrase,
    NO_COLOR: '1',
  }
  delete env.MMT_RPC
  const chains: RunningChain[] = []
  const remove = async () => {
    await Promise.all(chains.map((chain) => chain.end('SIGKILL')))
    await rm(folder, { recursive: true, force: true })
  }
  return { folder, home, port, env, chains, remove }
}

/** What a finished command said. */
export interface Finished {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Runs `mmt` to its end. */
export function mmt(place: Place, words: readonly string[], input = ''): Promise<Finished> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [join(root, 'apps/cli/dist/main.js'), ...words],
      { cwd: root, env: place.env, maxBuffer: 64 * 1024 * 1024 },
      (error, out, err) => resolve({ code: error ? Number(error.code ?? -1) : 0, out, err }),
    )
    child.stdin?.end(input)
  })
}

/** Runs `mmt … --json`, which must succeed, and reads its answer. */
export async function mmtJson<T>(place: Place, words: readonly string[]): Promise<T> {
  const { code, out, err } = await mmt(place, [...words, '--json'])
  if (code !== 0) throw new Error(`mmt ${words.join(' ')} ended with ${code}: ${err}`)
  return JSON.parse(out) as T
}

/** A running chain. */
export interface RunningChain {
  /** All that it has printed. */
  readonly out: () => string
  /** Resolves when what it prints matches. Rejects if the process ends before. */
  printed(pattern: RegExp): Promise<RegExpExecArray>
  /** Resolves with the exit code, or the signal that ended it, when the process ends by itself. */
  readonly ended: Promise<number | NodeJS.Signals | null>
  /** Sends a signal and waits for the end. Answers the exit code, or the signal that ended it. */
  end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals | null>
}

/** Starts a program of this repository, or of another folder, and watches what it prints. */
export function startChain(
  place: Place,
  words: readonly string[],
  { folder = root }: { readonly folder?: string } = {},
): RunningChain {
  const child = spawn(process.execPath, words, {
    cwd: folder,
    env: place.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, so that a signal reaches all of it, as Ctrl-C on a terminal does.
    detached: true,
  })
  const chain = watch(child)
  place.chains.push(chain)
  return chain
}

/** `pnpm start`, in the home of this test and from a port of its own. */
export function pnpmStart(place: Place, more: readonly string[] = []): RunningChain {
  const base = String(place.port - 200)
  return startChain(place, ['tools/start.mjs', '--base-port', base, ...more])
}

/** `mmt dev` without the build, with the smallest example on a port of this test's own unless `more` names others. */
export function mmtDev(place: Place, more: readonly string[] = []): RunningChain {
  const usual = [
    ['--chain', 'examples/01-token/chain.ts'],
    ['--rpc-port', String(place.port)],
  ] as const
  const missing = usual.filter(([name]) => !more.includes(name)).flat()
  return startChain(place, ['apps/cli/dist/main.js', 'dev', ...missing, ...more])
}

function watch(child: ChildProcess): RunningChain {
  let text = ''
  let ended = false
  const waiting = new Set<() => void>()
  const wake = () => {
    for (const check of waiting) check()
  }
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (piece: string) => {
      text += piece
      wake()
    })
  }
  const exited = once(child, 'exit').then(([code, signal]) => {
    ended = true
    wake()
    return (code ?? signal) as number | NodeJS.Signals | null
  })
  return {
    out: () => text,
    ended: exited,
    printed: (pattern) =>
      new Promise((resolve, reject) => {
        const check = () => {
          const found = pattern.exec(text)
          if (found) resolve(found)
          else if (ended)
            reject(new Error(`the process ended without printing ${pattern}; it printed:\n${text}`))
          else return
          waiting.delete(check)
        }
        waiting.add(check)
        check()
      }),
    end(signal) {
      if (!ended) process.kill(-(child.pid as number), signal)
      return exited
    },
  }
}
