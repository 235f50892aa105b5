import { secp256k1 } from '@mmtchain/crypto'
import { defineChain, memoryStore, type Store, solo } from '@mmtchain/kernel'
import {
  type ConsensusSigner,
  createNode,
  type Host,
  type Log,
  type MemoryNetwork,
  memoryNetwork,
  memorySigner,
  type Node,
  type Passage,
  silentLog,
} from '@mmtchain/node-runtime'
import { amount } from '@mmtchain/primitives'
import { testAccount, testAddresses, testChain } from '@mmtchain/testkit'
import { token } from '@mmtchain/token-rewards'

export const [alice, bob] = testAddresses('alice', 'bob')
export const validator = { ...testAccount('validator'), suite: secp256k1 }
export const BEGIN_MS = 1_700_000_000_000n

/** Time that moves only when the test says so; timers fire in the order of their times. */
export interface Clock {
  nowMs(): bigint
  setTimer(atMs: bigint, fire: () => void): () => void
  /** Moves on, firing what is due, until all that follows from it has settled. */
  advance(ms: bigint): Promise<void>
}

export function manualClock(): Clock {
  let now = BEGIN_MS
  let count = 0
  const timers = new Set<{ readonly atMs: bigint; readonly order: number; readonly fire: () => void }>()
  function nextUntil(end: bigint) {
    const [first] = [...timers]
      .filter(({ atMs }) => atMs <= end)
      .sort((a, b) => Number(a.atMs - b.atMs) || a.order - b.order)
    return first
  }
  return {
    nowMs: () => now,
    setTimer(atMs, fire) {
      const timer = { atMs, order: count++, fire }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    async advance(ms) {
      const end = now + ms
      await settle()
      for (let timer = nextUntil(end); timer; timer = nextUntil(end)) {
        timers.delete(timer)
        if (timer.atMs > now) now = timer.atMs
        timer.fire()
        await settle()
      }
      now = end
    },
  }
}

/** Lets every promise that can settle do so; stores and files in memory need no more. */
export async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
}

export function hostOf(clock: Clock, log: Log = silentLog): Host {
  return { ...clock, monotonicMs: () => Number(clock.nowMs()), log }
}

/** Some nodes of one chain with one validator, on a manual clock and a network in memory. */
export interface Nodes {
  readonly clock: Clock
  readonly network: MemoryNetwork
  /** Starts the node of a name: `validator`, or an observer. */
  start(
    name: string,
    options?: { store?: Store; signer?: ConsensusSigner; log?: Log; isAlone?: boolean },
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
  const clock = manualClock()
  const { link, json = false } = args
  const network = memoryNetwork({ clock, json, ...(link && { link }) })
  const running = new Set<Node>()
  return {
    clock,
    network,
    model,
    async start(name, { store = memoryStore(), signer, log, isAlone = false } = {}) {
      const node = await createNode({
        genesis: model.genesis,
        store,
        host: hostOf(clock, log),
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
