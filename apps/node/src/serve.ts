import { isChainError } from '@mmtchain/primitives'
import { type RunNodeArgs, type RunningNode, runNode } from './run.ts'

/**
 * Runs the node of a home until SIGINT, SIGTERM, or until nobody reads standard output any more, and then stops it cleanly.
 * Answers the exit code: 0, or 1 when it could not start or had to stop by itself; the log has said why.
 */
export async function serveHome(args: Omit<RunNodeArgs, 'log' | 'onLogClosed'>): Promise<number> {
  const stop = new AbortController()
  const { signal } = stop
  const abort = () => stop.abort()
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, abort)
  let running: RunningNode
  try {
    running = await runNode({ ...args, signal, onLogClosed: abort })
  } catch (error) {
    if (error === signal.reason) return 0
    throw error
  }
  const { log } = running
  signal.addEventListener('abort', () => void running.stop())
  if (signal.aborted) void running.stop()
  try {
    await running.stopped
    log.info({ height: String(running.node.tip.header.height) }, 'node stopped')
    return 0
  } catch (error) {
    if (isChainError(error)) log.error({ code: error.code, hint: error.hint }, error.message)
    else log.error({ error: error instanceof Error ? error.stack : String(error) }, 'the node failed')
    return 1
  }
}
