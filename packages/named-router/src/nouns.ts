import {
  address,
  amount,
  fixedBytes,
  hash,
  height,
  type Infer,
  list,
  option,
  struct,
  u32,
  u64,
} from '@mmtchain/codec'
import {
  type CommandContext,
  cell,
  defineModule,
  need,
  params,
  type Read,
  type TypesOf,
  table,
  tuple,
  type WriteOf,
} from '@mmtchain/kernel'
import { type Address, type Amount, ChainError } from '@mmtchain/primitives'
import { faultOfName, LABEL_BYTES_MAX, label, NAME_BYTES_MAX, name } from './labels.ts'
import { record, records, which } from './records.ts'
import { namesRefusals } from './refusals.ts'

/** What names asks of a token where they cost something: whichever module is named `token` and has this method. */
export interface NamePayments {
  pay(to: Address, amount: Amount): undefined
}

/** What names cost. */
export interface NameFees {
  /** For a term of a name below the root, by the length of its label from 1 character on; the last is that of all longer ones. */
  readonly terms: readonly Amount[]
  /** For each name below another. */
  readonly subname: Amount
  /** Who is paid. */
  readonly to: Address
}

/** What a chain file says of its names. */
export interface NamesOptions {
  /** What every name of this chain ends with, e.g. `harbour`; its nodes answer for it. */
  readonly root: string
  /** What names cost, for which the module needs `token`; without it they cost nothing but the fees of commands. */
  readonly fees?: NameFees
  /** For how long a lease is paid at a time; 365 days by default. */
  readonly termMs?: bigint
  /** For how long after its lease a name waits for a renewal before anybody may have it; 30 days by default. */
  readonly graceMs?: bigint
  /** How many blocks lie between a commitment and its reveal at least; 3 by default. */
  readonly revealAfterHeights?: number
  /** For how many blocks after the commitment it can be revealed; 10,000 by default. */
  readonly revealWithinHeights?: number
}

/** How many terms a lease may last from now on. */
export const TERMS_MAX = 10
/** How many commitments of one account wait at a time. */
export const COMMITMENTS_MAX = 8
/** How many rows a query lists at most. */
export const PAGE_MAX = 256
const HEIGHTS_MAX = 10_000_000
const DAY_MS = 86_400_000n

export const parameters = struct({
  root: name,
  termMs: u64,
  graceMs: u64,
  revealAfterHeights: u32,
  revealWithinHeights: u32,
  fees: option(
    struct({ terms: list(amount, { min: 1, max: LABEL_BYTES_MAX }), subname: amount, to: address }),
  ),
})
export type Parameters = Infer<typeof parameters>

/** `of` is the number of the name above, 0 below the root; `untilMs` is the end of the lease, 0 for a subname. */
export const lease = struct({ number: u64, of: u64, owner: address, untilMs: u64 })
/** The records of the name that has this number. */
export const held = struct({ of: u64, records })

/** What the tables of the module are, for whoever reads their rows by proof. */
export const nameTables = {
  names: { key: tuple(name, label), value: lease },
  records: { key: tuple(name, label), value: held },
  primaries: { key: address, value: struct({ name, number: u64 }) },
} as const

/** The parameters that options stand for. Throws `names/BAD_OPTIONS`. */
export function parametersOf(options: NamesOptions): Parameters {
  const { root, fees, termMs = 365n * DAY_MS, graceMs = 30n * DAY_MS } = options
  const { revealAfterHeights = 3, revealWithinHeights = 10_000 } = options
  const refuse = (why: string): never => {
    throw new ChainError({
      code: 'names/BAD_OPTIONS',
      message: `Names cannot be defined: ${why}.`,
      hint: 'Correct the options of names in the chain file.',
    })
  }
  const fault = faultOfName(root, '')
  if (fault) refuse(`"${root}" is no root: ${fault}`)
  if (root.length > NAME_BYTES_MAX - LABEL_BYTES_MAX - 1) refuse('the root leaves no room for a label')
  if (termMs < 1n || termMs > 3_650n * DAY_MS) refuse(`a term of ${termMs} ms is not 1 ms to 3,650 days`)
  if (graceMs < 0n || graceMs > 3_650n * DAY_MS) refuse(`a grace of ${graceMs} ms is not 0 to 3,650 days`)
  for (const heights of [revealAfterHeights, revealWithinHeights])
    if (!Number.isInteger(heights) || heights < 1 || heights > HEIGHTS_MAX)
      refuse(`a reveal after ${heights} blocks is not after 1 to ${HEIGHTS_MAX}`)
  if (revealWithinHeights < revealAfterHeights) refuse('a commitment would run out before it can be revealed')
  if (fees && (fees.terms.length < 1 || fees.terms.length > LABEL_BYTES_MAX))
    refuse(`${fees.terms.length} prices are not 1 to ${LABEL_BYTES_MAX}`)
  return {
    ...{ root, termMs, graceMs, revealAfterHeights, revealWithinHeights },
    fees: fees ? { terms: [...fees.terms], subname: fees.subname, to: fees.to } : null,
  }
}

/** What the module owns, says and refuses. */
export function nouns(options: NamesOptions) {
  const chosen = parametersOf(options)
  const all = { token: need<NamePayments>() }
  return defineModule('names', {
    params: params(parameters, chosen),
    // Handlers ask for the token only on chains where names cost something.
    needs: (chosen.fees ? all : {}) as typeof all,
    state: {
      /** The next number of a name; each registration has one of its own. */
      next: cell(u64, 1n),
      names: table(nameTables.names.key, nameTables.names.value),
      records: table(nameTables.records.key, nameTables.records.value),
      /** The name by which an account wants to be known, and its number: one that is made anew is another. */
      primaries: table(nameTables.primaries.key, nameTables.primaries.value),
      /** What an account has committed to, and at which height. */
      commitments: table(
        address,
        list(struct({ commitment: hash, at: height }), { max: COMMITMENTS_MAX }),
        [],
      ),
    },
    events: {
      committed: struct({ who: address }),
      registered: struct({ name, owner: address, untilMs: u64, paid: amount }),
      renewed: struct({ name, untilMs: u64, paid: amount }),
      transferred: struct({ name, from: address, to: address }),
      subnameCreated: struct({ name, owner: address }),
      subnameRemoved: struct({ name }),
      recordSet: struct({ name, record }),
      recordRemoved: struct({ name, which }),
      primarySet: struct({ account: address, name: option(name) }),
    },
    errors: namesRefusals,
  })
}

export const secret = fixedBytes(32)

type Types = TypesOf<ReturnType<typeof nouns>>
export type NamesContext = WriteOf<ReturnType<typeof nouns>>
export type NamesCommand = CommandContext<Types>
export type NamesReader = Read<Types>
export type Lease = Infer<typeof lease>
