import { address, amount, type Infer, list, option, struct, u64 } from '@mmtchain/codec'
import { type Amount, toHex } from '@mmtchain/primitives'
import { addSupply } from './books.ts'
import { holder, type TokenContext, ZERO } from './nouns.ts'
import { joined, SCHEDULES_MAX, type Schedule } from './vesting.ts'

const TIME_MAX_MS = (1n << 64n) - 1n
const ROWS = { max: 1_000_000 }
/** When an amount unlocks: evenly over `spanMs` from `startMs` on, which is the time of block 0 when it is null. */
const unlocking = { amount, startMs: option(u64), spanMs: u64 }

/** Who owns what when the chain begins (formats.md, 15.1). */
export const tokenDocument = struct({
  balances: list(struct({ owner: address, amount }), ROWS),
  unclaimed: list(struct({ holder, amount }), ROWS),
  vesting: list(struct({ owner: address, ...unlocking }), ROWS),
  unclaimedVesting: list(struct({ holder, ...unlocking }), ROWS),
})

export function loadDocument(ctx: TokenContext, document: Infer<typeof tokenDocument>): undefined {
  const { state } = ctx
  let supply = 0n
  for (const { owner, amount: value } of document.balances) {
    if (state.balances.has(owner)) throw ctx.fail.DUPLICATE_OWNER({ owner })
    state.balances.set(owner, counted(value))
  }
  for (const { holder: owner, amount: value } of document.unclaimed) {
    if (state.unclaimed.has(owner)) throw ctx.fail.DUPLICATE_OWNER({ owner: shown(owner) })
    state.unclaimed.set(owner, counted(value))
  }
  for (const { owner, ...row } of document.vesting)
    state.vesting.set(owner, withRow(state.vesting.get(owner), row, owner))
  for (const { holder: owner, ...row } of document.unclaimedVesting)
    state.unclaimedVesting.set(owner, withRow(state.unclaimedVesting.get(owner), row, shown(owner)))
  addSupply(ctx, supply)

  function counted(value: Amount): Amount {
    if (value === 0n) throw ctx.fail.ZERO_AMOUNT({})
    supply += value
    return value
  }

  function withRow(
    before: readonly Schedule[],
    row: { readonly amount: Amount; readonly startMs: bigint | null; readonly spanMs: bigint },
    owner: string,
  ): readonly Schedule[] {
    const { spanMs } = row
    const startMs = row.startMs ?? ctx.block.timeMs
    if (spanMs === 0n || startMs + spanMs > TIME_MAX_MS) throw ctx.fail.BAD_SPAN({ startMs, spanMs })
    const after = joined(before, [{ amount: counted(row.amount), startMs, spanMs, released: ZERO }])
    if (after.length === before.length) throw ctx.fail.DUPLICATE_OWNER({ owner })
    if (after.length > SCHEDULES_MAX) throw ctx.fail.TOO_MANY_SCHEDULES({ owner, max: SCHEDULES_MAX })
    return after
  }
}

const shown = (owner: Uint8Array) => `0x${toHex(owner)}`
