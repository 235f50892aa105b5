import { pbft } from '@mmtchain/consensus-pbft'
import { type Suite, secp256k1 } from '@mmtchain/crypto'
import type { Node } from '@mmtchain/node-runtime'
import { toHex } from '@mmtchain/primitives'
import { expect, test } from 'vitest'
import { alliance, names } from './alliance.ts'

/** The suites of nodes, and how often each has verified which signature. */
function countedSuites() {
  const counts = new Map<string, Map<string, number>>()
  function suiteOf(name: string): Suite {
    const verified = counts.get(name) ?? new Map<string, number>()
    counts.set(name, verified)
    return {
      ...secp256k1,
      verify(claim) {
        const what = [claim.key, claim.message, claim.signature].map(toHex).join(' ')
        verified.set(what, (verified.get(what) ?? 0) + 1)
        return secp256k1.verify(claim)
      },
    }
  }
  return { counts, suiteOf }
}

test('a node verifies each vote once, whatever comes again, in whatever it comes', {
  timeout: 120_000,
}, async () => {
  const { counts, suiteOf } = countedSuites()
  let sent = 0
  // Every message comes twice, and each seventh does not come: votes are sent again, one by one, in answers and in certificates.
  const link = () => (++sent % 7 === 0 ? [] : [10, 40])
  const chain = alliance(pbft(), { suiteOf, link })
  for (const name of names) await chain.start(name)
  const heightOf = (name: string) => (chain.nodes.get(name) as Node).tip.header.height
  const until = async (isDone: () => boolean) => {
    for (let i = 0; !isDone() && i < 2_000; i++) await chain.clock.advance(100n)
    expect(isDone()).toBe(true)
  }
  await until(() => names.every((name) => heightOf(name) >= 8n))
  // One is away: its turns pass by, with proofs that they did, and it gets the blocks from the others.
  for (const other of names.slice(1)) chain.network.connect(names[0], other, false)
  await until(() => heightOf('v2') >= 20n)
  for (const other of names.slice(1)) chain.network.connect(names[0], other, true)
  await until(() => names.every((name) => heightOf(name) >= 26n))
  await chain.stop()
  // Some rounds were passed over, so that there were proofs of it, which hold PREPAREs for nil.
  expect(chain.signed.some(({ at }) => at.round > 0)).toBe(true)
  for (const name of names) {
    const verified = counts.get(name) as Map<string, number>
    expect(verified.size).toBeGreaterThan(26 * 5)
    const again = [...verified].filter(([, times]) => times > 1)
    expect([name, again.length]).toEqual([name, 0])
  }
})
