// How a name below the root is had: committed to, registered, renewed, for as long as its lease.
import { address, encode, struct } from '@mmtchain/codec'
import { hashTagged, tag } from '@mmtchain/crypto'
import { type Address, type Amount, amount, type Hash, hash, hashToBytes } from '@mmtchain/primitives'
import { faultOfName, label } from './labels.ts'
import {
  COMMITMENTS_MAX,
  type Lease,
  type NamesCommand,
  type NamesContext,
  type NamesReader,
  secret,
  TERMS_MAX,
} from './nouns.ts'

const COMMITMENT_TAG = tag('mmt/names/hide/1')
const committed = struct({ sender: address, owner: address, label, secret })

/** What is committed to. */
export interface Commitment {
  readonly fingerprint: Hash
  /** Who commits and will reveal. */
  readonly sender: Address
  readonly label: string
  /** Who will have the name. */
  readonly owner: Address
  /** 32 bytes that nobody can guess. */
  readonly secret: Uint8Array
}

/** The hash to commit to. It says nothing of the name, and is of no use to another sender. */
export function commitmentOf({ fingerprint, ...rest }: Commitment): Hash {
  return hash(hashTagged(COMMITMENT_TAG, hashToBytes(fingerprint), encode(committed, rest)))
}

export function commit(ctx: NamesCommand, { commitment }: { readonly commitment: Hash }): undefined {
  const { state, sender: who, fail, block, params } = ctx
  const open = state.commitments.get(who).filter(({ at }) => isOpen(ctx, at))
  const same = open.find((one) => one.commitment === commitment)
  if (same) throw fail.ALREADY_COMMITTED({ until: same.at + BigInt(params.revealWithinHeights) })
  if (open.length >= COMMITMENTS_MAX) throw fail.TOO_MANY_COMMITMENTS({ who, max: COMMITMENTS_MAX })
  state.commitments.set(who, [...open, { commitment, at: block.height }])
  ctx.emit.committed({ who })
}

/** Whether what was committed at a height can still be revealed. */
export function isOpen({ block, params }: NamesReader | NamesContext, at: bigint): boolean {
  return block.height <= at + BigInt(params.revealWithinHeights)
}

interface Registration {
  readonly label: string
  readonly owner: Address
  readonly terms: number
  readonly secret: Uint8Array
}

export function register(ctx: NamesCommand, given: Registration): undefined {
  const { state, sender, fail, block, params, chain } = ctx
  const { label: name, owner, terms } = given
  checkLabel(ctx, name)
  checkTerms(ctx, terms)
  const { fingerprint } = chain
  const wanted = commitmentOf({ fingerprint, sender, label: name, owner, secret: given.secret })
  const open = state.commitments.get(sender).filter(({ at }) => isOpen(ctx, at))
  const found = open.find(({ commitment }) => commitment === wanted)
  if (!found) throw fail.NO_COMMITMENT({ name })
  const from = found.at + BigInt(params.revealAfterHeights)
  if (block.height < from) throw fail.TOO_EARLY({ from })
  const before = state.names.get(['', name])
  if (before && block.timeMs < freeAtMs(ctx, before))
    throw fail.TAKEN({ name, owner: before.owner, freeAtMs: freeAtMs(ctx, before) })
  const paid = pay(ctx, priceOf(ctx, name, terms))
  const untilMs = block.timeMs + BigInt(terms) * params.termMs
  const left = open.filter((one) => one !== found)
  if (left.length > 0) state.commitments.set(sender, left)
  else state.commitments.delete(sender)
  // The new number ends all that an earlier holder left: records, and names below.
  state.names.set(['', name], { number: nextNumber(ctx), of: 0n, owner, untilMs })
  state.records.delete(['', name])
  ctx.emit.registered({ name, owner, untilMs, paid })
}

/** Anybody may pay for a longer lease; it stays the owner's. */
export function renew(
  ctx: NamesCommand,
  { label: name, terms }: { readonly label: string; readonly terms: number },
): undefined {
  const { state, fail, block, params } = ctx
  checkLabel(ctx, name)
  checkTerms(ctx, terms)
  const before = state.names.get(['', name])
  if (!before || block.timeMs >= freeAtMs(ctx, before)) throw fail.UNKNOWN_NAME({ name })
  const untilMs = before.untilMs + BigInt(terms) * params.termMs
  const maxMs = block.timeMs + BigInt(TERMS_MAX) * params.termMs
  if (untilMs > maxMs) throw fail.TOO_LONG({ untilMs, maxMs })
  const paid = pay(ctx, priceOf(ctx, name, terms))
  state.names.set(['', name], { ...before, untilMs })
  ctx.emit.renewed({ name, untilMs, paid })
}

/** From when on anybody may register a name again. */
export function freeAtMs({ params }: NamesReader | NamesContext, { untilMs }: Lease): bigint {
  return untilMs + params.graceMs
}

/** What a label costs for so many terms. */
export function priceOf({ params }: NamesReader | NamesContext, { length }: string, terms: number): Amount {
  const prices = params.fees?.terms ?? []
  return amount((prices[Math.min(length, prices.length) - 1] ?? 0n) * BigInt(terms))
}

/** Pays for a name, and tells how much it was. */
export function pay({ params, needs }: NamesCommand, price: Amount): Amount {
  if (params.fees && price > 0n) needs.token.pay(params.fees.to, price)
  return price
}

/** The next number, which is never given again. */
export function nextNumber({ state }: NamesContext): bigint {
  const number = state.next.get()
  state.next.set(number + 1n)
  return number
}

function checkLabel({ params, fail }: NamesCommand, name: string): void {
  const why = name.includes('.') ? 'it has more than one label' : faultOfName(name, params.root)
  if (why) throw fail.BAD_NAME({ name, why })
}

function checkTerms({ fail }: NamesCommand, got: number): void {
  if (got < 1 || got > TERMS_MAX) throw fail.BAD_TERMS({ got, max: TERMS_MAX })
}
