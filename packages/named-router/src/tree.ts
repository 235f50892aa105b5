// Names below others, their owners and what they hold. A name lives as long as all names above it.
import type { Address } from '@mmtchain/primitives'
import { faultOfName, keyOf, pathOf } from './labels.ts'
import { nextNumber, pay } from './leases.ts'
import type { Lease, NamesCommand, NamesContext, NamesReader } from './nouns.ts'
import {
  faultOfRecord,
  type NameRecord,
  TEXTS_MAX,
  type Which,
  withoutRecord,
  withRecord,
} from './records.ts'

/** A name that somebody has now, and when the lease above it ends. */
export interface Living extends Lease {
  readonly endsMs: bigint
}

/** A name while its lease lasts and it belongs to the names above it as they are now. */
export function living({ state, block }: NamesReader | NamesContext, name: string): Living | undefined {
  let above: Living | undefined
  for (const one of pathOf(name)) {
    const found = state.names.get(keyOf(one))
    if (!found || found.of !== (above?.number ?? 0n)) return undefined
    above = { ...found, endsMs: above?.endsMs ?? found.untilMs }
    if (block.timeMs >= above.endsMs) return undefined
  }
  return above
}

/** What a living name holds. */
export function recordsOf(
  { state }: NamesReader | NamesContext,
  name: string,
  { number }: Lease,
): readonly NameRecord[] {
  const found = state.records.get(keyOf(name))
  return found?.of === number ? found.records : []
}

export function transfer(
  ctx: NamesCommand,
  { name, to }: { readonly name: string; readonly to: Address },
): undefined {
  const { endsMs: _, ...own } = ownName(ctx, name)
  if (own.owner === to) throw ctx.fail.NOTHING_TO_CHANGE()
  ctx.state.names.set(keyOf(name), { ...own, owner: to })
  ctx.emit.transferred({ name, from: own.owner, to })
}

export function createSubname(
  ctx: NamesCommand,
  { name, owner }: { readonly name: string; readonly owner: Address },
): undefined {
  const { state, fail, params } = ctx
  const above = aboveOf(ctx, name)
  const { number } = ownName(ctx, above)
  const before = living(ctx, name)
  if (before) throw fail.TAKEN({ name, owner: before.owner, freeAtMs: 0n })
  if (params.fees) pay(ctx, params.fees.subname)
  state.names.set(keyOf(name), { number: nextNumber(ctx), of: number, owner, untilMs: 0n })
  state.records.delete(keyOf(name))
  ctx.emit.subnameCreated({ name, owner })
}

/** Whoever owns the name above may take a subname back, and its owner may give it up. */
export function removeSubname(ctx: NamesCommand, { name }: { readonly name: string }): undefined {
  const { state, fail, sender: who } = ctx
  const above = aboveOf(ctx, name)
  const found = living(ctx, name)
  if (!found) throw fail.UNKNOWN_NAME({ name })
  const { owner } = found
  if (who !== owner && who !== living(ctx, above)?.owner) throw fail.NOT_OWNER({ who, name, owner })
  state.names.delete(keyOf(name))
  state.records.delete(keyOf(name))
  ctx.emit.subnameRemoved({ name })
}

export function setRecord(
  ctx: NamesCommand,
  { name, record }: { readonly name: string; readonly record: NameRecord },
): undefined {
  const own = ownName(ctx, name)
  const why = faultOfRecord(record)
  if (why) throw ctx.fail.BAD_RECORD({ kind: record.kind, why })
  const records = withRecord(recordsOf(ctx, name, own), record)
  if (records.filter(({ kind }) => kind === 'text').length > TEXTS_MAX)
    throw ctx.fail.TOO_MANY_TEXTS({ name, max: TEXTS_MAX })
  ctx.state.records.set(keyOf(name), { of: own.number, records })
  ctx.emit.recordSet({ name, record })
}

export function removeRecord(
  ctx: NamesCommand,
  { name, which }: { readonly name: string; readonly which: Which },
): undefined {
  const own = ownName(ctx, name)
  const records = withoutRecord(recordsOf(ctx, name, own), which)
  if (!records) throw ctx.fail.UNKNOWN_RECORD({ name, kind: which.kind.kind, key: which.key })
  if (records.length > 0) ctx.state.records.set(keyOf(name), { of: own.number, records })
  else ctx.state.records.delete(keyOf(name))
  ctx.emit.recordRemoved({ name, which })
}

/** Sets the name by which the sender is known, or that it has none. */
export function setPrimary(ctx: NamesCommand, { name }: { readonly name: string | null }): undefined {
  const { state, fail, sender: who } = ctx
  if (name === null) {
    if (!state.primaries.has(who)) throw fail.NOTHING_TO_CHANGE()
    state.primaries.delete(who)
  } else {
    checkName(ctx, name)
    const found = living(ctx, name)
    if (!found) throw fail.UNKNOWN_NAME({ name })
    const { number } = found
    if (!isNameOf(ctx, { name, number }, who)) throw fail.NOT_YOURS({ name, who })
    state.primaries.set(who, { name, number })
  }
  ctx.emit.primarySet({ account: who, name })
}

/** Whether a name lives under its number and its account record is this account. */
export function isNameOf(
  ctx: NamesReader | NamesContext,
  { name, number }: { readonly name: string; readonly number: bigint },
  who: Address,
): boolean {
  const found = living(ctx, name)
  return (
    found?.number === number &&
    recordsOf(ctx, name, found).some(({ kind, value }) => kind === 'account' && value === who)
  )
}

/** The name, which must be the sender's. */
function ownName(ctx: NamesCommand, name: string): Living {
  checkName(ctx, name)
  const found = living(ctx, name)
  if (!found) throw ctx.fail.UNKNOWN_NAME({ name })
  const { sender: who } = ctx
  if (found.owner !== who) throw ctx.fail.NOT_OWNER({ who, name, owner: found.owner })
  return found
}

/** The name above one that is a subname. */
function aboveOf(ctx: NamesCommand, name: string): string {
  checkName(ctx, name)
  const [above] = keyOf(name)
  if (above === '') throw ctx.fail.NOT_A_SUBNAME({ name })
  return above
}

function checkName({ params, fail }: NamesCommand, name: string): void {
  const why = faultOfName(name, params.root)
  if (why) throw fail.BAD_NAME({ name, why })
}
