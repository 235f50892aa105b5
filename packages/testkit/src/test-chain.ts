import { encode } from '@mmtchain/codec'
import { secp256k1 } from '@mmtchain/crypto'
import {
  type Chain,
  createMachine,
  type Documents,
  type Event,
  type Execution,
  type GenesisData,
  type Machine,
  type MemoryStore,
  type ModuleTypes,
  memoryStore,
  type Prepared,
  type Receipt,
  type RefusalText,
  type StateReader,
  type Tip,
  type ValidatorSet,
} from '@mmtchain/kernel'
import {
  type Address,
  type Amount,
  amount,
  type ChainError,
  type Hash,
  type Height,
  height,
  isChainError,
} from '@mmtchain/primitives'
import { senderMessage, type Transaction, type TransactionBody, transactionId } from '@mmtchain/tx'
import { testAccount, testAccountAt } from './accounts.ts'
import { withPoison } from './poison.ts'
import { watchingOrder, withShuffledOrder } from './shuffle.ts'
import { proposerOf, type TurnsPlan, turnRequest } from './turns.ts'
import { watched } from './watched.ts'

/** What came of one transaction. */
export interface Outcome {
  /** The code of the refusal, or undefined when all went well. */
  readonly code: string | undefined
  /** The names of the events, `module.event`, in order. */
  readonly events: readonly string[]
  /** Absent when the transaction may not be in a block at all. */
  readonly receipt: Receipt | undefined
  /** Why it was refused, in words. */
  readonly refusal: RefusalText | undefined
  readonly id: Hash
}

/** The commands of one module. */
export type Commands<C, Done> = { readonly [N in keyof C]: (input: C[N]) => Done }
/** The queries of one module. */
export type Answers<Q> = {
  readonly [N in keyof Q]: Q[N] extends { input: infer I; output: infer O } ? (input: I) => O : never
}
/** The commands of every module of a chain, as functions: `token.transfer({ to, amount })`. */
export type Senders<M, Done> = {
  readonly [K in keyof M]: M[K] extends ModuleTypes ? Commands<M[K]['commands'], Done> : never
}
/** The queries of every module of a chain, as functions: `token.balance({ owner })`. */
export type Readers<M> = {
  readonly [K in keyof M]: M[K] extends ModuleTypes ? Answers<M[K]['queries']> : never
}

/** One call for `TestChain.block`. */
export interface TestCall {
  readonly sender: Address
  readonly module: string
  readonly command: string
  readonly input: unknown
}

/** A chain in this process, under the test's control: each command is a block of its own, one slot later, and nothing else is. */
export interface TestChain<M> {
  readonly height: Height
  readonly timeMs: bigint
  /** The root of the state now. */
  readonly stateRoot: Hash
  /** The rows of the state now, as they are stored. */
  readonly state: StateReader
  readonly genesis: GenesisData
  /** Sends commands as a test account, each in a block of its own, with the fee that it costs. */
  as(sender: Address): Senders<M, Outcome>
  /** Answers queries from the state now. */
  readonly read: Readers<M>
  /** Puts several calls, each a transaction of its own, into one block. */
  block(calls: readonly TestCall[]): readonly Outcome[]
  /** Several calls of one sender in a single transaction, all or nothing. */
  transaction(sender: Address, calls: readonly Omit<TestCall, 'sender'>[]): Outcome
  /** Sends a transaction that the test has built and signed itself, in a block of its own. */
  submit(transaction: Transaction): Outcome
  /** Signs a body as its sender, a test account. */
  sign(body: TransactionBody): Transaction
  /** A body with the fee, weight and nonce that the calls need now. */
  body(sender: Address, calls: readonly Omit<TestCall, 'sender'>[]): TransactionBody
  /**
   * Makes empty blocks, one a slot; or a single one at a time far ahead, if the engine lets blocks wait. With the engine `turns()`,
   * the plan holds for each of them.
   */
  advance(args: ({ readonly blocks: number } & TurnsPlan) | { readonly toMs: bigint }): void
  /** The names of the events that hooks emitted in the last block, `module.event`: before its transactions, then after them. */
  readonly hookEvents: readonly string[]
  /** Who rules the next height. */
  readonly validators: ValidatorSet
  /** Who proposes the next block, after `round` turns have passed without one; with the engine `turns()`. */
  proposer(round?: number): Address
  /** The rows that a call of a test account reads and writes, beyond those of a block without it. Nothing of the call stays. Throws when it is refused. */
  rows(call: TestCall): { readonly read: number; readonly written: number }
  /** A second chain with the same state, to try something and throw it away. */
  fork(): TestChain<M>
}

/** What a test says of its chain besides the documents. */
export interface TestOptions<M> {
  /** The validators of the genesis, test accounts, in roster order; `testAccount('validator')` alone unless given. */
  readonly validators?: readonly Address[]
  /** What a proposer reveals in its next block, from the state before it; with the engine `turns()`. */
  readonly reveal?: (proposer: Address, read: Readers<M>) => Uint8Array | undefined
}

/**
 * Starts a chain in this process from its modules' genesis documents. Every block is built, then executed again on a second
 * store with the clock and the random source poisoned and the order of the modules' collections shuffled, and all roots are
 * compared; invariants are checked after each block.
 */
export function testChain<M>(
  chain: Chain<M>,
  documents: Documents<M>,
  options: TestOptions<M> = {},
): TestChain<M> {
  const { validators = [testAccount('validator').address] } = options
  const genesis = chain.genesis({
    timeMs: 1_700_000_000_000n,
    validators: validators.map((address) => ({ address, key: firstKey(address) })),
    documents,
  })
  const machine = createMachine(watched(genesis))
  const stores = [memoryStore(), memoryStore()] as const
  const begun = twice(
    0n,
    () => machine.begin(stores[0]),
    () => machine.begin(stores[1]),
  )
  commit(stores[0], begun.first)
  commit(stores[1], begun.again)
  return run<M>(genesis, machine, stores, begun.first.tip, options)
}

function firstKey(address: Address) {
  const [key] = testAccountAt(address).authority.keys
  if (!key) throw new Error('an authority has a key')
  return key
}

/**
 * Executes a block twice, the second time with the clock and the random source poisoned and every collection of the modules in
 * another order. Throws unless both come out the same, saying which of the two the modules depend on.
 */
function twice<E extends Execution>(
  height: bigint,
  build: () => E,
  execute: (built: E) => Execution,
): { readonly first: E; readonly again: Execution } {
  const first = watchingOrder(() => build())
  const seed = Number(height) + 1
  const outcome = tried(() => withPoison(() => withShuffledOrder(seed, () => execute(first))))
  if ('done' in outcome && outcome.done.id === first.id) return { first, again: outcome.done }
  const inOrder = tried(() => withPoison(() => watchingOrder(() => execute(first))))
  if ('done' in inOrder && inOrder.done.id === first.id) {
    const cure = 'sort what you iterate; in a module a Map and a Set have no order'
    throw new Error(
      `two executions of one block differ by the order of a Map or Set (seed ${seed}); ${cure}`,
      'error' in outcome ? { cause: outcome.error } : {},
    )
  }
  const why = 'does a module keep something outside its state?'
  if ('done' in outcome)
    throw new Error(`two executions of one block differ; ${why} They give ${first.id} and ${outcome.done.id}`)
  const { error } = outcome
  throw new Error(`two executions of one block differ; ${why} ${error.message}`, { cause: error })
}

/** What an execution gives, or why its block is refused; anything else is thrown on. */
function tried(work: () => Execution): { readonly done: Execution } | { readonly error: ChainError } {
  try {
    return { done: work() }
  } catch (error) {
    if (!isChainError(error)) throw error
    return { error }
  }
}

function run<M>(
  genesis: GenesisData,
  machine: Machine,
  stores: readonly [MemoryStore, MemoryStore],
  start: Tip,
  options: TestOptions<M>,
): TestChain<M> {
  let tip = start
  const { chain, fingerprint } = genesis
  const [store, second] = stores
  let hookEvents: readonly string[] = []

  const read = verbs((module, query, input) =>
    machine.query(store, tip, { module, query, input }),
  ) as Readers<M>

  function makeBlock(
    candidates: readonly Prepared[],
    plan: TurnsPlan & { readonly toMs?: bigint } = {},
  ): readonly Outcome[] {
    const { proposer, request } = nextBlock(plan)
    const { first: built, again } = twice(
      tip.header.height + 1n,
      () => {
        const made = machine.build(store, { parent: tip, proposer, request, candidates })
        for (const { fault } of made.faults) throw fault
        return made
      },
      ({ block }) => machine.execute(second, { parent: tip, block }),
    )
    commit(store, built)
    commit(second, again)
    tip = built.tip
    hookEvents = namesOf([...built.receipts.begin, ...built.receipts.end])
    const broken = machine.brokenInvariants(store, tip)
    if (broken.length > 0)
      throw new Error(`invariants do not hold at height ${tip.header.height}: ${broken.join('; ')}`)
    return candidates.map(({ id }) => outcomeOf(id, built))
  }

  /** As the engine would ask for it: `turns()` says who proposes and reveals, any other engine is fed as solo is. */
  function nextBlock(plan: TurnsPlan & { readonly toMs?: bigint }) {
    const { toMs } = plan
    if (chain.engine.name === 'turns') {
      const reveal = plan.reveal ?? options.reveal?.(proposerOf(tip, plan.round ?? 0), read)
      const { proposer, request } = turnRequest(tip, BigInt(chain.slotMs), { ...plan, reveal })
      return { proposer, request: { ...request, timeMs: toMs ?? request.timeMs } }
    }
    const timeMs = toMs ?? tip.header.timeMs + BigInt(chain.slotMs)
    const proposer = (tip.validators.validators[0] as { address: Address }).address
    return {
      proposer,
      request: { timeMs, round: 0, consensus: new Uint8Array(), evidence: [], missProofs: [] },
    }
  }

  function body(
    sender: Address,
    calls: readonly Omit<TestCall, 'sender'>[],
    nonce?: bigint,
  ): TransactionBody {
    const { authority } = testAccountAt(sender)
    const account = machine.query(store, tip, {
      module: 'kernel',
      query: 'account',
      input: { address: sender },
    }) as {
      nonce: bigint
    }
    const draft: TransactionBody = {
      fingerprint,
      sender,
      authority,
      nonce: nonce ?? account.nonce,
      validUntil: height(tip.header.height + 100n),
      fee: amount(0n),
      weightMax: 0n,
      payer: null,
      calls: calls.map((call) => ({ module: call.module, command: call.command, input: inputBytes(call) })),
    }
    const { fee, weight } = machine.quote({ body: draft, signatures: [], payerConsent: null }, store)
    return { ...draft, fee: feeTaken(fee), weightMax: weight }
  }

  function rowsOf(candidates: readonly Prepared[]) {
    const count = { read: 0, written: 0 }
    const { proposer, request } = nextBlock({})
    const counting = counted(store, count)
    const { receipts, skipped } = machine.build(counting, { parent: tip, proposer, request, candidates })
    const code = receipts.transactions.find(({ error }) => error)?.error?.code ?? skipped[0]?.error.code
    if (code !== undefined) throw new Error(`the call is refused: ${code}`)
    return count
  }

  const feeTaken = (fee: Amount) => (chain.modules.some(({ spec }) => spec.feePolicy) ? fee : amount(0n))

  function inputBytes({ module, command, input }: Omit<TestCall, 'sender'>): Uint8Array {
    // The release in force, whose commands may take other inputs than those of the chain file's beginning.
    const { modules } = machine.release(store)
    const spec = modules.find((used) => used.spec.name === module)?.spec.commands.get(command)
    if (!spec) throw new Error(`the chain has no command ${module}.${command}`)
    return encode(spec.input, input)
  }

  function sign(unsigned: TransactionBody): Transaction {
    const { secret } = testAccountAt(unsigned.sender)
    const message = senderMessage({ fingerprint, id: transactionId(unsigned) })
    const signatures = [{ index: 0, signature: secp256k1.sign(message, secret) }]
    return { body: unsigned, signatures, payerConsent: null }
  }

  const only = (outcomes: readonly Outcome[]) => outcomes[0] as Outcome
  const submit = (transaction: Transaction) => {
    let prepared: Prepared
    try {
      prepared = machine.prepare(transaction)
    } catch (error) {
      return notIncluded(transactionId(transaction.body), error)
    }
    return only(makeBlock([prepared]))
  }

  return {
    get height() {
      return tip.header.height
    },
    get timeMs() {
      return tip.header.timeMs
    },
    get stateRoot() {
      return tip.header.stateRoot
    },
    genesis,
    as: (sender) =>
      verbs((module, command, input) => submit(sign(body(sender, [{ module, command, input }])))) as Senders<
        M,
        Outcome
      >,
    read,
    state: store,
    get validators() {
      return tip.validators
    },
    proposer: (round = 0) => proposerOf(tip, round),
    block(calls) {
      const nonces = new Map<Address, bigint>()
      const prepared = calls.map((call) => {
        const signed = sign(body(call.sender, [call], nonces.get(call.sender)))
        nonces.set(call.sender, signed.body.nonce + 1n)
        return machine.prepare(signed)
      })
      return makeBlock(prepared)
    },
    transaction: (sender, calls) => submit(sign(body(sender, calls))),
    submit,
    sign,
    body,
    advance(args) {
      if ('toMs' in args) return void makeBlock([], args)
      const { blocks, ...plan } = args
      for (let i = 0; i < blocks; i++) makeBlock([], plan)
    },
    get hookEvents() {
      return hookEvents
    },
    rows(call) {
      const empty = rowsOf([])
      const { read, written } = rowsOf([machine.prepare(sign(body(call.sender, [call])))])
      return { read: read - empty.read, written: written - empty.written }
    },
    fork: () => run<M>(genesis, machine, [store.fork(), second.fork()], tip, options),
  }
}

/** A store that counts the rows that are read of it, and those of the stage that is made on it. */
function counted(store: MemoryStore, count: { read: number; written: number }): MemoryStore {
  return {
    ...store,
    get(key) {
      count.read += 1
      return store.get(key)
    },
    *entries(range) {
      for (const row of store.entries(range)) {
        count.read += 1
        yield row
      }
    },
    stage(changes) {
      count.written += changes.length
      return store.stage(changes)
    },
  }
}

/** Two levels of names that call one function: `verbs(run).token.transfer(input)`. */
function verbs(run: (module: string, name: string, input: unknown) => unknown): object {
  const level = (get: (name: string) => unknown) => new Proxy({}, { get: (_, name) => get(String(name)) })
  return level((module) => level((name) => (input: unknown) => run(module, name, input)))
}

function commit(store: MemoryStore, execution: Execution): void {
  const { block, id, receipts, transactionIds, refusals, staged } = execution
  const none = new Uint8Array()
  store.commitNow({ block, id, seal: none, receipts, transactionIds, refusals, staged, checkpoint: none })
}

function outcomeOf(
  id: Hash,
  built: Execution & { readonly skipped: readonly { id: Hash; error: ChainError }[] },
): Outcome {
  const at = built.transactionIds.indexOf(id)
  if (at < 0) return notIncluded(id, built.skipped.find((one) => one.id === id)?.error)
  const receipt = built.receipts.transactions[at] as Receipt
  return {
    code: receipt.error?.code,
    events: namesOf(receipt.events),
    receipt,
    refusal: built.refusals[at] ?? undefined,
    id,
  }
}

function namesOf(events: readonly Event[]): readonly string[] {
  return events.map(({ module, name }) => `${module}.${name}`)
}

function notIncluded(id: Hash, error: unknown): Outcome {
  if (!isChainError(error)) throw error ?? new Error(`the block has no room for ${id}`)
  const { code, message, hint, cause } = error
  if (code === 'kernel/MODULE_FAULT' && cause !== undefined) throw cause
  return { code, events: [], receipt: undefined, refusal: { code, message, hint }, id }
}
