import type { Engine, Machine, MemoryStore, SignPlace, StoredBlock, Tip } from '@mmtchain/kernel'
import { validatorsHash } from '@mmtchain/kernel'
import { type Address, equalBytes, type Hash } from '@mmtchain/primitives'
import { BEGIN_MS } from './clock.ts'
import type { Violation } from './violation.ts'

/** Sees all that the nodes of a world do, and tells when a rule is broken. */
export interface Watch {
  /** The first rule that was broken. */
  readonly violation: Violation | undefined
  broken(rule: string, what: string): void
  /** A node is about to commit a block on a tip. */
  committing(args: {
    readonly node: string
    readonly machine: Machine
    readonly parent: Tip
    readonly stored: Pick<StoredBlock, 'block' | 'id' | 'seal'>
  }): void
  /** It is in the store. */
  committed(args: {
    readonly node: string
    readonly store: MemoryStore
    readonly machine: Machine
    readonly tip: Tip
  }): void
  /** The engine of a node that keeps to the rules asks for a signature. After any crash it asks for the same. */
  asked(args: { readonly node: string; readonly at: SignPlace; readonly message: Uint8Array }): void
  /** A key that keeps to the rules has signed. */
  signed(args: { readonly address: Address; readonly at: SignPlace; readonly message: Uint8Array }): void
  /** Somebody shows that a validator has offended. */
  accused(culprit: string, by: string): void
  /** The block that is known to be committed at a height. */
  idAt(height: bigint): Hash | undefined
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
}): Watch {
  const { reference, now, lawless, nameOf } = args
  const ids = new Map<bigint, { readonly id: Hash; readonly by: string; isChecked: boolean }>()
  const said = new Map<string, Uint8Array>()
  const wanted = new Map<string, Uint8Array>()
  let violation: Violation | undefined

  function broken(rule: string, what: string): void {
    violation ??= { rule, what, atMs: now() }
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
    broken,
    committing({ node, machine, parent, stored: { block, id, seal } }) {
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
      const known = ids.get(height)
      if (known && known.id !== id)
        broken('agreement', `${node} commits ${id} at height ${height}, ${known.by} committed ${known.id}`)
      if (!known) ids.set(height, { id, by: node, isChecked: false })
      const before = ids.get(header.height - 1n)
      if (before && before.id !== header.parent)
        broken('agreement', `${node} commits ${id} on ${header.parent}, not on ${before.id}`)
      checkSeal(node, machine, parent, { block, id, seal })
    },
    committed({ node, store, machine, tip }) {
      const { header, id } = tip
      if (store.stage([]).root !== header.stateRoot)
        broken('state root', `${node} has another state than block ${id} of height ${header.height} says`)
      const known = ids.get(header.height)
      if (!known || known.isChecked) return
      known.isChecked = true
      for (const sentence of machine.brokenInvariants(store, tip))
        broken('invariant', `${sentence} does not hold at height ${header.height} of ${node}`)
    },
    asked({ node, at: { height, round, step }, message }) {
      const place = `${node} ${height}/${round}/${step}`
      const before = wanted.get(place)
      if (before && !equalBytes(before, message))
        broken('asked', `${node} asks for two messages at height ${height}, round ${round}, step ${step}`)
      wanted.set(place, message)
    },
    signed({ address, at: { height, round, step }, message }) {
      if (lawless.has(address)) return
      const place = `${address} ${height}/${round}/${step}`
      const before = said.get(place)
      if (before && !equalBytes(before, message))
        broken(
          'equivocation',
          `${nameOf(address)} signs two messages at height ${height}, round ${round}, step ${step}`,
        )
      said.set(place, message)
    },
    accused(culprit, by) {
      if (!lawless.has(culprit))
        broken('framed', `${by} has evidence against ${nameOf(culprit)}, which is honest`)
    },
    idAt: (height) => ids.get(height)?.id,
  }
}
