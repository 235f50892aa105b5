import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { inPlace, mmt, mmtDev, mmtJson, type Place, type RunningChain } from './chain-process.ts'

/** Keys of people cost a second of scrypt each time; on a busy machine that adds up. */
const SLOW = { timeout: 400_000 }

let place: Place
let chain: RunningChain

inPlace((made) => {
  place = made
})

interface Key {
  readonly name: string
  readonly address: string
  readonly publicKey: string
}
interface Rotated extends Key {
  readonly previous: { readonly name: string; readonly publicKey: string }
}

const pay = (from: string) => ['tx', 'token', 'transfer', '--to', 'demo2', '--amount', '1', '--from', from]

test('a rotated key signs for the same address, and the key before it no longer does', SLOW, async () => {
  chain = mmtDev(place)
  await chain.printed(/^height 1 /m)
  const before = await mmtJson<Key>(place, ['keys', 'show', 'demo1'])
  const words = join(place.folder, 'words')
  const rotated = await mmtJson<Rotated & { mnemonic: string }>(place, ['keys', 'rotate', 'demo1'])
  expect(rotated).toMatchObject({ name: 'demo1', address: before.address })
  expect(rotated.publicKey).not.toBe(before.publicKey)
  expect(rotated.previous).toEqual({ name: expect.any(String) as string, publicKey: before.publicKey })
  expect(await mmtJson(place, ['keys', 'show', rotated.previous.name])).toMatchObject({
    address: before.address,
    publicKey: before.publicKey,
  })
  await mmtJson(place, pay('demo1'))
  const stale = await mmt(place, pay(rotated.previous.name))
  expect([stale.code, stale.err.includes('kernel/WRONG_AUTHORITY')]).toEqual([1, true])

  // The words that were printed bring the new key back: its public key is that of the account.
  writeFileSync(words, rotated.mnemonic)
  const again = await mmtJson<Key>(place, ['keys', 'import', 'copy', '--words', words])
  expect(again.publicKey).toBe(rotated.publicKey)
})

test('an interrupted rotation goes on, whether the chain has the new key already or not', SLOW, async () => {
  chain = mmtDev(place)
  await chain.printed(/^height 1 /m)
  const folder = join(place.home, 'keys')
  const nowhere = await mmt(place, ['keys', 'rotate', 'demo3', '--rpc', 'http://127.0.0.1:1'])
  expect(nowhere.code).toBe(3)
  expect(readdirSync(folder)).not.toContain('demo3-next.json')
  const first = await mmtJson<Rotated>(place, ['keys', 'rotate', 'demo3'])
  // As if the machine had gone down after the chain took the new key and before the file had its name.
  const old = readFileSync(join(folder, `${first.previous.name}.json`), 'utf8')
  const next = JSON.parse(readFileSync(join(folder, 'demo3.json'), 'utf8')) as object
  writeFileSync(join(folder, 'demo3-next.json'), JSON.stringify({ ...next, name: 'demo3-next' }))
  writeFileSync(join(folder, 'demo3.json'), JSON.stringify({ ...(JSON.parse(old) as object), name: 'demo3' }))
  const second = await mmtJson<Rotated & { id: string | null }>(place, ['keys', 'rotate', 'demo3'])
  expect(second).toMatchObject({ id: null, publicKey: first.publicKey, address: first.address })
  expect(readdirSync(folder)).not.toContain('demo3-next.json')
  await mmtJson(place, pay('demo3'))
})

test(
  'the key with which a node signs blocks, and a foreign key under the next name, are refused by name',
  SLOW,
  async () => {
    chain = mmtDev(place)
    await chain.printed(/^height 1 /m)
    await mmtJson(place, ['keys', 'new', 'demo4-next'])
    const cases = [
      ['validator', 'cli/VALIDATOR_KEY'],
      ['demo4', 'cli/OTHER_ACCOUNT'],
      ['nobody', 'home/UNKNOWN_KEY'],
    ] as const
    for (const [name, code] of cases) {
      const { code: exit, err } = await mmt(place, ['keys', 'rotate', name])
      expect([exit, err.includes(code)], err).toEqual([1, true])
    }
  },
)
