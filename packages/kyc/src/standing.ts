// What the claims on an account come to, and the check before every command.
import type { PendingCall } from '@mmtchain/kernel'
import { type Address, addressToBytes, type Hash, hash, toHex } from '@mmtchain/primitives'
import type { KycContext, KycReader } from './nouns.ts'
import type { Rule } from './rules.ts'

/** The account's level now, whose limits it uses, and whether that person is listed. */
export interface Standing {
  readonly level: number
  /** The person by its best claim; an account without one counts for itself. */
  readonly subject: Hash
  readonly isListed: boolean
}

const DAY_MS = 86_400_000n

/** Claims of those who are registrars now count; of equal levels the one of the registrar with the lesser address. */
export function standingOf(ctx: KycReader, who: Address): Standing {
  const { state, params, block } = ctx
  let level = 0
  let subject = hash(toHex(addressToBytes(who)))
  let listed = false
  for (const registrar of params.registrars) {
    const claim = state.claims.get([who, registrar])
    if (!claim?.person) continue
    // A claim that has run out or is revoked gives no level, but still tells who it is.
    listed ||= isListed(ctx, claim.person)
    const isValid = claim.status.kind === 'valid' && claim.untilMs > block.timeMs
    if (!isValid || claim.level <= level) continue
    level = claim.level
    subject = claim.person
  }
  return { level, subject, isListed: listed }
}

export function isListed({ state, params }: KycReader, person: Hash): boolean {
  return params.registrars.some((registrar) => state.listings.has([person, registrar]))
}

/** Refuses the calls that a rule does not allow, and counts those that it does. */
export function guardCalls(ctx: KycContext, call: PendingCall): undefined {
  const rules = ctx.params.rules.filter((one) => one.module === call.module && one.command === call.command)
  if (rules.length === 0) return
  const sender = standingOf(ctx, call.sender)
  if (sender.isListed) throw ctx.fail.LISTED({ who: call.sender })
  for (const rule of rules) applyRule(ctx, rule, call, sender)
}

function applyRule(ctx: KycContext, rule: Rule, call: PendingCall, sender: Standing): void {
  const { fail } = ctx
  const { id } = rule
  const counterparty =
    rule.counterparty === null ? undefined : addressField(ctx, rule, call, rule.counterparty)
  if (counterparty !== undefined) {
    const other = standingOf(ctx, counterparty)
    if (other.isListed) throw fail.LISTED({ who: counterparty })
    if (other.level < rule.counterpartyLevel)
      throw fail.LEVEL_TOO_LOW({
        ...{ who: counterparty, have: other.level, want: rule.counterpartyLevel },
        why: `receiving by ${rule.module}.${rule.command}`,
      })
  }
  const tier = rule.tiers.filter(({ level }) => level <= sender.level).at(-1)
  const why = `${rule.module}.${rule.command}`
  const first = rule.tiers[0]?.level ?? 0
  if (!tier) throw fail.LEVEL_TOO_LOW({ who: call.sender, have: sender.level, want: first, why })
  if (rule.amount === null) return
  const amount = amountField(ctx, rule, call, rule.amount)
  if (tier.perCall !== null && amount > tier.perCall) {
    const higher = rule.tiers.find(
      (one) => one.level > tier.level && (one.perCall === null || amount <= one.perCall),
    )
    if (!higher)
      throw fail.OVER_LIMIT({
        rule: id,
        limit: 'a call',
        max: tier.perCall,
        want: amount,
        level: sender.level,
      })
    throw fail.LEVEL_TOO_LOW({
      ...{ who: call.sender, have: sender.level, want: higher.level },
      why: `${why} of more than ${tier.perCall} units`,
    })
  }
  count(ctx, { rule, tier, sender, counterparty, amount })
}

function count(
  { state, block, fail }: KycContext,
  given: {
    readonly rule: Rule
    readonly tier: Rule['tiers'][number]
    readonly sender: Standing
    readonly counterparty: Address | undefined
    readonly amount: bigint
  },
): void {
  const { rule, tier, sender, counterparty, amount } = given
  const { id } = rule
  const day = block.timeMs / DAY_MS
  const limited = (read: (one: Rule['tiers'][number]) => bigint | null) =>
    rule.tiers.some((one) => read(one) !== null)
  const sum = (row: { readonly day: bigint; readonly amount: bigint } | undefined) =>
    (row?.day === day ? row.amount : 0n) + amount
  // What no tier limits is not counted, so a rule on levels alone writes nothing.
  if (limited((one) => one.perDay)) {
    const want = sum(state.moved.get([sender.subject, id]))
    if (tier.perDay !== null && want > tier.perDay)
      throw fail.OVER_LIMIT({ rule: id, limit: 'a day', max: tier.perDay, want, level: sender.level })
    state.moved.set([sender.subject, id], { day, amount: want })
  }
  if (counterparty === undefined || !limited((one) => one.perCounterpartyPerDay)) return
  const key = [sender.subject, id, counterparty] as const
  const want = sum(state.movedTo.get(key))
  const max = tier.perCounterpartyPerDay
  if (max !== null && want > max)
    throw fail.OVER_LIMIT({ rule: id, limit: 'a day to one counterparty', max, want, level: sender.level })
  state.movedTo.set(key, { day, amount: want })
}

function amountField(
  { fail }: KycContext,
  { id: rule }: Rule,
  { input }: PendingCall,
  field: string,
): bigint {
  const value = (input as { readonly [name: string]: unknown } | null)?.[field]
  if (typeof value !== 'bigint') throw fail.RULE_DOES_NOT_FIT({ rule, field })
  return value
}

function addressField(
  { fail }: KycContext,
  { id: rule }: Rule,
  { input }: PendingCall,
  field: string,
): Address {
  const value = (input as { readonly [name: string]: unknown } | null)?.[field]
  if (typeof value !== 'string' || !/^0x[0-9a-f]{64}$/.test(value))
    throw fail.RULE_DOES_NOT_FIT({ rule, field })
  return value as Address
}
