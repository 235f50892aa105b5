import { addressFromBytes, amount, hash } from '@mmtchain/primitives'
import { expect, test } from 'vitest'
import { at, attest, commitment, DAY_MS, start } from './harbour.ts'

// What a command reads and writes is counted, hence exact: with many claims and counterparties it is what it is with few. MMT_SOAK_SCALE at 500 makes 100,000.
const MANY = 200 * Math.ceil(Number(process.env.MMT_SOAK_SCALE ?? '1'))
const BLOCK = 250

function somebody(n: number) {
  const bytes = new Uint8Array(32)
  new DataView(bytes.buffer).setUint32(0, n + 1)
  return addressFromBytes(bytes)
}

test(`a command visits as many rows with ${MANY} holders and counterparties as with ten`, () => {
  const on = start()
  attest(on, 'ann', 2)
  const untilMs = on.timeMs + 30n * DAY_MS
  const claim = (n: number) => ({
    ...{ sender: at('registrar'), module: 'kyc', command: 'attest' },
    input: {
      holder: somebody(n),
      level: 1,
      digest: commitment(n),
      person: hash(n.toString(16).padStart(64, 'a')),
      untilMs,
    },
  })
  const pay = (n: number) => ({
    ...{
      sender: at('ann'),
      module: 'token',
      command: 'transfer',
      input: { to: somebody(n), amount: amount(1n) },
    },
  })
  const reading = { holder: at('ann'), registrar: at('registrar'), case: 'KH-1' }
  const rows = () =>
    [
      ...[claim(MANY + 1), pay(MANY + 1)],
      ...[{ sender: at('registrar'), module: 'kyc', command: 'list', input: { person: commitment(77) } }],
      { sender: at('regulator'), module: 'kyc', command: 'lookUp', input: reading },
    ].map((one) => [one.command, on.rows(one)])
  const add = (from: number, to: number) =>
    on.block(Array.from({ length: to - from }, (_, i) => [claim(from + i), pay(from + i)]).flat())
  add(0, 10)
  const few = rows()
  for (let n = 10; n < MANY; n += BLOCK) add(n, Math.min(n + BLOCK, MANY))
  expect(on.read.kyc.claim({ holder: somebody(MANY - 1), registrar: at('registrar') })?.level).toBe(1)
  expect(rows()).toEqual(few)
})
