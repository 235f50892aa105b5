import { encode, type Infer } from '@mmtchain/codec'
import { sha256 } from '@mmtchain/crypto'
import {
  type Address,
  type Amount,
  type Hash,
  height,
  amount as toAmount,
  hash as toHash,
} from '@mmtchain/primitives'
import { type PublicKey, publicKey } from '@mmtchain/tx'
import { DEPOSIT, type delegate, type ElectionContext } from './nouns.ts'
import { LAYERS_MAX, possessionMessage } from './onion.ts'
import { setTally } from './ranking.ts'

export type Delegate = Infer<typeof delegate>

/** What a delegate says of itself when it registers. */
export interface Application {
  readonly name: string
  readonly url: string
  readonly key: PublicKey
  readonly commitment: Hash
  readonly layers: number
  readonly deposit: Amount
}

/** How many epochs after the current one a new key or a new onion counts from: who rules the next is chosen already. */
export const EPOCHS_AHEAD = 2n

export function register(
  ctx: ElectionContext,
  who: Address,
  application: Application & { readonly proof: Uint8Array },
): undefined {
  checkApplication(ctx, who, application)
  checkPossession(ctx, who, application)
  checkOnion(ctx, application.layers)
  enter(ctx, who, application)
  const { name, key, deposit } = application
  ctx.emit.registered({ delegate: who, name, key, deposit })
}

/** What the genesis says of delegates and votes that are there from block 0 on. */
export function checkApplication(
  { state, fail }: ElectionContext,
  who: Address,
  { name, url }: Application,
): void {
  if (state.delegates.has(who)) throw fail.ALREADY_REGISTERED({ delegate: who })
  if (!/^[a-z0-9_.-]{1,20}$/.test(name)) throw fail.BAD_NAME({ name })
  const taken = state.names.get(name)
  if (taken) throw fail.NAME_TAKEN({ name, delegate: taken })
  if (!/^(https?:\/\/[!-~]+)?$/.test(url)) throw fail.BAD_URL({ url })
}

/** Throws unless the key is new here, and `proof` shows that the delegate holds it. */
function checkPossession(
  ctx: ElectionContext,
  who: Address,
  { key, proof }: { readonly key: PublicKey; readonly proof: Uint8Array },
): void {
  checkKey(ctx, key)
  const message = possessionMessage({ fingerprint: ctx.chain.fingerprint, delegate: who, key })
  if (!ctx.chain.suites.get(key.suite)?.verify({ key: key.key, message, signature: proof }))
    throw ctx.fail.BAD_PROOF({})
}

export function checkKey({ state, chain, fail }: ElectionContext, key: PublicKey): void {
  if (!chain.suites.get(key.suite)?.isPublicKey(key.key)) throw fail.KEY_NOT_ACCEPTED({ suite: key.suite })
  const taken = state.keys.get(keyHash(key))
  if (taken) throw fail.KEY_TAKEN({ delegate: taken })
}

export function checkOnion({ fail }: ElectionContext, layers: number): void {
  if (layers < 1 || layers > LAYERS_MAX) throw fail.BAD_ONION({ layers, max: LAYERS_MAX })
}

/** Makes a delegate of an account: from here on it is a candidate, with 0 votes. */
export function enter(ctx: ElectionContext, who: Address, application: Application): void {
  const { state, params, block } = ctx
  const { name, url, key, commitment, layers, deposit } = application
  if (deposit < params.depositMin)
    throw ctx.fail.DEPOSIT_TOO_SMALL({ have: deposit, want: params.depositMin })
  if (deposit > 0n) ctx.needs.token.lock({ owner: who, purpose: DEPOSIT, amount: deposit })
  state.names.set(name, who)
  state.keys.set(keyHash(key), who)
  state.delegates.set(who, {
    ...{ name, url, key, registered: block.height, deposit },
    ...{ standing: { kind: 'candidate', value: null }, punished: height(0n) },
  })
  state.duties.set(who, {
    ...{ produced: 0n, missed: 0n, missedInRow: 0n, forgivenTo: height(0n), lastProduced: height(0n) },
    ...{ onion: { layer: commitment, left: layers }, nextOnion: null },
  })
  setTally(ctx, who, { ranked: true })
}

/** Adds to the deposit. */
export function addDeposit(ctx: ElectionContext, who: Address, more: Amount): undefined {
  const found = standingDelegate(ctx, who)
  if (more === 0n) throw ctx.fail.ZERO_AMOUNT({})
  ctx.needs.token.lock({ owner: who, purpose: DEPOSIT, amount: more })
  ctx.state.delegates.set(who, { ...found, deposit: toAmount(found.deposit + more) })
  ctx.emit.deposited({ delegate: who, amount: more })
}

/** Leaves the ranking for ever. A seat of this epoch or the next is kept until then: a set does not change inside an epoch. */
export function resign(ctx: ElectionContext, who: Address): undefined {
  const found = standingDelegate(ctx, who)
  const free = height(ctx.block.height + BigInt(ctx.params.unbondingHeights))
  ctx.state.delegates.set(who, { ...found, standing: { kind: 'resigned', value: { free } } })
  setTally(ctx, who, { ranked: false })
  ctx.emit.resigned({ delegate: who })
}

/** Gives the delegate another consensus key, from the next election on. The old one stays its own for ever. */
export function rotateKey(
  ctx: ElectionContext,
  who: Address,
  change: { readonly key: PublicKey; readonly proof: Uint8Array },
): undefined {
  const found = standingDelegate(ctx, who)
  checkPossession(ctx, who, change)
  ctx.state.keys.set(keyHash(change.key), who)
  ctx.state.delegates.set(who, { ...found, key: change.key })
  ctx.emit.keyRotated({ delegate: who, key: change.key })
}

/** Commits to another onion, from the epoch after the next on, when the reveals that it could play on are not known yet. */
export function commit(
  ctx: ElectionContext,
  who: Address,
  { commitment, layers }: { readonly commitment: Hash; readonly layers: number },
): undefined {
  standingDelegate(ctx, who)
  checkOnion(ctx, layers)
  const duty = dutyOf(ctx, who)
  const from = ctx.block.epoch + EPOCHS_AHEAD
  ctx.state.duties.set(who, { ...duty, nextOnion: { from, onion: { layer: commitment, left: layers } } })
  ctx.emit.committed({ delegate: who, layer: commitment, from })
}

/** Lets a jailed delegate stand again, once its time is over and its deposit is whole. */
export function unjail(ctx: ElectionContext, who: Address): undefined {
  const { params, state, block, fail } = ctx
  const found = standingDelegate(ctx, who)
  if (found.standing.kind !== 'jailed') throw fail.NOT_JAILED({ delegate: who })
  const { until } = found.standing.value
  if (block.epoch < until) throw fail.STILL_JAILED({ until })
  if (found.deposit < params.depositMin)
    throw fail.DEPOSIT_TOO_SMALL({ have: found.deposit, want: params.depositMin })
  state.delegates.set(who, { ...found, standing: { kind: 'candidate', value: null } })
  forgiveMisses(ctx, who)
  setTally(ctx, who, { ranked: true })
  ctx.emit.returned({ delegate: who })
}

/** The delegate of this account. Throws `NOT_REGISTERED` or `RESIGNED`. */
function standingDelegate({ state, fail }: ElectionContext, who: Address): Delegate {
  const found = state.delegates.get(who)
  if (!found) throw fail.NOT_REGISTERED({ delegate: who })
  if (found.standing.kind === 'resigned') throw fail.RESIGNED({ delegate: who })
  return found
}

/** What a delegate did; every delegate has a row. */
export function dutyOf({ state }: Pick<ElectionContext, 'state'>, who: Address) {
  const duty = state.duties.get(who)
  if (!duty) throw new Error(`${who} has no row of duties`)
  return duty
}

/** Begins anew with the misses in a row, also where they are charged already, or come to light later. */
export function forgiveMisses(ctx: ElectionContext, who: Address): void {
  const { duties, charged } = ctx.state
  duties.set(who, { ...dutyOf(ctx, who), missedInRow: 0n, forgivenTo: ctx.block.height })
  if (charged.get(who)?.kind === 'misses') charged.delete(who)
}

/** The row of an account that is known to be a delegate. */
export function delegateAt({ state }: Pick<ElectionContext, 'state'>, who: Address): Delegate {
  const found = state.delegates.get(who)
  if (!found) throw new Error(`${who} is no delegate`)
  return found
}

function keyHash(key: PublicKey): Hash {
  return toHash(sha256(encode(publicKey, key)))
}
