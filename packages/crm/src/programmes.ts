// Membership programmes: points are earned, spent oldest first, and run out; what was ever earned decides on the tier.
import type { Infer } from '@mmtchain/codec'
import { checkId, known, owned, staffed } from './customers.ts'
import type { CrmCommand, CrmContext, CrmReader, programme } from './nouns.ts'

export type Programme = Infer<typeof programme>
interface Of {
  readonly organisation: string
  readonly programme: string
  readonly customer: bigint
}

const DAY_MS = 86_400_000n
const VALID_DAYS_MAX = 366
const POINTS_MAX = 2n ** 63n
/** How many lots a block takes away that have run out; the others count for nothing all the same. */
export const EXPIRED_MAX = 64

export function openProgramme(
  ctx: CrmCommand,
  {
    organisation,
    programme: id,
    ...given
  }: Programme & { readonly organisation: string; readonly programme: string },
): undefined {
  const { state, fail } = ctx
  owned(ctx, organisation)
  for (const one of [id, ...given.tiers.map((tier) => tier.id)]) checkId(ctx, one)
  if (state.programmes.has([organisation, id])) throw fail.PROGRAMME_EXISTS({ programme: id })
  const { tiers, validDays } = given
  if (validDays < 1 || validDays > VALID_DAYS_MAX)
    throw fail.BAD_PROGRAMME({ why: `points are good for ${validDays} days` })
  if (tiers.some(({ from }, at) => (at === 0 ? from !== 0n : from <= (tiers[at - 1]?.from ?? 0n))))
    throw fail.BAD_PROGRAMME({ why: 'its tiers do not ascend from 0 points' })
  state.programmes.set([organisation, id], given)
  ctx.emit.programmeOpened({ organisation, programme: id })
}

export function earn(ctx: CrmCommand, given: Of & { readonly points: bigint }): undefined {
  const { state, fail } = ctx
  const { organisation, programme: id, customer, points } = given
  const { validDays } = programmeOf(ctx, given)
  if (points === 0n) throw fail.ZERO_POINTS()
  const all = state.earned.get([organisation, id, customer]) + points
  if (all > POINTS_MAX) throw fail.TOO_MANY_POINTS({ max: POINTS_MAX })
  state.earned.set([organisation, id, customer], all)
  // What is earned on one day runs out on one day: a member has at most 367 lots.
  const lastDay = Number(ctx.block.timeMs / DAY_MS) + validDays
  const key = [organisation, id, customer, lastDay] as const
  state.lots.set(key, (state.lots.get(key) ?? 0n) + points)
  state.dueLots.set([lastDay, organisation, id, customer], null)
  ctx.emit.earned(given)
}

export function spend(ctx: CrmCommand, given: Of & { readonly points: bigint }): undefined {
  const { state, fail, emit } = ctx
  const { organisation, programme: id, customer, points: want } = given
  programmeOf(ctx, given)
  if (want === 0n) throw fail.ZERO_POINTS()
  let left = want
  for (const [key, points] of lotsOf(ctx, given)) {
    const taken = points < left ? points : left
    left -= taken
    if (taken < points) state.lots.set(key, points - taken)
    else {
      state.lots.delete(key)
      state.dueLots.delete([key[3], organisation, id, customer])
    }
    if (left === 0n) return emit.spent(given)
  }
  throw fail.NOT_ENOUGH_POINTS({ have: want - left, want })
}

/** Takes away what has run out, oldest first. */
export function expire({ state, emit, block }: CrmContext): undefined {
  const today = block.timeMs / DAY_MS
  for (const [due] of [...state.dueLots.entries({ limit: EXPIRED_MAX })]) {
    const [lastDay, organisation, id, customer] = due
    if (BigInt(lastDay) >= today) return
    const key = [organisation, id, customer, lastDay] as const
    const points = state.lots.get(key) ?? 0n
    state.lots.delete(key)
    state.dueLots.delete(due)
    emit.expired({ organisation, programme: id, customer, points })
  }
}

/** The lots that are still good, those that run out first in front. */
function lotsOf({ state, block }: CrmReader | CrmContext, { organisation, programme: id, customer }: Of) {
  const today = Number(block.timeMs / DAY_MS)
  const prefix = [organisation, id, customer] as const
  return [...state.lots.entries({ prefix, from: [...prefix, today] })]
}

export function membershipOf(ctx: CrmReader, of: Of) {
  const { organisation, programme: id, customer } = of
  const earned = ctx.state.earned.get([organisation, id, customer])
  const tiers = ctx.state.programmes.get([organisation, id])?.tiers ?? []
  const tier = tiers.filter(({ from }) => from <= earned).at(-1)?.id ?? ''
  return { tier, earned, points: lotsOf(ctx, of).reduce((sum, [, points]) => sum + points, 0n) }
}

function programmeOf(ctx: CrmCommand, { organisation, programme: id, customer }: Of): Programme {
  staffed(ctx, organisation)
  const found = ctx.state.programmes.get([organisation, id])
  if (!found) throw ctx.fail.UNKNOWN_PROGRAMME({ programme: id })
  known(ctx, { organisation, customer })
  return found
}
