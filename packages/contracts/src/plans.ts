// Calls to come: at a height, every so many blocks, or whenever a contract says something. Paid before they are planned.
import { type Address, type Amount, isChainError, amount as toAmount } from '@mmtchain/primitives'
import { callContract, type Ground, newRun } from './calls.ts'
import { owedFor } from './deposits.ts'
import { gasFee } from './gas.ts'
import { type Code, type ContractsWrite, type Plan, ZERO } from './nouns.ts'

/** How many plans wait for one event of one contract. */
export const TRIGGERS_MAX = 8
export const RUNS_MAX = 100_000
/**
 * What the planned calls of a block get at most, whatever the parameters say: no event costs less than 60,000 gas, and the hooks of a block, those of
 * other modules among them, have 65,536 events together (formats.md). More would stop the chain.
 */
export const RUNS_GAS_MAX = 1_800_000_000n
const least = (a: bigint, b: bigint): bigint => (a < b ? a : b)
/** How many runs a block begins. */
const BLOCK_RUNS_MAX = 256

export interface PlanInput {
  readonly contract: Address
  readonly method: string
  readonly input: Uint8Array
  readonly gas: bigint
  readonly depositMax: Amount
  readonly occasion: Plan['occasion']
  readonly runs: number
}

/** Plans calls in the name of an account, which pays all of them now. */
export function addPlan(ctx: ContractsWrite, by: Address, asked: PlanInput): undefined {
  const { occasion, runs, gas } = asked
  const { params, state, block } = ctx
  const found = state.contracts.get(asked.contract)
  if (!found) throw ctx.fail.UNKNOWN_CONTRACT({ contract: asked.contract })
  if (found.retired) throw ctx.fail.RETIRED({ contract: asked.contract })
  const max = least(least(params.gasMax, params.plannedGasMax), RUNS_GAS_MAX)
  if (gas > max) throw ctx.fail.GAS_TOO_HIGH({ have: gas, max })
  const { loadGas } = state.codes.get(found.code) as Code
  if (gas < loadGas) throw ctx.fail.GAS_TOO_LOW({ have: gas, want: loadGas })
  if (runs < 1 || runs > RUNS_MAX) throw ctx.fail.BAD_PLAN({ why: `${runs} runs are not 1 to ${RUNS_MAX}` })
  if (occasion.kind === 'at') {
    const { height, every } = occasion.value
    if (height <= block.height)
      throw ctx.fail.BAD_PLAN({ why: `height ${height} is not above ${block.height}` })
    if (every === 0 && runs > 1) throw ctx.fail.BAD_PLAN({ why: 'it runs once, and has several runs' })
    if (height + BigInt(every) * BigInt(runs) >= 1n << 63n) throw ctx.fail.BAD_PLAN({ why: 'it never ends' })
  }
  const held = toAmount(params.baseFee + gasFee(gas, params.gasPrice) + asked.depositMax)
  ctx.needs.token.move({ from: by, to: ctx.self, amount: toAmount(held * BigInt(runs)) })
  const numbers = state.numbers.get()
  const id = numbers.plan
  state.numbers.set({ ...numbers, plan: id + 1n })
  state.plans.set(id, { ...asked, by, due: 0, held, queued: null })
  if (occasion.kind === 'at') queue(ctx, id, occasion.value.height, null)
  else {
    const { source, event } = occasion.value
    const waiting = [...state.triggers.entries({ prefix: [source, event], limit: TRIGGERS_MAX })]
    if (waiting.length === TRIGGERS_MAX)
      throw ctx.fail.TOO_MANY_TRIGGERS({ source, event, max: TRIGGERS_MAX })
    state.triggers.set([source, event, id], null)
  }
  ctx.emit.planned({
    ...{ plan: id, contract: asked.contract, method: asked.method },
    held: toAmount(held * BigInt(runs)),
  })
}

/** Puts a run in the queue of a height. */
function queue(ctx: ContractsWrite, id: bigint, height: bigint, data: Uint8Array | null): void {
  const { state } = ctx
  const numbers = state.numbers.get()
  state.numbers.set({ ...numbers, due: numbers.due + 1n })
  state.due.set([height, numbers.due], { plan: id, data })
  const plan = state.plans.get(id) as Plan
  const queued = plan.occasion.kind === 'at' ? { height, number: numbers.due } : null
  state.plans.set(id, { ...plan, due: plan.due + 1, queued })
}

/** A contract has said something: what waits for it runs at the beginning of the next block. Tells how many that are. */
export function fire(
  ctx: ContractsWrite,
  { source, event, data }: { readonly source: Address; readonly event: string; readonly data: Uint8Array },
): number {
  let fired = 0
  for (const [[, , id]] of [...ctx.state.triggers.entries({ prefix: [source, event] })]) {
    const plan = ctx.state.plans.get(id) as Plan
    if (plan.due >= plan.runs) continue
    queue(ctx, id, ctx.block.height + 1n, data)
    fired++
  }
  return fired
}

/**
 * Takes a plan back: what is held for its runs goes to who planned it. The run of a plan for a height leaves the queue; those that events have made due
 * are work for a block already, if only to be dropped: each costs what a run costs that is refused at once. Else queues of them would keep
 * those of others waiting for nothing.
 */
export function cancelPlan(ctx: ContractsWrite, by: Address, id: bigint): undefined {
  const plan = ctx.state.plans.get(id)
  if (!plan) throw ctx.fail.UNKNOWN_PLAN({ plan: id })
  if (plan.by !== by) throw ctx.fail.NOT_OWNER({ owner: plan.by })
  const { baseFee } = ctx.params
  const due = plan.queued ? 0 : plan.due
  if (plan.queued) ctx.state.due.delete([plan.queued.height, plan.queued.number])
  const fee = (baseFee < plan.held ? baseFee : plan.held) * BigInt(due)
  const back = toAmount(plan.held * BigInt(plan.runs) - fee)
  pay(ctx, ctx.block.proposer, fee)
  if (back > 0n) ctx.needs.token.move({ from: ctx.self, to: by, amount: back })
  endPlan(ctx, id, plan, back)
}

/** Runs that are due and belong to no plan any more are dropped when their turn comes. */
function endPlan(ctx: ContractsWrite, id: bigint, plan: Plan, back: Amount): void {
  ctx.state.plans.delete(id)
  if (plan.occasion.kind === 'on') {
    const { source, event } = plan.occasion.value
    ctx.state.triggers.delete([source, event, id])
  }
  ctx.emit.planEnded({ plan: id, back })
}

/**
 * Pays out of what the module holds. Where the chain's token refuses to pay somebody, as one that freezes accounts may, that stops no block:
 * the money stays where it is.
 */
function pay(ctx: ContractsWrite, to: Address, amount: bigint): void {
  if (amount === 0n) return
  try {
    ctx.needs.kernel.attempt(() => ctx.needs.token.move({ from: ctx.self, to, amount: toAmount(amount) }))
  } catch (refusal) {
    if (!isChainError(refusal)) throw refusal
  }
}

/** Runs what is due, as far as the gas of a block goes; the rest is first in the next one. */
export function runDue(ground: Ground, ctx: ContractsWrite): undefined {
  const { state, block, params } = ctx
  let gasLeft = least(params.plannedGasMax, RUNS_GAS_MAX)
  let begun = 0
  for (const [key, { plan: id, data }] of [...state.due.entries({ limit: BLOCK_RUNS_MAX })]) {
    if (key[0] > block.height) return
    const plan = state.plans.get(id)
    if (plan && begun > 0 && plan.gas > gasLeft) return
    state.due.delete(key)
    if (!plan) continue
    begun++
    gasLeft -= runPlan(ground, ctx, { id, plan, data, height: key[0] })
  }
}

/** One run of a plan. Whatever becomes of it, it is paid for, and nothing that it does stops the chain. */
function runPlan(
  ground: Ground,
  ctx: ContractsWrite,
  {
    id,
    plan,
    data,
    height,
  }: { readonly id: bigint; readonly plan: Plan; readonly data: Uint8Array | null; readonly height: bigint },
): bigint {
  const { contract, method, gas, held } = plan
  let [gasUsed, owed] = [0n, 0n]
  let error: string | null = null
  try {
    ctx.needs.kernel.attempt(() => {
      const run = newRun(ground, ctx)
      const called = callContract(run, {
        ...{ contract, method, gas, sender: plan.by, amount: toAmount(0n) },
        input: data ?? plan.input,
      })
      gasUsed = called.gasUsed
      if (!called.ok) throw called.error
      owed = owedFor(run)
      if (owed > plan.depositMax) throw ctx.fail.DEPOSIT_TOO_LOW({ have: plan.depositMax, want: owed })
    })
  } catch (refusal) {
    if (!isChainError(refusal)) throw refusal
    owed = 0n
    error = refusal.code
  }
  // The call itself may have queued runs of its own plan.
  const now = ctx.state.plans.get(id) as Plan
  const left = { ...now, runs: now.runs - 1, due: now.due - 1 }
  // A run that was refused at once is work as well: without a fee it would be a free way to fill blocks.
  const fee = ctx.params.baseFee + gasFee(gasUsed, ctx.params.gasPrice)
  // Where the price has risen since, what is held is all there is.
  const most = owed > 0n ? held - owed : held
  const paid = fee < most ? fee : most
  // All nodes ran it; the one that made the block is paid for it, as for the rest of the block.
  pay(ctx, ctx.block.proposer, paid)
  pay(ctx, plan.by, held - paid - owed)
  ctx.emit.ran({ plan: id, contract, method, gasUsed, error })
  ctx.state.plans.set(id, left)
  if (left.runs === 0) endPlan(ctx, id, left, ZERO)
  else if (left.occasion.kind === 'at')
    queue(ctx, id, nextHeight(ctx, height, left.occasion.value.every), null)
  return gasUsed
}

function nextHeight({ block }: ContractsWrite, height: bigint, every: number): bigint {
  const next = height + BigInt(every)
  return next > block.height ? next : block.height + 1n
}
