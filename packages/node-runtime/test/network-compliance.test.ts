import { memoryNetwork } from '@mmtchain/node-runtime'
import { networkCompliance } from '@mmtchain/testkit'
import { describe, test } from 'vitest'

const clock = {
  nowMs: () => BigInt(Date.now()),
  setTimer(atMs: bigint, fire: () => void) {
    const timer = setTimeout(fire, Math.max(0, Number(atMs - BigInt(Date.now()))))
    return () => clearTimeout(timer)
  },
}

for (const json of [false, true])
  describe(`the network in memory${json ? ', in JSON' : ''}`, () => {
    const suite = networkCompliance({
      name: 'memoryNetwork',
      async open() {
        const network = memoryNetwork({ clock, json })
        let nodes = 0
        return { next: async () => network.at(`node${nodes++}`), destroy: async () => undefined }
      },
    })
    for (const { name, run } of suite) test(name, { timeout: 120_000 }, run)
  })
