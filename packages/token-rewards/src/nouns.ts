import { address, amount, amountSum, fixedBytes, struct, text, tuple, u8 } from '@mmtchain/codec'
import { cell, defineModule, params, type Read, type TypesOf, table, type WriteOf } from '@mmtchain/kernel'
import { type Address, type Amount, ChainError, formatAmount, amount as toAmount } from '@mmtchain/primitives'
import { SCHEDULES_MAX, schedules } from './vesting.ts'

/** What a chain file says of its token. */
export interface TokenOptions {
  /** How people call it, for example `HKT`. */
  readonly symbol: string
  /** How many digits follow the point; the smallest unit is 10^-decimals. 8 by default. */
  readonly decimals?: number
  /** What commands cost that declare no fee, transfers among them, in the smallest unit; half a token by default. */
  readonly commandFee?: Amount
}

export const SUPPLY_MAX = (1n << 64n) - 1n
/** How many purposes may lock amounts of one account at a time. */
export const LOCKS_MAX = 16
export const ZERO = toAmount(0n)

/** An Ethereum address. */
export const holder = fixedBytes(20)
/** What an amount is locked for: the name of the module that locks it, or one that begins with it. */
export const purpose = text({ bytesMax: 32 })

/** What the token owns, says and refuses. */
export function nouns(options: TokenOptions) {
  const { decimals, commandFee } = checkOptions(options)
  const shown = (value: Amount) => formatAmount(value, { decimals })
  return defineModule('token', {
    params: params(struct({ symbol: text({ bytesMax: 16 }), decimals: u8, commandFee: amount }), {
      symbol: options.symbol,
      decimals,
      commandFee,
    }),
    state: {
      balances: table(address, amount, ZERO),
      unclaimed: table(holder, amount, ZERO),
      vesting: table(address, schedules, []),
      unclaimedVesting: table(holder, schedules, []),
      locks: table(tuple(address, purpose), amount, ZERO),
      supply: cell(amountSum, 0n),
      feePool: cell(amount, ZERO),
    },
    events: {
      transferred: struct({ from: address, to: address, amount }),
      memo: struct({ from: address, to: address, text: text({ bytesMax: 256 }) }),
      claimed: struct({ holder, to: address, amount }),
      minted: struct({ to: address, amount }),
      burned: struct({ from: address, amount }),
      locked: struct({ owner: address, purpose, amount }),
      unlocked: struct({ owner: address, purpose, amount }),
      feesTaken: struct({ to: address, amount }),
    },
    errors: {
      INSUFFICIENT_BALANCE: (d: { owner: Address; have: Amount; want: Amount }) => ({
        message: `${d.owner} has ${shown(d.have)} ${options.symbol}, but ${shown(d.want)} are needed.`,
        hint: 'Lower the amount or fund the account; what is locked cannot be spent (query holdings).',
      }),
      CANNOT_PAY_FEE: (d: { payer: Address; have: Amount; want: Amount }) => ({
        message: `${d.payer} has ${shown(d.have)} ${options.symbol}, but the fee is ${shown(d.want)}.`,
        hint: 'Fund the account, or have another account pay the fee; what is locked cannot pay it (query holdings).',
      }),
      CLAIM_NOT_ALONE: (d: { have: Amount; want: Amount }) => ({
        message: `A claim is free only by itself; beside other calls the fee is at least ${shown(d.want)} ${options.symbol}, not ${shown(d.have)}.`,
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
        hint: 'Give every owner one row, and one row of vesting for each start and span.',
      }),
      SUPPLY_TOO_LARGE: (d: { supply: bigint }) => ({
        message: `The supply would be ${d.supply} units.`,
        hint: `Keep the supply at or below ${SUPPLY_MAX} units.`,
      }),
      BAD_SPAN: (d: { startMs: bigint; spanMs: bigint }) => ({
        message: `A start at ${d.startMs} ms and a span of ${d.spanMs} ms are no time to unlock.`,
        hint: 'Give a span of at least 1 ms that ends before 2^64 ms.',
      }),
      TOO_MANY_SCHEDULES: (d: { owner: string; max: number }) => ({
        message: `${d.owner} would have amounts that unlock over more than ${d.max} different spans.`,
        hint: `Use another account; ${SCHEDULES_MAX} spans are the most for one.`,
      }),
      TOO_MANY_LOCKS: (d: { owner: Address; max: number }) => ({
        message: `${d.owner} has amounts locked for ${d.max} purposes already.`,
        hint: 'Take one of them back first.',
      }),
      INSUFFICIENT_LOCK: (d: { owner: Address; purpose: string; have: Amount; want: Amount }) => ({
        message: `${d.owner} has ${shown(d.have)} ${options.symbol} locked for ${d.purpose}, but ${shown(d.want)} are needed.`,
        hint: 'Lower the amount; the query holdings shows what is locked.',
      }),
    },
  })
}

export type TokenContext = WriteOf<ReturnType<typeof nouns>>
export type TokenReader = Read<TypesOf<ReturnType<typeof nouns>>>

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
  const half = toAmount(decimals === 0 ? 1n : 5n * 10n ** BigInt(decimals - 1))
  return { decimals, commandFee: commandFee ?? half }
}
