// Calls to come: at a height, every so many blocks, or whenever a contract says something. Paid before they are planned.
import { type Address, type Amount, isChainError, amount as toAmount } from '@mmtchain/primitives'
import { callContract, type Ground, newRun } from './calls.ts'
import { owedFor, planDeposits } from './deposits.ts'
import { gasFee } from './gas.ts'
import type { Code, ContractsWrite, Plan } from './nouns.ts'

/** How many plans wait for one event of one contract. */
export const TRIGGERS_MAX = 8
/** Who takes another's place pays it one part in so many of what that held. */
const PLACE_PRICE = 8n
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
  const deposits = planDeposits(ctx, asked.input)
  // While a run waits for its turn with the data of its event, what it may store later is held for that.
  const stored =
    occasion.kind === 'on' && deposits.due > asked.depositMax ? deposits.due : BigInt(asked.depositMax)
  const held = toAmount(params.baseFee + gasFee(gas, params.gasPrice) + stored)
  const deposit = toAmount(deposits.plan)
  const whole = toAmount(held * BigInt(runs) + deposit)
  if (whole > 0n) ctx.needs.token.move({ from: by, to: ctx.self, amount: whole })
  const numbers = state.numbers.get()
  const id = numbers.plan
  state.numbers.set({ ...numbers, plan: id + 1n })
  const plan = { ...asked, by, due: 0, held, deposit, queued: null }
  state.plans.set(id, plan)
  if (occasion.kind === 'at') queue(ctx, id, occasion.value.height, null)
  else takePlace(ctx, id, plan, occasion.value)
  ctx.emit.planned({ plan: id, contract: asked.contract, method: asked.method, held: whole })
}

/** What is held for the runs of a plan that are not due yet. */
const ahead = ({ held, runs, due }: Plan): bigint => held * BigInt(runs - due)

/**
 * Gives a plan a place for its event. Where all are taken, it is that of the plan that holds least for runs to come (of several the latest), if this one holds more than
 * twice as much. So cheap plans keep nobody out. Who takes a place pays for it to who had it: what it holds itself it may take back at once, so else it could drive
 * others out for fees alone.
 */
function takePlace(
  ctx: ContractsWrite,
  id: bigint,
  plan: Plan,
  { source, event }: { readonly source: Address; readonly event: string },
): void {
  const { state } = ctx
  const waiting = [...state.triggers.entries({ prefix: [source, event], limit: TRIGGERS_MAX })].map(
    ([[, , other]]) => ({ id: other, plan: state.plans.get(other) as Plan }),
  )
  if (waiting.length === TRIGGERS_MAX) {
    const last = waiting.reduce((found, one) => (ahead(one.plan) <= ahead(found.plan) ? one : found))
    const [have, want] = [ahead(plan), 2n * ahead(last.plan)]
    if (have <= want) throw ctx.fail.TOO_MANY_TRIGGERS({ source, event, max: TRIGGERS_MAX, have, want })
    const price = ahead(last.plan) / PLACE_PRICE
    if (price > 0n) ctx.needs.token.move({ from: plan.by, to: ctx.self, amount: toAmount(price) })
    pay(ctx, last.plan.by, stopPlan(ctx, last.id, last.plan) + price)
  }
  state.triggers.set([source, event, id], null)
}

/** Puts a run in the queue of a height. */
function queue(ctx: ContractsWrite, id: bigint, height: bigint, data: Uint8Array | null): Plan {
  const { state } = ctx
  const numbers = state.numbers.get()
  state.numbers.set({ ...numbers, due: numbers.due + 1n })
  state.due.set([height, numbers.due], { plan: id, data })
  const before = state.plans.get(id) as Plan
  const queued = before.occasion.kind === 'at' ? { height, number: numbers.due } : null
  const plan = { ...before, due: before.due + 1, queued }
  state.plans.set(id, plan)
  return plan
}

/** A contract has said something: what waits for it runs at the beginning of the next block. Tells how many that are. */
export function fire(
  ctx: ContractsWrite,
  { source, event, data }: { readonly source: Address; readonly event: string; readonly data: Uint8Array },
): number {
  const waiting = [...ctx.state.triggers.entries({ prefix: [source, event] })]
  for (const [place] of waiting) {
    const plan = queue(ctx, place[2], ctx.block.height + 1n, data)
    if (plan.due === plan.runs) ctx.state.triggers.delete(place)
  }
  return waiting.length
}

/** Takes a plan back: what is held for runs that are not due goes to who planned it. */
export function cancelPlan(ctx: ContractsWrite, by: Address, id: bigint): undefined {
  const plan = ctx.state.plans.get(id)
  if (!plan) throw ctx.fail.UNKNOWN_PLAN({ plan: id })
  if (plan.by !== by) throw ctx.fail.NOT_OWNER({ owner: plan.by })
  if (!plan.queued && plan.due === plan.runs) throw ctx.fail.NOTHING_TO_CHANGE({})
  const back = toAmount(stopPlan(ctx, id, plan))
  if (back > 0n) ctx.needs.token.move({ from: ctx.self, to: by, amount: back })
}

/**
 * Lets nothing more of a plan become due, and tells how much goes back to who planned it. The run of a plan for a height leaves the queue. Those that events have made due are
 * paid work of blocks to come and run: if they could be taken back, queues of them would keep those of others waiting for nothing.
 */
function stopPlan(ctx: ContractsWrite, id: bigint, plan: Plan): bigint {
  const { state } = ctx
  const { occasion, queued, runs } = plan
  if (queued) state.due.delete([queued.height, queued.number])
  if (occasion.kind === 'on') state.triggers.delete([occasion.value.source, occasion.value.event, id])
  const due = queued ? 0 : plan.due
  const back = plan.held * BigInt(runs - due)
  ctx.emit.planStopped({ plan: id, runs: due, back: toAmount(back) })
  if (due === 0) return back + endPlan(ctx, id, plan)
  state.plans.set(id, { ...plan, runs: due })
  return back
}

/** Deletes a plan without runs, and tells what was held for itself. */
function endPlan(ctx: ContractsWrite, id: bigint, { deposit }: Plan): bigint {
  ctx.state.plans.delete(id)
  ctx.emit.planEnded({ plan: id, back: deposit })
  return deposit
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
    const plan = state.plans.get(id) as Plan
    if (begun > 0 && plan.gas > gasLeft) return
    state.due.delete(key)
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
  ctx.emit.ran({ plan: id, contract, method, gasUsed, error })
  if (left.runs > 0) ctx.state.plans.set(id, left)
  pay(ctx, plan.by, held - paid - owed + (left.runs === 0 ? endPlan(ctx, id, left) : 0n))
  if (left.runs > 0 && left.occasion.kind === 'at')
    queue(ctx, id, nextHeight(ctx, height, left.occasion.value.every), null)
  return gasUsed
}

function nextHeight({ block }: ContractsWrite, height: bigint, every: number): bigint {
  const next = height + BigInt(every)
  return next > block.height ? next : block.height + 1n
}
