// What contracts keep, and what is held for it. Each row has the price of its own bytes, so that what it gives back is what was paid for it.
import { type Address, amount as toAmount, toHex } from '@mmtchain/primitives'
import type { Run } from './calls.ts'
import { type ContractsWrite, EVENT_BYTES_MAX } from './nouns.ts'

/** What a row takes beside its key and value. */
export const ROW_BYTES = 64n
/** What a contract takes before it keeps anything. */
export const CONTRACT_BYTES = 256n
/** What a plan takes beside its input: its own row, and its trigger or its place in the queue. */
export const PLAN_BYTES = 512n
/** What a run that is due takes beside the data of its event. */
export const DUE_BYTES = 128n

/** How many bytes a row takes. A zero in a key takes two, by which keys keep their order (formats.md, section 9). */
export function rowBytes(key: Uint8Array, value: Uint8Array): bigint {
  let zeros = 0
  for (const byte of key) if (byte === 0) zeros++
  return ROW_BYTES + BigInt(key.length + zeros + value.length)
}

/** Holds for a new contract what its own row takes. */
export function keepContract(run: Run, contract: Address): void {
  keep(run, contract, CONTRACT_BYTES, CONTRACT_BYTES * run.ctx.params.depositPerByte)
}

/** Ends what is held for a contract without rows: all that is left is for itself. */
export function dropContract(run: Run, contract: Address): void {
  keep(run, contract, -CONTRACT_BYTES, -run.ctx.state.kept.get(contract).deposit)
}

/**
 * Stores a row. A row is held for at one price, that of the block in which it was made, or of a later and dearer one in which it grew. So bytes give back
 * what was paid for them, and who only writes over a row neither pays nor gets anything for what others have stored. A row that a call deletes and makes anew is the
 * row that it was.
 */
export function putRow(run: Run, contract: Address, key: Uint8Array, value: Uint8Array): void {
  const { rows } = run.ctx.state
  const { depositPerByte } = run.ctx.params
  const before = rows.get([contract, key])
  const had = before ? rowBytes(key, before.value) : 0n
  const bytes = rowBytes(key, value)
  const was = before?.price ?? run.dropped.get(contract + toHex(key)) ?? depositPerByte
  const price = bytes > had && depositPerByte > was ? depositPerByte : was
  keep(run, contract, bytes - had, bytes * price - had * (before?.price ?? 0n))
  rows.set([contract, key], { price, value })
}

/** Deletes a row, if it is there. */
export function dropRow(run: Run, contract: Address, key: Uint8Array): void {
  const { rows } = run.ctx.state
  const before = rows.get([contract, key])
  if (!before) return
  const bytes = rowBytes(key, before.value)
  keep(run, contract, -bytes, -bytes * before.price)
  run.dropped.set(contract + toHex(key), before.price)
  rows.delete([contract, key])
}

function keep(run: Run, contract: Address, bytes: bigint, deposit: bigint): void {
  const { kept } = run.ctx.state
  const before = kept.get(contract)
  const now = { bytes: before.bytes + bytes, deposit: toAmount(before.deposit + deposit) }
  if (!run.before.has(contract)) run.before.set(contract, before.deposit)
  kept.set(contract, now)
}

/** How much the payer of a run owes for everything that the run has stored and deleted; below 0, what it gets back. */
export function owedFor({ ctx, before }: Run): bigint {
  let owed = 0n
  for (const [contract, deposit] of before) owed += ctx.state.kept.get(contract).deposit - deposit
  return owed
}

/** What a plan is held for beside its runs, and what a run is held for at least that waits with what an event has said, however long that is. */
export function planDeposits({ params }: ContractsWrite, input: Uint8Array) {
  const { depositPerByte } = params
  return {
    plan: (PLAN_BYTES + BigInt(input.length)) * depositPerByte,
    due: (DUE_BYTES + BigInt(EVENT_BYTES_MAX)) * depositPerByte,
  }
}
