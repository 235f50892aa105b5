import { isChainError } from '@mmtchain/primitives'
import { type RunNodeArgs, runNode } from './run.ts'

/**
 * Runs the node of a home until SIGINT, SIGTERM, or until nobody reads standard output any more, and then stops it cleanly.
 * Answers the exit code: 0, or 1 when it could not start or had to stop by itself; the log has said why.
 */
export async function serveHome(args: Omit<RunNodeArgs, 'log' | 'onLogClosed'>): Promise<number> {
  let stop: () => void = () => undefined
  const asked = new Promise<void>((resolve) => {
    stop = resolve
  })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop)
  const running = await runNode({ ...args, onLogClosed: stop })
  const { log } = running
  void asked.then(() => running.stop())
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
