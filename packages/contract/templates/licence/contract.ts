import type { TypesOfContract, Writing } from '@mmtchain/contract'
import {
  address,
  amount,
  bool,
  cell,
  defineContract,
  struct,
  table,
  text,
  u32,
  u64,
  unit,
} from '@mmtchain/contract'

const terms = struct({
  author: address,
  pricePerUse: amount,
  usesMax: u32,
  validForMs: u64,
  work: text({ bytesMax: 256 }),
})
const licence = struct({ uses: u32, untilMs: u64 })

const nouns = defineContract({
  state: { terms: cell(terms), licences: table(address, licence), isClosed: cell(bool, false) },
  events: {
    bought: struct({ by: address, uses: u32, untilMs: u64 }),
    used: struct({ by: address, left: u32 }),
    closed: unit,
  },
  errors: {
    CLOSED: () => ({ message: 'No more licences are sold.', hint: 'Those that were bought stay good.' }),
    BAD_COUNT: (d: { max: number }) => ({ message: `One may hold 1 to ${d.max} uses.`, hint: 'Buy fewer.' }),
    WRONG_AMOUNT: (d: { want: bigint }) => ({
      message: `That costs ${d.want} units.`,
      hint: 'Pay just that.',
    }),
    NO_LICENCE: () => ({ message: 'There is no use left, or its time is over.', hint: 'Buy some first.' }),
    NOT_AUTHOR: () => ({ message: 'Only the author may do this.', hint: 'Use the author’s account.' }),
  },
})
type Ctx = Writing<TypesOfContract<typeof nouns>>

/** Uses of a work, paid one by one: who buys some may use the work as often, for as long as the terms say. */
export const contract = nouns
  .init(terms, (ctx, agreed) => ctx.state.terms.set(agreed))
  .method('buy', struct({ uses: u32 }), (ctx, { uses }) => {
    const { author, pricePerUse, usesMax, validForMs } = termsOf(ctx)
    if (ctx.state.isClosed.get()) throw ctx.fail.CLOSED()
    const held = usesLeft(ctx, ctx.sender)
    if (uses < 1 || held + uses > usesMax) throw ctx.fail.BAD_COUNT({ max: usesMax })
    const price = pricePerUse * BigInt(uses)
    if (ctx.amount !== price) throw ctx.fail.WRONG_AMOUNT({ want: price })
    const untilMs = ctx.block.timeMs + validForMs
    ctx.state.licences.set(ctx.sender, { uses: held + uses, untilMs })
    ctx.pay(author, ctx.amount)
    ctx.emit.bought({ by: ctx.sender, uses, untilMs })
  })
  .method('use', unit, u32, (ctx) => {
    const held = usesLeft(ctx, ctx.sender)
    const found = ctx.state.licences.get(ctx.sender)
    if (held === 0 || !found) throw ctx.fail.NO_LICENCE()
    const left = held - 1
    if (left === 0) ctx.state.licences.delete(ctx.sender)
    else ctx.state.licences.set(ctx.sender, { ...found, uses: left })
    ctx.emit.used({ by: ctx.sender, left })
    return left
  })
  .method('close', unit, (ctx) => {
    if (ctx.sender !== termsOf(ctx).author) throw ctx.fail.NOT_AUTHOR()
    ctx.state.isClosed.set(true)
    ctx.emit.closed(null)
  })
  .query('terms', unit, terms, (ctx) => termsOf(ctx))
  .query('left', struct({ by: address }), u32, (ctx, { by }) => usesLeft(ctx, by))

function termsOf({ state }: Pick<Ctx, 'state'>) {
  const found = state.terms.get()
  if (!found) throw new Error('the contract was made without terms')
  return found
}

function usesLeft({ state, block }: Pick<Ctx, 'state' | 'block'>, by: Ctx['sender']): number {
  const found = state.licences.get(by)
  return found && block.timeMs <= found.untilMs ? found.uses : 0
}
