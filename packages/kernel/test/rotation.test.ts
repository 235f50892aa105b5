import { defineChain, solo } from '@mmtchain/kernel'
import { describe, expect, test } from 'vitest'
import { account, start } from './trial.ts'

const options = { id: 'harbour-1', consensus: solo() }
const chain = () => defineChain(options)
const alice = account('alice')
const call = (module: string, command: string, input: unknown = null) => ({ module, command, input })

describe('a rotated authority', () => {
  const harbour = () => start(chain(), {})
  const next = account('next key')
  const rotated = { ...next, address: alice.address }

  test('signs from the next transaction on, and the old one no more', () => {
    const trial = harbour()
    expect(trial.send(alice, call('kernel', 'rotate', { authority: next.authority })).events).toEqual([
      'kernel.rotated',
    ])
    const again = call('kernel', 'rotate', { authority: alice.authority })
    expect(trial.send(alice, again).code).toBe('kernel/WRONG_AUTHORITY')
    expect(trial.send(next, again).code).toBeUndefined() // The new key's own account is another one.
    expect(trial.read('kernel', 'account', { address: alice.address })).toMatchObject({ nonce: 1n })
    expect(trial.send(rotated, again).code).toBeUndefined()
    expect(trial.send(alice, call('kernel', 'rotate', { authority: alice.authority })).code).toBeUndefined()
  })

  test.each([
    ['no keys', { threshold: 0, keys: [] }],
    ['a threshold over its keys', { ...next.authority, threshold: 2 }],
    [
      'a key of a suite that the chain does not have',
      { threshold: 1, keys: [{ suite: 9, key: new Uint8Array(32) }] },
    ],
    ['a key that is none', { threshold: 1, keys: [{ suite: 1, key: new Uint8Array(33) }] }],
  ])('with %s is refused in the block, and the old one stays', (_, authority) => {
    const trial = harbour()
    expect(trial.send(alice, call('kernel', 'rotate', { authority })).receipt?.error?.code).toBe(
      'kernel/KEY_NOT_ACCEPTED',
    )
    expect(trial.send(alice, call('kernel', 'rotate', { authority: next.authority })).code).toBeUndefined()
  })
})
