import { secp256k1 } from '@mmtchain/crypto'
import { defineChain, memoryStore, type Store, solo } from '@mmtchain/kernel'
import {
  type ConsensusSigner,
  createNode,
  type Host,
  type Log,
  type MemoryNetwork,
  type MempoolLimits,
  memoryNetwork,
  memorySigner,
  type Node,
  type Passage,
  silentLog,
} from '@mmtchain/node-runtime'
import { amount } from '@mmtchain/primitives'
import { type ManualClock, manualClock, testAccount, testAddresses, testChain } from '@mmtchain/testkit'
import { token } from '@mmtchain/token-rewards'

export const [alice, bob] = testAddresses('alice', 'bob')
export const validator = { ...testAccount('validator'), suite: secp256k1 }

export function hostOf(clock: ManualClock, log: Log = silentLog): Host {
  return { ...clock, monotonicMs: () => Number(clock.nowMs()), log }
}

/** Some nodes of one chain with one validator, on a manual clock and a network in memory. */
export interface Nodes {
  readonly clock: ManualClock
  readonly network: MemoryNetwork
  /** Starts the node of a name: `validator`, or an observer. */
  start(
    name: string,
    options?: {
      store?: Store
      signer?: ConsensusSigner
      log?: Log
      isAlone?: boolean
      mempool?: Partial<MempoolLimits>
      monotonicMs?: () => number
    },
  ): Promise<Node>
  readonly model: ReturnType<typeof modelOf>
  stop(): Promise<void>
}

const documents = { token: { balances: [{ owner: alice, amount: amount(100_000n) }], unclaimed: [] } }
function modelOf(id: string) {
  const chain = defineChain({ id, slotMs: 1_000, consensus: solo() }).use(
    token({ symbol: 'TST', decimals: 2 }),
  )
  return testChain(chain, documents)
}

export function soloNodes(
  args: { id?: string; link?: (passage: Passage) => readonly number[]; json?: boolean } = {},
): Nodes {
  const model = modelOf(args.id ?? 'nodes')
  const clock = manualClock(() => new Promise((resolve) => setImmediate(resolve)))
  const { link, json = false } = args
  const network = memoryNetwork({ clock, json, ...(link && { link }) })
  const running = new Set<Node>()
  return {
    clock,
    network,
    model,
    async start(
      name,
      { store = memoryStore(), signer, log, isAlone = false, mempool = {}, monotonicMs } = {},
    ) {
      const node = await createNode({
        genesis: model.genesis,
        store,
        host: { ...hostOf(clock, log), ...(monotonicMs && { monotonicMs }) },
        mempool,
        network: isAlone ? undefined : network.at(name),
        validator: name === 'validator' ? (signer ?? memorySigner(validator)) : undefined,
      })
      running.add(node)
      return node
    },
    async stop() {
      await Promise.all([...running].map((node) => node.stop()))
    },
  }
}
