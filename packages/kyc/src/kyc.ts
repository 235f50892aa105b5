import {
  address,
  amountSum,
  bool,
  hash,
  list as listOf,
  option,
  struct,
  u8,
  u32,
  u64,
  unit,
} from '@mmtchain/codec'
import type { Module, TypesOf } from '@mmtchain/kernel'
import type { Address } from '@mmtchain/primitives'
import { askErasure, attest, erase, lift, list, publishStatusList, renew, revoke } from './claims.ts'
import { answerLookUp, lookUp } from './look-ups.ts'
import { claim, lookUpFields, nouns, PAGE_MAX, page, pageOf, reason } from './nouns.ts'
import { type KycOptions, LEVEL_MAX, REGISTRARS_MAX, ruleId } from './rules.ts'
import { guardCalls, isListed, standingOf } from './standing.ts'

/** What the command of a later module may ask for its sender. */
export interface KycOpen {
  /** Throws `kyc/LISTED` or `kyc/LEVEL_TOO_LOW` unless the sender is nobody listed and has this level. */
  requireLevel(level: number): undefined
}
/** What every later module may ask. */
export interface KycReads {
  /** The level of an account now: 0 without a claim that counts. */
  levelOf(who: Address): number
  /** Whether the person behind an account is on the sanctions list. */
  isListed(who: Address): boolean
}

const lookUpRow = struct({ number: u64, ...lookUpFields })
const PERMITTED = { weight: 100n }

function declare(options: KycOptions) {
  return nouns(options)
    .provides<KycOpen, {}, KycReads>({
      open: (ctx) => ({
        requireLevel(want) {
          const { level: have, isListed: listed } = standingOf(ctx, ctx.sender)
          if (listed) throw ctx.fail.LISTED({ who: ctx.sender })
          const why = `${ctx.module}.${ctx.command}`
          if (have < want) throw ctx.fail.LEVEL_TOO_LOW({ who: ctx.sender, have, want, why })
        },
      }),
      reads: (ctx) => ({
        levelOf: (who) => standingOf(ctx, who).level,
        isListed: (who) => standingOf(ctx, who).isListed,
      }),
    })
    .beforeCommand(guardCalls)
    .command(
      'attest',
      struct({ holder: address, level: u8, digest: hash, person: hash, untilMs: u64 }),
      PERMITTED,
      attest,
    )
    .command('renew', struct({ holder: address, untilMs: u64 }), PERMITTED, renew)
    .command('revoke', struct({ holder: address, reason }), PERMITTED, revoke)
    .command('list', struct({ person: hash }), PERMITTED, list)
    .command('lift', struct({ person: hash }), PERMITTED, lift)
    .command('askErasure', struct({ registrar: address }), askErasure)
    .command('erase', struct({ holder: address, receipt: hash }), PERMITTED, erase)
    .command('publishStatusList', struct({ list: u32, digest: hash }), publishStatusList)
    .command(
      'lookUp',
      struct({ holder: address, registrar: address, case: lookUpFields.case }),
      PERMITTED,
      lookUp,
    )
    .command('answerLookUp', struct({ lookUp: u64, answer: hash }), answerLookUp)
    .query('standing', struct({ who: address }), struct({ level: u8, isListed: bool }), (ctx, { who }) => {
      const { level, isListed: listed } = standingOf(ctx, who)
      return { level, isListed: listed }
    })
    .query('claim', struct({ holder: address, registrar: address }), option(claim), ({ state }, input) => {
      return state.claims.get([input.holder, input.registrar]) ?? null
    })
    .query('registrars', unit, listOf(address, { max: REGISTRARS_MAX }), ({ params }) => params.registrars)
    .query('listed', struct({ person: hash }), bool, (ctx, { person }) => isListed(ctx, person))
    .query(
      'moved',
      struct({ who: address, rule: ruleId }),
      struct({ day: u64, amount: amountSum }),
      (ctx, { who, rule }) =>
        ctx.state.moved.get([standingOf(ctx, who).subject, rule]) ?? { day: 0n, amount: 0n },
    )
    .query(
      'statusList',
      struct({ registrar: address, list: u32 }),
      option(struct({ digest: hash, number: u64, timeMs: u64 })),
      ({ state }, input) => state.statusLists.get([input.registrar, input.list]) ?? null,
    )
    .query('lookUp', struct({ number: u64 }), option(struct(lookUpFields)), ({ state }, { number }) => {
      return state.lookUps.get(number) ?? null
    })
    .query(
      'lookUps',
      struct(pageOf({ from: u64 })),
      listOf(lookUpRow, { max: PAGE_MAX }),
      ({ state }, { from, limit }) =>
        [...state.lookUps.entries({ from, limit: page(limit) })].map(([number, row]) => ({ number, ...row })),
    )
    .query(
      'lookUpsOf',
      struct(pageOf({ holder: address, from: u64 })),
      listOf(lookUpRow, { max: PAGE_MAX }),
      ({ state }, { holder, from, limit }) =>
        [...state.lookUpsOf.entries({ prefix: [holder], from: [holder, from], limit: page(limit) })].flatMap(
          ([[, number]]) => {
            const row = state.lookUps.get(number)
            return row ? [{ number, ...row }] : []
          },
        ),
    )
    .invariant('an erased claim commits to nothing, and every other to a person', ({ state }) =>
      [...state.claims.entries()].every(([, { digest, person, status, erasureAskedMs }]) =>
        status.kind === 'erased'
          ? digest === null && person === null && erasureAskedMs !== null
          : digest !== null && person !== null,
      ),
    )
    .invariant('look-ups are numbered without a gap, and found by their holder', ({ state }) => {
      const all = [...state.lookUps.entries()]
      return (
        BigInt(all.length) === state.nextLookUp.get() - 1n &&
        all.every(
          ([number, { holder }], at) => number === BigInt(at + 1) && state.lookUpsOf.has([holder, number]),
        ) &&
        [...state.lookUpsOf.entries()].length === all.length
      )
    })
    .invariant(`claims have levels from 1 to ${LEVEL_MAX}`, ({ state }) =>
      [...state.claims.entries()].every(([, { level }]) => level >= 1 && level <= LEVEL_MAX),
    )
}

/**
 * Know your customer: registrars attest levels as salted commitments, rules on the commands of other modules ask for them and limit
 * what a person moves, a sanctions list stops who is on it, and a regulator's look-ups are on the chain. Throws `kyc/BAD_OPTIONS`.
 */
export function kyc(options: KycOptions): Module<TypesOf<ReturnType<typeof declare>>> {
  return declare(options)
}
