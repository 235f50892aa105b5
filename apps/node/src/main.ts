#!/usr/bin/env node
import { isChainError } from '@mmtchain/primitives'
import { homeAt, serveHome, startLog } from './index.ts'

// The process behind `mmt start`: a node of one home, logging JSON lines, until SIGINT or SIGTERM.

try {
  process.exitCode = await serveHome({ home: homeAt(process.env.MMT_HOME ?? '.mmt') })
} catch (error) {
  // Whatever is wrong, MMT_LOG too, is to be said.
  const log = startLog({ levels: 'error', override: '' })
  if (isChainError(error)) log.error({ code: error.code, hint: error.hint }, error.message)
  else log.error({ error: error instanceof Error ? error.stack : String(error) }, 'the node failed')
  process.exitCode = 1
}
