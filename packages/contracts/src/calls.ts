// One call of a contract, and those that it makes: all or nothing each, on one stack.
import { encode, struct, u64 } from '@mmtchain/codec'
import { hashTagged, tag } from '@mmtchain/crypto'
import type { Sandbox, SandboxProgram } from '@mmtchain/kernel'
import {
  type Address,
  type Amount,
  type ChainError,
  type Hash,
  hashToBytes,
  isChainError,
} from '@mmtchain/primitives'
import type { Capability } from './capabilities.ts'
import type { Code, ContractsRead, ContractsWrite } from './nouns.ts'

/** How deep calls of contracts nest. */
export const DEPTH_MAX = 8
/** How much text of programs a node keeps beside the state, in UTF-16 units. Changes only the speed. */
const PROGRAM_UNITS_MAX = 4 * 1024 * 1024

/** What all contracts of a chain run on. */
export interface Ground {
  readonly sandbox: Sandbox<Frame>
  readonly capabilities: ReadonlyMap<string, Capability>
  program(ctx: ContractsRead, code: Hash): SandboxProgram
}

/** The programs of a chain, read from the state when they are not at hand. They are named by their hashes, so they never change. */
export function programsOf(): Ground['program'] {
  const known = new Map<Hash, SandboxProgram>()
  let units = 0
  return (ctx, code) => {
    const found = known.get(code)
    if (found) return found
    const text = ctx.state.programs.get(code)
    if (text === undefined) throw new Error(`the code ${code} is in use and not stored`)
    const program = { hash: code, code: text }
    if (units + text.length > PROGRAM_UNITS_MAX) {
      known.clear()
      units = 0
    }
    known.set(code, program)
    units += text.length
    return program
  }
}

/** An outermost call with all that it brings about. */
export interface Run {
  readonly ground: Ground
  readonly ctx: ContractsWrite
  /** In a query, where nothing may change. */
  readonly reading: boolean
  /** The contracts in the middle of a call, outermost first. */
  readonly stack: Address[]
  /** What was held for the contracts that the call changes, before it. */
  readonly before: Map<Address, Amount>
  /** The prices of the rows that the call has deleted, by contract and key. */
  readonly dropped: Map<string, Amount>
  /** Tells the calls of a run apart. */
  calls: number
}

/** What a contract's host functions work on. */
export interface Frame {
  readonly run: Run
  readonly self: Address
  readonly sender: Address
}

export interface CallArgs {
  readonly contract: Address
  readonly sender: Address
  readonly method: string
  readonly input: Uint8Array
  readonly amount: Amount
  readonly gas: bigint
  /** Calls `init` or `migrate`, which only their commands may. */
  readonly special?: boolean
}

export type Called = { readonly gasUsed: bigint; readonly logs: readonly string[] } & (
  | { readonly ok: true; readonly result: Uint8Array }
  | { readonly ok: false; readonly error: ChainError }
)

export function newRun(ground: Ground, ctx: ContractsWrite, reading = false): Run {
  return { ground, ctx, reading, stack: [], before: new Map(), dropped: new Map(), calls: 0 }
}

/** A query's context as one to write, where `reading` keeps every host function from writing. */
export function readingRun(ground: Ground, ctx: ContractsRead): Run {
  return newRun(ground, ctx as unknown as ContractsWrite, true)
}

/** What runs only when a contract is made or upgraded. */
const SPECIAL = ['init', 'migrate']
const SEED_TAG = tag('mmt/contract/1')
const seedPlace = struct({ height: u64, seed: u64, call: u64 })

/** Runs a method of a contract. What the contract did is taken back when it fails; its gas is spent either way. */
export function callContract(run: Run, args: CallArgs): Called {
  const { ctx, ground, stack } = run
  const refused = (error: ChainError): Called => ({ ok: false, gasUsed: 0n, logs: [], error })
  const found = ctx.state.contracts.get(args.contract)
  if (!found) return refused(ctx.fail.UNKNOWN_CONTRACT({ contract: args.contract }))
  if (found.retired) return refused(ctx.fail.RETIRED({ contract: args.contract }))
  if (found.frozen) return refused(ctx.fail.FROZEN({ contract: args.contract }))
  if (args.special !== true && SPECIAL.includes(args.method))
    return refused(ctx.fail.NOT_CALLABLE({ method: args.method }))
  if (stack.includes(args.contract)) return refused(ctx.fail.REENTRANT({ contract: args.contract }))
  if (stack.length === DEPTH_MAX) return refused(ctx.fail.TOO_DEEP({ max: DEPTH_MAX }))
  const { loadGas } = ctx.state.codes.get(found.code) as Code
  // A call that cannot even load its program must not make nodes load it.
  if (args.gas < loadGas) return refused(ctx.fail.GAS_TOO_LOW({ have: args.gas, want: loadGas }))
  const frame: Frame = { run, self: args.contract, sender: args.sender }
  let gasUsed = 0n
  let logs: readonly string[] = []
  let result = new Uint8Array()
  const seed = seedOf(run)
  stack.push(args.contract)
  const work = () => {
    if (args.amount > 0n) ctx.needs.token.move({ from: args.sender, to: args.contract, amount: args.amount })
    const outcome = ground.sandbox.call({
      program: ground.program(ctx, found.code),
      method: args.method,
      args: [args.input, args.contract, args.sender, args.amount, ctx.block.height, ctx.block.timeMs],
      gasMax: args.gas,
      timeMs: ctx.block.timeMs,
      seed,
      context: frame,
    })
    gasUsed = outcome.gasUsed
    logs = outcome.logs
    if (!outcome.ok) throw outcome.refusal ?? outcome.error
    if (outcome.value instanceof Uint8Array) result = Uint8Array.from(outcome.value)
    else if (outcome.value !== undefined)
      throw ctx.fail.BAD_RESULT({ contract: args.contract, method: args.method })
    return undefined
  }
  try {
    if (run.reading) work()
    else ctx.needs.kernel.attempt(work)
    return { ok: true, gasUsed, logs, result }
  } catch (error) {
    if (!isChainError(error)) throw error
    return { ok: false, gasUsed, logs, error }
  } finally {
    stack.pop()
  }
}

/** 32 bytes that no other call of the chain has. They follow from the block, so that who makes the block knows them before. */
function seedOf(run: Run): Uint8Array {
  const { block, state } = run.ctx
  const seed = state.seeds.get()
  if (!run.reading && run.calls === 0) state.seeds.set(seed + 1n)
  run.calls++
  const place = encode(seedPlace, { height: block.height, seed, call: BigInt(run.calls) })
  return hashTagged(SEED_TAG, hashToBytes(block.seed), place)
}
