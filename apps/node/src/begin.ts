import { fork } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Log } from '@mmtchain/node-runtime'
import { ChainError } from '@mmtchain/primitives'
import type { Home } from './home.ts'
import { isRemembered } from './home-genesis.ts'
import { homeFail } from './refusals.ts'

/** A genesis file of this size has some ten thousand accounts, which cost less than a process of their own. */
const APART_BYTES_MIN = 4 << 20
const STILL_AT_IT_MS = 5_000

/** What the process that makes block 0 says last. */
export type BeginReport =
  | { readonly kind: 'begun' }
  | {
      readonly kind: 'refused'
      readonly error: Pick<ChainError, 'code' | 'message' | 'hint' | 'values'>
    }
  | { readonly kind: 'failed'; readonly why: string }

/**
 * Makes block 0 of a large genesis in a process of its own: what that takes of memory goes with it, and this process can be
 * stopped meanwhile. Does nothing for a small one, or where the chain has begun. Throws what the documents are refused for,
 * `home/CANNOT_BEGIN`, or the reason of `signal`.
 */
export async function beginLarge(home: Home, log: Log, signal?: AbortSignal): Promise<void> {
  const { size } = statSync(home.genesis)
  if (size < APART_BYTES_MIN || (existsSync(home.data) && (await isRemembered(home)))) return
  signal?.throwIfAborted()
  const startMs = performance.now()
  const fields = () => ({ genesisBytes: size, seconds: Math.round((performance.now() - startMs) / 1_000) })
  log.info(fields(), 'block 0 is being made from the genesis documents')
  const timer = setInterval(() => log.info(fields(), 'block 0 is still being made'), STILL_AT_IT_MS)
  try {
    const report = await reportOf(home, signal)
    signal?.throwIfAborted()
    if (report.kind === 'refused') throw new ChainError(report.error)
    if (report.kind === 'failed') throw homeFail.CANNOT_BEGIN({ why: report.why })
    log.info(fields(), 'block 0 is made')
  } finally {
    clearInterval(timer)
  }
}

function reportOf(home: Home, signal: AbortSignal | undefined): Promise<BeginReport> {
  const child = fork(fileURLToPath(new URL('./worker.js', import.meta.url)), [home.path], {
    // Nearly all that it makes stays until the commit, and copying it again and again costs more than the room.
    execArgv: ['--max-semi-space-size=64'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    serialization: 'advanced',
  })
  // Block 0 is committed whole or not at all.
  const kill = () => void child.kill('SIGKILL')
  signal?.addEventListener('abort', kill, { once: true })
  return new Promise<BeginReport>((resolve) => {
    child.once('message', (report) => resolve(report as BeginReport))
    child.once('error', (error) => resolve({ kind: 'failed', why: error.message }))
    child.once('exit', (code, by) =>
      resolve({ kind: 'failed', why: `its process ended with ${by ?? `code ${code}`}` }),
    )
  }).finally(() => signal?.removeEventListener('abort', kill))
}
