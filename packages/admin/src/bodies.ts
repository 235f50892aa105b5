// The bodies that decide: who votes, how the votes stand, and whether enough could vote at all.
import { decode, type Infer } from '@mmtchain/codec'
import type { Address } from '@mmtchain/primitives'
import type { AdminContext, AdminReader, proposal } from './nouns.ts'
import { ableApprovers, isFrozen, organisationAddress } from './organisations.ts'
import { type Body, KINDS, type Rule, type Rules, rules } from './rules.ts'

export type Proposal = Infer<typeof proposal>

/** How the votes on a proposal stand. */
export interface Tally {
  readonly yes: bigint
  readonly no: bigint
  readonly abstain: bigint
  /** All votes that there are. */
  readonly electorate: bigint
}

/** Votes count of who has a vote now; those of coins, which stay locked, as they were given. */
export function tallyOf(ctx: AdminReader, number: bigint, { rule }: Pick<Proposal, 'rule'>): Tally {
  if (rule.body.kind === 'stake')
    return { ...ctx.state.tallies.get(number), electorate: ctx.needs.token.supply() }
  const voters = votersOf(ctx, rule.body.kind)
  const sums = { yes: 0n, no: 0n, abstain: 0n }
  for (const voter of voters) {
    const vote = ctx.state.votes.get([number, voter])
    if (vote) sums[vote.choice.kind]++
  }
  return { ...sums, electorate: BigInt(voters.length) }
}

function votersOf({ state }: AdminReader, body: Exclude<Body, 'stake'>): readonly Address[] {
  if (body === 'council') return state.council.get()
  return [...state.organisations.entries()].map(([, { number }]) => organisationAddress(number))
}

/** Whether enough took part, and enough of them agreed. */
export function isWon(
  { participationPercent, winPercent }: Rule,
  { yes, no, abstain, electorate }: Tally,
): boolean {
  const tookPart = (yes + no + abstain) * 100n >= BigInt(participationPercent) * electorate
  return electorate > 0n && tookPart && yes * 100n > BigInt(winPercent) * (yes + no)
}

/** Somebody who could not vote any more after a change. */
export interface Without {
  readonly account?: Address
  readonly organisation?: bigint
}

/** The rules as they are set, with a change that this block has made already. */
export function rulesSet({ params, needs }: AdminReader): Rules {
  const set = needs.kernel.parameter({ module: 'admin', name: 'rules' })
  return set ? decode(rules, set) : params.rules
}

/** Throws `admin/BODY_CANNOT_DECIDE` where under these rules, and without somebody, too few could vote on a kind of change. */
export function checkBodies(ctx: AdminContext, all: Rules, without: Without = {}): undefined {
  const known = new Map<Body, ReturnType<typeof ability>>()
  for (const kind of KINDS) {
    const { body, participationPercent: percent } = all[kind]
    const found = known.get(body.kind) ?? ability(ctx, body.kind, without)
    known.set(body.kind, found)
    const { able, electorate } = found
    if (able === 0n || able * 100n < BigInt(percent) * electorate)
      throw ctx.fail.BODY_CANNOT_DECIDE({ kind, body: body.kind, able, electorate, percent })
  }
}

/** How many votes there are, and how many of them somebody can give. */
function ability(ctx: AdminReader, body: Body, without: Without) {
  if (body === 'stake') {
    const supply = ctx.needs.token.supply()
    return { able: supply, electorate: supply }
  }
  if (body === 'council') {
    const council = ctx.state.council.get()
    const able = council.filter((one) => one !== without.account && !isFrozen(ctx, one))
    return { able: BigInt(able.length), electorate: BigInt(council.length) }
  }
  const all = [...ctx.state.organisations.entries()].filter(
    ([, { number }]) => number !== without.organisation,
  )
  const able = all.filter(([, one]) => ableApprovers(ctx, one, without.account) >= one.approvalsNeeded)
  return { able: BigInt(able.length), electorate: BigInt(all.length) }
}
