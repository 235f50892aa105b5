import { makeOnion, type Onion } from '@mmtchain/consensus-dpos'
import type { Address } from '@mmtchain/kernel'
import { utf8 } from '@mmtchain/primitives'
import { testAccount } from '@mmtchain/testkit'
import { coins } from './allocation.ts'

// Four validators of test chains, with what they need at genesis. A real chain's delegates make their own keys and onions.

const names = ['v1', 'v2', 'v3', 'v4'] as const
const LAYERS = 50_000
const onions = new Map<Address, Onion>()

export const at = (name: string): Address => testAccount(name).address
export const validators = names.map(at)

/** What each deposits. */
export const purses = validators.map((owner) => ({ owner, amount: coins(1_000n) }))

export function onionOf(who: Address): Onion {
  const onion = onions.get(who) ?? makeOnion({ secret: utf8(who), layers: LAYERS })
  onions.set(who, onion)
  return onion
}

/** The delegates of the election's genesis document. */
export const firstDelegates = () =>
  names.map((name) => {
    const [key] = testAccount(name).authority.keys
    if (!key) throw new Error('an authority has a key')
    const { commitment, layers } = onionOf(at(name))
    return { delegate: at(name), name, url: '', key, commitment, layers, deposit: coins(1_000n) }
  })
