import { createBacklog } from '@mmtchain/rpc'
import { expect, test } from 'vitest'

test('of all that wait the one that holds most is dropped when there is too much, and what goes is given back', () => {
  const backlog = createBacklog(100)
  const dropped: string[] = []
  const [one, two] = ['one', 'two'].map((name) => backlog.open(() => void dropped.push(name)))
  one?.hold(60)
  two?.hold(40)
  expect([dropped, backlog.bytes]).toEqual([[], 100])
  two?.hold(1)
  expect([dropped, backlog.bytes]).toEqual([['one'], 41])
  // Who was dropped counts no more.
  one?.hold(-60)
  one?.close()
  two?.hold(-1)
  expect(backlog.bytes).toBe(40)
  two?.close()
  two?.close()
  expect([dropped, backlog.bytes]).toEqual([['one'], 0])
})
