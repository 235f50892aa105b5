import { defineChain, type Engine, type EngineInput, memoryStore, solo } from '@mmtchain/kernel'
import { createNode, memoryFile, memorySigner, type RawFile } from '@mmtchain/node-runtime'
import { amount } from '@mmtchain/primitives'
import { manualClock, testChain } from '@mmtchain/testkit'
import { token } from '@mmtchain/token-rewards'
import { expect, test } from 'vitest'
import { alice, hostOf, validator } from './nodes.ts'

/** A node whose log of inputs and signer tell what they are asked to do. */
async function nodeWith(engine: Engine, { signs }: { readonly signs: boolean }) {
  const calls: string[] = []
  const chain = defineChain({ id: 'driven', slotMs: 1_000, consensus: engine }).use(
    token({ symbol: 'TST', decimals: 2 }),
  )
  const model = testChain(chain, {
    token: { balances: [{ owner: alice, amount: amount(1n) }], unclaimed: [] },
  })
  const clock = manualClock(() => new Promise((resolve) => setImmediate(resolve)))
  const file = memoryFile()
  const inputLog: RawFile = {
    ...file,
    write: (at, bytes) => file.write(at, bytes).then(() => void calls.push('write')),
    sync: () => file.sync().then(() => void calls.push('sync')),
  }
  const signer = memorySigner(validator)
  const node = await createNode({
    ...{ genesis: model.genesis, store: memoryStore(), host: hostOf(clock), inputLog },
    ...(signs && {
      validator: {
        ...signer,
        sign(request) {
          calls.push(`sign ${request.at.height}`)
          return signer.sign(request)
        },
      },
    }),
  })
  return { node, clock, calls }
}

test('what led to a signature is on the disk before it is asked for, and nothing else is waited for', async () => {
  const { node, clock, calls } = await nodeWith({ ...solo(), logged: 'all' }, { signs: true })
  for (let slot = 0; slot < 4; slot++) await clock.advance(1_000n)
  const { height } = node.tip.header
  expect(height).toBeGreaterThanOrEqual(3n)
  const wanted = Array.from({ length: Number(height) }, (_, i) => ['write', 'sync', `sign ${i + 1}`])
  expect(calls).toEqual(wanted.flat())
  await node.stop()
})

test('a node that signs nothing keeps no more than some inputs in memory', async () => {
  const base = solo()
  /** Hears its timer again and again, each time another state. */
  const engine: Engine = {
    ...base,
    logged: 'all',
    step(state: object, input: EngineInput) {
      if (input.kind !== 'timer' && input.kind !== 'started') return { state, effects: [] }
      return { state: {}, effects: [{ kind: 'setTimer', name: 'tick', atMs: input.nowMs + 1n }] }
    },
  }
  const { node, clock, calls } = await nodeWith(engine, { signs: false })
  for (let tick = 0; tick < 255; tick++) await clock.advance(1n)
  expect(calls).toEqual([])
  for (let tick = 0; tick < 300; tick++) await clock.advance(1n)
  expect(calls).toEqual(['write', 'sync', 'write', 'sync'])
  await node.stop()
})
