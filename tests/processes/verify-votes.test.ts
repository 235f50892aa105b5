import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bytes, encode, option, struct, u64 } from '@mmtchain/codec'
import { dpos, sealMessage } from '@mmtchain/consensus-dpos'
import { secp256k1 } from '@mmtchain/crypto'
import { createMachine, defineChain, type Execution, writeGenesis } from '@mmtchain/kernel'
import { merkleStore } from '@mmtchain/storage-merkle'
import { testAccount } from '@mmtchain/testkit'
import { expect, test } from 'vitest'
import { inPlace, mmt, mmtJson, type Place, root } from './chain-process.ts'

let place: Place

inPlace((made) => {
  place = made
})

/** The engine's part of a header, as formats.md has it. */
const fields = struct({
  turn: u64,
  reveal: option(bytes({ bytesMax: 64 })),
  maxHeightPrevoted: u64,
  maxHeightGenerated: u64,
})

/** A home with a chain of one delegate, which names these heights of prevotes in blocks 1, 2, … and seals them well. */
async function homeWith(name: string, prevoted: readonly bigint[]): Promise<Place> {
  const home = join(place.folder, name)
  await mkdir(home)
  const chain = defineChain({ id: 'votes-1', slotMs: 1_000, consensus: dpos() })
  const { address, authority, secret } = testAccount('validator')
  const [key] = authority.keys
  if (!key) throw new Error('an authority has a key')
  const genesis = chain.genesis({
    timeMs: 1_700_000_000_000n,
    validators: [{ address, key }],
    documents: {},
  })
  const dist = (of: string) => JSON.stringify(join(root, 'packages', of, 'dist/index.js'))
  await writeFile(
    join(home, 'chain.mjs'),
    `import { defineChain } from ${dist('kernel')}
import { dpos } from ${dist('consensus-dpos')}
export const chain = defineChain({ id: 'votes-1', slotMs: 1_000, consensus: dpos() })
`,
  )
  await writeFile(join(home, 'genesis.json'), JSON.stringify(writeGenesis(genesis)))
  const machine = createMachine(genesis)
  const store = await merkleStore({ path: join(home, 'data') })
  const keep = (made: Execution, seal: Uint8Array) =>
    store.commit({ ...made, seal, checkpoint: new Uint8Array() })
  let { tip } = machine.begin(store)
  await keep(machine.begin(store), new Uint8Array())
  for (const [i, maxHeightPrevoted] of prevoted.entries()) {
    const turn = BigInt(i + 1)
    const consensus = encode(fields, {
      ...{ turn, reveal: null, maxHeightPrevoted, maxHeightGenerated: BigInt(i) },
    })
    const timeMs = tip.header.timeMs + 1_000n
    const request = { timeMs, round: 0, consensus, evidence: [], missProofs: [] }
    const made = machine.build(store, { parent: tip, proposer: address, request, candidates: [] })
    await keep(made, secp256k1.sign(sealMessage(genesis.fingerprint, made.block.header, made.id), secret))
    tip = made.tip
  }
  await store.close()
  return { ...place, home, env: { ...place.env, MMT_HOME: home } }
}

test('verify finds a header whose votes do not follow from those before it, though block and seal are well', {
  timeout: 300_000,
}, async () => {
  const good = await homeWith('good', [0n, 1n, 2n, 3n])
  expect(await mmtJson(good, ['verify'])).toMatchObject({ ok: true, height: '4' })
  const bad = await homeWith('bad', [0n, 1n, 1n, 3n])
  const { code, err } = await mmt(bad, ['verify', '--json'])
  expect(code, err).toBe(1)
  const { error } = JSON.parse(err) as { error: { code: string; values: Record<string, string> } }
  expect(error).toMatchObject({ code: 'cli/VERIFY_FAILED', values: { height: '3', field: 'block' } })
  expect(error.values.got).toContain('its maxHeightPrevoted is 1, not 2')
})
