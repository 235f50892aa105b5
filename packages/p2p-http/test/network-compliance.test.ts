import type { Network, NetworkMember } from '@mmtchain/kernel'
import { type HttpNetworkOptions, httpNetwork, type NetworkLog } from '@mmtchain/p2p-http'
import { networkCompliance } from '@mmtchain/testkit'
import { describe, test } from 'vitest'
import { secretOf } from './networks.ts'

const silent = () => undefined
const log: NetworkLog = { debug: silent, info: silent, warn: silent }

/** Each node is a seed of those after it. */
function networks(more: Partial<HttpNetworkOptions>) {
  const addresses: string[] = []
  let nodes = 0
  return {
    async next(): Promise<Network> {
      nodes += 1
      const network = httpNetwork({
        ...{ nodeSecret: secretOf(nodes), version: '1.0.0', log, peers: [...addresses] },
        ...{ listen: { host: '127.0.0.1', port: 0 }, ...more },
      })
      return {
        async join<Message>(member: NetworkMember<Message>) {
          const membership = await network.join(member)
          addresses.push(network.address as string)
          return membership
        },
      }
    },
    destroy: async () => undefined,
  }
}

for (const [name, options] of [
  ['plain', {}],
  ['in JSON', { isJsonOnly: true }],
  ['TLS with pinned keys', { tls: { kind: 'pinned' } }],
] as const)
  describe(`the network over HTTP, ${name}`, () => {
    const suite = networkCompliance({ name: `httpNetwork, ${name}`, open: async () => networks(options) })
    for (const { name: sentence, run } of suite) test(sentence, { timeout: 180_000 }, run)
  })
