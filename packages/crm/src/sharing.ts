// Consent, and records that another organisation may read for a purpose until a day.
import type { Hash } from '@mmtchain/primitives'
import { checkId, known, staffed } from './customers.ts'
import type { CrmCommand, CrmReader } from './nouns.ts'

interface Of {
  readonly organisation: string
  readonly customer: bigint
}

/** The customer itself gives or withdraws consent; for one without an account the staff records it, with the hash of what was signed. */
export function consent(
  ctx: CrmCommand,
  given: Of & {
    readonly purpose: string
    readonly given: boolean
    readonly untilMs: bigint
    readonly evidence: Hash
  },
): undefined {
  const { state, fail, sender: by, block } = ctx
  const { organisation, customer, purpose, untilMs, evidence } = given
  if (!state.organisations.has(organisation)) throw fail.UNKNOWN_ORGANISATION({ organisation })
  const { account } = known(ctx, given)
  if (account === null) staffed(ctx, organisation)
  else if (account !== by) throw fail.NOT_THE_CUSTOMER({ who: by, customer })
  checkId(ctx, purpose)
  if (given.given && untilMs <= block.timeMs) throw fail.BAD_TIME({ timeMs: untilMs, nowMs: block.timeMs })
  const key = [organisation, customer, purpose] as const
  const before = state.consents.get(key)
  const goesOn = before?.given && before.untilMs > block.timeMs
  const round = (before?.round ?? 0) + (given.given && !goesOn ? 1 : 0)
  state.consents.set(key, { given: given.given, untilMs, evidence, by, timeMs: block.timeMs, round })
  ctx.emit.consented({ organisation, customer, purpose, given: given.given })
}

/** Another organisation may read the record, for a purpose that the customer has consented to and no longer than that. */
export function shareCustomer(
  ctx: CrmCommand,
  given: Of & { readonly reader: string; readonly purpose: string; readonly untilMs: bigint },
): undefined {
  const { state, fail, block } = ctx
  const { organisation, customer, reader, purpose, untilMs } = given
  staffed(ctx, organisation)
  known(ctx, given)
  if (!state.organisations.has(reader)) throw fail.UNKNOWN_ORGANISATION({ organisation: reader })
  if (untilMs <= block.timeMs) throw fail.BAD_TIME({ timeMs: untilMs, nowMs: block.timeMs })
  const row = state.consents.get([organisation, customer, purpose])
  if (!row?.given || row.untilMs < untilMs) throw fail.NO_CONSENT({ customer, purpose })
  state.shares.set([organisation, customer, reader], { purpose, untilMs, round: row.round })
  ctx.emit.shared(given)
}

export function endShare(ctx: CrmCommand, given: Of & { readonly reader: string }): undefined {
  const { organisation, customer, reader } = given
  staffed(ctx, organisation)
  if (!ctx.state.shares.has([organisation, customer, reader])) throw ctx.fail.NOT_SHARED({ customer, reader })
  ctx.state.shares.delete([organisation, customer, reader])
  ctx.emit.shareEnded(given)
}

/** Whether an organisation may read a record now, and for what. Consent that is withdrawn or runs out ends every grant for its purpose, for good. */
export function mayRead(
  { state, block }: CrmReader,
  { organisation, customer, reader }: Of & { readonly reader: string },
): { readonly purpose: string; readonly untilMs: bigint } | null {
  const row = state.shares.get([organisation, customer, reader])
  if (!row || row.untilMs <= block.timeMs || !state.customers.has([organisation, customer])) return null
  const { purpose, untilMs, round } = row
  const found = state.consents.get([organisation, customer, purpose])
  return found?.given && found.untilMs > block.timeMs && found.round === round ? { purpose, untilMs } : null
}
