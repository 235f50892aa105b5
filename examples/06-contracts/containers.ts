import { address, amount, cell, defineContract, list, struct, table, text, unit } from '@mmtchain/contract'

const number = text({ bytesMax: 11 })
const terms = struct({ depot: address, deposit: amount })

/** Empty containers are lent against a deposit, which whoever has one gets back when the depot has it again. */
export const contract = defineContract({
  state: { terms: cell(terms), out: table(number, address) },
  events: { lent: struct({ number, to: address }), returned: struct({ number, by: address }) },
  errors: {
    OUT: (d: { number: string }) => ({ message: `${d.number} is out.`, hint: 'Take another one.' }),
    NOT_OUT: (d: { number: string }) => ({
      message: `${d.number} is in the depot.`,
      hint: 'Is it another number?',
    }),
    WRONG_DEPOSIT: (d: { want: bigint }) => ({
      message: `The deposit is ${d.want} units.`,
      hint: 'Pay just that.',
    }),
    NOT_DEPOT: (_: object) => ({ message: 'Only the depot takes containers back.', hint: 'Bring it there.' }),
  },
})
  .init(terms, (ctx, agreed) => ctx.state.terms.set(agreed))
  .method('lend', struct({ number }), (ctx, input) => {
    const want = ctx.state.terms.get()?.deposit ?? 0n
    if (ctx.state.out.has(input.number)) throw ctx.fail.OUT(input)
    if (ctx.amount !== want) throw ctx.fail.WRONG_DEPOSIT({ want })
    ctx.state.out.set(input.number, ctx.sender)
    ctx.emit.lent({ ...input, to: ctx.sender })
  })
  .method('takeBack', struct({ number }), (ctx, input) => {
    const agreed = ctx.state.terms.get()
    const by = ctx.state.out.get(input.number)
    if (ctx.sender !== agreed?.depot) throw ctx.fail.NOT_DEPOT({})
    if (!by) throw ctx.fail.NOT_OUT(input)
    ctx.state.out.delete(input.number)
    ctx.pay(by, agreed.deposit)
    ctx.emit.returned({ ...input, by })
  })
  .query('out', unit, list(struct({ number, by: address }), { max: 256 }), (ctx) =>
    [...ctx.state.out.entries({ limit: 256 })].map(([one, by]) => ({ number: one, by })),
  )
