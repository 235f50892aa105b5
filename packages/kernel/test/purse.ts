import { address, amount, bool, cell, defineModule, list, table, tuple, u64, unit } from '@mmtchain/kernel'

/** What may go wrong, or be special, with the purse of a test. */
interface PurseOptions {
  readonly fails?: 'reserve' | 'settle'
  /** Notes in `last` what settle was told, and emits events that nobody may see. */
  readonly rebate?: boolean
}

/** The smallest fee policy: everyone in the document holds 100, and a command costs 5 unless it says otherwise. */
export const purse = ({ fails, rebate = false }: PurseOptions = {}) =>
  defineModule('purse', {
    state: {
      held: table(address, amount, amount(0n)),
      pot: cell(amount, amount(0n)),
      last: cell(tuple(bool, u64)),
    },
    events: { paid: amount },
    errors: { TOO_POOR: (_: object) => ({ message: 'The purse is empty.', hint: 'Fill it.' }) },
  })
    .genesis(list(address, { max: 99 }), (ctx, owners) => {
      for (const owner of owners) ctx.state.held.set(owner, amount(100n))
    })
    .feePolicy({
      commandFee: amount(5n),
      reserve(ctx, { payer, fee }) {
        const held = ctx.state.held.get(payer)
        ctx.state.pot.set(amount(ctx.state.pot.get() + fee))
        if (fails === 'reserve') throw new TypeError('reserve is broken')
        if (held < fee) throw ctx.fail.TOO_POOR({})
        ctx.state.held.set(payer, amount(held - fee))
        if (rebate) ctx.emit.paid(fee)
      },
      settle(ctx, _, { ok, weightUsed }) {
        if (fails === 'settle') throw ctx.fail.TOO_POOR({})
        if (!rebate) return
        ctx.state.last.set([ok, weightUsed])
        ctx.emit.paid(amount(1n))
      },
    })
    .command('rest', unit, () => undefined)
    .query('held', address, amount, (ctx, owner) => ctx.state.held.get(owner))
    .query('pot', unit, amount, (ctx) => ctx.state.pot.get())
    .query('last', unit, tuple(bool, u64), (ctx) => ctx.state.last.get() ?? ([false, 0n] as const))
