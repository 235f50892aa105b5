import { dpos } from '@mmtchain/consensus-dpos'
import { pbft } from '@mmtchain/consensus-pbft'
import type { Node } from '@mmtchain/node-runtime'
import { expect, test } from 'vitest'
import { alliance, expectOneMessageAPlace, names } from './alliance.ts'

test('four validators agree, an observer follows, and a transaction of one is in the block of another', async () => {
  const all = alliance(pbft())
  for (const name of names) await all.start(name)
  const observer = await all.start('observer', false)
  await all.clock.advance(5_000n)
  const id = await (all.nodes.get('v3') as Node).submit(await all.transfer('alice'))
  await all.clock.advance(20_000n)
  for (const { tip, finalised, store } of all.nodes.values()) {
    expect(tip.header.height).toBeGreaterThan(10n)
    expect(finalised).toBe(tip.header.height)
    expect(await store.transaction(id)).toBeDefined()
  }
  expect(observer.catchingUp).toBe(false)
  expect(all.network.blamed).toEqual([])
  await all.stop()
})

test('after a loss a validator of four signs again when two blocks for each seat have come', async () => {
  const all = alliance(pbft())
  for (const name of names) await all.start(name)
  await all.clock.advance(5_000n)
  await (all.nodes.get('v2') as Node).stop()
  await all.lose('v2')
  const count = () => all.signed.filter(({ by }) => by === 'v2').length
  const before = count()
  const again = await all.start('v2')
  const from = again.tip.header.height
  while (again.tip.header.height < from + 7n) await all.clock.advance(500n)
  expect(count()).toBe(before)
  await all.clock.advance(15_000n)
  expect(count()).toBeGreaterThan(before)
  expect(all.network.blamed).toEqual([])
  await all.stop()
})

test('a cut network heals to one branch, and transactions of blocks that were taken back are in it', async () => {
  const all = alliance(dpos())
  for (const name of names) await all.start(name)
  await all.clock.advance(10_000n)
  const cut = (isConnected: boolean) => {
    for (const a of ['v1', 'v2']) for (const b of ['v3', 'v4']) all.network.connect(a, b, isConnected)
  }
  cut(false)
  const [one, other] = [all.nodes.get('v1') as Node, all.nodes.get('v3') as Node]
  const paid = await one.submit(await all.transfer('alice'))
  const paidThere = await other.submit(await all.transfer('bob'))
  await all.clock.advance(12_000n)
  // Each half has its own branch with its own transaction, so that whichever wins, one comes back from the other.
  expect(await one.store.transaction(paid)).toBeDefined()
  expect(await other.store.transaction(paidThere)).toBeDefined()
  expect(one.tip.id).not.toBe(other.tip.id)
  cut(true)
  await all.clock.advance(30_500n)
  const tips = new Set(Array.from(all.nodes.values(), ({ tip }) => tip.id))
  expect(tips.size).toBe(1)
  for (const { store, finalised } of all.nodes.values()) {
    for (const id of [paid, paidThere]) expect(await store.transaction(id)).toBeDefined()
    expect(finalised).toBeGreaterThan(10n)
  }
  expectOneMessageAPlace(all.signed)
  await all.stop()
})
