import { encode } from '@mmtchain/codec'
import { dpos, election } from '@mmtchain/consensus-dpos'
import { secp256k1 } from '@mmtchain/crypto'
import { confirmationOf, defineChain, height, memoryStore } from '@mmtchain/kernel'
import { createNode, memoryNetwork, memorySigner, type Node, silentLog } from '@mmtchain/node-runtime'
import { amount, type Hash } from '@mmtchain/primitives'
import { manualClock, testAccount } from '@mmtchain/testkit'
import { token } from '@mmtchain/token-rewards'
import { signTransaction, transactionId } from '@mmtchain/tx'
import { afterEach, expect, test } from 'vitest'
import { accountKey, at, coins, DEPOSIT, FUNDS, LAYERS, onionOf, small } from './harbour.ts'

// Whole nodes: mempool, driver, store and network as they run, on a clock of the test's own.

const SLOT_MS = 1_000n
const names = ['d0', 'd1', 'd2', 'd3'] as const
const chain = defineChain({ id: 'nodes-1', slotMs: Number(SLOT_MS), consensus: dpos({ confirmations: 6 }) })
  .use(token({ symbol: 'HKT', decimals: 2, commandFee: coins(5) }))
  .use(election({ ...small, seats: 4, missesToSuspend: 255 }), {
    grants: { token: ['lock', 'unlock', 'burn', 'move'] },
  })
const genesis = chain.genesis({
  timeMs: 1_700_000_000_000n,
  validators: names.map((name) => ({ address: at(name), key: accountKey(at(name)) })),
  documents: {
    token: {
      balances: [...names, 'spare', 'ann'].map((name) => ({ owner: at(name), amount: FUNDS })),
      unclaimed: [],
    },
    election: {
      delegates: [...names, 'spare'].map((name) => ({
        ...{ delegate: at(name), name, url: '', key: accountKey(at(name)), deposit: DEPOSIT },
        ...{ commitment: onionOf(at(name)).commitment, layers: LAYERS },
      })),
      votes: names.map((name) => ({ voter: at(name), delegate: at(name), amount: coins(100) })),
    },
  },
})

const running: Node[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((node) => node.stop()))
})

async function startAll() {
  const clock = manualClock(() => new Promise((resolve) => setImmediate(resolve)))
  const network = memoryNetwork({ clock })
  const nodes = await Promise.all(names.map(start))
  async function start(name: string): Promise<Node> {
    const { address, secret } = testAccount(name)
    const store = memoryStore()
    const reveal = () => {
      const tip = node?.machine.tipOf(store)
      if (!node || !tip) return onionOf(address).reveal(LAYERS)
      const found = node.machine.query(store, tip, {
        ...{ module: 'election', query: 'delegate', input: { delegate: address } },
      }) as { duty: { onion: { left: number } } }
      return onionOf(address).reveal(found.duty.onion.left)
    }
    let node: Node | undefined
    node = await createNode({
      genesis,
      store,
      reveal,
      host: { ...clock, monotonicMs: () => Number(clock.nowMs()), log: silentLog },
      network: network.at(name),
      validator: memorySigner({ address, suite: secp256k1, secret }),
    })
    running.push(node)
    return node
  }
  return { clock, network, nodes, slots: (count: number) => clock.advance(BigInt(count) * SLOT_MS) }
}

const ask = (node: Node, query: string, input: unknown) =>
  node.machine.query(node.store, node.tip, { module: 'election', query, input })
const rankOf = (node: Node, name: string) => ask(node, 'rank', { delegate: at(name) })

/** A vote of ann's for the delegate that has none. */
async function vote(node: Node) {
  const { authority, signer } = testAccount('ann')
  const input = { delegate: at('spare'), amount: coins(500) }
  const codec = genesis.chain.modules.find(({ spec }) => spec.name === 'election')?.spec.commands.get('vote')
  if (!codec) throw new Error('the chain has no such command')
  const draft = {
    ...{ fingerprint: genesis.fingerprint, sender: at('ann'), authority, nonce: 0n },
    ...{ validUntil: height(90n), fee: amount(0n), weightMax: 0n, payer: null },
    calls: [{ module: 'election', command: 'vote', input: encode(codec.input, input) }],
  }
  const { fee, weight } = node.machine.quote({ body: draft, signatures: [], payerConsent: null }, node.store)
  const { transaction } = await signTransaction({ body: { ...draft, fee, weightMax: weight }, signer })
  return { transaction, id: transactionId(transaction.body) }
}

const labelOf = async (node: Node, id: Hash) => {
  const place = await node.store.transaction(id)
  if (!place) return 'nowhere'
  const { height: tip } = node.tip.header
  return confirmationOf(genesis.chain.engine, { height: place.height, tip, final: node.finalised })
}

test('what is confirmed can be taken back, and waits again; what is final cannot; ranks follow', async () => {
  const { clock, nodes, network, slots } = await startAll()
  const [alone, ...others] = nodes as [Node, Node, Node, Node]
  await slots(3)
  expect(rankOf(alone, 'spare')).toBe(5)
  for (const name of names.slice(1)) network.connect('d0', name, false)
  const { transaction, id } = await vote(alone)
  await alone.submit(transaction)
  // One block in four slots, and no quorum: six blocks on top of the one with the vote, and none of them final.
  const { finalised } = alone
  const labels: string[] = []
  for (let slot = 0; slot < 32; slot++) {
    await slots(1)
    labels.push(await labelOf(alone, id))
  }
  expect([...new Set(labels)]).toEqual(
    ['nowhere', 'pending', 'confirmed'].slice(labels[0] === 'pending' ? 1 : 0),
  )
  expect(alone.finalised).toBe(finalised)
  expect(rankOf(alone, 'spare')).toBe(1)
  expect(others.map((node) => rankOf(node, 'spare'))).toEqual([5, 5, 5])
  expect(others.every((node) => node.finalised > alone.finalised)).toBe(true)

  for (const name of names.slice(1)) network.connect('d0', name, true)
  const seen: string[] = []
  for (let part = 0; part < 400; part++) {
    await clock.advance(SLOT_MS / 20n)
    seen.push(`${await labelOf(alone, id)} ${alone.mempool.has(id) ? 'waits' : ''} ${rankOf(alone, 'spare')}`)
  }
  // Taken back, hence a rank as before and a place in the mempool; then in a block of the better branch, and final there.
  // (In an order that is new each epoch finality may take more blocks than the label.)
  const turns = seen.filter((one) => one !== 'confirmed  1')
  expect(turns.filter((one, i) => one !== turns[i - 1]).slice(-3)).toEqual([
    'nowhere waits 5',
    'pending  1',
    'final  1',
  ])
  for (const node of others) expect(await labelOf(node, id)).toBe('final')
  expect(new Set(nodes.map(({ tip }) => tip.id)).size).toBe(1)
})

test.each([
  [6, 5n, 'pending'],
  [6, 6n, 'confirmed'],
  [10, 9n, 'pending'],
  [10, 10n, 'confirmed'],
])(
  'with %d confirmations, %d blocks on top, a block that is not final is %s',
  (confirmations, onTop, label) => {
    const engine = dpos({ confirmations })
    expect(confirmationOf(engine, { height: 7n, tip: 7n + onTop, final: 6n })).toBe(label)
    expect(confirmationOf(engine, { height: 7n, tip: 7n + onTop, final: 7n })).toBe('final')
  },
)

test('an engine whose blocks are never taken back has no such label', () => {
  expect(confirmationOf({}, { height: 7n, tip: 700n, final: 6n })).toBe('pending')
})

test.each([5, 11, 6.5])('%d confirmations are refused', (confirmations) => {
  expect(() => dpos({ confirmations })).toThrow('not 6 to 10')
})
