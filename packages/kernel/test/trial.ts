import { encode } from '@mmtchain/codec'
import { secp256k1, sha256 } from '@mmtchain/crypto'
import {
  amount,
  type Block,
  type BlockRequest,
  type Chain,
  createMachine,
  type Documents,
  type Event,
  type Execution,
  type GenesisData,
  height,
  type Machine,
  type MemoryStore,
  memoryStore,
  type Prepared,
  type Receipt,
  type RefusalText,
  type Skipped,
  type Tip,
} from '@mmtchain/kernel'
import { type Address, type ChainError, type Hash, utf8 } from '@mmtchain/primitives'
import {
  type Authority,
  authorityAddress,
  payerMessage,
  senderMessage,
  singleKey,
  type Transaction,
  type TransactionBody,
  transactionId,
} from '@mmtchain/tx'

/** An account of one secp256k1 key that follows from its name. */
export interface Account {
  readonly address: Address
  readonly authority: Authority
  readonly secret: Uint8Array
}
export function account(name: string): Account {
  const secret = sha256(utf8(`kernel test ${name}`))
  const authority = singleKey({ suite: secp256k1.code, key: secp256k1.publicKey(secret) })
  return { address: authorityAddress(authority), authority, secret }
}

export const validator = account('validator')
export const validators = [
  { address: validator.address, key: validator.authority.keys[0] as Authority['keys'][number] },
]
export const timeMs = 1_750_000_000_000n

export interface TrialCall {
  readonly module: string
  readonly command: string
  readonly input: unknown
}

/** What came of one transaction. */
export interface Outcome {
  readonly id: Hash
  /** The code in the receipt, or of what kept the transaction out of the block. */
  readonly code: string | undefined
  /** Undefined when the transaction is not in the block. */
  readonly receipt: Receipt | undefined
  readonly events: readonly string[]
  readonly refusal: RefusalText | ChainError | undefined
  readonly fault: unknown
}

export type Built = Execution & { readonly skipped: readonly Skipped[] }

/** A chain on a store in memory, block by block, without anything between the test and the machine. */
export interface Trial {
  readonly genesis: GenesisData
  readonly machine: Machine
  readonly store: MemoryStore
  readonly tip: Tip
  /** A body whose nonce, fee and weight are what the calls need now. */
  body(from: Account, calls: readonly TrialCall[], change?: Partial<TransactionBody>): TransactionBody
  prepare(from: Account, calls: readonly TrialCall[], change?: Partial<TransactionBody>): Prepared
  /** Builds the next block without committing it. */
  build(candidates: Iterable<Prepared>, change?: Partial<BlockRequest>): Built
  /** Executes a block as another node would, without committing it. */
  execute(block: Block): Execution
  /** Builds the next block, executes it a second time from its bytes' values, and commits it. */
  block(candidates: readonly Prepared[]): Built
  /** Sends one transaction in a block of its own. */
  send(from: Account, calls: TrialCall | readonly TrialCall[], change?: Partial<TransactionBody>): Outcome
  read(module: string, query: string, input: unknown): unknown
  /** Every row of the state, by key, as hex. */
  rows(): ReadonlyMap<string, string>
}

export function start<M>(chain: Chain<M>, documents: Documents<M>): Trial {
  const genesis = chain.genesis({ timeMs, validators, documents })
  const { fingerprint } = genesis
  const machine = createMachine(genesis)
  const store = memoryStore()
  const begun = machine.begin(store)
  commit(begun)
  let tip = begun.tip

  function commit({ block, id, receipts, transactionIds, refusals, staged }: Execution): void {
    const none = new Uint8Array()
    store.commitNow({ block, id, seal: none, receipts, transactionIds, refusals, staged, checkpoint: none })
  }

  function body(from: Account, calls: readonly TrialCall[], change: Partial<TransactionBody> = {}) {
    const draft: TransactionBody = {
      fingerprint,
      sender: from.address,
      authority: from.authority,
      nonce: (read('kernel', 'account', { address: from.address }) as { nonce: bigint }).nonce,
      validUntil: height(tip.header.height + 10n),
      fee: amount(0n),
      weightMax: 0n,
      payer: null,
      calls: calls.map(({ module, command, input }) => ({
        module,
        command,
        input: inputBytes(module, command, input),
      })),
    }
    const { fee, weight } = machine.quote({ body: draft, signatures: [], payerConsent: null }, store)
    const takesFees = chain.modules.some(({ spec }) => spec.feePolicy)
    return { ...draft, fee: takesFees ? fee : amount(0n), weightMax: weight, ...change }
  }

  function inputBytes(module: string, command: string, input: unknown): Uint8Array {
    if (input instanceof Uint8Array) return input
    const spec = chain.modules.find((used) => used.spec.name === module)?.spec.commands.get(command)
    if (!spec) throw new Error(`there is no ${module}.${command}`)
    return encode(spec.input, input)
  }

  const read = (module: string, query: string, input: unknown) =>
    machine.query(store, tip, { module, query, input })

  const prepare: Trial['prepare'] = (from, calls, change) =>
    machine.prepare(sign(from, body(from, calls, change)))

  const build: Trial['build'] = (candidates, change = {}) =>
    machine.build(store, {
      parent: tip,
      proposer: validator.address,
      request: {
        timeMs: tip.header.timeMs + BigInt(chain.slotMs),
        round: 0,
        consensus: new Uint8Array(),
        evidence: [],
        missProofs: [],
        ...change,
      },
      candidates,
    })

  const execute = (block: Block) => machine.execute(store.fork(), { parent: tip, block })

  function makeBlock(candidates: readonly Prepared[]): Built {
    const built = build(candidates)
    const again = execute(built.block)
    if (again.id !== built.id) throw new Error('two executions of one block differ')
    commit(built)
    tip = built.tip
    return built
  }

  return {
    genesis,
    machine,
    store,
    get tip() {
      return tip
    },
    body,
    prepare,
    build,
    execute,
    block: makeBlock,
    send(from, calls, change) {
      const prepared = prepare(from, 'module' in calls ? [calls] : calls, change)
      return outcomeOf(makeBlock([prepared]), prepared.id)
    },
    read,
    rows: () =>
      new Map(
        [...store.entries({ prefix: '' })].map(([key, value]) => [key, Buffer.from(value).toString('hex')]),
      ),
  }
}

/** Signs a body as its sender, and as its payer when one is given. */
export function sign(
  from: Account,
  body: TransactionBody,
  payer?: { readonly account: Account; readonly feeMax: bigint },
): Transaction {
  const { fingerprint } = body
  const id = transactionId(body)
  const signatures = [
    { index: 0, signature: secp256k1.sign(senderMessage({ fingerprint, id }), from.secret) },
  ]
  if (!payer) return { body, signatures, payerConsent: null }
  const feeMax = amount(payer.feeMax)
  const message = payerMessage({ fingerprint, id, feeMax })
  const consent = [{ index: 0, signature: secp256k1.sign(message, payer.account.secret) }]
  return {
    body,
    signatures,
    payerConsent: { authority: payer.account.authority, feeMax, signatures: consent },
  }
}

export function outcomeOf(built: Built, id: Hash): Outcome {
  const at = built.transactionIds.indexOf(id)
  const kept = built.skipped.find((one) => one.id === id)?.error
  const receipt = built.receipts.transactions[at]
  return {
    id,
    code: receipt ? receipt.error?.code : kept?.code,
    receipt,
    events: namesOf(receipt?.events ?? []),
    refusal: built.refusals[at] ?? kept,
    fault: built.faults.find(({ transaction }) => transaction === id)?.fault,
  }
}

/** `module.event` for each. */
export function namesOf(events: readonly Event[]): readonly string[] {
  return events.map(({ module, name }) => `${module}.${name}`)
}
