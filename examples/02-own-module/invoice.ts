import {
  type Address,
  type Amount,
  address,
  amount,
  defineModule,
  need,
  struct,
  table,
  text,
} from '@mmtchain/kernel'

/** All that invoice asks of a token: any module named `token` with this method will do. */
export interface Payments {
  pay(to: Address, amount: Amount): undefined
}

const id = text({ bytesMax: 64 })

/** Suppliers issue invoices; buyers pay each exactly once. */
export const invoice = () =>
  defineModule('invoice', {
    needs: { token: need<Payments>() },
    state: { open: table(id, struct({ supplier: address, buyer: address, amount })) },
    events: { issued: struct({ id, amount }), paid: struct({ id, by: address }) },
    errors: {
      ALREADY_OPEN: (d: { id: string }) => ({
        message: `Invoice ${d.id} exists.`,
        hint: 'Choose another id.',
      }),
      NOT_OPEN: (d: { id: string }) => ({
        message: `Invoice ${d.id} is not open.`,
        hint: 'Is it already paid?',
      }),
      NOT_BUYER: (d: { id: string; buyer: Address }) => ({
        message: `Only ${d.buyer} may pay ${d.id}.`,
        hint: 'Sign with the buyer’s key.',
      }),
    },
  })
    .command('issue', struct({ id, buyer: address, amount }), (ctx, input) => {
      if (ctx.state.open.has(input.id)) throw ctx.fail.ALREADY_OPEN({ id: input.id })
      ctx.state.open.set(input.id, { supplier: ctx.sender, buyer: input.buyer, amount: input.amount })
      ctx.emit.issued({ id: input.id, amount: input.amount })
    })
    .command('pay', struct({ id }), (ctx, input) => {
      const due = ctx.state.open.get(input.id)
      if (!due) throw ctx.fail.NOT_OPEN({ id: input.id })
      if (ctx.sender !== due.buyer) throw ctx.fail.NOT_BUYER({ id: input.id, buyer: due.buyer })
      ctx.needs.token.pay(due.supplier, due.amount)
      ctx.state.open.delete(input.id) // Paid once: the row is gone before any second `pay` can read it.
      ctx.emit.paid({ id: input.id, by: ctx.sender })
    })
