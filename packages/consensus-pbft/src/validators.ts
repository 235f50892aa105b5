import { address, encode, hash, height, list, option, struct, text, unit } from '@mmtchain/codec'
import { sha256, tag } from '@mmtchain/crypto'
import {
  cell,
  defineModule,
  type Read,
  type TypesOf,
  table,
  type Validator,
  type ValidatorSet,
  validator,
  validatorSet,
  type WriteOf,
} from '@mmtchain/kernel'
import {
  type Address,
  addressToBytes,
  compareBytes,
  concatBytes,
  type Hash,
  hashToBytes,
  hash as toHash,
} from '@mmtchain/primitives'
import { type PublicKey, publicKey } from '@mmtchain/tx'
import { SEATS_MAX } from './messages.ts'
import { validatorsRefusals } from './refusals.ts'
import { endsEpoch } from './turns.ts'

const KEY_TAG = tag('mmt/pbft/key/1')

/** Who joins, with the proof that it holds its consensus key (`possessionMessage`). */
export interface Joining extends Validator {
  readonly proof: Uint8Array
}

/** What a later module may do when the chain file grants it by name: `.use(council(), { grants: { validators: ['change'] } })`. */
export interface ValidatorsGranted {
  /**
   * Lets validators leave and others join from the next epoch on, all or none of them. One that changes its key leaves and joins.
   * Throws `validators/NOTHING_TO_CHANGE`, `NOT_A_VALIDATOR`, `ALREADY_A_VALIDATOR`, `KEY_NOT_ACCEPTED`, `KEY_TAKEN`, `BAD_PROOF`,
   * `NO_VALIDATORS`, `TOO_MANY_VALIDATORS`.
   */
  change(args: { readonly join: readonly Joining[]; readonly leave: readonly Address[] }): undefined
}

/** What any later module may ask. */
export interface ValidatorsReads {
  /** Who rules from the next epoch on, as far as is known now. */
  next(): readonly Validator[]
}

const members = list(validator, { max: SEATS_MAX })

const declared = defineModule('validators', {
  state: {
    /** Who rules from the next epoch on, in ascending order of addresses. */
    members: cell(members, []),
    /** Every consensus key that ever ruled, by its hash. */
    keys: table(hash, address),
    /** The set of the epoch that begins next, once it is known. */
    ruling: cell(option(validatorSet), null),
  },
  events: {
    joined: struct({ validator: address, key: publicKey }),
    left: struct({ validator: address }),
    /** A validator signed two statements of one kind in one round. What follows is up to the alliance. */
    offended: struct({ culprit: address, height, kind: text({ bytesMax: 32 }) }),
  },
  errors: validatorsRefusals,
})

type Writer = WriteOf<typeof declared>
type Reader = Read<TypesOf<typeof declared>>

/**
 * Who rules: the validators of the genesis, until a module that is granted `change` lets some leave and others join. A change takes
 * effect with the next epoch, without a stop. Seats are shuffled each epoch.
 */
export const validators = () =>
  declared
    .provides<{}, ValidatorsGranted, ValidatorsReads>({
      granted: (ctx) => ({ change: (args) => change(ctx, args) }),
      reads: (ctx) => ({ next: () => nextMembers(ctx) }),
    })
    .beginBlock((ctx) => {
      if (ctx.state.members.get().length === 0) adopt(ctx, ctx.block.validators.validators)
    })
    .endBlock(endBlock)
    .validatorSource(({ state, block }) => {
      const ruling = state.ruling.get()
      return ruling && ruling.epoch > block.epoch ? ruling : block.validators
    })
    .query('current', unit, members, ({ block }) => block.validators.validators)
    .query('next', unit, members, (ctx) => nextMembers(ctx))
    .invariant('somebody rules the next epoch', (ctx) => nextMembers(ctx).length > 0)
    .invariant('every validator of the next epoch has an address and a key of its own', keysAreDistinct)

/** The bytes that a consensus key signs to show that its holder rules with it for this account (docs/spec/consensus.md, 10.1). */
export function possessionMessage(args: {
  readonly fingerprint: Hash
  readonly validator: Address
  readonly key: PublicKey
}): Uint8Array {
  return concatBytes(
    KEY_TAG,
    hashToBytes(args.fingerprint),
    addressToBytes(args.validator),
    encode(publicKey, args.key),
  )
}

/** The validators of the genesis are members without anybody's doing; so are those in force when an upgrade brings this module. */
function adopt({ state }: Writer, first: readonly Validator[]): undefined {
  state.members.set(inOrder(first))
  for (const { address: who, key } of first) state.keys.set(keyHash(key), who)
}

function change(
  ctx: Writer,
  { join, leave }: { readonly join: readonly Joining[]; readonly leave: readonly Address[] },
): undefined {
  const { state, fail, emit } = ctx
  if (join.length + leave.length === 0) throw fail.NOTHING_TO_CHANGE({})
  const next = new Map(nextMembers(ctx).map((one) => [one.address, one.key]))
  for (const who of leave) {
    if (!next.delete(who)) throw fail.NOT_A_VALIDATOR({ validator: who })
    emit.left({ validator: who })
  }
  for (const joining of join) {
    const { address: who, key } = joining
    if (next.has(who)) throw fail.ALREADY_A_VALIDATOR({ validator: who })
    checkKey(ctx, joining)
    next.set(who, key)
    state.keys.set(keyHash(key), who)
    emit.joined({ validator: who, key })
  }
  if (next.size === 0) throw fail.NO_VALIDATORS({})
  if (next.size > SEATS_MAX) throw fail.TOO_MANY_VALIDATORS({ max: SEATS_MAX, got: next.size })
  state.members.set(inOrder([...next].map(([who, key]) => ({ address: who, key }))))
}

function checkKey({ state, chain, fail }: Writer, { address: who, key, proof }: Joining): undefined {
  const suite = chain.suites.get(key.suite)
  if (!suite?.isPublicKey(key.key)) throw fail.KEY_NOT_ACCEPTED({ suite: key.suite })
  const owner = state.keys.get(keyHash(key))
  if (owner && owner !== who) throw fail.KEY_TAKEN({ validator: owner })
  const message = possessionMessage({ fingerprint: chain.fingerprint, validator: who, key })
  if (!suite.verify({ key: key.key, message, signature: proof })) throw fail.BAD_PROOF({ validator: who })
}

/** Ends the epoch when every seat has had a turn: the next set is who is a member now, in an order that the block's seed gives. */
function endBlock({ state, block, emit }: Writer): undefined {
  for (const { culprit, height, kind } of block.evidence) emit.offended({ culprit, height, kind })
  if (!endsEpoch(block.validators, block.turn)) return
  const { seed, turn, epoch } = block
  const next: ValidatorSet = {
    ...{ epoch: epoch + 1n, epochStartTurn: turn + 1n, seed },
    validators: shuffled(state.members.get(), seed),
  }
  state.ruling.set(next)
}

function nextMembers({ state, block }: Reader): readonly Validator[] {
  const kept = state.members.get()
  return kept.length > 0 ? kept : inOrder(block.validators.validators)
}

/** Seats in ascending order of SHA-256(seed ‖ address). */
function shuffled(all: readonly Validator[], seed: Hash): readonly Validator[] {
  const seedBytes = hashToBytes(seed)
  return all
    .map((one) => ({ one, place: sha256(concatBytes(seedBytes, addressToBytes(one.address))) }))
    .sort((a, b) => compareBytes(a.place, b.place))
    .map(({ one }) => one)
}

function inOrder(all: readonly Validator[]): readonly Validator[] {
  return [...all].sort((a, b) => compareBytes(addressToBytes(a.address), addressToBytes(b.address)))
}

function keysAreDistinct(ctx: Reader): boolean {
  const next = nextMembers(ctx)
  const addresses = new Set(next.map((one) => one.address))
  const keys = new Set(next.map(({ key }) => keyHash(key)))
  const isOwn = ({ address: who, key }: Validator) =>
    [undefined, who].includes(ctx.state.keys.get(keyHash(key)))
  return addresses.size === next.length && keys.size === next.length && next.every(isOwn)
}

function keyHash(key: PublicKey): Hash {
  return toHash(sha256(encode(publicKey, key)))
}
