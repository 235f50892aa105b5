import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createMachine, defineChain, height, memoryStore, solo, type Tip } from '@mmtchain/kernel'
import { createMempool } from '@mmtchain/node-runtime'
import { type Address, amount, isChainError } from '@mmtchain/primitives'
import { testAccount, testChain } from '@mmtchain/testkit'
import { token } from '@mmtchain/token-rewards'
import type { Transaction, TransactionBody } from '@mmtchain/tx'
import { expect, test } from 'vitest'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const scale = Number(process.env.MMT_SOAK_SCALE ?? '1') / 100
const FLOOD = Math.max(2_000, Math.round(100_000 * scale))
const SENDERS = Math.max(200, FLOOD / 100)
/** A tenth of the flood finds a place, at any scale. */
const limits = { countMax: Math.round(FLOOD / 10), bytesMax: 40 * FLOOD, perSenderMax: 64 }
/** What a waiting transaction may take in memory: its bytes decoded, its ranks, and what is remembered of it. */
const HEAP_BYTES_EACH = 8_192

/** A generator of numbers that a seed repeats (mulberry32). */
function randomFrom(seed: number): (below: number) => number {
  let a = seed
  return (below) => {
    a = (a + 0x6d2b79f5) | 0
    let t = Math.imul(a ^ (a >>> 15), 1 | a)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}

test(`a flood of ${FLOOD} valid and invalid transactions holds count, bytes and memory within their bounds`, () => {
  const seed = Number(process.env.MMT_SEED ?? Date.now() % 2 ** 31)
  console.log(`MMT_SEED=${seed}`)
  const random = randomFrom(seed)
  const accounts = Array.from({ length: SENDERS }, (_, i) => testAccount(`flood ${i}`))
  const chain = defineChain({ id: 'flood', consensus: solo() }).use(token({ symbol: 'TST', decimals: 2 }))
  const balances = accounts.map(({ address: owner }, i) => ({
    owner,
    amount: amount(i % 10 === 0 ? 100n : 10_000_000n),
  }))
  const model = testChain(chain, { token: { balances, unclaimed: [] } })
  const machine = createMachine(model.genesis)
  const store = memoryStore()
  const none = new Uint8Array()
  const begun = machine.begin(store)
  store.commitNow({ ...begun, seal: none, checkpoint: none })
  let tip: Tip = begun.tip
  const pool = createMempool({ machine, view: () => ({ state: store, tip }), limits })
  const nonces = new Map<Address, bigint>()
  const template = model.body(accounts[0]?.address as Address, [
    {
      module: 'token',
      command: 'transfer',
      input: { to: accounts[1]?.address as Address, amount: amount(1n) },
    },
  ])

  /** Some valid, some not, in every way that an outsider has. */
  function next(): Transaction {
    const { address, authority } = accounts[random(SENDERS)] as (typeof accounts)[number]
    const nonce = nonces.get(address) ?? 0n
    const usual: TransactionBody = {
      ...template,
      sender: address,
      authority,
      // Half of them can be in the next block, so that there is always one.
      nonce: nonce + BigInt(random(2) * random(40)),
      fee: amount(50n + BigInt(random(500))),
      validUntil: height(tip.header.height + 1n + BigInt(random(50))),
    }
    switch (random(12)) {
      case 0:
        return { ...model.sign(usual), signatures: [{ index: 0, signature: new Uint8Array(64).fill(1) }] }
      case 1:
        return model.sign({ ...usual, nonce: usual.nonce + 1_000n })
      case 2:
        return model.sign({ ...usual, fee: amount(BigInt(random(50))) })
      case 3:
        return model.sign({ ...usual, validUntil: height(0n) })
      case 4:
        return model.sign({ ...usual, calls: [{ module: 'token', command: 'steal', input: none }] })
      case 5:
        return model.sign({ ...usual, weightMax: 10n ** 15n })
      default:
        return model.sign(usual)
    }
  }

  function makeBlock(): void {
    const request = {
      timeMs: tip.header.timeMs + 10_000n,
      round: 0,
      consensus: none,
      evidence: [],
      missProofs: [],
    }
    const candidates = [...pool.candidates()].slice(0, limits.countMax >> 3)
    const proposer = testAccount('validator').address
    const built = machine.build(store, { parent: tip, proposer, request, candidates })
    expect(built.transactionIds.length).toBeGreaterThan(0)
    // What the pool offers may be in the block: only balances that earlier transfers have spent may keep it out.
    for (const { error } of built.skipped)
      expect(['kernel/NONCE_MISMATCH', 'token/CANNOT_PAY_FEE']).toContain(error.code)
    store.commitNow({ ...built, seal: none, checkpoint: none })
    tip = built.tip
    for (const { body } of built.block.transactions) nonces.set(body.sender, body.nonce + 1n)
    pool.committed(built.block, built.transactionIds)
  }

  collectGarbage()
  const before = process.memoryUsage().heapUsed
  const outcomes = new Map<string, number>()
  let fullest = 0
  for (let i = 1; i <= FLOOD; i++) {
    let outcome = 'taken'
    try {
      pool.add(machine.prepare(next()))
    } catch (error) {
      if (!isChainError(error)) throw error
      outcome = error.code
    }
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
    expect(pool.count <= limits.countMax && pool.bytes <= limits.bytesMax).toBe(true)
    fullest = Math.max(fullest, pool.count)
    if (i % Math.round(FLOOD / 5) === 0) makeBlock()
  }
  const waiting = [...pool.all()]
  expect(waiting.length).toBe(pool.count)
  expect(waiting.reduce((sum, { bytes }) => sum + bytes.length, 0)).toBe(pool.bytes)
  expect(fullest).toBeGreaterThan(limits.countMax / 2)
  for (const code of [
    'taken',
    'tx/BAD_SIGNATURE',
    'node/NONCE_TOO_FAR',
    'kernel/FEE_TOO_LOW',
    'kernel/EXPIRED',
  ])
    expect(outcomes.get(code) ?? 0, code).toBeGreaterThan(FLOOD / 1_000)
  collectGarbage()
  // The blocks are in the same heap: what they hold is not the pool's.
  const blocks = 5 * (limits.countMax >> 3) * HEAP_BYTES_EACH
  const grown = process.memoryUsage().heapUsed - before - blocks
  expect(grown).toBeLessThan(limits.countMax * HEAP_BYTES_EACH + 16 * 1024 * 1024)
})
