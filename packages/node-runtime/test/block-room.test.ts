import { defineChain, defineModule, type Engine, memoryStore, solo, unit } from '@mmtchain/kernel'
import { createNode, memorySigner } from '@mmtchain/node-runtime'
import { manualClock, testAccount, testChain } from '@mmtchain/testkit'
import { expect, test } from 'vitest'
import { hostOf, validator } from './nodes.ts'

const WITHIN_MS = 1_000
const WORK_MS = 20
const SENDERS = Array.from({ length: 40 }, (_, i) => `sender ${i}`)

/** Solo, for whose blocks others wait; so many proposals are not decided, and the height begins again with a new one. */
function waitedFor(failures: { left: number }): Engine {
  const engine = solo()
  return {
    ...engine,
    step(state, input) {
      if (input.kind === 'built' && failures.left > 0) {
        failures.left -= 1
        const { timeMs, round, consensus } = input.block.header
        const request = { timeMs, round, consensus, evidence: [], missProofs: [] }
        return { state, effects: [{ kind: 'buildBlock', request, withinMs: WITHIN_MS }] }
      }
      const { state: next, effects } = engine.step(state, input)
      const told = effects.map((one) => (one.kind === 'buildBlock' ? { ...one, withinMs: WITHIN_MS } : one))
      return { state: next, effects: told }
    },
  }
}

/** A node alone, on a machine that works 20 ms on each of 40 transactions that wait. Answers how many its first blocks hold. */
async function blocksAfter(failures: number): Promise<readonly number[]> {
  let workedMs = 0
  const module = defineModule('work', {}).command('do', unit, () => {
    workedMs += WORK_MS
  })
  const consensus = waitedFor({ left: failures })
  const model = testChain(defineChain({ id: 'room', slotMs: 1_000, consensus }).use(module), {})
  const clock = manualClock(() => new Promise((resolve) => setImmediate(resolve)))
  const node = await createNode({
    genesis: model.genesis,
    store: memoryStore(),
    host: { ...hostOf(clock), monotonicMs: () => Number(clock.nowMs()) + workedMs },
    validator: memorySigner(validator),
  })
  const held: number[] = []
  node.onBlock(({ block }) => held.push(block.transactions.length))
  for (const name of SENDERS) {
    const body = model.body(testAccount(name).address, [{ module: 'work', command: 'do', input: null }])
    await node.submit(model.sign(body))
  }
  await clock.advance(5_000n)
  await node.stop()
  return held
}

test('a block takes in what is executed within a quarter of the time that others wait for it', async () => {
  const held = await blocksAfter(0)
  expect(held.slice(0, 3)).toEqual([13, 13, 13])
})

test('a proposal that comes to nothing halves the next one; full ones that are decided early double it again', async () => {
  const held = await blocksAfter(2)
  // 13 and 7 came to nothing.
  expect(held.slice(0, 4)).toEqual([4, 7, 13, 13])
})

test('however many proposals come to nothing, the next one holds something', async () => {
  const held = await blocksAfter(20)
  expect(held[0]).toBe(1)
})
