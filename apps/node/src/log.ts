import type { Log } from '@mmtchain/node-runtime'
import pino from 'pino'
import { homeFail } from './refusals.ts'

const LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const
type Level = (typeof LEVELS)[number]

/** The parts of a node that log. */
const COMPONENTS = ['blocks', 'mempool', 'network', 'rpc', 'store']

export const LOG_LEVELS_DEFAULT = 'info'

/** The level of all lines, and of components that have another. */
export interface LogLevels {
  readonly level: Level
  readonly components: Readonly<Record<string, Level>>
}

/** Reads `info` or `warn,mempool=debug`. Throws `home/BAD_LOG_LEVELS`. */
export function readLogLevels(text: string): LogLevels {
  let level: Level = LOG_LEVELS_DEFAULT
  const components: Record<string, Level> = {}
  for (const part of text.split(',').map((word) => word.trim())) {
    const [first = '', second] = part.split('=', 2)
    const named = (second ?? first).trim()
    const found = LEVELS.find((one) => one === named)
    const isKnown = second === undefined || COMPONENTS.includes(first.trim())
    if (!found || !isKnown) throw homeFail.BAD_LOG_LEVELS({ part, levels: LEVELS, components: COMPONENTS })
    if (second === undefined) level = found
    else components[first.trim()] = found
  }
  return { level, components }
}

/**
 * A log of JSON lines on standard output, each with its component, at the levels of `override`, `MMT_LOG` by default, or else of `levels`. When nobody
 * reads standard output any more it calls `onClosed`, once, and says nothing further.
 */
export function startLog({
  levels = LOG_LEVELS_DEFAULT,
  override = process.env.MMT_LOG,
  onClosed,
}: {
  readonly levels?: string
  readonly override?: string | undefined
  readonly onClosed?: () => void
} = {}): Log {
  const { level, components } = readLogLevels(override || levels)
  const out = pino.destination({ dest: 1, sync: true })
  out.once('error', () => onClosed?.())
  const root = pino({ name: 'mmt-node', level }, out)
  const logAt = (logger: pino.Logger): Log => ({
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
    component: (name) => logAt(root.child({ component: name }, { level: components[name] ?? level })),
  })
  return logAt(root)
}
