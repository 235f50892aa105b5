import { amount, decode } from '@mmtchain/codec'
import { type Address, type Amount, type ChainError, type Hash, isChainError } from '@mmtchain/primitives'
import {
  type Authority,
  authorityAddress,
  type Suites,
  sameAuthority,
  signaturesWeight,
  type Transaction,
  type TransactionCall,
} from '@mmtchain/tx'
import type { Event, Receipt } from '../block.ts'
import { commandFeeOf, priceOf } from '../declare/fees.ts'
import type { Limits } from '../declare/limits.ts'
import type { Charged, CommandContext, FeePolicy, Handler, ModuleSpec } from '../declare/module.ts'
import type { KernelTypes } from '../kernel-module.ts'
import { keepChanges, mustGoOn, rollback, savepoint, stopsNode } from './journal.ts'
import type { Runtime, Session } from './session.ts'

/** A transaction whose signatures were checked, with what was computed on the way. */
export interface Prepared {
  readonly transaction: Transaction
  readonly id: Hash
  readonly bytes: Uint8Array
}

/** What execution needs beside the session. */
export interface Rules {
  readonly runtime: Runtime
  readonly limits: Limits
  readonly suites: Suites
  /** The module with the fee policy, if the chain has one. */
  readonly feeModule: ModuleSpec | undefined
}

/** A call that names a command of the chain, with its input decoded. */
interface ReadyCall {
  readonly module: string
  readonly command: string
  readonly input: unknown
  readonly run: Handler
  readonly fee: Amount
  readonly unused: bigint // Of the fee, comes back when the transaction ends before this call.
  readonly weight: bigint
}

/** What a transaction costs before it runs. */
export interface Quote {
  readonly fee: Amount
  readonly weight: bigint
}

/** The outcome of one transaction. `refusal` has what the receipt's code only names; `fault` is a module's own bug. */
export interface Executed {
  readonly receipt: Receipt
  readonly refusal: ChainError | undefined
  readonly fault: unknown
}

/**
 * Executes one transaction. It throws, and leaves the session as it was, when the transaction may not be in this block:
 * `kernel/TRANSACTION_TOO_LARGE`, `TOO_MANY_CALLS`, `EXPIRED`, `VALID_TOO_LONG`, `WRONG_AUTHORITY` of the sender, `NONCE_MISMATCH`,
 * `WRONG_AUTHORITY` of the payer; for each call `UNKNOWN_MODULE`, `UNKNOWN_COMMAND`, `BAD_INPUT`; `WEIGHT_TOO_LOW`,
 * `WEIGHT_TOO_HIGH`, `FEE_TOO_LOW` or `FEE_NOT_TAKEN`, or what the fee policy's `reserve` throws, in this order; a fault in the computation of a fee or in `reserve` is `MODULE_FAULT`. A refusal by a call
 * is an outcome: fee, nonce and receipt stay, all else is taken back; but one that pays nothing where commands cost something
 * may not be in a block when it is refused, or it would fill blocks for ever at no price.
 */
export function executeTransaction(rules: Rules, session: Session, prepared: Prepared): Executed {
  const { body } = prepared.transaction
  keepChanges(session.journal)
  const start = savepoint(session.journal)
  const { nonce, calls, signatureWeight, charged } = reserveTransaction(rules, session, prepared, 'next')
  kernelContext(session).state.accounts.set(body.sender, { nonce: nonce + 1n, authority: body.authority })

  const events = session.events
  const eventsBefore = events.length
  session.refund = 0n
  const ran = runCalls(rules, session, body.sender, calls)
  const refund = amount(session.refund < body.fee ? session.refund : body.fee)
  mustGoOn(session.journal)
  const said: readonly Event[] = ran.refusal ? [] : events.slice(eventsBefore)
  if (ran.refusal && isFreeRide(rules, session, body.fee)) {
    rollback(session.journal, start)
    events.length = eventsBefore
    // There will be no receipt, so that the fault is told by the refusal alone.
    throw ran.fault === undefined ? ran.refusal : Object.assign(ran.refusal, { cause: ran.fault })
  }
  const weightUsed = signatureWeight + ran.weight
  try {
    settleFee(rules, session, charged, { ok: !ran.refusal, weightUsed, refund })
  } catch (error) {
    // The calls have run, so nobody may take this for a transaction that stayed outside the block.
    throw new Error('a fee policy must not refuse to settle', { cause: error })
  }
  events.length = eventsBefore
  const error = ran.refusal ? { code: ran.refusal.code, call: ran.at } : null
  return {
    receipt: { error, fee: amount(body.fee - refund), weight: weightUsed, events: said },
    refusal: ran.refusal,
    fault: ran.fault,
  }
}

/** True for a fee of 0 on a chain whose commands cost something. */
export function isFreeRide({ feeModule }: Rules, session: Session, fee: Amount): boolean {
  return fee === 0n && feeModule !== undefined && commandFeeOf(feeModule, paramsOf(session, feeModule)) > 0n
}

/** A transaction whose fee is reserved: all that may keep it out of a block has been checked. */
interface Reserved {
  readonly nonce: bigint
  readonly calls: readonly ReadyCall[]
  readonly signatureWeight: bigint
  readonly charged: Charged
}

/**
 * Checks all that may keep a transaction out of a block and reserves its fee. With `later`, a nonce above the account's next
 * is allowed, for transactions that wait for those before them. Throws as `executeTransaction` says, leaving no trace.
 */
export function reserveTransaction(
  rules: Rules,
  session: Session,
  prepared: Prepared,
  nonces: 'next' | 'later',
): Reserved {
  const { transaction } = prepared
  const { body } = transaction
  checkEnvelope(rules, session, prepared)
  const nonce = checkAccounts(rules, session, transaction, nonces)
  const calls = readCalls(rules, session, transaction)
  const signatureWeight = checkPrice(rules, transaction, calls)
  const charged: Charged = {
    payer: body.payer ?? body.sender,
    sender: body.sender,
    fee: body.fee,
    weightMax: body.weightMax,
    calls,
  }
  reserve(rules, session, charged)
  return { nonce, calls, signatureWeight, charged }
}

/** Reserves a fee. Throws what the policy throws, with nothing reserved. */
export function reserve(rules: Rules, session: Session, charged: Charged): void {
  const start = savepoint(session.journal)
  const eventsBefore = session.events.length
  try {
    reserveFee(rules, session, charged)
  } catch (error) {
    rollback(session.journal, start)
    mustGoOn(session.journal)
    throw keptOut(rules.runtime, { module: rules.feeModule?.name ?? 'kernel', command: 'reserve' }, error)
  } finally {
    // What a policy emits is dropped: the receipt says the fee, and a refused transaction has no events.
    session.events.length = eventsBefore
  }
}

/** What the calls cost. Throws as `executeTransaction` does for calls that the chain does not have. */
export function quote(rules: Rules, session: Session, transaction: Transaction): Quote {
  const calls = readCalls(rules, session, transaction)
  return {
    fee: feeOf(calls),
    weight: weightOf(calls) + signaturesWeight(transaction, rules.suites),
  }
}

/** Throws unless the transaction's size and life time fit this block. */
function checkEnvelope(
  { runtime, limits }: Rules,
  session: Session,
  { transaction: { body }, bytes }: Prepared,
): void {
  const fail = runtime.kernelFail
  const { height } = kernelContext(session).block
  if (bytes.length > limits.transactionBytesMax) {
    throw fail.TRANSACTION_TOO_LARGE({ max: limits.transactionBytesMax, got: bytes.length })
  }
  if (body.calls.length > limits.callsMax) {
    throw fail.TOO_MANY_CALLS({ max: limits.callsMax, got: body.calls.length })
  }
  if (body.validUntil < height) throw fail.EXPIRED({ validUntil: body.validUntil, height })
  const latest = height + BigInt(limits.validHeightsMax)
  if (body.validUntil > latest) throw fail.VALID_TOO_LONG({ validUntil: body.validUntil, max: latest })
}

/** Throws unless sender and payer sign with their accounts' authorities and the nonce is next. Returns the nonce. */
function checkAccounts(
  { runtime }: Rules,
  session: Session,
  { body, payerConsent }: Transaction,
  nonces: 'next' | 'later',
): bigint {
  const { accounts } = kernelContext(session).state
  const account = accounts.get(body.sender)
  checkAuthorityOf(runtime, body.sender, account?.authority, body.authority)
  const nonce = account?.nonce ?? 0n
  if (body.nonce < nonce || (nonces === 'next' && body.nonce !== nonce))
    throw runtime.kernelFail.NONCE_MISMATCH({ want: nonce, got: body.nonce })
  if (body.payer && payerConsent) {
    checkAuthorityOf(runtime, body.payer, accounts.get(body.payer)?.authority, payerConsent.authority)
  }
  return nonce
}

function checkAuthorityOf(
  runtime: Runtime,
  account: Address,
  known: Authority | undefined,
  got: Authority,
): void {
  const right = known ? sameAuthority(known, got) : authorityAddress(got) === account
  if (!right) throw runtime.kernelFail.WRONG_AUTHORITY({ account })
}

function readCalls(rules: Rules, session: Session, { body: { calls } }: Transaction): readonly ReadyCall[] {
  const ready = new Array<ReadyCall>(calls.length)
  for (let i = 0; i < ready.length; i++) ready[i] = readCall(rules, session, calls[i] as TransactionCall)
  return ready
}

function readCall({ runtime, feeModule }: Rules, session: Session, call: TransactionCall): ReadyCall {
  const { module, command } = call
  const used = runtime.modules.get(module)
  if (!used) throw runtime.kernelFail.UNKNOWN_MODULE({ module, known: [...runtime.modules.keys()] })
  const spec = used.spec.commands.get(command)
  if (!spec)
    throw runtime.kernelFail.UNKNOWN_COMMAND({ module, command, known: [...used.spec.commands.keys()] })
  let input: unknown
  try {
    input = decode(spec.input, call.input)
  } catch (error) {
    if (!isChainError(error)) throw error
    throw runtime.kernelFail.BAD_INPUT({ module, command, why: error.message })
  }
  try {
    const fee = amount(
      priceOf({ used, command: spec, name: command, input, feeModule, paramsOf, from: session }),
    )
    const weight = typeof spec.weight === 'function' ? spec.weight(input as never) : spec.weight
    const unused = spec.unused?.(input as never, paramsOf(session, used.spec) as never) ?? 0n
    return { module, command, input, run: spec.run, fee, unused: unused < fee ? unused : fee, weight }
  } catch (error) {
    throw keptOut(runtime, call, error)
  }
}

function paramsOf(session: Session, { name }: ModuleSpec): unknown {
  return (session.contexts(name).hook as { readonly params: unknown }).params
}

/** Why a transaction may not be in a block when a module's code threw `error` before the calls: a refusal, or a fault. */
function keptOut(
  { kernelFail }: Runtime,
  { module, command }: { readonly module: string; readonly command: string },
  error: unknown,
): unknown {
  if (isChainError(error) || stopsNode(error)) return error
  return Object.assign(kernelFail.MODULE_FAULT({ module, command }), { cause: error })
}

/** Throws unless the transaction offers the fee and the weight that its calls need. Returns the weight of its signatures. */
function checkPrice(rules: Rules, transaction: Transaction, calls: readonly ReadyCall[]): bigint {
  const fail = rules.runtime.kernelFail
  const { fee, weightMax } = transaction.body
  const signatures = signaturesWeight(transaction, rules.suites)
  const weight = signatures + weightOf(calls)
  if (weightMax < weight) throw fail.WEIGHT_TOO_LOW({ want: weight, got: weightMax })
  if (weightMax > rules.limits.blockWeightMax)
    throw fail.WEIGHT_TOO_HIGH({ max: rules.limits.blockWeightMax, got: weightMax })
  if (!rules.feeModule && fee > 0n) throw fail.FEE_NOT_TAKEN({ got: fee })
  const want = rules.feeModule ? feeOf(calls) : 0n
  if (fee < want) throw fail.FEE_TOO_LOW({ want, got: fee })
  return signatures
}

function feeOf(calls: readonly ReadyCall[]): Amount {
  return calls.reduce((total, { fee }) => total + fee, 0n) as Amount
}

function weightOf(calls: readonly ReadyCall[]): bigint {
  return calls.reduce((total, { weight }) => total + weight, 0n)
}

interface Ran {
  readonly weight: bigint
  readonly at: number
  readonly refusal: ChainError | undefined
  readonly fault: unknown
}

/** Runs the calls, all or nothing. */
function runCalls({ runtime }: Rules, session: Session, sender: Address, calls: readonly ReadyCall[]): Ran {
  const start = savepoint(session.journal)
  let weight = 0n
  let at = 0
  let running = { module: 'kernel', command: '' }
  let begun = 0
  try {
    for (const { module, command, input, run, weight: whole } of calls) {
      weight += whole
      session.call = Object.freeze({ sender, module, command, input })
      for (const guard of runtime.guards) {
        running = { module: guard.name, command: 'beforeCommand' }
        for (const check of guard.beforeCommand)
          expectNothing(check(session.contexts(guard.name).hook, session.call as never))
      }
      running = { module, command }
      begun++
      expectNothing(run(session.contexts(module).command, input as never))
      at++
    }
    return { weight, at, refusal: undefined, fault: undefined }
  } catch (error) {
    rollback(session.journal, start)
    for (const { unused } of calls.slice(begun)) session.refund += unused
    if (isChainError(error) && PUBLIC_CODE.test(error.code))
      return { weight, at, refusal: error, fault: undefined }
    if (stopsNode(error)) throw error
    const fault = error ?? new Error(`${running.module}.${running.command} threw ${error}`)
    return { weight, at, refusal: runtime.kernelFail.MODULE_FAULT(running), fault }
  } finally {
    session.call = undefined
  }
}

/** What a refusal's code may be, so that a receipt can always hold it. */
const PUBLIC_CODE = /^[a-z][a-zA-Z0-9-]{0,31}\/[A-Z][A-Z0-9_]{0,47}$/

/** A handler has done its work when it returns. One that returns anything, a promise above all, is a fault. */
export function expectNothing(result: unknown): void {
  if (result !== undefined) throw new TypeError('a handler returned a value; is it async?')
}

function reserveFee({ feeModule }: Rules, session: Session, charged: Charged): void {
  if (feeModule) expectNothing(feeModule.feePolicy?.reserve(session.contexts(feeModule.name).hook, charged))
}

type Outcome = Parameters<FeePolicy<never>['settle']>[2]

function settleFee({ feeModule }: Rules, session: Session, charged: Charged, outcome: Outcome): void {
  if (feeModule)
    expectNothing(feeModule.feePolicy?.settle(session.contexts(feeModule.name).hook, charged, outcome))
}

/** The kernel module's own context, typed. */
export function kernelContext(session: Session): CommandContext<KernelTypes> {
  return session.contexts('kernel').command as CommandContext<KernelTypes>
}
