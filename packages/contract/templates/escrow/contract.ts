import type { Address, TypesOfContract, Writing } from '@mmtchain/contract'
import { address, amount, bool, cell, defineContract, struct, text, u64, unit } from '@mmtchain/contract'

const deal = struct({
  buyer: address,
  seller: address,
  arbiter: address,
  price: amount,
  untilMs: u64,
  purpose: text({ bytesMax: 256 }),
})
const progress = struct({ isPaid: bool, isDisputed: bool, isOver: bool })

const nouns = defineContract({
  state: { deal: cell(deal), progress: cell(progress, { isPaid: false, isDisputed: false, isOver: false }) },
  events: {
    paid: struct({ price: amount }),
    disputed: unit,
    settled: struct({ to: address, price: amount }),
  },
  errors: {
    NOT_YOU: (d: { who: string }) => ({
      message: `Only the ${d.who} may do this.`,
      hint: 'Use that account.',
    }),
    WRONG_AMOUNT: (d: { want: bigint }) => ({
      message: `The price is ${d.want} units.`,
      hint: 'Pay just that.',
    }),
    NOT_NOW: (d: { why: string }) => ({ message: `Not now: ${d.why}.`, hint: 'Look at the query progress.' }),
  },
})
type Ctx = Writing<TypesOfContract<typeof nouns>>

/** Money that waits for a delivery: the buyer pays it in, and it goes to the seller, or back, once it is clear whose it is. */
export const contract = nouns
  .init(deal, (ctx, agreed) => ctx.state.deal.set(agreed))
  .method('pay', unit, (ctx) => {
    const { buyer, price } = dealOf(ctx)
    only(ctx, 'buyer', buyer)
    if (ctx.state.progress.get().isPaid) throw ctx.fail.NOT_NOW({ why: 'it is paid' })
    if (ctx.amount !== price) throw ctx.fail.WRONG_AMOUNT({ want: price })
    ctx.state.progress.set({ isPaid: true, isDisputed: false, isOver: false })
    ctx.emit.paid({ price })
  })
  .method('confirm', unit, (ctx) => {
    only(ctx, 'buyer', dealOf(ctx).buyer)
    settle(ctx, dealOf(ctx).seller)
  })
  .method('dispute', unit, (ctx) => {
    const { buyer, untilMs } = dealOf(ctx)
    only(ctx, 'buyer', buyer)
    const now = waiting(ctx)
    if (ctx.block.timeMs > untilMs) throw ctx.fail.NOT_NOW({ why: 'the time to object is over' })
    ctx.state.progress.set({ ...now, isDisputed: true })
    ctx.emit.disputed(null)
  })
  .method('decide', struct({ forSeller: bool }), (ctx, { forSeller }) => {
    const { buyer, seller, arbiter } = dealOf(ctx)
    only(ctx, 'arbiter', arbiter)
    if (!waiting(ctx).isDisputed) throw ctx.fail.NOT_NOW({ why: 'nothing is disputed' })
    settle(ctx, forSeller ? seller : buyer)
  })
  .method('claim', unit, (ctx) => {
    const { seller, untilMs } = dealOf(ctx)
    only(ctx, 'seller', seller)
    if (waiting(ctx).isDisputed) throw ctx.fail.NOT_NOW({ why: 'it is disputed' })
    if (ctx.block.timeMs <= untilMs) throw ctx.fail.NOT_NOW({ why: 'the buyer may still object' })
    settle(ctx, seller)
  })
  .query('deal', unit, deal, (ctx) => dealOf(ctx))
  .query('progress', unit, progress, ({ state }) => state.progress.get())

function dealOf({ state }: Pick<Ctx, 'state'>) {
  const found = state.deal.get()
  if (!found) throw new Error('the contract was made without a deal')
  return found
}

function only(ctx: Ctx, who: string, account: Address): void {
  if (ctx.sender !== account) throw ctx.fail.NOT_YOU({ who })
}

/** The progress of a deal whose money is here. */
function waiting(ctx: Ctx) {
  const now = ctx.state.progress.get()
  if (!now.isPaid) throw ctx.fail.NOT_NOW({ why: 'it is not paid' })
  if (now.isOver) throw ctx.fail.NOT_NOW({ why: 'it is settled' })
  return now
}

function settle(ctx: Ctx, to: Address): void {
  const { price } = dealOf(ctx)
  ctx.state.progress.set({ ...waiting(ctx), isOver: true })
  ctx.pay(to, price)
  ctx.emit.settled({ to, price })
}
