import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { height, memoryStore, type Store } from '@mmtchain/kernel'
import { memorySigner, type Node, nodeMessage, type Passage } from '@mmtchain/node-runtime'
import { amount } from '@mmtchain/primitives'
import { merkleStore } from '@mmtchain/storage-merkle'
import { expect, test } from 'vitest'
import { alice, bob, type Nodes, soloNodes, validator } from './nodes.ts'

test('observers follow one validator, block by block, over JSON and BCS alike', async () => {
  for (const json of [false, true]) {
    const nodes = soloNodes({ json })
    const leader = await nodes.start('validator')
    const observers = await Promise.all(['one', 'two', 'three'].map((name) => nodes.start(name)))
    await nodes.clock.advance(5_000n)
    expect(leader.tip.header.height).toBe(5n)
    for (const { tip, finalised, catchingUp } of observers) {
      expect(tip.id).toBe(leader.tip.id)
      expect(finalised).toBe(5n)
      expect(catchingUp).toBe(false)
    }
    expect(nodes.network.blamed).toEqual([])
    await nodes.stop()
  }
})

test('a node whose clients find no place any more still takes what another node has let in', async () => {
  const nodes = soloNodes()
  const mempool = { countMax: 10 }
  const [one, other] = [await nodes.start('one', { mempool }), await nodes.start('other', { mempool })]
  await nodes.clock.advance(100n)
  const input = { to: bob, amount: amount(1n) }
  const transferOf = (nonce: bigint) =>
    nodes.model.sign({
      ...nodes.model.body(alice, [{ module: 'token', command: 'transfer', input }]),
      nonce,
    })
  // Both have room until what came to the other has reached them.
  for (let nonce = 0n; nonce < 8n; nonce++) await one.submit(transferOf(nonce))
  await nodes.clock.advance(1_000n)
  expect(other.mempool.count).toBe(8)
  await other.submit(transferOf(8n))
  const tenth = transferOf(9n)
  await expect(other.submit(tenth)).rejects.toMatchObject({ code: 'node/POOL_FULL' })
  await one.submit(tenth)
  await nodes.clock.advance(1_000n)
  expect([one.mempool.count, other.mempool.count]).toEqual([10, 10])
  await nodes.stop()
})

test('an observer that is joined only to another observer follows, too', async () => {
  const nodes = soloNodes()
  const leader = await nodes.start('validator')
  nodes.network.connect('validator', 'far', false)
  await nodes.start('near')
  const far = await nodes.start('far')
  await nodes.clock.advance(20_000n)
  expect(leader.tip.header.height - far.tip.header.height).toBeLessThanOrEqual(1n)
  await nodes.stop()
})

test('observers of a thousand blocks on disk catch up, die without warning, and catch up again', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mmt-follow-'))
  const open = (name: string) => merkleStore({ path: join(folder, name) })
  const nodes = soloNodes()
  try {
    const leader = await nodes.start('validator')
    await nodes.clock.advance(1_000_000n)
    expect(leader.tip.header.height).toBe(1_000n)
    const early = await nodes.start('early', { store: await open('early') })
    await nodes.clock.advance(1n)
    expect(early.catchingUp).toBe(true)
    await follows(nodes, early, leader)

    // This one leaves in the middle of catching up; the next one goes on from what it has on disk.
    const store = await open('late')
    const killed = await nodes.start('late', { store })
    for (let looks = 0; killed.tip.header.height < 300n && looks < LOOKS_MAX; looks++) await look(nodes)
    await killed.stop()
    const late = await nodes.start('late', { store: await open('late') })
    expect(late.tip.header.height).toBeGreaterThanOrEqual(300n)
    await follows(nodes, late, leader)

    const had = early.tip.header.height
    await early.stop()
    await nodes.clock.advance(100_000n)
    const again = await nodes.start('early', { store: await open('early') })
    expect(again.tip.header.height).toBe(had)
    await follows(nodes, again, leader)
    expect(nodes.network.blamed).toEqual([])
  } finally {
    await nodes.stop()
    rmSync(folder, { recursive: true })
  }
})

const LOOKS_MAX = 60_000

/** Lets a millisecond pass for the nodes, and the disks work meanwhile. */
async function look(nodes: Nodes): Promise<void> {
  await nodes.clock.advance(1n)
  await new Promise((resolve) => setTimeout(resolve, 1))
}

/** Lets time pass until a node has what another has. */
async function follows(nodes: Nodes, node: Node, leader: Node): Promise<void> {
  for (let looks = 0; node.tip.id !== leader.tip.id && looks < LOOKS_MAX; looks++) await look(nodes)
  expect(node.tip.id).toBe(leader.tip.id)
  expect(node.catchingUp).toBe(false)
}

test('lost messages delay a follower, and do not stop it', async () => {
  // A third is lost and a third is doubled, by a fixed sequence without a period that the messages could fall in with.
  let state = 1
  const draw = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state >>> 16
  }
  const fates = [[], [3], [40, 7]]
  const nodes = soloNodes({ link: () => fates[draw() % 3] ?? [] })
  const leader = await nodes.start('validator')
  await nodes.clock.advance(60_000n)
  const observer = await nodes.start('observer')
  for (let looks = 0; observer.tip.id !== leader.tip.id && looks < 1_000; looks++)
    await nodes.clock.advance(333n)
  expect(observer.tip.id).toBe(leader.tip.id)
  await nodes.stop()
})

test('a peer that gives forged blocks is blamed, and the blocks come from another', async () => {
  const nodes = soloNodes()
  const store = memoryStore()
  const leader = await nodes.start('validator', { store })
  await nodes.clock.advance(100_000n)
  // The liar has the same blocks with other seals.
  const own = store.fork()
  const liarStore: Store = {
    ...own,
    async block(at) {
      const stored = await own.block(at)
      return stored && { ...stored, seal: stored.seal.map((byte) => byte ^ 1) }
    },
  }
  nodes.network.connect('liar', 'validator', false)
  nodes.network.connect('observer', 'validator', false)
  await nodes.start('liar', { store: liarStore })
  const observer = await nodes.start('observer')
  await nodes.clock.advance(5_000n)
  expect(observer.tip.header.height).toBe(0n)
  expect(nodes.network.blamed).toMatchObject([
    { by: 'observer', peer: 'liar', why: expect.stringMatching(/seal/) },
  ])
  nodes.network.connect('observer', 'validator', true)
  await nodes.clock.advance(5_000n)
  expect(observer.tip.id).toBe(leader.tip.id)
  await nodes.stop()
})

test('a peer that claims blocks that it does not have holds nobody up for long', async () => {
  const nodes = soloNodes()
  await nodes.start('validator')
  const observer = await nodes.start('observer')
  const { fingerprint } = nodes.model.genesis
  const { engine } = nodes.model.genesis.chain
  const braggart = await nodes.network.at('braggart').join({
    fingerprint,
    addressPrefix: 'mmt',
    message: nodeMessage(engine),
    messageBytesMax: 1_000_000,
    onMessage: () => undefined,
    onJoined(peer) {
      const id = nodes.model.genesis.protocolHash
      braggart.send(peer, {
        kind: 'status',
        value: { height: height(1_000_000n), id, finalised: height(0n) },
      })
    },
    onLeft: () => undefined,
  })
  await nodes.clock.advance(1_000n)
  expect(observer.catchingUp).toBe(true)
  await nodes.clock.advance(40_000n)
  expect(observer.catchingUp).toBe(false)
  expect(observer.tip.header.height).toBeGreaterThanOrEqual(40n)
  await nodes.stop()
})

test('a peer that claims blocks again and again is asked ever more seldom, and keeps no transaction away', async () => {
  const nodes = soloNodes()
  const leader = await nodes.start('validator')
  const observer = await nodes.start('observer')
  const questions: number[] = []
  const { fingerprint } = nodes.model.genesis
  const { engine } = nodes.model.genesis.chain
  const braggart = await nodes.network.at('braggart').join({
    fingerprint,
    addressPrefix: 'mmt',
    message: nodeMessage(engine),
    messageBytesMax: 1_000_000,
    onMessage: (from, { kind }) => {
      if (from === 'observer' && kind === 'getBlocks') questions.push(Number(nodes.clock.nowMs()))
    },
    onJoined: () => undefined,
    onLeft: () => undefined,
  })
  const id = nodes.model.genesis.protocolHash
  let most = 1_000_000n
  const claim = () => {
    most -= 1n
    const value = { height: height(most), id, finalised: height(0n) }
    braggart.send('observer', { kind: 'status', value })
  }
  claim()
  await nodes.clock.advance(100n)
  expect(observer.catchingUp).toBe(true)
  const body = nodes.model.body(alice, [
    { module: 'token', command: 'transfer', input: { to: bob, amount: amount(5n) } },
  ])
  const sent = await leader.submit(nodes.model.sign(body))
  await nodes.clock.advance(200n)
  expect(observer.catchingUp).toBe(true)
  expect(observer.mempool.has(sent)).toBe(true)
  for (let second = 0; second < 1_000; second++) {
    claim()
    await nodes.clock.advance(1_000n)
  }
  const pauses = questions.slice(1).map((at, i) => at - (questions[i] as number))
  // Three questions, then a minute of silence, then three again and twice as long, and so on.
  expect(pauses.filter((ms) => ms > 30_000).map((ms) => Math.floor(ms / 60_000))).toEqual([1, 2, 4, 8])
  expect(leader.tip.header.height - observer.tip.header.height).toBeLessThanOrEqual(1n)
  await nodes.stop()
})

test('a transaction that one node takes is in the next block of another, checked once by each', async () => {
  /** The eighth kind of message carries transactions. */
  const carried: string[] = []
  const link = ({ to, bytes: [kind] }: Passage) => {
    if (kind === 7) carried.push(to)
    return [0]
  }
  const nodes = soloNodes({ link })
  const leader = await nodes.start('validator')
  nodes.network.connect('validator', 'far', false)
  const near = await nodes.start('near')
  const far = await nodes.start('far')
  await nodes.clock.advance(1_000n)
  const body = nodes.model.body(alice, [
    { module: 'token', command: 'transfer', input: { to: bob, amount: amount(5n) } },
  ])
  const id = await far.submit(nodes.model.sign(body))
  await nodes.clock.advance(200n)
  for (const node of [leader, near, far]) expect(node.mempool.has(id)).toBe(true)
  await nodes.clock.advance(2_000n)
  expect(await leader.store.transaction(id)).toBeDefined()
  for (const node of [leader, near]) {
    const text = await node.metrics.text()
    expect(text).toContain('mmt_mempool_submissions_total{outcome="accepted"} 1\n')
  }
  expect(carried.sort()).toEqual(['near', 'validator'])
  await nodes.stop()
})

/** How many transactions of one message of 256 wait at a node when it does other work between them. */
async function countsBetween({
  otherMs,
  partMs = 6,
}: {
  /** How long other work takes. */
  readonly otherMs: number
  /** How much later each look at the clock is; there is one for each part of 32. */
  readonly partMs?: number
}): Promise<readonly number[]> {
  const nodes = soloNodes()
  const mempool = { perSenderMax: 256 }
  const leader = await nodes.start('validator', { mempool })
  const counts = new Set<number>()
  // A turn of 10 ms is over after two parts of a message; a timer looks what waits then.
  let lookMs = 0
  const monotonicMs = () => {
    nodes.clock.setTimer(0n, () => {
      counts.add(slow?.mempool.count ?? 0)
      lookMs += otherMs
    })
    lookMs += partMs
    return lookMs
  }
  let slow: Node | undefined
  slow = await nodes.start('slow', { monotonicMs, mempool })
  await nodes.clock.advance(100n)
  const input = { to: bob, amount: amount(1n) }
  const body = nodes.model.body(alice, [{ module: 'token', command: 'transfer', input }])
  for (let nonce = 0n; nonce < 256n; nonce++) await leader.submit(nodes.model.sign({ ...body, nonce }))
  await nodes.clock.advance(600n)
  expect(slow.mempool.count).toBe(256)
  await nodes.stop()
  return [...counts].filter((count) => count > 0 && count < 256)
}

test('the transactions of one message are taken in turns, and other work comes in between', async () => {
  const counts = await countsBetween({ otherMs: 0 })
  expect(counts).toContain(64)
  expect(counts.length).toBeGreaterThanOrEqual(3)
})

test('turns last as long as other work did, so that who makes much of it cannot keep transactions out', async () => {
  const counts = await countsBetween({ otherMs: 40 })
  expect(counts).toContain(64)
  expect(counts.length).toBeLessThanOrEqual(2)
})

test('each turn does something, however slow the machine is', async () => {
  expect(await countsBetween({ otherMs: 0, partMs: 100 })).toContain(32)
})

test('no turn lasts longer than 50 ms, however long other work took', async () => {
  const counts = await countsBetween({ otherMs: 1_000, partMs: 20 })
  expect(counts.length).toBeGreaterThanOrEqual(3)
})

test('the first transaction after a rest is told at once, and many are told of together', async () => {
  const toldAtMs: bigint[] = []
  let now = () => 0n
  /** The sixth kind of message announces transactions. */
  const link = ({ from, bytes: [kind] }: Passage) => {
    if (kind === 5 && from === 'observer') toldAtMs.push(now())
    return [0]
  }
  const nodes = soloNodes({ link })
  now = nodes.clock.nowMs
  const leader = await nodes.start('validator')
  const observer = await nodes.start('observer')
  await nodes.clock.advance(1_000n)
  const body = nodes.model.body(alice, [
    { module: 'token', command: 'transfer', input: { to: bob, amount: amount(5n) } },
  ])
  const beganMs = now()
  const COUNT = 60
  const ids: string[] = []
  for (let nonce = 0; nonce < COUNT; nonce++) {
    ids.push(await observer.submit(nodes.model.sign({ ...body, nonce: BigInt(nonce) })))
    await nodes.clock.advance(10n)
  }
  await nodes.clock.advance(3_000n)
  for (const id of ids) expect(await leader.store.transaction(id as never)).toBeDefined()
  expect((toldAtMs[0] as bigint) - beganMs).toBeLessThanOrEqual(30n)
  // In 600 ms, once in 100 ms at most.
  expect(toldAtMs.length).toBeGreaterThanOrEqual(5)
  expect(toldAtMs.length).toBeLessThanOrEqual(8)
  await nodes.stop()
})

test('a node that joins late hears of what waits', async () => {
  const nodes = soloNodes()
  const near = await nodes.start('near')
  const body = nodes.model.body(alice, [
    { module: 'token', command: 'transfer', input: { to: bob, amount: amount(5n) } },
  ])
  const id = await near.submit(nodes.model.sign(body))
  await nodes.clock.advance(1_000n)
  const leader = await nodes.start('validator')
  await nodes.clock.advance(3_000n)
  expect(await leader.store.transaction(id)).toBeDefined()
  await nodes.stop()
})

test('a validator that lost blocks makes none before it has them from others again', async () => {
  const nodes = soloNodes()
  const signer = memorySigner(validator)
  const leader = await nodes.start('validator', { signer })
  const observer = await nodes.start('observer')
  await nodes.clock.advance(50_000n)
  await leader.stop()
  nodes.network.connect('validator', 'observer', false)
  const again = await nodes.start('validator', { signer })
  await nodes.clock.advance(10_000n)
  expect(again.tip.header.height).toBe(0n)
  nodes.network.connect('validator', 'observer', true)
  await nodes.clock.advance(10_000n)
  expect(again.tip.header.height).toBeGreaterThan(50n)
  expect(observer.tip.id).toBe(again.tip.id)
  await nodes.stop()
})
