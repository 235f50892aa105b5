import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fixedBytes, fromJson, struct, toJson, u32 } from '@mmtchain/codec'
import { LAYERS_MAX, makeOnion, type Onion, onionLayer } from '@mmtchain/consensus-dpos'
import type { ChainData, Machine, Store, Tip } from '@mmtchain/kernel'
import { type HealthCheck, healthChecksOf, type Log } from '@mmtchain/node-runtime'
import {
  type Address,
  DEFAULT_ADDRESS_PREFIX,
  equalBytes,
  type Hash,
  hashToBytes,
  isChainError,
} from '@mmtchain/primitives'
import { makeFolder, writeAtomic } from './atomic-file.ts'
import type { Home } from './home.ts'
import { homeFail } from './refusals.ts'

const onionFile = struct({ layers: u32, secret: fixedBytes(32) })
/** No address is in it. */
const ANY_PREFIX = { addressPrefix: DEFAULT_ADDRESS_PREFIX }
const OTHER = 'the chain knows another onion of this validator'
/** Fewer reveals than these are worth a warning. */
const LEFT_MIN = 20_000

/** True for a chain whose proposers reveal a layer of their onion in each block. */
export function hasReveals({ modules, engine }: Pick<ChainData, 'modules' | 'engine'>): boolean {
  return engine.name !== 'solo' && modules.some(({ spec }) => spec.name === 'election')
}

/** Where the secret of a validator's onion lies. */
function fileOf({ keys }: Pick<Home, 'keys'>, validator: string): string {
  return join(keys, `${validator}.onion`)
}

/**
 * The onion of a validator key, made with its file (mode 0600) when there is none. It lies unencrypted: all that who reads it learns are
 * the reveals to come, and the node must give them unattended. Throws `home/BAD_FILE`.
 */
export async function ensureOnion(home: Pick<Home, 'keys'>, validator: string): Promise<Onion> {
  const file = fileOf(home, validator)
  if (!existsSync(file)) {
    await makeFolder(dirname(file), { mode: 0o700 })
    const value = { layers: LAYERS_MAX, secret: new Uint8Array(randomBytes(32)) }
    const text = `${JSON.stringify(toJson(onionFile, value, ANY_PREFIX), null, 2)}\n`
    await writeAtomic(file, text, { mode: 0o600, isNew: true })
  }
  return readOnion(file)
}

/** Throws `home/BAD_FILE`. */
function readOnion(file: string): Onion {
  try {
    return makeOnion(fromJson(onionFile, JSON.parse(readFileSync(file, 'utf8'))))
  } catch (error) {
    throw homeFail.BAD_FILE({ file, why: error instanceof Error ? error.message : String(error) })
  }
}

/** What a validator reveals in its blocks. */
export interface Reveals {
  /** What its next block on the tip would reveal. Undefined when it has nothing to reveal, which costs it the turn and is logged. */
  at(args: { readonly tip: Tip; readonly machine: Machine; readonly store: Store }): Uint8Array | undefined
  health(): HealthCheck
}

/** What the election keeps of an onion. */
interface Committed {
  readonly layer: Hash
  readonly left: number
}
interface Duty {
  readonly onion: Committed
  readonly nextOnion: { readonly from: bigint; readonly onion: Committed } | null
}

/** What a validator finds about its reveals. */
export const revealHealthTexts = {
  REVEALS_LEFT: { found: 'This validator has reveals for {left} more blocks.' },
  REVEALS_FEW: {
    found: 'This validator has reveals for only {left} more blocks.',
    cure: 'Commit to a new onion: mmt tx election commit.',
  },
  REVEALS_NONE: {
    found: 'This validator has nothing to reveal and loses its turns: {file}: {why}',
    cure: 'Restore the file, or commit to a new onion: mmt tx election commit.',
  },
} as const

const check = healthChecksOf(revealHealthTexts)

/** Reads the onion of a home's validator. A missing or damaged file is logged: a validator without reveals follows and votes. */
export function openReveals(
  home: Home,
  { validator, address, log }: { readonly validator: string; readonly address: Address; readonly log: Log },
): Reveals {
  const file = fileOf(home, validator)
  let onion: Onion | undefined
  let problem: string | undefined
  let left: number | undefined
  try {
    onion = readOnion(file)
  } catch (error) {
    if (!isChainError(error)) throw error
    lack(error.message)
  }

  function lack(why: string): undefined {
    if (why !== problem) log.error({ file, why }, 'this validator has nothing to reveal and loses its turns')
    problem = why
    return undefined
  }

  return {
    at({ tip, machine, store }) {
      if (!onion) return undefined
      const query = { module: 'election', query: 'delegate', input: { delegate: address } }
      const found = machine.query(store, tip, query) as { readonly duty: Duty } | null
      // Whoever never registered has no turn.
      if (!found) return undefined
      const { onion: current, nextOnion } = found.duty
      const isNext = nextOnion !== null && tip.validators.epoch >= nextOnion.from
      const due = isNext ? nextOnion.onion : current
      left = due.left
      if (left < 1) return lack('every layer is revealed')
      if (left > onion.layers) return lack(OTHER)
      const reveal = onion.reveal(left)
      if (!equalBytes(onionLayer(reveal), hashToBytes(due.layer))) return lack(OTHER)
      problem = undefined
      return reveal
    },
    health() {
      if (problem !== undefined) return check('reveals', 'REVEALS_NONE', { file, why: problem })
      return check('reveals', left !== undefined && left < LEFT_MIN ? 'REVEALS_FEW' : 'REVEALS_LEFT', {
        left: left ?? onion?.layers ?? 0,
      })
    },
  }
}
