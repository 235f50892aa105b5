import { encode } from '@mmtchain/codec'
import { type Suite, secp256k1, sha256 } from '@mmtchain/crypto'
import {
  address,
  amount,
  type Chain,
  defineChain,
  type Engine,
  type GenesisData,
  type Machine,
  type StateReader,
  type StoredBlock,
  struct,
  type Tip,
  type Validator,
} from '@mmtchain/kernel'
import type { Node, ValidatorKey } from '@mmtchain/node-runtime'
import { type Address, type Height, amount as toAmount, utf8 } from '@mmtchain/primitives'
import {
  authorityAddress,
  senderMessage,
  singleKey,
  type Transaction,
  type TransactionBody,
  transactionId,
} from '@mmtchain/tx'
import type { Chance } from './chance.ts'
import { BEGIN_MS } from './clock.ts'
import { ledger } from './ledger.ts'
import { macSuite } from './mac-suite.ts'
import type { Plan } from './plan.ts'

/** Which chain is simulated. */
export interface Setup {
  readonly name: string
  /** The engine of each node. */
  engine(): Engine
  /** Judges seals, if it is to be another than the nodes run. */
  readonly reference?: Engine | undefined
  /** The genesis of a chain with more modules than `base`; of `base` itself unless it is given. */
  readonly genesis?: ((args: SetupGenesis) => GenesisData) | undefined
  /** True where observers may be elected: they have keys, are healed with the others, and their names are o0, o1, … */
  readonly isElected?: boolean | undefined
  /** What a block holds, for chains that look at how full blocks are. */
  readonly blockWeightMax?: bigint | undefined
  /** What the next block of an account would reveal, on a chain with reveals. */
  readonly reveal?: ((args: SetupReveal) => Uint8Array | undefined) | undefined
  /** How long machines take to execute a transfer; nothing else happens on them meanwhile. */
  readonly transferMs?: number | undefined
  /** How many transfers each account sends at a time, all to one node, instead of single ones. */
  readonly burst?: number | undefined
  /**
   * Judges what the chain's own modules decide, by rules written beside them: nodes that all run the same mistake agree with each other.
   * Made for each run, it is shown every block once, in the order of the chain, as it is first committed, and tells in words what is wrong.
   */
  readonly judge?: (() => (shown: SetupBlock) => readonly string[]) | undefined
  /** A call beside transfers, which nodes are sent as often. */
  readonly call?: ((chance: Chance, plan: Plan) => SetupCall | undefined) | undefined
}

export interface SetupReveal {
  readonly address: Address
  readonly machine: Machine
  readonly store: StateReader
  readonly tip: Tip
}
/** A block, and the chain after it. */
export interface SetupBlock {
  readonly machine: Machine
  readonly store: StateReader
  readonly parent: Tip
  readonly tip: Tip
  readonly stored: Pick<StoredBlock, 'block' | 'receipts'>
}
export interface SetupCall {
  /** The name of the account that calls, as `keyOf` takes it. */
  readonly from: string
  readonly module: string
  readonly command: string
  readonly input: Uint8Array
}

type BaseChain = ReturnType<typeof baseChain>
type BaseDocuments = Parameters<BaseChain['genesis']>[0]['documents']
export interface SetupGenesis {
  readonly base: BaseChain
  readonly timeMs: bigint
  readonly validators: readonly Validator[]
  /** Those who may be elected, validators first. */
  readonly people: readonly Validator[]
  /** Who sends transfers. */
  readonly accounts: readonly Address[]
  readonly documents: BaseDocuments
}

function baseChain(
  {
    engine,
    blockWeightMax,
    onTransfer,
  }: Pick<Setup, 'blockWeightMax'> & { readonly engine: Engine; readonly onTransfer: () => void },
  slotMs: number,
  suite: Suite,
) {
  const limits = blockWeightMax === undefined ? {} : { blockWeightMax }
  return defineChain({ id: 'simulated', slotMs, consensus: engine, suites: [suite], limits }).use(
    ledger(onTransfer),
  )
}

export function suiteOf({ suite }: Plan): Suite {
  return suite === 'mac' ? macSuite : secp256k1
}

/** The key of a name, which is account and consensus key of a validator at once. */
export function keyOf(suite: Suite, name: string): ValidatorKey {
  const secret = sha256(utf8(`simulated ${name}`))
  const authority = singleKey({ suite: suite.code, key: suite.publicKey(secret) })
  return { address: authorityAddress(authority), suite, secret }
}

const ACCOUNTS = 8
const TRANSFER = struct({ to: address, amount })
const VALID_HEIGHTS = 50n

export function genesisOf(
  setup: Setup,
  plan: Plan,
  wrapped: (engine: Engine) => Engine,
  onTransfer = () => {},
): GenesisData {
  const suite = suiteOf(plan)
  const base: Chain<object> | BaseChain = baseChain(
    { engine: wrapped(setup.engine()), blockWeightMax: setup.blockWeightMax, onTransfer },
    plan.slotMs,
    suite,
  )
  const people = namesOf(plan).map((name) => {
    const { address: account, secret } = keyOf(suite, name)
    return { address: account, key: { suite: suite.code, key: suite.publicKey(secret) } }
  })
  const args = {
    base,
    timeMs: BigInt(BEGIN_MS),
    people,
    accounts: Array.from({ length: ACCOUNTS }, (_, i) => keyOf(suite, `a${i}`).address),
    validators: people.slice(0, plan.validators),
    documents: { ledger: { first: keyOf(suite, 'a0').address } },
  }
  return setup.genesis ? setup.genesis(args) : base.genesis(args)
}

/** The names of the nodes of a plan: validators v0, v1, …, then observers o0, o1, … */
export function namesOf({ validators, observers }: Plan): readonly string[] {
  return Array.from({ length: validators + observers }, (_, i) =>
    i < validators ? `v${i}` : `o${i - validators}`,
  )
}

/** A transfer between the accounts of the ledger. */
function someTransfer(suite: Suite, chance: Chance): SetupCall {
  const from = `a${chance.below(ACCOUNTS)}`
  return transferOf(suite, from, chance)
}

function transferOf(suite: Suite, from: string, chance: Chance): SetupCall {
  const to = keyOf(suite, `a${chance.below(ACCOUNTS)}`).address
  const input = encode(TRANSFER, { to, amount: toAmount(BigInt(chance.below(1_000))) })
  return { from, module: 'ledger', command: 'transfer', input }
}

/** A transaction that a node might take now: a transfer, or a call of the setup's own. */
export function someTransaction(node: Node, setup: Setup, plan: Plan, chance: Chance): Transaction {
  const suite = suiteOf(plan)
  const own = setup.call && chance.perMille(500) ? setup.call(chance, plan) : undefined
  const { from, ...call } = own ?? someTransfer(suite, chance)
  const key = keyOf(suite, from)
  const { nonce } = accountOf(node, key.address)
  return transactionOf({ node, key, call, nonce })
}

/** Transfers of one account, as many as a node takes behind what waits already, which nobody sends to other nodes. */
export function manyTransfers(node: Node, from: string, { burst = 0 }: Setup, plan: Plan, chance: Chance) {
  const suite = suiteOf(plan)
  const key = keyOf(suite, from)
  const nonce = node.mempool.nextNonce(key.address, accountOf(node, key.address).nonce)
  return Array.from({ length: burst }, (_, i) => {
    const { from: _from, ...call } = transferOf(suite, from, chance)
    return transactionOf({ node, key, call, nonce: nonce + BigInt(i) })
  })
}

function transactionOf(args: {
  readonly node: Node
  readonly key: ValidatorKey
  readonly call: Omit<SetupCall, 'from'>
  readonly nonce: bigint
}): Transaction {
  const { node, key: from, call, nonce } = args
  const { suite } = from
  const { machine, store, tip } = node
  const { fingerprint } = machine.genesis
  const draft: TransactionBody = {
    fingerprint,
    sender: from.address,
    authority: singleKey({ suite: suite.code, key: suite.publicKey(from.secret) }),
    nonce,
    validUntil: (tip.header.height + VALID_HEIGHTS) as Height,
    fee: toAmount(0n),
    weightMax: 0n,
    payer: null,
    calls: [call],
  }
  const { weight, fee } = machine.quote({ body: draft, signatures: [], payerConsent: null }, store)
  const isFree = !machine.genesis.chain.modules.some(({ spec }) => spec.feePolicy)
  const body = { ...draft, weightMax: weight, fee: isFree ? draft.fee : fee }
  const message = senderMessage({ fingerprint, id: transactionId(body) })
  return { body, signatures: [{ index: 0, signature: suite.sign(message, from.secret) }], payerConsent: null }
}

function accountOf({ machine, store, tip }: Node, of: ValidatorKey['address']) {
  return machine.query(store, tip, { module: 'kernel', query: 'account', input: { address: of } }) as {
    readonly nonce: bigint
  }
}
