// The audit log: who did what, when, under which right.
import { address, type StructValue, toJson } from '@mmtchain/codec'
import type { Address } from '@mmtchain/primitives'
import { type AdminContext, type AdminReader, type auditLine, nextNumber, PAGE_MAX } from './nouns.ts'

/** Who did what to which subject, when, and under which right. */
export type AuditLine = StructValue<typeof auditLine>

/** Adds a line to the log. */
export function record(
  ctx: AdminContext,
  line: {
    readonly who: Address
    readonly organisation?: string | undefined
    readonly what: string
    readonly subject?: string
    readonly right: string
  },
): undefined {
  const number = nextNumber(ctx, 'line')
  const { organisation = '', subject = '' } = line
  const { height: at, timeMs } = ctx.block
  ctx.state.audit.set(number, { ...line, organisation, subject, at, timeMs })
  ctx.state.auditOf.set([line.who, number], null)
}

/** Lines from a number on, oldest first. */
export function linesFrom({ state }: AdminReader, from: bigint, limit: number) {
  return [...state.audit.entries({ from, limit: page(limit) })].map(([number, line]) => ({ number, ...line }))
}

/** What one account did, from a number on. */
export function linesOf({ state }: AdminReader, who: Address, from: bigint, limit: number) {
  const found = state.auditOf.entries({ prefix: [who], from: [who, from], limit: page(limit) })
  return [...found].map(([[, number]]) => ({ number, ...(state.audit.get(number) as AuditLine) }))
}

/** How many rows a query gives. */
export function page(limit: number): number {
  return Math.min(limit, PAGE_MAX)
}

/** An address as people of this chain know it. */
export function shown({ chain }: Pick<AdminReader, 'chain'>, who: Address): string {
  return String(toJson(address, who, chain))
}
