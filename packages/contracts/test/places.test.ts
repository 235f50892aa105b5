// Plans as an attacker sees them: bytes that others keep for nothing, and places that others cannot have.
import { TRIGGERS_MAX } from '@mmtchain/contracts'
import { moduleAddress } from '@mmtchain/crypto'
import { type Address, amount, toHex, utf8 } from '@mmtchain/primitives'
import { expect, test } from 'vitest'
import {
  alice,
  bob,
  COUNTER,
  call,
  carol,
  DEPOSIT,
  GAS,
  type Harbour,
  harbour,
  made,
  TEXTS,
  view,
} from './harbour.ts'

const PRICE = 10_000n
const balance = (on: Harbour, owner: typeof alice) => on.read.token.balance({ owner })
const held = (on: Harbour) => balance(on, moduleAddress('contracts', new Uint8Array()))
/** How many bytes the module keeps, keys among them. */
function bytesOf(on: Harbour): bigint {
  const module = toHex(utf8('contracts'))
  return [...on.state.entries({ prefix: '' })]
    .filter(([key]) => key.startsWith(module))
    .reduce((sum, [key, value]) => sum + BigInt(key.length / 2 + value.length), 0n)
}
/** What an account has paid since, beside the fees of what it sent. */
const spent = (
  on: Harbour,
  who: typeof alice,
  before: bigint,
  done: readonly { receipt?: { fee: bigint } | undefined }[],
) => before - balance(on, who) - done.reduce((sum, { receipt }) => sum + (receipt?.fee ?? 0n), 0n)
const free = { baseFee: amount(0n), gasPrice: amount(0n) }
const listening = (source: typeof alice, given: Record<string, unknown> = {}) =>
  ({
    source,
    event: 'counted',
    contract: source,
    method: 'count',
    runs: 1,
    gas: GAS,
    depositMax: 0n,
    ...given,
  }) as never
const scheduled = (on: Harbour, contract: typeof alice, given: Record<string, unknown> = {}) =>
  ({
    ...{ contract, method: 'count', input: new Uint8Array(), height: on.height + 100n, every: 0, runs: 1 },
    ...{ gas: GAS, depositMax: 0n, ...given },
  }) as never

test('the state is not filled by plans for fees alone: every byte of them is held for, until they end', () => {
  const on = harbour(free)
  const contract = made(on, COUNTER)
  call(on, contract, 'add')
  const [bytes, deposits, before] = [bytesOf(on), held(on), balance(on, bob)]
  const { schedule, listen, cancel } = on.as(bob).contracts
  const far = { method: 'c'.repeat(32), every: 1, runs: 3 }
  const done = [
    ...Array.from({ length: 4 }, () => schedule(scheduled(on, contract, { input: new Uint8Array(32_768) }))),
    ...Array.from({ length: 4 }, () => schedule(scheduled(on, contract, far))),
    ...Array.from({ length: 4 }, (_, i) =>
      listen(listening(contract, { event: `${'e'.repeat(31)}${i}`, method: far.method })),
    ),
  ]
  expect(bytesOf(on) - bytes).toBeGreaterThan(4n * 32_768n)
  expect(held(on) - deposits).toBeGreaterThanOrEqual((bytesOf(on) - bytes) * PRICE)
  expect(on.read.contracts.plan({ plan: 0n })?.deposit).toBe((512n + 32_768n) * PRICE)
  // Each gives it back when it is cancelled, or has run.
  for (let plan = 0n; plan < 12n; plan++) done.push(cancel({ plan }))
  done.push(schedule(scheduled(on, contract, { input: new Uint8Array(9_999), height: on.height + 2n })))
  on.advance({ blocks: 2 })
  expect(done.map(({ code }) => code)).toEqual(Array(25).fill(undefined))
  expect(on.read.contracts.plan({ plan: 12n })).toBeNull()
  expect(spent(on, bob, before, done)).toBe(0n)
  expect(held(on)).toBe(deposits)
  expect(bytesOf(on)).toBe(bytes)
})

test('nor by what events say to the plans that wait for them', () => {
  const on = harbour(free)
  const loud = made(
    on,
    `export const shout = () => { for (let i = 0; i < 10; i++) host.emit('counted', new Uint8Array(8192)) }
    export const count = () => {}`,
  )
  const [bytes, deposits, before] = [bytesOf(on), held(on), balance(on, bob)]
  const done = Array.from({ length: TRIGGERS_MAX }, () =>
    on.as(bob).contracts.listen(listening(loud, { runs: 20 })),
  )
  const shout = {
    contract: loud,
    method: 'shout',
    input: new Uint8Array(),
    amount: amount(0n),
    depositMax: DEPOSIT,
  }
  const cancels = on.block([
    { sender: alice, module: 'contracts', command: 'call', input: { ...shout, gas: 200_000_000n } },
    ...done.map((_, plan) => ({
      sender: bob,
      module: 'contracts',
      command: 'cancel',
      input: { plan: BigInt(plan) },
    })),
  ])
  expect([...done, ...cancels].map(({ code }) => code)).toEqual(Array(17).fill(undefined))
  expect(bytesOf(on) - bytes).toBeGreaterThan(80n * 8_192n)
  expect(held(on) - deposits).toBeGreaterThanOrEqual((bytesOf(on) - bytes) * PRICE)
  on.advance({ blocks: 10 })
  expect(on.read.contracts.plan({ plan: 7n })).toBeNull()
  expect(spent(on, bob, before, [...done, ...cancels.slice(1)])).toBe(0n)
  expect(held(on)).toBe(deposits)
})

test('a plan gives back what was paid for it, however the price of a byte changes meanwhile', () => {
  const on = harbour(free)
  const contract = made(on, COUNTER)
  const before = balance(on, bob)
  const { schedule, cancel } = on.as(bob).contracts
  const plan = () => schedule(scheduled(on, contract, { input: new Uint8Array(32_768) }))
  const done = [plan()]
  on.as(carol).decree.depositPerByte(amount(1n))
  done.push(plan())
  on.as(carol).decree.depositPerByte(amount(90_000n))
  done.push(cancel({ plan: 0n }), cancel({ plan: 1n }))
  expect(spent(on, bob, before, done)).toBe(0n)
  // Where a byte costs nothing, a plan may be free.
  on.as(carol).decree.depositPerByte(amount(0n))
  expect(plan().code).toBeUndefined()
  expect(cancel({ plan: 2n }).code).toBeUndefined()
})

/** Fills all places for an event with plans that hold as little as a plan can. */
function squatted() {
  const on = harbour()
  const source = made(on, COUNTER)
  const listener = made(
    on,
    `${TEXTS}
    export function heard(input) { host.set('01', enc((dec(host.get('01') ?? enc('')) + ' ' + dec(input)))) }
    export const all = () => host.get('01') ?? enc('')`,
  )
  for (let i = 0; i < TRIGGERS_MAX; i++)
    expect(on.as(carol).contracts.listen(listening(source, { gas: 2_000_000n })).code).toBeUndefined()
  const hears = (given: Record<string, unknown> = {}) =>
    on
      .as(bob)
      .contracts.listen(
        listening(source, { contract: listener, method: 'heard', runs: 3, depositMax: DEPOSIT, ...given }),
      )
  return { on, source, listener, hears }
}
const planned = (on: Harbour, plan: bigint) => on.read.contracts.plan({ plan })

test('cheap plans do not keep others from an event: who holds more than twice as much takes the place of the least', () => {
  const { on, source, listener, hears } = squatted()
  const before = balance(on, carol)
  const taken = hears()
  expect(taken).toMatchObject({
    code: undefined,
    events: expect.arrayContaining(['contracts.planStopped', 'contracts.planEnded', 'contracts.planned']),
  })
  // Of several that hold least, the latest goes. It gets back all that was held for it, and an eighth of what its runs held on top.
  expect(planned(on, 7n)).toBeNull()
  expect(planned(on, 6n)).not.toBeNull()
  const runs = 10_000_000n + 2_000_000n + (128n + 8_192n) * PRICE
  expect(balance(on, carol) - before).toBe(runs + 512n * PRICE + runs / 8n)
  call(on, source, 'add', { input: '4' })
  on.advance({ blocks: 1 })
  expect(view(on, listener, 'all')).toBe(' 4')
})

test('a place is not taken by a little more, so that nobody is driven out for fees alone', () => {
  const { on, source, hears } = squatted()
  const least = 10_000_000n + 2_000_000n + (128n + 8_192n) * PRICE
  // The fee of a run and its gas, and a deposit so that twice the least is just met.
  const rest = { gas: 2_000_000n, runs: 1 }
  const refused = hears({ ...rest, depositMax: 2n * least - 12_000_000n })
  expect(refused.code).toBe('contracts/TOO_MANY_TRIGGERS')
  expect(refused.refusal?.message).toContain(`more than ${2n * least}`)
  expect(hears({ ...rest, depositMax: 2n * least - 12_000_000n + 1n }).code).toBeUndefined()
  // Who had it cannot take it back for the same, and finds seven that hold less.
  expect(on.as(carol).contracts.listen(listening(source, { gas: 2_000_000n })).code).toBe(
    'contracts/TOO_MANY_TRIGGERS',
  )
  expect(planned(on, 8n)).not.toBeNull()
})

/** A call by which the source says something. */
function saying(source: Address) {
  const call = { method: 'add', input: utf8('5'), amount: amount(0n), gas: GAS, depositMax: DEPOSIT }
  return {
    ...{ sender: alice, module: 'contracts', command: 'call' },
    input: { contract: source, ...call },
  }
}

test('runs that are due run although their plan has lost its place', () => {
  const { on, source, hears, listener } = squatted()
  for (let plan = 0n; plan < 8n; plan++) on.as(carol).contracts.cancel({ plan })
  // In one block: said, and then all places are taken by plans that hold more.
  const first = hears({ runs: 2, depositMax: 1_000_000n })
  expect(first.code).toBeUndefined()
  const take = {
    ...{ sender: carol, module: 'contracts', command: 'listen' },
    input: listening(source, { event: 'counted', depositMax: DEPOSIT }) as object,
  }
  const done = on.block([saying(source), ...Array.from({ length: TRIGGERS_MAX }, () => take)])
  expect(done.map(({ code }) => code)).toEqual(Array(9).fill(undefined))
  expect(planned(on, 8n)).toMatchObject({ runs: 1, due: 1 })
  expect(on.as(bob).contracts.cancel({ plan: 8n }).code).toBe('contracts/UNKNOWN_PLAN')
  expect(view(on, listener, 'all')).toBe(' 5')
})

test('a plan whose last run is due keeps no place, and is past cancelling', () => {
  const { on, source, hears } = squatted()
  const cancel = { sender: carol, module: 'contracts', command: 'cancel', input: { plan: 0n } }
  const [, cancelled] = on.block([saying(source), cancel])
  expect(cancelled?.code).toBe('contracts/NOTHING_TO_CHANGE')
  for (let i = 0; i < TRIGGERS_MAX; i++)
    expect(hears({ depositMax: 0n, runs: 1, gas: 2_000_000n }).code).toBeUndefined()
})

test('who drives others out and goes at once pays each of them, however much it holds for that moment', () => {
  const { on, source, hears } = squatted()
  for (let plan = 0n; plan < 8n; plan++) on.as(carol).contracts.cancel({ plan })
  for (let i = 0; i < TRIGGERS_MAX; i++) expect(hears().code).toBeUndefined()
  const runs = 3n * (10_000_000n + 20_000_000n + DEPOSIT)
  const [before, bobs] = [balance(on, carol), balance(on, bob)]
  const listen = {
    module: 'contracts',
    command: 'listen',
    input: listening(source, { depositMax: 7n * DEPOSIT }) as object,
  }
  const done = Array.from({ length: TRIGGERS_MAX }, (_, i) =>
    on.transaction(carol, [
      listen,
      { module: 'contracts', command: 'cancel', input: { plan: 16n + BigInt(i) } },
    ]),
  )
  // The first leaves a place, in which the others come and go: one plan is driven out, and paid.
  expect(done.map(({ code }) => code)).toEqual(Array(TRIGGERS_MAX).fill(undefined))
  expect(spent(on, carol, before, done)).toBe(runs / 8n)
  expect(balance(on, bob) - bobs).toBe(runs + 512n * PRICE + runs / 8n)
})
