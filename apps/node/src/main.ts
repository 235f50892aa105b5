#!/usr/bin/env node
import { isChainError } from '@mmtchain/primitives'
import pino from 'pino'
import { homeAt, runNode } from './index.ts'

// The process behind `mmt start`: a node of one home, logging JSON lines, until SIGINT or SIGTERM.

const log = pino({ name: 'mmt-node' })
const home = homeAt(process.env.MMT_HOME ?? '.mmt')

try {
  const running = await runNode({ home, log })
  const stop = () => {
    running.stop().catch((error) => log.error({ error: String(error) }, 'the node did not stop cleanly'))
  }
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  await running.stopped
} catch (error) {
  if (isChainError(error)) log.error({ code: error.code, hint: error.hint }, error.message)
  else log.error({ error: error instanceof Error ? error.stack : String(error) }, 'the node failed')
  process.exitCode = 1
}
