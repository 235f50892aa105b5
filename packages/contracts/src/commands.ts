// What accounts do to code and contracts.
import { moduleAddress } from '@mmtchain/crypto'
import type { CommandContext, TypesOf } from '@mmtchain/kernel'
import {
  type Address,
  type Amount,
  type ChainError,
  type Hash,
  amount as toAmount,
  hash as toHash,
  utf8,
} from '@mmtchain/primitives'
import { type Called, callContract, type Ground, newRun, type Run } from './calls.ts'
import { dropContract, dropRow, keepContract, owedFor } from './deposits.ts'
import { gasFee } from './gas.ts'
import { type Code, type nouns, RESULT_BYTES_MAX, ZERO } from './nouns.ts'

export type Command = CommandContext<TypesOf<ReturnType<typeof nouns>>>

/** The gas that a command offers for its work, and the most that it lets data cost. */
export interface Offered {
  readonly gas: bigint
  readonly depositMax: Amount
}

/** Does work that is paid by gas: what is not used goes back to who paid it, whatever becomes of the work. */
function metered(ctx: Command, gas: bigint, work: (spent: (gas: bigint) => void) => void): undefined {
  const { gasMax, gasPrice } = ctx.params
  let used = 0n
  try {
    if (gas > gasMax) throw ctx.fail.GAS_TOO_HIGH({ have: gas, max: gasMax })
    work((more) => {
      used += more
    })
  } finally {
    const unused = gasFee(gas, gasPrice) - gasFee(used, gasPrice)
    ctx.refund(toAmount(unused > 0n ? unused : 0n))
  }
}

/** An account pays into what the module holds, or gets back from there. */
function settle(ctx: Command, who: Address, owed: bigint): void {
  if (owed > 0n) ctx.needs.token.move({ from: who, to: ctx.self, amount: toAmount(owed) })
  if (owed < 0n) ctx.needs.token.move({ from: ctx.self, to: who, amount: toAmount(-owed) })
}

function settleRun(ctx: Command, run: Run, depositMax: Amount): void {
  const owed = owedFor(run)
  if (owed > depositMax) throw ctx.fail.DEPOSIT_TOO_LOW({ have: depositMax, want: owed })
  settle(ctx, ctx.sender, owed)
}

export function deploy(
  ground: Ground,
  ctx: Command,
  input: { readonly code: string; readonly gas: bigint },
): undefined {
  return metered(ctx, input.gas, (spent) => {
    const bytes = utf8(input.code).length
    const max = ctx.params.codeBytesMax
    if (bytes > max) throw ctx.fail.CODE_TOO_LONG({ have: bytes, max })
    const program = ground.sandbox.program(input.code)
    const code = toHash(program.hash)
    if (ctx.state.codes.has(code)) throw ctx.fail.CODE_EXISTS({ code })
    const loaded = ground.sandbox.load({ program, gasMax: input.gas })
    spent(loaded.gasUsed)
    if (!loaded.ok) throw loaded.error
    const deposit = toAmount(BigInt(bytes) * ctx.params.depositPerByte)
    settle(ctx, ctx.sender, deposit)
    ctx.state.codes.set(code, { owner: ctx.sender, bytes, loadGas: loaded.gasUsed, deposit, uses: 0 })
    ctx.state.programs.set(code, input.code)
    ctx.emit.deployed({ code, owner: ctx.sender, bytes, deposit })
  })
}

export function discard(ctx: Command, { code }: { readonly code: Hash }): undefined {
  const found = codeOf(ctx, code)
  if (found.owner !== ctx.sender) throw ctx.fail.NOT_OWNER({ owner: found.owner })
  if (found.uses > 0) throw ctx.fail.CODE_IN_USE({ code, uses: found.uses })
  ctx.state.codes.delete(code)
  ctx.state.programs.delete(code)
  settle(ctx, ctx.sender, -found.deposit)
  ctx.emit.discarded({ code })
}

export function instantiate(
  ground: Ground,
  ctx: Command,
  input: Offered & {
    readonly code: Hash
    readonly input: Uint8Array | null
    readonly admin: Address | null
    readonly amount: Amount
  },
): undefined {
  return metered(ctx, input.gas, (spent) => {
    useCode(ctx, input.code, 1)
    const numbers = ctx.state.numbers.get()
    ctx.state.numbers.set({ ...numbers, contract: numbers.contract + 1n })
    const contract = contractAddress(numbers.contract)
    const { code, admin } = input
    const named = { code, admin, creator: ctx.sender, number: numbers.contract }
    ctx.state.contracts.set(contract, { ...named, frozen: false, retired: false })
    const run = newRun(ground, ctx)
    keepContract(run, contract)
    ctx.emit.instantiated({ contract, code, creator: ctx.sender })
    if (input.input)
      callAndTell(ctx, run, spent, { ...input, contract, method: 'init', input: input.input, special: true })
    else if (input.amount > 0n) ctx.needs.token.move({ from: ctx.sender, to: contract, amount: input.amount })
    settleRun(ctx, run, input.depositMax)
  })
}

export function call(
  ground: Ground,
  ctx: Command,
  input: Offered & {
    readonly contract: Address
    readonly method: string
    readonly input: Uint8Array
    readonly amount: Amount
  },
): undefined {
  return metered(ctx, input.gas, (spent) => {
    const run = newRun(ground, ctx)
    callAndTell(ctx, run, spent, input)
    settleRun(ctx, run, input.depositMax)
  })
}

function callAndTell(
  ctx: Command,
  run: Run,
  spent: (gas: bigint) => void,
  args: {
    readonly contract: Address
    readonly method: string
    readonly input: Uint8Array
    readonly amount: Amount
    readonly gas: bigint
    readonly special?: boolean
  },
): void {
  const { contract, method } = args
  const called = callContract(run, { ...args, sender: ctx.sender })
  spent(called.gasUsed)
  if (!called.ok) throw withLogs(called)
  if (called.result.length > RESULT_BYTES_MAX) throw ctx.fail.BAD_RESULT({ contract, method })
  ctx.emit.called({ contract, method, by: ctx.sender, gasUsed: called.gasUsed, result: called.result })
}

/** What people are told of a failed call: with it what the code logged, which no block depends on. */
export function withLogs({ error, logs }: Called & { readonly ok: false }): ChainError {
  if (logs.length > 0) error.message += ` It logged: ${logs.join('; ').slice(0, 2_000)}`
  return error
}

export function upgrade(
  ground: Ground,
  ctx: Command,
  input: Offered & { readonly contract: Address; readonly code: Hash; readonly input: Uint8Array | null },
): undefined {
  return metered(ctx, input.gas, (spent) => {
    const { contract, code } = input
    const found = ownContract(ctx, contract)
    if (found.code === code) throw ctx.fail.NOTHING_TO_CHANGE({})
    useCode(ctx, code, 1)
    useCode(ctx, found.code, -1)
    ctx.state.contracts.set(contract, { ...found, code })
    ctx.emit.upgraded({ contract, code })
    if (!input.input) return
    const run = newRun(ground, ctx)
    callAndTell(ctx, run, spent, {
      ...input,
      amount: ZERO,
      method: 'migrate',
      input: input.input,
      special: true,
    })
    settleRun(ctx, run, input.depositMax)
  })
}

export function setAdmin(
  ctx: Command,
  { contract, admin }: { readonly contract: Address; readonly admin: Address | null },
): undefined {
  const found = ownContract(ctx, contract)
  if (found.admin === admin) throw ctx.fail.NOTHING_TO_CHANGE({})
  ctx.state.contracts.set(contract, { ...found, admin })
  ctx.emit.adminSet({ contract, admin })
}

export function freeze(
  ctx: Command,
  { contract, frozen }: { readonly contract: Address; readonly frozen: boolean },
): undefined {
  if (!ctx.params.guardians.includes(ctx.sender)) throw ctx.fail.NOT_GUARDIAN({ who: ctx.sender })
  const found = contractOf(ctx, contract)
  if (found.frozen === frozen) throw ctx.fail.NOTHING_TO_CHANGE({})
  ctx.state.contracts.set(contract, { ...found, frozen })
  ctx.emit.frozen({ contract, frozen })
}

export function retire(ctx: Command, { contract }: { readonly contract: Address }): undefined {
  const found = ownContract(ctx, contract)
  const balance = ctx.needs.token.balance(contract)
  if (balance > 0n) throw ctx.fail.HOLDS_FUNDS({ contract, balance })
  ctx.state.contracts.set(contract, { ...found, retired: true })
  ctx.emit.retired({ contract })
}

/** Deletes rows of a retired contract, and with the last of them the contract; the deposits go to its admin. */
export function clear(
  ground: Ground,
  ctx: Command,
  { contract, rows: max }: { readonly contract: Address; readonly rows: number },
): undefined {
  const found = contractOf(ctx, contract)
  if (found.admin !== ctx.sender) throw ctx.fail.NOT_ADMIN({ contract, admin: found.admin })
  if (!found.retired) throw ctx.fail.NOT_RETIRED({ contract })
  const run = newRun(ground, ctx)
  const rows = [...ctx.state.rows.entries({ prefix: [contract], limit: max + 1 })]
  for (const [[, key]] of rows.slice(0, max)) dropRow(run, contract, key)
  const done = rows.length <= max
  if (done) dropContract(run, contract)
  settle(ctx, ctx.sender, owedFor(run))
  if (done) {
    ctx.state.contracts.delete(contract)
    ctx.state.kept.delete(contract)
    useCode(ctx, found.code, -1)
  }
  ctx.emit.cleared({ contract, rows: Math.min(rows.length, max), done })
}

/** The account of the contract with this number: of the module and the number, so that no key and no other module has it. */
export function contractAddress(number: bigint): Address {
  const label = new Uint8Array(8)
  new DataView(label.buffer).setBigUint64(0, number)
  return moduleAddress('contracts', label)
}

function contractOf(ctx: Command, contract: Address) {
  const found = ctx.state.contracts.get(contract)
  if (!found) throw ctx.fail.UNKNOWN_CONTRACT({ contract })
  return found
}

/** A contract that the sender may change. */
function ownContract(ctx: Command, contract: Address) {
  const found = contractOf(ctx, contract)
  if (found.admin !== ctx.sender) throw ctx.fail.NOT_ADMIN({ contract, admin: found.admin })
  if (found.retired) throw ctx.fail.RETIRED({ contract })
  return found
}

function codeOf(ctx: Command, code: Hash): Code {
  const found = ctx.state.codes.get(code)
  if (!found) throw ctx.fail.UNKNOWN_CODE({ code })
  return found
}

function useCode(ctx: Command, code: Hash, change: 1 | -1): void {
  const found = codeOf(ctx, code)
  ctx.state.codes.set(code, { ...found, uses: found.uses + change })
}
