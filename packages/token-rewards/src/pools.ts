// Frozen pools: amounts of the genesis that nobody can spend until governance thaws a part, and that anyone may refill.
import { address, amount, list, option, struct, text } from '@mmtchain/codec'
import { defineModule, need, type Read, type TypesOf, table, type WriteOf } from '@mmtchain/kernel'
import { type Address, type Amount, amount as toAmount } from '@mmtchain/primitives'

/** All that pools ask of a token: what the sender of `refill` pays, what is thawed, and what there is. */
export interface PoolPayments {
  pay(to: Address, value: Amount): undefined
}
export interface PoolMoves {
  move(args: { readonly from: Address; readonly to: Address; readonly amount: Amount }): undefined
}
export interface PoolReads {
  balance(owner: Address): Amount
}

/** What a module of governance may do when the chain file grants it. */
export interface PoolsGranted {
  /** Pays a part of a pool out. Throws `pools/UNKNOWN_POOL`, `pools/INSUFFICIENT_POOL`, `token/ZERO_AMOUNT`. */
  thaw(args: { readonly pool: string; readonly to: Address; readonly amount: Amount }): undefined
}

const name = text({ bytesMax: 32 })
/** The most pools of a chain. */
export const POOLS_MAX = 64

/** Each pool takes its amount out of an account of the genesis. */
const document = struct({ pools: list(struct({ pool: name, from: address, amount }), { max: POOLS_MAX }) })

/**
 * Amounts set aside at genesis, such as for projects to come. No key opens them: only a module that the chain file names thaws a part, and
 * whoever buys tokens back refills them.
 */
export const pools = () =>
  nouns()
    .genesis(document, (ctx, { pools: given }) => {
      for (const { pool, from, amount: value } of given) {
        if (ctx.state.pools.has(pool)) throw ctx.fail.DUPLICATE_POOL({ pool })
        ctx.needs.token.move({ from, to: ctx.self, amount: value })
        ctx.state.pools.set(pool, value)
      }
    })
    .provides<{}, PoolsGranted>({
      granted: (ctx) => ({
        thaw({ pool, to, amount: value }) {
          const have = poolOf(ctx, pool)
          if (have < value) throw ctx.fail.INSUFFICIENT_POOL({ pool, have, want: value })
          ctx.needs.token.move({ from: ctx.self, to, amount: value })
          ctx.state.pools.set(pool, toAmount(have - value))
          ctx.emit.thawed({ pool, to, amount: value })
        },
      }),
    })
    .command('refill', struct({ pool: name, amount }), (ctx, { pool, amount: value }) => {
      const have = poolOf(ctx, pool)
      ctx.needs.token.pay(ctx.self, value)
      ctx.state.pools.set(pool, toAmount(have + value))
      ctx.emit.refilled({ pool, by: ctx.sender, amount: value })
    })
    .query(
      'pool',
      struct({ pool: name }),
      option(amount),
      (ctx, { pool }) => ctx.state.pools.get(pool) ?? null,
    )
    .invariant('the module’s account holds all pools', ({ state, needs, self }: PoolsReader) => {
      let total = 0n
      for (const [, value] of state.pools.entries()) total += value
      return needs.token.balance(self) >= total
    })

function nouns() {
  return defineModule('pools', {
    needs: { token: need<PoolPayments, PoolMoves, PoolReads>() },
    state: { pools: table(name, amount) },
    events: {
      thawed: struct({ pool: name, to: address, amount }),
      refilled: struct({ pool: name, by: address, amount }),
    },
    errors: {
      UNKNOWN_POOL: (d: { pool: string }) => ({
        message: `There is no pool "${d.pool}".`,
        hint: 'Pools are those of the genesis; look at its document.',
      }),
      INSUFFICIENT_POOL: (d: { pool: string; have: Amount; want: Amount }) => ({
        message: `The pool ${d.pool} has ${d.have} units, less than ${d.want}.`,
        hint: 'Thaw less, or refill it first.',
      }),
      DUPLICATE_POOL: (d: { pool: string }) => ({
        message: `The pool "${d.pool}" appears twice.`,
        hint: 'Give every pool one row.',
      }),
    },
  })
}
type PoolsContext = WriteOf<ReturnType<typeof nouns>>
type PoolsReader = Read<TypesOf<ReturnType<typeof nouns>>>

function poolOf({ state, fail }: PoolsContext, pool: string): Amount {
  const have = state.pools.get(pool)
  if (have === undefined) throw fail.UNKNOWN_POOL({ pool })
  return have
}
