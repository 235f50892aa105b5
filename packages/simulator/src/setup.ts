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
  type Store,
  struct,
  type Validator,
} from '@mmtchain/kernel'
import type { Node, ValidatorKey } from '@mmtchain/node-runtime'
import { type Height, amount as toAmount, utf8 } from '@mmtchain/primitives'
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
}

type BaseChain = ReturnType<typeof baseChain>
type BaseDocuments = Parameters<BaseChain['genesis']>[0]['documents']
export interface SetupGenesis {
  readonly base: BaseChain
  readonly timeMs: bigint
  readonly validators: readonly Validator[]
  readonly documents: BaseDocuments
}

function baseChain(consensus: Engine, slotMs: number, suite: Suite) {
  return defineChain({ id: 'simulated', slotMs, consensus, suites: [suite] }).use(ledger())
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

export function genesisOf(setup: Setup, plan: Plan, wrapped: (engine: Engine) => Engine): GenesisData {
  const suite = suiteOf(plan)
  const base: Chain<object> | BaseChain = baseChain(wrapped(setup.engine()), plan.slotMs, suite)
  const validators = Array.from({ length: plan.validators }, (_, i) => {
    const { address: account, secret } = keyOf(suite, `v${i}`)
    return { address: account, key: { suite: suite.code, key: suite.publicKey(secret) } }
  })
  const args = {
    base,
    timeMs: BigInt(BEGIN_MS),
    validators,
    documents: { ledger: { first: keyOf(suite, 'a0').address } },
  }
  return setup.genesis ? setup.genesis(args) : base.genesis(args)
}

/** A transfer that a node might take now. */
export function someTransfer(node: Node, suite: Suite, chance: Chance): Transaction {
  const from = keyOf(suite, `a${chance.below(ACCOUNTS)}`)
  const to = keyOf(suite, `a${chance.below(ACCOUNTS)}`).address
  const { machine, store, tip } = node
  const { fingerprint } = machine.genesis
  const account = accountOf(machine, store, node, from.address)
  const draft: TransactionBody = {
    fingerprint,
    sender: from.address,
    authority: singleKey({ suite: suite.code, key: suite.publicKey(from.secret) }),
    nonce: account.nonce,
    validUntil: (tip.header.height + VALID_HEIGHTS) as Height,
    fee: toAmount(0n),
    weightMax: 0n,
    payer: null,
    calls: [
      {
        module: 'ledger',
        command: 'transfer',
        input: encode(TRANSFER, { to, amount: toAmount(BigInt(chance.below(1_000))) }),
      },
    ],
  }
  const { weight } = machine.quote({ body: draft, signatures: [], payerConsent: null }, store)
  const body = { ...draft, weightMax: weight }
  const message = senderMessage({ fingerprint, id: transactionId(body) })
  return { body, signatures: [{ index: 0, signature: suite.sign(message, from.secret) }], payerConsent: null }
}

function accountOf(machine: Machine, store: Store, { tip }: Node, of: ValidatorKey['address']) {
  return machine.query(store, tip, { module: 'kernel', query: 'account', input: { address: of } }) as {
    readonly nonce: bigint
  }
}
