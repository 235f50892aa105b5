// Joint terms: what blocks earn and what commands cost is the median of what the validators in force choose, inside bounds.
import { address, amount, encode, list, option, struct, u8, u16, u64, unit } from '@mmtchain/codec'
import {
  defineModule,
  type KernelGranted,
  need,
  params,
  type Read,
  type TypesOf,
  table,
  type WriteOf,
} from '@mmtchain/kernel'
import { type Address, type Amount, ChainError, amount as toAmount } from '@mmtchain/primitives'

/** What a chain file says of the terms that its validators set. Equal bounds fix a value. */
export interface TermsOptions {
  /** Between which shares of the curve's reward they choose, in per cent, 0 to 100. */
  readonly rewardPercent: { readonly min: number; readonly max: number }
  /** Between which fees they choose, for commands that declare none; in the smallest unit, at least 1. */
  readonly commandFee: { readonly min: Amount; readonly max: Amount }
}

/** All that terms ask of the modules before them. */
export interface TermsOfToken {
  commandFee(): Amount
}
export interface TermsOfRewards {
  rewardPercent(): number
}
export interface TermsOfElection {
  epochOver(): boolean
}

/** The most validators of a set. */
const SEATS_MAX = 1024
/** The parameters that terms set. */
const REWARD = { module: 'rewards', name: 'rewardPercent' }
const FEE = { module: 'token', name: 'commandFee' }
/** Finding the sender among the validators in force visits them. */
const CHOOSE_WEIGHT = 300n

const choiceFields = { rewardPercent: option(u8), commandFee: option(amount) }
const choice = struct(choiceFields)
const values = struct({ rewardPercent: u8, commandFee: amount })
const parameters = struct({
  rewardPercent: struct({ min: u8, max: u8 }),
  commandFee: struct({ min: amount, max: amount }),
})
const NO_CHOICE = { rewardPercent: null, commandFee: null }

/**
 * Lets the validators of an epoch set the reward of blocks and the fee of commands for the next one: each chooses values inside bounds
 * that never change, and the median of all seats holds. The seat of who has chosen nothing counts as choosing what is in force.
 */
export const terms = (options: TermsOptions) =>
  nouns(options)
    .genesis(unit, (ctx) => {
      for (const { module, name } of [REWARD, FEE])
        if (!ctx.chain.governable.has(`${module}.${name}`)) throw ctx.fail.NOT_GOVERNABLE({ module, name })
      checkBounds(ctx, inForce(ctx))
    })
    .endBlock((ctx) => {
      if (!ctx.needs.election.epochOver()) return
      const before = inForce(ctx)
      const next = settle(ctx)
      const { setParameter } = ctx.needs.kernel
      if (next.rewardPercent !== before.rewardPercent)
        setParameter({ ...REWARD, value: encode(u8, next.rewardPercent) })
      if (next.commandFee !== before.commandFee)
        setParameter({ ...FEE, value: encode(amount, next.commandFee) })
      if (next.rewardPercent !== before.rewardPercent || next.commandFee !== before.commandFee)
        ctx.emit.settled({ epoch: ctx.block.epoch + 1n, ...next })
    })
    .command('choose', choice, { weight: CHOOSE_WEIGHT }, (ctx, chosen) => {
      if (!ctx.block.validators.validators.some((one) => one.address === ctx.sender))
        throw ctx.fail.NOT_SEATED({ who: ctx.sender })
      checkBounds(ctx, chosen)
      if (chosen.rewardPercent === null && chosen.commandFee === null) ctx.state.choices.delete(ctx.sender)
      else ctx.state.choices.set(ctx.sender, chosen)
      ctx.emit.chosen({ delegate: ctx.sender, ...chosen })
    })
    .query('choice', struct({ delegate: address }), choice, (ctx, { delegate }) =>
      ctx.state.choices.get(delegate),
    )
    .query(
      'terms',
      unit,
      struct({
        inForce: values,
        /** What holds from the beginning of `fromEpoch` on, if everybody stays with its choice. */
        next: values,
        fromEpoch: u64,
        seats: u16,
        choices: list(struct({ delegate: address, ...choiceFields }), { max: SEATS_MAX }),
      }),
      (ctx) => {
        const { validators } = ctx.block.validators
        return {
          inForce: inForce(ctx),
          next: settle(ctx),
          fromEpoch: ctx.block.epoch + (ctx.needs.election.epochOver() ? 2n : 1n),
          seats: validators.length,
          choices: validators
            .map((one) => ({ delegate: one.address, ...ctx.state.choices.get(one.address) }))
            .filter((one) => one.rewardPercent !== null || one.commandFee !== null),
        }
      },
    )
    .invariant('reward and fee in force are inside their bounds', (ctx) => {
      const { rewardPercent, commandFee } = inForce(ctx)
      return isInside(ctx.params.rewardPercent, rewardPercent) && isInside(ctx.params.commandFee, commandFee)
    })

function nouns(options: TermsOptions) {
  return defineModule('terms', {
    params: params(parameters, checkOptions(options)),
    needs: {
      kernel: need<{}, Pick<KernelGranted, 'setParameter'>>(),
      token: need<{}, {}, TermsOfToken>(),
      election: need<{}, {}, TermsOfElection>(),
      rewards: need<{}, {}, TermsOfRewards>(),
    },
    state: {
      /** What each has chosen. It stays while its delegate has no seat, and counts only while it has one. */
      choices: table(address, choice, NO_CHOICE),
    },
    events: {
      chosen: struct({ delegate: address, ...choiceFields }),
      /** What changes with an epoch. */
      settled: struct({ epoch: u64, rewardPercent: u8, commandFee: amount }),
    },
    errors: {
      NOT_SEATED: (d: { who: Address }) => ({
        message: `${d.who} is no validator of this epoch.`,
        hint: 'Send it as the account of a delegate who rules now (query epoch of election).',
      }),
      OUT_OF_BOUNDS: (d: { field: string; value: bigint; min: bigint; max: bigint }) => ({
        message: `${d.field} is ${d.value}, not ${d.min} to ${d.max}.`,
        hint: 'Keep it inside the bounds of the chain file.',
      }),
      NOT_GOVERNABLE: (d: { module: string; name: string }) => ({
        message: `The chain file does not let ${d.module}.${d.name} change.`,
        hint: `Use the module ${d.module} with { governable: ['${d.name}'] }.`,
      }),
    },
  })
}
type TermsContext = WriteOf<ReturnType<typeof nouns>>
type TermsReader = Read<TypesOf<ReturnType<typeof nouns>>>

/**
 * What seats choose together: the middle one of their values. Where two are in the middle it is the value in force, or the one that is
 * nearer to it. So a value moves only as far as more than half of the seats have it move.
 */
export function jointValue(chosen: readonly bigint[], valueInForce: bigint): bigint {
  const sorted = [...chosen].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  const low = sorted[(sorted.length - 1) >> 1] ?? valueInForce
  const high = sorted[sorted.length >> 1] ?? valueInForce
  return clamp({ min: low, max: high }, valueInForce)
}

/** What the seats of this epoch choose for the next. */
function settle(ctx: TermsReader) {
  const now = inForce(ctx)
  const choices = ctx.block.validators.validators.map((one) => ctx.state.choices.get(one.address))
  const joint = (bounds: Bounds, valueInForce: bigint, chosen: readonly (bigint | null)[]) => {
    // A release may have other bounds than the one in which somebody chose.
    const counted = chosen.map((one) => clamp(bounds, one ?? valueInForce))
    return jointValue(counted, clamp(bounds, valueInForce))
  }
  const { rewardPercent, commandFee } = ctx.params
  const percent = joint(
    wide(rewardPercent),
    BigInt(now.rewardPercent),
    choices.map((one) => (one.rewardPercent === null ? null : BigInt(one.rewardPercent))),
  )
  const fee = joint(
    commandFee,
    now.commandFee,
    choices.map((one) => one.commandFee),
  )
  return { rewardPercent: Number(percent), commandFee: toAmount(fee) }
}

/** Throws `terms/OUT_OF_BOUNDS` for the first value that is. */
function checkBounds(
  { params: own, fail }: TermsContext,
  given: { readonly rewardPercent: number | null; readonly commandFee: Amount | null },
): void {
  const bounds = { rewardPercent: wide(own.rewardPercent), commandFee: own.commandFee }
  for (const field of ['rewardPercent', 'commandFee'] as const) {
    const value = given[field]
    if (value === null || isInside(own[field], value)) continue
    throw fail.OUT_OF_BOUNDS({ field, value: BigInt(value), ...bounds[field] })
  }
}

function inForce({ needs }: TermsReader) {
  return { rewardPercent: needs.rewards.rewardPercent(), commandFee: needs.token.commandFee() }
}

interface Bounds<N = bigint> {
  readonly min: N
  readonly max: N
}
const wide = ({ min, max }: Bounds<number>): Bounds => ({ min: BigInt(min), max: BigInt(max) })

function isInside({ min, max }: Bounds<number | bigint>, value: number | bigint): boolean {
  return value >= min && value <= max
}

function clamp({ min, max }: Bounds, value: bigint): bigint {
  return value < min ? min : value > max ? max : value
}

/** Throws `terms/BAD_OPTIONS`. */
function checkOptions({ rewardPercent, commandFee }: TermsOptions): TermsOptions {
  const { min, max } = rewardPercent
  const why =
    !Number.isInteger(min) || !Number.isInteger(max) || min < 0 || max > 100
      ? 'rewardPercent is bounded by other than whole numbers from 0 to 100'
      : min > max || commandFee.min > commandFee.max
        ? 'a least value is above the greatest'
        : commandFee.min < 1n
          ? 'validators could make commands free, which accounts have quotas for'
          : undefined
  if (why === undefined) return { rewardPercent: { min, max }, commandFee }
  const hint = 'Correct the terms in the chain file.'
  throw new ChainError({ code: 'terms/BAD_OPTIONS', message: `The terms cannot be defined: ${why}.`, hint })
}
