import { address, amount, defineModule, struct, table } from '@mmtchain/kernel'
import { amount as toAmount } from '@mmtchain/primitives'

/** What each account of a simulated chain begins with. */
export const FUNDS = 1_000_000n

/**
 * The accounts of a simulated chain, and transfers between them: enough to see a state that differs or an amount that is lost. `onTransfer` is
 * called for each, executed for whatever reason, and must change nothing that a block holds.
 */
export const ledger = (onTransfer: () => void) =>
  defineModule('ledger', {
    state: { balances: table(address, amount) },
    errors: {
      TOO_LITTLE: (d: { have: bigint }) => ({
        message: `The sender has ${d.have}.`,
        hint: 'Send less.',
      }),
    },
  })
    .genesis(struct({ first: address }), (ctx, { first }) => {
      ctx.state.balances.set(first, toAmount(FUNDS))
    })
    .command('transfer', struct({ to: address, amount }), (ctx, { to, amount: sent }) => {
      onTransfer()
      const have = ctx.state.balances.get(ctx.sender) ?? toAmount(0n)
      if (have < sent) throw ctx.fail.TOO_LITTLE({ have })
      ctx.state.balances.set(ctx.sender, toAmount(have - sent))
      ctx.state.balances.set(to, toAmount((ctx.state.balances.get(to) ?? 0n) + sent))
    })
    .invariant('all balances together are what there was at the begin', (ctx) => {
      let sum = 0n
      for (const [, balance] of ctx.state.balances.entries()) sum += balance
      return sum === FUNDS
    })
