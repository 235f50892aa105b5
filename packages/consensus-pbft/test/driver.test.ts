// The engine under the driver of production: signers, logs of inputs, blocks, transactions and sync as a node has them.
import { pbft } from '@mmtchain/consensus-pbft'
import { secp256k1 } from '@mmtchain/crypto'
import { defineChain, type MemoryStore, memoryStore } from '@mmtchain/kernel'
import {
  type ConsensusSigner,
  createNode,
  memoryFile,
  memoryNetwork,
  memorySigner,
  type Node,
  type RawFile,
  silentLog,
} from '@mmtchain/node-runtime'
import { amount } from '@mmtchain/primitives'
import { testAccount, testAddresses, testChain } from '@mmtchain/testkit'
import { token } from '@mmtchain/token-rewards'
import { expect, test } from 'vitest'
import { BEGIN_MS, nameOf, SLOT_MS, validatorsOf } from './network.ts'

const [alice, bob] = testAddresses('alice', 'bob')

/** Time that moves only when the test says so; timers fire in the order of their times. */
function manualClock() {
  let now = BEGIN_MS
  let order = 0
  const timers = new Set<{ readonly atMs: bigint; readonly order: number; readonly fire: () => void }>()
  const due = (end: bigint) =>
    [...timers]
      .filter(({ atMs }) => atMs <= end)
      .sort((a, b) => Number(a.atMs - b.atMs) || a.order - b.order)[0]
  const settle = () => new Promise((resolve) => setImmediate(resolve))
  return {
    nowMs: () => now,
    setTimer(atMs: bigint, fire: () => void) {
      const timer = { atMs, order: order++, fire }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    async advance(ms: bigint) {
      const end = now + ms
      await settle()
      for (let timer = due(end); timer; timer = due(end)) {
        timers.delete(timer)
        if (timer.atMs > now) now = timer.atMs
        timer.fire()
        await settle()
      }
      now = end
    },
  }
}

interface Home {
  readonly store: MemoryStore
  readonly log: RawFile
  readonly signer: ConsensusSigner | undefined
}

function cluster(validators: number) {
  const model = testChain(
    defineChain({ id: 'pbft-driver', slotMs: SLOT_MS, consensus: pbft() }).use(
      token({ symbol: 'TST', decimals: 2 }),
    ),
    { token: { balances: [{ owner: alice, amount: amount(100_000n) }], unclaimed: [] } },
    { validators: validatorsOf(validators).map(({ address }) => address) },
  )
  const clock = manualClock()
  const network = memoryNetwork({ clock, link: () => [20] })
  const homes = new Map<string, Home>()
  const homeOf = (name: string): Home => {
    const isValidator = Array.from({ length: validators }, (_, i) => nameOf(i)).includes(name)
    const signer = isValidator ? memorySigner({ ...testAccount(name), suite: secp256k1 }) : undefined
    const home = homes.get(name) ?? { store: memoryStore(), log: memoryFile(), signer }
    homes.set(name, home)
    return home
  }
  return {
    model,
    clock,
    network,
    start: (name: string): Promise<Node> => {
      const { store, log, signer } = homeOf(name)
      return createNode({
        genesis: model.genesis,
        // A node closes its store; this one is opened again.
        store: { ...store, close: async () => undefined },
        host: { ...clock, monotonicMs: () => Number(clock.nowMs()), log: silentLog },
        network: network.at(name),
        inputLog: log,
        validator: signer,
      })
    },
  }
}

test('four nodes and an observer decide blocks with transactions, and one that stops and starts again goes on', async () => {
  const { model, clock, network, start } = cluster(4)
  const names = [0, 1, 2, 3].map(nameOf)
  const nodes = await Promise.all([...names, 'observer'].map(start))
  const [first, , , last, observer] = nodes as [Node, Node, Node, Node, Node]
  const call = { module: 'token', command: 'transfer', input: { to: bob, amount: amount(5n) } }
  const id = await observer.submit(model.sign(model.body(alice, [call])))
  await clock.advance(5_500n)
  expect(first.tip.header.height).toBeGreaterThanOrEqual(4n)
  for (const node of nodes) expect(node.tip.id).toBe(first.tip.id)
  expect(await first.store.transaction(id)).toBeDefined()

  await last.stop()
  await clock.advance(10_000n)
  const before = first.tip.header.height
  expect(before).toBeGreaterThanOrEqual(8n)
  const again = await start(nameOf(3))
  await clock.advance(10_000n)
  expect(again.tip.header.height).toBeGreaterThan(before)
  expect(network.blamed).toEqual([])
  for (const node of [...nodes.filter((one) => one !== last), again]) await node.stop()
})
