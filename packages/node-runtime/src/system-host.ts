import { readdir, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { CheckThreads, Host, Journal, Log, Readings } from './host.ts'

const TIMER_MS_MAX = 2_147_483_647
const LOOP_RESOLUTION_MS = 20
const LOOP_WINDOW_MS = 60_000

/** The real clock and timers of this process. With the folder of the node's data it also reads disk and event loop. */
export function systemHost(
  log: Log,
  {
    dataPath,
    ...more
  }: { readonly dataPath?: string; readonly journal?: Journal; readonly checkThreads?: CheckThreads } = {},
): Host {
  return {
    nowMs: () => BigInt(Date.now()),
    monotonicMs: () => performance.now(),
    setTimer(atMs, fire) {
      let timer: ReturnType<typeof setTimeout>
      const leftMs = () => Number(atMs) - Date.now()
      // A timer of the platform counts to 2^31 − 1 ms at most; a longer wait is cut into pieces.
      const arm = () => {
        timer = setTimeout(wake, Math.min(TIMER_MS_MAX, Math.max(0, leftMs())))
      }
      // It counts by another clock than the wall clock, by which it may be early; an engine takes no timer before its time.
      const wake = () => (leftMs() > 0 ? arm() : fire())
      arm()
      return () => clearTimeout(timer)
    },
    log,
    ...more,
    ...(dataPath !== undefined && { readings: readingsOf(dataPath) }),
  }
}

function readingsOf(dataPath: string): () => Promise<Readings> {
  const delays = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS })
  delays.enable()
  let windowMs = performance.now()
  let before = 0
  return async () => {
    // The monitor counts its own interval as delay.
    const delayMs = Math.max(0, delays.percentile(99) / 1e6 - LOOP_RESOLUTION_MS)
    const eventLoopDelayMs = Math.max(before, delayMs)
    if (performance.now() - windowMs > LOOP_WINDOW_MS) {
      before = delayMs
      windowMs = performance.now()
      delays.reset()
    }
    return { eventLoopDelayMs, residentBytes: process.memoryUsage.rss(), disk: await diskOf(dataPath) }
  }
}

async function diskOf(path: string): Promise<Readings['disk']> {
  try {
    const { bavail, bsize } = await statfs(path)
    return { freeBytes: bavail * bsize, dataBytes: await sizeOf(path) }
  } catch {
    return undefined
  }
}

/** The bytes of the files of a folder. LevelDB deletes files at any time, so one that is gone counts nothing. */
async function sizeOf(path: string): Promise<number> {
  const entries = await readdir(path, { withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  const sizes = await Promise.all(
    files.map(async ({ name }) => (await stat(join(path, name)).catch(() => undefined))?.size ?? 0),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}
