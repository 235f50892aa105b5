import type { TypesOfContract, Writing } from '@mmtchain/contract'
import {
  address,
  amount,
  amountSum,
  bool,
  cell,
  defineContract,
  struct,
  table,
  text,
  u64,
  unit,
} from '@mmtchain/contract'

const plan = struct({
  owner: address,
  goal: amount,
  untilMs: u64,
  leastGift: amount,
  purpose: text({ bytesMax: 256 }),
})
const standing = struct({ raised: amountSum, reached: bool, over: bool, collected: bool })

const nouns = defineContract({
  state: {
    plan: cell(plan),
    gifts: table(address, amount, amount(0n)),
    raised: cell(amountSum, 0n),
    collected: cell(bool, false),
  },
  events: {
    given: struct({ by: address, amount }),
    collected: struct({ amount }),
    refunded: struct({ to: address, amount }),
  },
  errors: {
    OVER: () => ({ message: 'The time to give is over.', hint: 'Look at the query standing.' }),
    TOO_LITTLE: (d: { least: bigint }) => ({
      message: `Give ${d.least} units at least.`,
      hint: 'Give more.',
    }),
    NOT_OWNER: () => ({ message: 'Only the owner collects.', hint: 'Use the owner’s account.' }),
    NOT_REACHED: () => ({ message: 'The goal is not reached yet.', hint: 'Look at the query standing.' }),
    COLLECTED: () => ({ message: 'It was collected already.', hint: 'There is nothing left to do.' }),
    NO_REFUND: () => ({ message: 'There is nothing to give back.', hint: 'Look at the query standing.' }),
  },
})
type Ctx = Writing<TypesOfContract<typeof nouns>>

/** Many give for one goal. If it is reached in time, the owner gets all; if not, everybody gets their gift back. */
export const contract = nouns
  .init(plan, (ctx, agreed) => ctx.state.plan.set(agreed))
  .method('give', unit, (ctx) => {
    const { untilMs, leastGift } = planOf(ctx)
    if (ctx.block.timeMs > untilMs) throw ctx.fail.OVER()
    if (ctx.amount < leastGift || ctx.amount === 0n) throw ctx.fail.TOO_LITTLE({ least: leastGift })
    ctx.state.gifts.set(ctx.sender, amount(ctx.state.gifts.get(ctx.sender) + ctx.amount))
    ctx.state.raised.set(ctx.state.raised.get() + ctx.amount)
    ctx.emit.given({ by: ctx.sender, amount: ctx.amount })
  })
  .method('collect', unit, (ctx) => {
    const { owner, goal, untilMs } = planOf(ctx)
    const raised = ctx.state.raised.get()
    if (ctx.sender !== owner) throw ctx.fail.NOT_OWNER()
    if (ctx.state.collected.get()) throw ctx.fail.COLLECTED()
    // Not before the end: whoever gives meanwhile could still be left out.
    if (raised < goal || ctx.block.timeMs <= untilMs) throw ctx.fail.NOT_REACHED()
    ctx.state.collected.set(true)
    ctx.pay(owner, amount(raised))
    ctx.emit.collected({ amount: amount(raised) })
  })
  .method('refund', unit, (ctx) => {
    const { goal, untilMs } = planOf(ctx)
    const gift = ctx.state.gifts.get(ctx.sender)
    if (ctx.block.timeMs <= untilMs || ctx.state.raised.get() >= goal || gift === 0n)
      throw ctx.fail.NO_REFUND()
    ctx.state.gifts.delete(ctx.sender)
    ctx.pay(ctx.sender, gift)
    ctx.emit.refunded({ to: ctx.sender, amount: gift })
  })
  .query('plan', unit, plan, (ctx) => planOf(ctx))
  .query('gift', struct({ by: address }), amount, ({ state }, { by }) => state.gifts.get(by))
  .query('standing', unit, standing, (ctx) => ({
    raised: ctx.state.raised.get(),
    reached: ctx.state.raised.get() >= planOf(ctx).goal,
    over: ctx.block.timeMs > planOf(ctx).untilMs,
    collected: ctx.state.collected.get(),
  }))

function planOf({ state }: Pick<Ctx, 'state'>) {
  const found = state.plan.get()
  if (!found) throw new Error('the contract was made without a plan')
  return found
}
