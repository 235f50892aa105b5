import { address, amount, amountSum, bytes, struct, text, unit } from '@mmtchain/codec'
import { type Address, type Amount, amount as toAmount } from '@mmtchain/primitives'
import {
  addSupply,
  balanced,
  balanceOf,
  credit,
  debit,
  drawn,
  holdings,
  holdingsOf,
  type Lock,
  lock,
  move,
  setBalance,
  shownSchedule,
  shownSchedules,
  unlock,
  waitingOf,
} from './books.ts'
import { type Claim, claim, claimable, claimText } from './claim.ts'
import { loadDocument, tokenDocument } from './genesis.ts'
import { holder, nouns, type TokenOptions, ZERO } from './nouns.ts'
import { unreleased } from './vesting.ts'

/** What any later module may do in a command, for its sender. */
export interface TokenOpen {
  /** Moves an amount from the sender of the command. Throws `token/INSUFFICIENT_BALANCE`. */
  pay(to: Address, value: Amount): undefined
}

/** What every later module may ask, in queries and invariants too. */
export interface TokenReads {
  /** What an account can spend now; what is locked is no part of it. */
  balance(owner: Address): Amount
  /** How much of an account is locked for a purpose. */
  locked(args: Omit<Lock, 'amount'>): Amount
  /** How much of an account waits for time to unlock it. */
  waiting(owner: Address): Amount
  /** All units that there are. */
  supply(): bigint
  /** What commands cost that declare no fee, as it is in force. */
  commandFee(): Amount
}

/** What a later module may do when the chain file grants it by name. */
export interface TokenGranted {
  /** Moves an amount between any two accounts. Throws `token/INSUFFICIENT_BALANCE`. */
  move(args: { readonly from: Address; readonly to: Address; readonly amount: Amount }): undefined
  /** Makes new units. Throws `token/SUPPLY_TOO_LARGE`. */
  mint(args: { readonly to: Address; readonly amount: Amount }): undefined
  /** Destroys units. Throws `token/INSUFFICIENT_BALANCE`. */
  burn(args: { readonly from: Address; readonly amount: Amount }): undefined
  /**
   * Takes an amount out of its owner's balance; it stays the owner's, and nobody can spend it until `unlock`. The purpose is
   * at most 32 bytes: the module's name, or one that begins with it. Throws `token/TOO_MANY_LOCKS`, `token/INSUFFICIENT_BALANCE`.
   */
  lock(args: Lock): undefined
  /** Gives an amount that is locked for a purpose back to its owner's balance. Throws `token/INSUFFICIENT_LOCK`. */
  unlock(args: Lock): undefined
  /** Takes all fees out of the pool, and tells how much they are. */
  takeFees(args: { readonly to: Address }): Amount
}

/** About the cost of recovering a key from an Ethereum signature, which a claim does twice. */
const CLAIM_WEIGHT = 4_000n

/**
 * The token of a chain: balances, transfers, the fees of all transactions, amounts that are locked by modules or unlock by
 * time, and the claims of Ethereum holders whose balances were imported at genesis. Every unit is in exactly one place: a
 * balance, a lock, a schedule, an unclaimed row, or the fee pool.
 */
export const token = (options: TokenOptions) =>
  nouns(options)
    .provides<TokenOpen, TokenGranted, TokenReads>({
      open: (ctx) => ({
        pay: (to, value) => move(ctx, { from: ctx.sender, to, amount: value }),
      }),
      granted: (ctx) => ({
        move: (args) => move(ctx, args),
        mint({ to, amount: value }) {
          addSupply(ctx, value)
          credit(ctx, to, value)
          ctx.emit.minted({ to, amount: value })
        },
        burn({ from, amount: value }) {
          debit(ctx, from, value)
          ctx.state.supply.set(ctx.state.supply.get() - value)
          ctx.emit.burned({ from, amount: value })
        },
        lock: (args) => lock(ctx, args),
        unlock: (args) => unlock(ctx, args),
        takeFees({ to }) {
          const fees = ctx.state.feePool.get()
          if (fees === 0n) return fees
          ctx.state.feePool.set(ZERO)
          credit(ctx, to, fees)
          ctx.emit.feesTaken({ to, amount: fees })
          return fees
        },
      }),
      reads: (ctx) => ({
        balance: (owner) => balanceOf(ctx, owner),
        locked: ({ owner, purpose }) => ctx.state.locks.get([owner, purpose]),
        waiting: (owner) => waitingOf(ctx, owner),
        supply: () => ctx.state.supply.get(),
        commandFee: () => ctx.params.commandFee,
      }),
    })
    .genesis(tokenDocument, loadDocument)
    .feePolicy({
      // As it is in force, because the chain file may let governance change it.
      commandFee: ({ commandFee }) => commandFee,
      reserve(ctx, { payer, fee, calls }) {
        // A claim costs nothing, so it may be in a block only if it will succeed; otherwise it would be free spam. Among
        // other calls nobody can tell, because two claims of one row look alike, so there it is not free.
        const firstClaim = calls.find(({ module, command }) => module === 'token' && command === 'claim')
        if (firstClaim && calls.length > 1 && fee < ctx.params.commandFee)
          throw ctx.fail.CLAIM_NOT_ALONE({ have: fee, want: ctx.params.commandFee })
        if (firstClaim && calls.length === 1) claimable(ctx, firstClaim.input as Claim)
        const have = drawn(ctx, payer, fee)
        if (have < fee) throw ctx.fail.CANNOT_PAY_FEE({ payer, have, want: fee })
        if (fee === 0n) return
        setBalance(ctx, payer, toAmount(have - fee))
        ctx.state.feePool.set(toAmount(ctx.state.feePool.get() + fee))
      },
      // The fee is in the pool already, and stays there but for what was paid for work that was not done.
      settle(ctx, { payer }, { refund }) {
        if (refund === 0n) return
        ctx.state.feePool.set(toAmount(ctx.state.feePool.get() - refund))
        credit(ctx, payer, refund)
      },
    })
    .command('transfer', struct({ to: address, amount }), (ctx, { to, amount: value }) => {
      move(ctx, { from: ctx.sender, to, amount: value })
    })
    .command(
      'transferWithMemo',
      struct({ to: address, amount, memo: text({ bytesMax: 256 }) }),
      (ctx, { to, amount: value, memo }) => {
        move(ctx, { from: ctx.sender, to, amount: value })
        ctx.emit.memo({ from: ctx.sender, to, text: memo })
      },
    )
    .command(
      'claim',
      struct({ to: address, signature: bytes({ bytesMax: 65 }) }),
      { fee: ZERO, weight: CLAIM_WEIGHT },
      claim,
    )
    .query('balance', struct({ owner: address }), amount, (ctx, { owner }) => balanceOf(ctx, owner))
    .query('holdings', struct({ owner: address }), holdings, (ctx, { owner }) => holdingsOf(ctx, owner))
    .query('supply', unit, amountSum, (ctx) => ctx.state.supply.get())
    .query('feePool', unit, amount, (ctx) => ctx.state.feePool.get())
    .query('unclaimed', struct({ holder }), amount, (ctx, input) =>
      toAmount(
        ctx.state.unclaimed.get(input.holder) + unreleased(ctx.state.unclaimedVesting.get(input.holder)),
      ),
    )
    .query('unclaimedVesting', struct({ holder }), shownSchedules, (ctx, input) =>
      ctx.state.unclaimedVesting.get(input.holder).map((one) => shownSchedule(one, ctx.block.timeMs)),
    )
    .query('claimText', struct({ to: address }), text({ bytesMax: 256 }), (ctx, { to }) =>
      claimText({ ...ctx.chain, to }),
    )
    .invariant('balances, locks, schedules, unclaimed rows and the fee pool add up to the supply', balanced)
