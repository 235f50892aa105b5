import type { Transport } from '@mmtchain/client'
import { isChainError } from '@mmtchain/primitives'
import { explainCheck } from './language.ts'

/** One thing that was looked at, as `node_health` and `mmt doctor` give it. */
export interface Check {
  readonly name: string
  /** What a node found, and the values of its sentence; the checks of `mmt doctor` itself have none. */
  readonly code?: string
  readonly values?: Readonly<Record<string, string | number>>
  readonly ok: boolean
  readonly found: string
  /** What to do; empty when all is well. */
  readonly cure: string
}

/** How a node is, as `node_health` gives it. */
export interface Health {
  readonly ready: boolean
  readonly checks: readonly Check[]
}

/** Where a chain is, as `chain_status` gives it. */
export interface ChainStatus {
  readonly chainId: string
  readonly fingerprint: string
  readonly addressPrefix: string
  readonly height: string
  readonly finalisedHeight: string
  readonly id: string
  readonly timeMs: string
  readonly catchingUp: boolean
}

/** How the node is, in the language of this process, or null from one that does not say. */
export async function healthOf(request: Transport): Promise<Health | null> {
  const health = await optional<Health>(request, 'node_health')
  return health && { ...health, checks: health.checks.map((check) => explainCheck(check)) }
}

/** The answer of a method, or null from a node that does not have it or may not give it to this caller. */
export async function optional<T>(request: Transport, method: string): Promise<T | null> {
  try {
    return (await request(method)) as T
  } catch (error) {
    const codes = ['rpc/METHOD_NOT_FOUND', 'rpc/FORBIDDEN', 'rpc/UNAUTHORISED']
    if (isChainError(error) && codes.includes(error.code)) return null
    throw error
  }
}
