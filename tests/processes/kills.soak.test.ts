import { expect, test } from 'vitest'
import { inPlace, mmtDev, type Place, type RunningChain } from './chain-process.ts'
import { ask, submit, type Transfer, transfersOf } from './load.ts'

let place: Place
let chain: RunningChain

inPlace((made) => {
  place = made
})

const kills = Math.max(3, Number(process.env.MMT_SOAK_SCALE ?? '1'))
const DEMO_KEYS = Array.from({ length: 10 }, (_, i) => `demo${i + 1}`)
/** How many of the older transactions and blocks are looked up again after each kill. */
const SAMPLE = 50

interface BlockJson {
  readonly id: string
  readonly header: { readonly height: string; readonly parent: string }
}

test(`a node killed ${kills} times under load loses no final transaction and forks no block`, {
  timeout: 120_000 + kills * 30_000,
}, async () => {
  const sent: Transfer[] = []
  const finalAt = new Map<string, string>()
  const blocks = new Map<string, string>()
  let transfers: Awaited<ReturnType<typeof transfersOf>> | undefined

  /** Sends until the node is gone. What it has answered is noted; what is in a block by then, too. */
  async function load(): Promise<void> {
    try {
      for (;;) {
        const transfer = (await transfers?.next()) as Transfer
        sent.push(transfer)
        await submit(place, transfer)
        const earlier = sent[sent.length - 20]
        if (earlier && !finalAt.has(earlier.id)) await note(earlier)
      }
    } catch {
      // Killed in the middle of a call.
    }
  }
  async function note({ id }: Transfer): Promise<void> {
    const found = await ask<{ height?: string; final: boolean }>(place, 'chain_transaction', { id })
    if (found.final) finalAt.set(id, String(found.height))
  }

  for (let i = 0; i <= kills; i++) {
    chain = mmtDev(place)
    await chain.printed(i === 0 ? /^height 1 /m : /goes on from height/)
    transfers ??= await transfersOf(place, DEMO_KEYS)
    for (const [id, height] of [...finalAt].slice(-SAMPLE)) {
      const found = await ask<{ height: string; final: boolean }>(place, 'chain_transaction', { id })
      expect([found.height, found.final]).toEqual([height, true])
    }
    for (const [height, id] of [...blocks].slice(-SAMPLE))
      expect((await ask<{ id: string }>(place, 'chain_header', { height })).id).toBe(id)
    if (i === kills) break
    // What was on its way when the node was killed goes again: the same bytes twice is the same answer.
    for (const transfer of sent.slice(-SAMPLE)) await submit(place, transfer)
    const loading = [load(), load()]
    await chain.printed(/^height \d+ .*transaction/m)
    const { height, id } = await ask<{ height: string; id: string }>(place, 'chain_status', {})
    blocks.set(height, id)
    // Between 0 and 0.9 s later, so that the kill meets building, signing, writing and waiting alike.
    await new Promise((resolve) => setTimeout(resolve, (i * 300) % 1_000))
    await chain.end('SIGKILL')
    await Promise.all(loading)
  }

  expect(finalAt.size).toBeGreaterThan(0)
  for (const [id, height] of finalAt) {
    const found = await ask<{ height: string; final: boolean }>(place, 'chain_transaction', { id })
    expect([found.height, found.final]).toEqual([height, true])
  }
  let parent: string | undefined
  const { height: tip } = await ask<{ height: string }>(place, 'chain_status', {})
  for (let height = 0n; height <= BigInt(tip); height++) {
    const block = await ask<BlockJson>(place, 'chain_block', { height: height.toString() })
    if (parent) expect(block.header.parent).toBe(parent)
    parent = block.id
  }
})
