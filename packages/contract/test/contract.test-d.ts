import { amount, cell, defineContract, remote, struct, table, text, u64, unit } from '@mmtchain/contract'

const nouns = defineContract({
  state: { count: cell(u64, 0n), names: table(text({ bytesMax: 8 }), u64) },
  events: { counted: struct({ count: u64 }) },
  errors: { NO: (d: { why: string }) => ({ message: d.why, hint: '' }) },
})

nouns
  .method('add', struct({ by: u64 }), u64, (ctx, { by }) => {
    const count: bigint = ctx.state.count.get() + by
    ctx.emit.counted({ count })
    ctx.pay(ctx.sender, ctx.amount)
    if (count > 5n) throw ctx.fail.NO({ why: 'more than five' })
    const other: bigint = ctx.call(ctx.self, remote('add', struct({ by: u64 }), u64), { by })
    return other
  })
  .query('count', unit, u64, (ctx) => ctx.state.count.get())

// @ts-expect-error a method gives what its codec says
nouns.method('add', unit, u64, () => 'text')
// @ts-expect-error an event has its data
nouns.method('add', unit, (ctx) => ctx.emit.counted({ many: 1n }))
// @ts-expect-error a query pays nobody
nouns.query('pay', unit, unit, (ctx) => ctx.pay(ctx.sender, amount(1n)))
// @ts-expect-error rows have the type of their table
nouns.method('add', unit, (ctx) => ctx.state.names.set('a', 'b'))
nouns.method('add', unit, (ctx) => {
  // @ts-expect-error a refusal has its values
  throw ctx.fail.NO({})
})
