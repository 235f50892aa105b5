import { address, amount, amountSum, bytes, fixedBytes, list, struct, text, u8, unit } from '@mmtchain/codec'
import { recoverEthereumAddress } from '@mmtchain/crypto'
import { cell, defineModule, params, table, type WriteOf } from '@mmtchain/kernel'
import {
  type Address,
  type Amount,
  ChainError,
  formatAddress,
  formatAmount,
  type Hash,
  toHex,
} from '@mmtchain/primitives'

/** What a chain file says of its token. */
export interface TokenOptions {
  /** How people call it, for example `HKT`. */
  readonly symbol: string
  /** How many digits follow the point; the smallest unit is 10^-decimals. 8 by default. */
  readonly decimals?: number
  /** What commands cost that declare no fee, transfers among them, in the smallest unit; half a token by default. */
  readonly commandFee?: Amount
}

/** What any later module may do in a command, for its sender. */
export interface TokenOpen {
  /** Moves an amount from the sender of the command. Throws `token/INSUFFICIENT_BALANCE`. */
  pay(to: Address, value: Amount): undefined
  balance(owner: Address): Amount
}

/** What a later module may do when the chain file grants it by name. */
export interface TokenGranted {
  /** Moves an amount between any two accounts. Throws `token/INSUFFICIENT_BALANCE`. */
  move(args: { readonly from: Address; readonly to: Address; readonly amount: Amount }): undefined
  /** Makes new units. Throws `token/SUPPLY_TOO_LARGE`. */
  mint(args: { readonly to: Address; readonly amount: Amount }): undefined
  /** Destroys units. Throws `token/INSUFFICIENT_BALANCE`. */
  burn(args: { readonly from: Address; readonly amount: Amount }): undefined
  balance(owner: Address): Amount
}

const SUPPLY_MAX = (1n << 64n) - 1n
const ZERO = amount(0n)
const holder = fixedBytes(20)

/** About the cost of recovering a key from an Ethereum signature, which a claim does twice. */
const CLAIM_WEIGHT = 4_000n

/**
 * The token of a chain: balances, transfers, the fees of all transactions, and the claims of Ethereum holders whose
 * balances were imported at genesis. Every unit is in exactly one place: a balance, an unclaimed row, or the fee pool.
 */
export const token = (options: TokenOptions) =>
  nouns(options)
    .provides<TokenOpen, TokenGranted>({
      open: (ctx) => ({
        pay: (to, value) => move(ctx, { from: ctx.sender, to, amount: value }),
        balance: (owner) => ctx.state.balances.get(owner),
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
        balance: (owner) => ctx.state.balances.get(owner),
      }),
    })
    .genesis(
      struct({
        balances: list(struct({ owner: address, amount }), { max: 1_000_000 }),
        unclaimed: list(struct({ holder, amount }), { max: 1_000_000 }),
      }),
      (ctx, document) => {
        let supply = 0n
        for (const { owner, amount: value } of document.balances) {
          if (ctx.state.balances.has(owner)) throw ctx.fail.DUPLICATE_OWNER({ owner })
          if (value === 0n) throw ctx.fail.ZERO_AMOUNT({})
          ctx.state.balances.set(owner, value)
          supply += value
        }
        for (const { holder: owner, amount: value } of document.unclaimed) {
          if (ctx.state.unclaimed.has(owner)) throw ctx.fail.DUPLICATE_OWNER({ owner: `0x${toHex(owner)}` })
          if (value === 0n) throw ctx.fail.ZERO_AMOUNT({})
          ctx.state.unclaimed.set(owner, value)
          supply += value
        }
        addSupply(ctx, supply)
      },
    )
    .feePolicy({
      // As it is in force, because the chain file may let governance change it.
      commandFee: ({ commandFee }) => commandFee,
      reserve(ctx, { payer, fee, calls }) {
        // A claim costs nothing, so it may be in a block only if it will succeed; otherwise it would be free spam. Among
        // other calls nobody can tell, because two claims of one row look alike, so there it is not free.
        const claims = calls.filter(({ module, command }) => module === 'token' && command === 'claim')
        if (claims.length > 0 && calls.length > 1 && fee < ctx.params.commandFee)
          throw ctx.fail.CLAIM_NOT_ALONE({ have: fee, want: ctx.params.commandFee })
        if (calls.length === 1 && claims[0])
          claimable(ctx, claims[0].input as { to: Address; signature: Uint8Array })
        const have = ctx.state.balances.get(payer)
        if (have < fee) throw ctx.fail.CANNOT_PAY_FEE({ payer, have, want: fee })
        if (fee === 0n) return
        setBalance(ctx, payer, amount(have - fee))
        ctx.state.feePool.set(amount(ctx.state.feePool.get() + fee))
      },
      // The fee is paid as offered and is in the pool already; there is nothing to give back.
      settle: () => undefined,
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
      (ctx, input) => {
        const found = claimable(ctx, input)
        ctx.state.unclaimed.delete(found.holder)
        credit(ctx, input.to, found.amount)
        ctx.emit.claimed({ holder: found.holder, to: input.to, amount: found.amount })
      },
    )
    .query('balance', struct({ owner: address }), amount, (ctx, { owner }) => ctx.state.balances.get(owner))
    .query('supply', unit, amountSum, (ctx) => ctx.state.supply.get())
    .query('feePool', unit, amount, (ctx) => ctx.state.feePool.get())
    .query('unclaimed', struct({ holder }), amount, (ctx, input) => ctx.state.unclaimed.get(input.holder))
    .query('claimText', struct({ to: address }), text({ bytesMax: 256 }), (ctx, { to }) =>
      claimText({ ...ctx.chain, to }),
    )
    .invariant('balances, unclaimed rows and the fee pool add up to the supply', (ctx) => {
      let total: bigint = ctx.state.feePool.get()
      for (const [, value] of ctx.state.balances.entries()) total += value
      for (const [, value] of ctx.state.unclaimed.entries()) total += value
      return total === ctx.state.supply.get()
    })

/** What the token owns, says and refuses. */
function nouns(options: TokenOptions) {
  const { decimals, commandFee } = checkOptions(options)
  return defineModule('token', {
    params: params(struct({ symbol: text({ bytesMax: 16 }), decimals: u8, commandFee: amount }), {
      symbol: options.symbol,
      decimals,
      commandFee,
    }),
    state: {
      balances: table(address, amount, ZERO),
      unclaimed: table(holder, amount, ZERO),
      supply: cell(amountSum, 0n),
      feePool: cell(amount, ZERO),
    },
    events: {
      transferred: struct({ from: address, to: address, amount }),
      memo: struct({ from: address, to: address, text: text({ bytesMax: 256 }) }),
      claimed: struct({ holder, to: address, amount }),
      minted: struct({ to: address, amount }),
      burned: struct({ from: address, amount }),
    },
    errors: {
      INSUFFICIENT_BALANCE: (d: { owner: Address; have: Amount; want: Amount }) => ({
        message: `${d.owner} has ${formatAmount(d.have, { decimals })} ${options.symbol}, but ${formatAmount(d.want, { decimals })} are needed.`,
        hint: 'Lower the amount or fund the account.',
      }),
      CANNOT_PAY_FEE: (d: { payer: Address; have: Amount; want: Amount }) => ({
        message: `${d.payer} has ${formatAmount(d.have, { decimals })} ${options.symbol}, but the fee is ${formatAmount(d.want, { decimals })}.`,
        hint: 'Fund the account, or have another account pay the fee.',
      }),
      CLAIM_NOT_ALONE: (d: { have: Amount; want: Amount }) => ({
        message: `A claim is free only by itself; beside other calls the fee is at least ${formatAmount(d.want, { decimals })} ${options.symbol}, not ${formatAmount(d.have, { decimals })}.`,
        hint: 'Send the claim in a transaction of its own, or offer the fee.',
      }),
      ZERO_AMOUNT: (_: object) => ({ message: 'The amount is 0.', hint: 'Send at least one unit.' }),
      BAD_CLAIM_SIGNATURE: (_: object) => ({
        message: 'The signature is not an Ethereum signature of the claim’s text.',
        hint: 'Sign the text that the query claimText gives, as a personal message, and pass all 65 bytes.',
      }),
      NOTHING_TO_CLAIM: (d: { holder: string }) => ({
        message: `0x${d.holder} has nothing to claim here.`,
        hint: 'Check that the right Ethereum account signed, for this chain and this receiver, and has not claimed before.',
      }),
      DUPLICATE_OWNER: (d: { owner: string }) => ({
        message: `${d.owner} appears twice.`,
        hint: 'Give every owner one row.',
      }),
      SUPPLY_TOO_LARGE: (d: { supply: bigint }) => ({
        message: `The supply would be ${d.supply} units.`,
        hint: `Keep the supply at or below ${SUPPLY_MAX} units.`,
      }),
    },
  })
}

/** The text that an Ethereum holder signs to claim (formats.md, 14.1). */
export function claimText(args: {
  readonly fingerprint: Hash
  readonly addressPrefix: string
  readonly to: Address
}): string {
  return `MMT claim\n${args.fingerprint}\n${formatAddress(args.to, { prefix: args.addressPrefix })}`
}

type TokenContext = WriteOf<ReturnType<typeof nouns>>

/** The options with their defaults. Throws `token/BAD_OPTIONS`. */
function checkOptions({ symbol, decimals = 8, commandFee }: TokenOptions) {
  const why = !/^[A-Za-z][A-Za-z0-9]{0,15}$/.test(symbol)
    ? `the symbol "${symbol.slice(0, 40)}" is not 1 to 16 letters and digits`
    : !Number.isInteger(decimals) || decimals < 0 || decimals > 18
      ? `${decimals} decimals are not 0 to 18`
      : undefined
  if (why) {
    const hint = 'Correct the token in the chain file.'
    throw new ChainError({ code: 'token/BAD_OPTIONS', message: `The token cannot be defined: ${why}.`, hint })
  }
  // Half a token; one that cannot be halved costs a whole one: free commands must be asked for.
  const half = amount(decimals === 0 ? 1n : 5n * 10n ** BigInt(decimals - 1))
  return { decimals, commandFee: commandFee ?? half }
}

function move(
  ctx: TokenContext,
  args: { readonly from: Address; readonly to: Address; readonly amount: Amount },
): undefined {
  if (args.amount === 0n) throw ctx.fail.ZERO_AMOUNT({})
  debit(ctx, args.from, args.amount)
  credit(ctx, args.to, args.amount)
  ctx.emit.transferred({ from: args.from, to: args.to, amount: args.amount })
}

function debit(ctx: TokenContext, owner: Address, value: Amount): void {
  const have = ctx.state.balances.get(owner)
  if (have < value) throw ctx.fail.INSUFFICIENT_BALANCE({ owner, have, want: value })
  setBalance(ctx, owner, amount(have - value))
}

function credit(ctx: TokenContext, owner: Address, value: Amount): void {
  setBalance(ctx, owner, amount(ctx.state.balances.get(owner) + value))
}

/** An empty balance has no row, so that the state holds only what is owned. */
function setBalance(ctx: TokenContext, owner: Address, value: Amount): void {
  if (value === 0n) ctx.state.balances.delete(owner)
  else ctx.state.balances.set(owner, value)
}

function addSupply(ctx: TokenContext, value: bigint): void {
  const supply = ctx.state.supply.get() + value
  if (supply > SUPPLY_MAX) throw ctx.fail.SUPPLY_TOO_LARGE({ supply })
  ctx.state.supply.set(supply)
}

function claimable(ctx: TokenContext, { to, signature }: { to: Address; signature: Uint8Array }) {
  const recovered = recoverEthereumAddress({ text: claimText({ ...ctx.chain, to }), signature })
  if (!recovered) throw ctx.fail.BAD_CLAIM_SIGNATURE({})
  const found = ctx.state.unclaimed.get(recovered)
  if (found === 0n) throw ctx.fail.NOTHING_TO_CLAIM({ holder: toHex(recovered) })
  return { holder: recovered, amount: found }
}
