import type { Engine, Machine, MemoryStore, SignPlace, StoredBlock, Tip } from '@mmtchain/kernel'
import { validatorsHash } from '@mmtchain/kernel'
import { type Address, equalBytes, type Hash } from '@mmtchain/primitives'
import { BEGIN_MS } from './clock.ts'
import type { SetupBlock } from './setup.ts'
import type { Violation } from './violation.ts'

/** Sees all that the nodes of a world do, and tells when a rule is broken. */
export interface Watch {
  /** The first rule that was broken. */
  readonly violation: Violation | undefined
  /** How often something happened that makes a run worth while: blocks taken back, other validators, and events of hooks by name. */
  readonly seen: ReadonlyMap<string, number>
  broken(rule: string, what: string): void
  /** A node is about to commit a block on a tip. */
  committing(args: {
    readonly node: string
    readonly machine: Machine
    readonly parent: Tip
    readonly stored: Pick<StoredBlock, 'block' | 'id' | 'seal' | 'receipts'>
  }): void
  /** It is in the store. */
  committed(args: {
    readonly node: string
    readonly store: MemoryStore
    readonly machine: Machine
    readonly parent: Tip
    readonly tip: Tip
    readonly stored: Pick<StoredBlock, 'block' | 'receipts'>
  }): void
  /** The engine of a node that keeps to the rules asks for a signature. After any crash it asks for the same. */
  asked(args: { readonly node: string; readonly at: SignPlace; readonly message: Uint8Array }): void
  /** A node has taken back its blocks above a height. */
  reverted(node: string, height: bigint): void
  /** Nothing takes its blocks up to a height back any more, says its engine. */
  finalised(node: string, height: bigint): void
  /** It has lost all blocks. */
  wiped(node: string): void
  /** The newest height that a node knows to be final. */
  finalOf(node: string): bigint
  /** A key that keeps to the rules has signed. */
  signed(args: { readonly address: Address; readonly at: SignPlace; readonly message: Uint8Array }): void
  /** Somebody shows that a validator has offended. */
  accused(culprit: string, by: string): void
  /** The block that is known to be final at a height. */
  idAt(height: bigint): Hash | undefined
}

/** The validators after a block, in an order of their own: that of their seats changes with each epoch. */
function membersOf({ validators: { validators } }: Tip): string {
  return validators
    .map(({ address }) => address)
    .sort()
    .join()
}

/** A map of what was set last, at least so much of it: a run of days has to fit into memory. */
interface Recent<K, V> {
  get(key: K): V | undefined
  set(key: K, value: V): void
}

const RECENT_MIN = 512

function recentOf<K, V>(): Recent<K, V> {
  let [older, newer] = [new Map<K, V>(), new Map<K, V>()]
  return {
    get: (key) => newer.get(key) ?? older.get(key),
    set(key, value) {
      if (newer.size >= RECENT_MIN) {
        older = newer
        newer = new Map()
      }
      newer.set(key, value)
    },
  }
}

/** What somebody said at places, and the highest of them. */
interface Said {
  highest: number
  readonly at: Recent<number, Uint8Array>
}

/** Notes what somebody said at a place. Answers what was noted there before. */
function replaced(
  all: Map<string, Said>,
  who: string,
  { height, round, step }: SignPlace,
  message: Uint8Array,
): Uint8Array | undefined {
  const place = placeNumber(Number(height), round, step)
  const known = all.get(who)
  if (!known) {
    const at = recentOf<number, Uint8Array>()
    at.set(place, message)
    all.set(who, { highest: place, at })
    return undefined
  }
  // Mostly places go up, and nothing was noted above the highest.
  const before = place > known.highest ? undefined : known.at.get(place)
  if (place > known.highest) known.highest = place
  known.at.set(place, message)
  return before
}

const SMALL = { height: 2 ** 22, round: 2 ** 5, step: 2 ** 3 } as const
const ROUNDS_MAX = 65_536
const STEPS_MAX = 256

/** A number of its own for each place: a small one, which maps find much faster, for those that are met. */
function placeNumber(height: number, round: number, step: number): number {
  if (height < SMALL.height && round < SMALL.round && step < SMALL.step)
    return (height * SMALL.round + round) * SMALL.step + step
  // Steps are below 256; no run has 2^16 rounds of a height, nor 2^29 heights.
  return -((height * ROUNDS_MAX + round) * STEPS_MAX + step)
}

export function placeText({ height, round, step }: SignPlace): string {
  return `height ${height}, round ${round}, step ${step}`
}

/** Further than any clock of a plan goes, and shorter than what lies about the time say. */
const AHEAD_MS_MAX = 150_000

export function createWatch(args: {
  /** Judges seals, whatever the nodes run. */
  readonly reference: Engine
  readonly now: () => number
  /** The keys that may have signed anything. */
  readonly lawless: ReadonlySet<string>
  readonly nameOf: (address: string) => string
  /** What the chain's own rules say of a block. */
  readonly judge: ((shown: SetupBlock) => readonly string[]) | undefined
}): Watch {
  const { reference, now, lawless, nameOf, judge } = args
  const isRevertible = reference.revertible === true
  /** What is final, and who said so first. */
  const ids = new Map<bigint, { readonly id: Hash; readonly by: string }>()
  /** The blocks of each node by height, and up to where they are final. */
  const chains = new Map<string, { readonly blocks: Map<bigint, Hash>; final: bigint }>()
  const checked = new Set<Hash>()
  const counted = new Set<Hash>()
  const seen = new Map<string, number>()
  const see = (what: string) => seen.set(what, (seen.get(what) ?? 0) + 1)
  const said = new Map<string, Said>()
  const wanted = new Map<string, Said>()
  /** Who rules after a block. */
  const rulers = recentOf<Hash, string>()
  let violation: Violation | undefined

  function broken(rule: string, what: string): void {
    violation ??= { rule, what, atMs: now() }
  }

  function chainOf(node: string) {
    const found = chains.get(node) ?? { blocks: new Map<bigint, Hash>(), final: 0n }
    chains.set(node, found)
    return found
  }

  function finalise(node: string, height: bigint, id: Hash): void {
    const known = ids.get(height)
    if (!known) ids.set(height, { id, by: node })
    else if (known.id !== id)
      broken('agreement', `${node} has ${id} final at height ${height}, ${known.by} has ${known.id}`)
  }

  function finalised(node: string, height: bigint): void {
    const chain = chainOf(node)
    while (chain.final < height) {
      const id = chain.blocks.get(chain.final + 1n)
      if (!id) {
        broken('prefix', `${node} calls height ${height} final, and has no block there`)
        return
      }
      chain.final += 1n
      finalise(node, chain.final, id)
    }
  }

  function checkSeal(
    node: string,
    machine: Machine,
    parent: Tip,
    { block: { header }, id, seal }: Pick<StoredBlock, 'block' | 'id' | 'seal'>,
  ): void {
    const { validators } = parent
    const chain = machine.engineChain
    if (validatorsHash(chain.fingerprint, validators) !== header.validatorsHash)
      broken('certificate', `${node} commits ${id} under another set of validators than its parent names`)
    try {
      reference.checkSeal({ chain, header, id, seal, validators })
    } catch (error) {
      broken('certificate', `${node} commits ${id} of height ${header.height} without a valid seal: ${error}`)
    }
  }

  return {
    get violation() {
      return violation
    },
    seen,
    broken,
    committing({ node, machine, parent, stored: { block, id, seal, receipts } }) {
      const { header } = block
      const { height } = header
      if (height !== parent.header.height + 1n || header.parent !== parent.id)
        broken(
          'prefix',
          `${node} commits ${id} at height ${height} on ${parent.id} of height ${parent.header.height}`,
        )
      const aheadMs = Number(header.timeMs) - BEGIN_MS - now()
      if (aheadMs > AHEAD_MS_MAX)
        broken('time', `${node} commits ${id} of height ${height}, ${aheadMs} ms ahead of time`)
      const { blocks, final } = chainOf(node)
      if (height <= final) broken('prefix', `${node} commits at height ${height}, and ${final} is final`)
      blocks.set(height, id)
      if (!isRevertible) {
        // Who begins anew does not say again what was final before.
        finalise(node, height, id)
        const before = ids.get(height - 1n)
        if (before && before.id !== header.parent)
          broken('agreement', `${node} commits ${id} on ${header.parent}, not on ${before.id}`)
      }
      checkSeal(node, machine, parent, { block, id, seal })
      if (counted.has(id)) return
      counted.add(id)
      for (const event of [...receipts.begin, ...receipts.end]) see(`${event.module}.${event.name}`)
    },
    committed({ node, store, machine, parent, tip, stored }) {
      const { header, id } = tip
      if (store.stage([]).root !== header.stateRoot)
        broken('state root', `${node} has another state than block ${id} of height ${header.height} says`)
      if (!isRevertible) {
        const chain = chainOf(node)
        // What is final is never taken back, and asked for by height among all nodes only.
        chain.blocks.delete(header.height)
        chain.final = header.height
      }
      if (checked.has(id)) return
      checked.add(id)
      const before = rulers.get(header.parent)
      // The same set, as an object, of the same validators.
      const members = before !== undefined && tip.validators === parent.validators ? before : membersOf(tip)
      if (before !== undefined && members !== before) {
        see('other validators')
        if (before.length !== members.length) see('other seats')
      }
      rulers.set(id, members)
      // What held before a block that changes nothing holds after it.
      if (header.stateRoot !== parent.header.stateRoot)
        for (const sentence of machine.brokenInvariants(store, tip))
          broken('invariant', `${sentence} does not hold at height ${header.height} of ${node}`)
      for (const wrong of judge?.({ machine, store, parent, tip, stored }) ?? [])
        broken('judge', `${wrong}, at height ${header.height} of ${node}`)
    },
    asked({ node, at, message }) {
      // An engine without a log may ask for something else after a crash: then its signer says nothing.
      if (reference.logged === undefined) return
      const before = replaced(wanted, node, at, message)
      if (before && !equalBytes(before, message))
        broken('asked', `${node} asks for two messages at ${placeText(at)}`)
    },
    reverted(node, height) {
      const { blocks, final } = chainOf(node)
      if (height < final) broken('prefix', `${node} goes back to height ${height}, and ${final} is final`)
      for (let at = height + 1n; blocks.delete(at); at++) see('taken back')
    },
    finalised,
    wiped: (node) => void chains.delete(node),
    finalOf: (node) => chains.get(node)?.final ?? 0n,
    signed({ address, at, message }) {
      if (lawless.has(address)) return
      const before = replaced(said, address, at, message)
      if (before && !equalBytes(before, message))
        broken('equivocation', `${nameOf(address)} signs two messages at ${placeText(at)}`)
    },
    accused(culprit, by) {
      if (!lawless.has(culprit))
        broken('framed', `${by} has evidence against ${nameOf(culprit)}, which is honest`)
    },
    idAt: (height) => ids.get(height)?.id,
  }
}
