// What is held for what contracts keep, while governance changes what a byte is held for.
import { moduleAddress } from '@mmtchain/crypto'
import { amount, toHex, utf8 } from '@mmtchain/primitives'
import { expect, test } from 'vitest'
import { alice, bob, COUNTER, call, carol, codeHash, type Harbour, harbour, made, TEXTS } from './harbour.ts'

/** Open to all: a row of a key's letters as long as one says, or no row. */
const SHELF = `${TEXTS}
  export function put(input) {
    for (const one of dec(input).split(' ')) {
      const [key, size] = one.split(':')
      host.set(key, new Uint8Array(Number(size)))
    }
  }
  export function drop(input) { for (const key of dec(input).split(' ')) host.delete(key) }
  export function renew(input) { drop(enc(dec(input).split(':')[0])); put(input) }
  export function fails(input) { renew(input); throw new Error('no') }
  export function tries(input, self) {
    const [other, row] = dec(input).split(' ')
    try { host.call(other, 'fails', enc(row), 0n, 0n) } catch {}
    host.set('ff', new Uint8Array())
    host.delete('ff')
  }`

const price = (on: Harbour, units: bigint) =>
  expect(on.as(carol).decree.depositPerByte(amount(units)).code).toBeUndefined()
/** What an account pays beside fees; below 0, what it gets. */
function paid(
  on: Harbour,
  by: typeof alice,
  work: () => { receipt?: { fee: bigint } | undefined; code?: string | undefined },
) {
  const before = on.read.token.balance({ owner: by })
  const done = work()
  expect(done.code).toBeUndefined()
  return before - on.read.token.balance({ owner: by }) - (done.receipt?.fee ?? 0n)
}
const held = (on: Harbour, contract: typeof alice) => on.read.contracts.kept({ contract }).deposit
const all = (on: Harbour) => on.read.token.balance({ owner: moduleAddress('contracts', new Uint8Array()) })
const stocked = (first: bigint) => {
  const on = harbour({ depositPerByte: amount(first) })
  const shelf = made(on, SHELF)
  const by = (who: typeof alice) => (method: string, input: string) =>
    paid(on, who, () =>
      call(on, shelf, method, { by: who, input, gas: 100_000_000n, depositMax: 10n ** 12n }),
    )
  return { on, shelf, by }
}

test('when a byte becomes cheaper, whoever adds and deletes rows takes nothing of what others have deposited', () => {
  const { on, shelf, by } = stocked(10_000n)
  expect(by(alice)('put', '01:1000')).toBe(1_065n * 10_000n)
  price(on, 1n)
  const before = held(on, shelf)
  expect(by(bob)('put', '02:16000 03:16000')).toBe(2n * 16_065n)
  expect(by(bob)('drop', '02 03')).toBe(-2n * 16_065n)
  expect(held(on, shelf)).toBe(before)
  // Who put it there gets back what it paid.
  expect(by(alice)('drop', '01')).toBe(-1_065n * 10_000n)
})

test('nor does whoever lengthens and shortens the rows of others, however the price goes up and down', () => {
  const { on, shelf, by } = stocked(10_000n)
  by(alice)('put', '01:1000')
  const before = held(on, shelf)
  let bobs = 0n
  for (const [units, size] of [
    [1n, 16_000],
    [10_000n, 1_000],
    [1n, 9_000],
    [10_000n, 16_000],
    [1n, 1_000],
  ] as const) {
    price(on, units)
    bobs += by(bob)('put', `01:${size}`)
  }
  expect(bobs).toBe(0n)
  expect(held(on, shelf)).toBe(before)
})

test('writing over a row costs nothing and gives nothing, also by deleting it and making it anew, here or in a call that fails', () => {
  const { on, shelf, by } = stocked(10_000n)
  const other = made(on, SHELF, { by: bob })
  by(alice)('put', '01:1000')
  price(on, 1n)
  for (const method of ['put', 'renew']) expect(by(bob)(method, '01:1000')).toBe(0n)
  expect(
    paid(on, bob, () => call(on, other, 'tries', { by: bob, input: `${shelf} 01:1000`, gas: 100_000_000n })),
  ).toBe(0n)
  price(on, 50_000n)
  expect(by(bob)('put', '01:1000')).toBe(0n)
  expect(by(alice)('drop', '01')).toBe(-1_065n * 10_000n)
})

test('rows that were made while bytes were cheap are no store of cheap bytes: who lengthens one pays for all of it', () => {
  const { on, by } = stocked(1n)
  expect(by(bob)('put', '01:0')).toBe(65n)
  price(on, 10_000n)
  expect(by(bob)('put', '01:16000')).toBe(16_065n * 10_000n - 65n)
  expect(by(bob)('put', '01:0')).toBe(-16_000n * 10_000n)
  expect(by(bob)('drop', '01')).toBe(-65n * 10_000n)
})

test('each byte of a row that the state keeps is held for, whatever its key is made of', () => {
  const { on, shelf, by } = stocked(10_000n)
  const prefix = toHex(utf8('contracts'))
  const size = () =>
    [...on.state.entries({ prefix: '' })]
      .filter(([key]) => key.startsWith(prefix))
      .reduce((sum, [key, value]) => sum + BigInt(key.length / 2 + value.length), 0n)
  by(alice)('put', 'ff:1')
  for (const row of ['00:0', `${'00'.repeat(256)}:0`, `${'ab'.repeat(256)}:16384`]) {
    const [bytes, deposit] = [size(), held(on, shelf)]
    by(alice)('put', row)
    expect(held(on, shelf) - deposit).toBeGreaterThanOrEqual((size() - bytes) * 10_000n)
  }
})

test('a contract and its code give back what they cost, and nothing is left with the module', () => {
  const on = harbour()
  const contract = made(on, COUNTER, { by: bob, admin: bob })
  price(on, 3n)
  call(on, contract, 'add', { by: alice })
  price(on, 70_000n)
  expect(on.as(bob).contracts.retire({ contract }).code).toBeUndefined()
  expect(paid(on, bob, () => on.as(bob).contracts.clear({ contract, rows: 0 }))).toBe(0n)
  expect(paid(on, bob, () => on.as(bob).contracts.clear({ contract, rows: 9 }))).toBe(
    -256n * 10_000n - 66n * 3n,
  )
  on.as(bob).contracts.discard({ code: codeHash(COUNTER) })
  expect(all(on)).toBe(0n)
})
