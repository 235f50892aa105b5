import { TRIGGERS_MAX } from '@mmtchain/contracts'
import { amount, utf8 } from '@mmtchain/primitives'
import { expect, test } from 'vitest'
import {
  alice,
  bob,
  COUNTER,
  call,
  DEPOSIT,
  GAS,
  guard,
  type Harbour,
  harbour,
  made,
  TEXTS,
  validator,
  view,
} from './harbour.ts'

/** What a run is held for beside its deposit: the base fee and all of its gas. */
const FEE = 10_000_000n + 20_000_000n
/** What a plan itself is held for: 512 bytes, and one of input. */
const PLAN = 513n * 10_000n
const schedule = (on: Harbour, contract: string, given: Record<string, unknown> = {}) =>
  on.as(bob).contracts.schedule({
    ...{ contract, method: 'add', input: utf8('3'), height: on.height + 2n, every: 0, runs: 1 },
    ...{ gas: GAS, depositMax: DEPOSIT, ...given },
  } as never)
const listen = (on: Harbour, source: string, contract: string, given: Record<string, unknown> = {}) =>
  on.as(bob).contracts.listen({
    ...{
      source,
      event: 'counted',
      contract,
      method: 'heard',
      runs: 3,
      gas: GAS,
      depositMax: DEPOSIT,
      ...given,
    },
  } as never)
const balance = (on: Harbour, owner: string) => on.read.token.balance({ owner: owner as never })

const LISTENER = `${TEXTS}
  export function heard(input, self, sender) {
    host.set('01', enc((dec(host.get('01') ?? enc('')) + ' ' + dec(input))))
    if (dec(input) === '5') throw new Error('five')
  }
  export const all = () => host.get('01') ?? enc('')`

test('a call is planned for a height, paid before, and what it did not use comes back', () => {
  const on = harbour()
  const counter = made(on, COUNTER)
  const before = balance(on, bob)
  const planned = schedule(on, counter)
  expect(planned.code).toBeUndefined()
  expect(balance(on, bob)).toBe(before - (planned.receipt?.fee ?? 0n) - FEE - DEPOSIT - PLAN)
  expect(view(on, counter, 'count')).toBe('0')
  const earned = balance(on, validator)
  on.advance({ blocks: 1 })
  expect(on.hookEvents).toContain('contracts.ran')
  expect(view(on, counter, 'count')).toBe('3')
  const spent = before - (planned.receipt?.fee ?? 0n) - balance(on, bob)
  // The node that made the block earns the gas; the rest is the deposit of the new row.
  expect(balance(on, validator) - earned).toBe(spent - 66n * 10_000n)
  expect(on.read.contracts.plan({ plan: 0n })).toBeNull()
})

test('a plan repeats, is cancelled by who made it, and gives back what is left', () => {
  const on = harbour()
  const counter = made(on, COUNTER)
  schedule(on, counter, { every: 2, runs: 2 })
  on.advance({ blocks: 3 })
  expect(view(on, counter, 'count')).toBe('6')
  expect(on.read.contracts.plan({ plan: 0n })).toBeNull()
  schedule(on, counter, { every: 50, runs: 4 })
  on.advance({ blocks: 1 })
  expect(view(on, counter, 'count')).toBe('9')
  expect(on.as(alice).contracts.cancel({ plan: 1n }).code).toBe('contracts/NOT_OWNER')
  const before = balance(on, bob)
  const cancelled = on.as(bob).contracts.cancel({ plan: 1n })
  expect(balance(on, bob) - before).toBe((FEE + DEPOSIT) * 3n + PLAN - (cancelled.receipt?.fee ?? 0n))
  on.advance({ blocks: 60 })
  expect(view(on, counter, 'count')).toBe('9')
  expect(on.as(bob).contracts.cancel({ plan: 1n }).code).toBe('contracts/UNKNOWN_PLAN')
})

test('a plan is refused in order', () => {
  const on = harbour()
  const counter = made(on, COUNTER)
  const code = (given: Record<string, unknown>) => schedule(on, counter, given).code
  expect(code({ contract: alice })).toBe('contracts/UNKNOWN_CONTRACT')
  expect(code({ gas: 10n ** 9n, runs: 0 })).toBe('contracts/GAS_TOO_HIGH')
  expect(code({ gas: 100n, runs: 0 })).toBe('contracts/GAS_TOO_LOW')
  expect(code({ runs: 0 })).toBe('contracts/BAD_PLAN')
  expect(code({ height: 1n })).toBe('contracts/BAD_PLAN')
  expect(code({ runs: 2 })).toBe('contracts/BAD_PLAN')
  expect(code({ height: 2n ** 63n })).toBe('contracts/BAD_PLAN')
  expect(code({ depositMax: amount(10n ** 16n) })).toBe('token/INSUFFICIENT_BALANCE')
  for (let i = 0; i < TRIGGERS_MAX; i++) expect(listen(on, counter, counter).code).toBeUndefined()
  expect(listen(on, counter, counter).code).toBe('contracts/TOO_MANY_TRIGGERS')
})

test('a contract is called when another says something, with what it said, as often as was paid for', () => {
  const on = harbour()
  const counter = made(on, COUNTER)
  const listener = made(on, LISTENER)
  listen(on, counter, listener)
  for (let i = 0; i < 4; i++) call(on, counter, 'add', { input: '2' })
  on.advance({ blocks: 1 })
  expect(view(on, listener, 'all')).toBe(' 2 4 6')
  expect(on.read.contracts.plan({ plan: 0n })).toBeNull()
})

test('a planned call that fails leaves nothing but its fee, and the chain goes on', () => {
  const on = harbour()
  const counter = made(on, COUNTER)
  const listener = made(on, LISTENER)
  listen(on, counter, listener, { runs: 2 })
  const before = balance(on, bob)
  call(on, counter, 'add', { input: '5' })
  on.advance({ blocks: 1 })
  expect(on.hookEvents).toContain('contracts.ran')
  expect(view(on, listener, 'all')).toBe('')
  expect(balance(on, bob)).toBeGreaterThan(before)
  expect(on.read.contracts.plan({ plan: 0n })).toMatchObject({ runs: 1, due: 0 })
})

test('planned calls of a block get no more gas than the chain gives them, and none is lost', () => {
  const on = harbour({ plannedGasMax: 50_000_000n })
  const counter = made(on, COUNTER)
  const height = on.height + 12n
  for (let i = 0; i < 9; i++) schedule(on, counter, { gas: 49_500_000n, height, input: utf8('1') })
  const counts: string[] = []
  on.advance({ blocks: 2 })
  for (let i = 0; i < 12; i++) {
    on.advance({ blocks: 1 })
    counts.push(view(on, counter, 'count'))
  }
  expect(counts.at(-1)).toBe('9')
  expect(new Set(counts)).toEqual(
    new Set(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'].slice(Number(counts[0]))),
  )
})

test('two contracts that wake each other do so once a block, and only as often as was paid for', () => {
  const on = harbour()
  const echo = `${TEXTS}
    export function heard(input) { host.emit('counted', input) }`
  const [one, two] = [made(on, echo), made(on, echo)]
  listen(on, one, two, { runs: 5 })
  listen(on, two, one, { runs: 5 })
  call(on, one, 'heard')
  for (let i = 0; i < 20; i++) {
    on.advance({ blocks: 1 })
    expect(on.hookEvents.filter((event) => event === 'contracts.ran').length).toBeLessThanOrEqual(1)
  }
  expect(on.read.contracts.plan({ plan: 0n })).toBeNull()
  expect(on.read.contracts.plan({ plan: 1n })).toBeNull()
})

test('a run that is refused before it begins is paid for as well', () => {
  const on = harbour()
  const counter = made(on, COUNTER)
  schedule(on, counter, { every: 1, runs: 3 })
  on.as(guard).contracts.freeze({ contract: counter, frozen: true })
  const [before, earned] = [balance(on, bob), balance(on, validator)]
  on.advance({ blocks: 3 })
  expect(on.read.contracts.plan({ plan: 0n })).toBeNull()
  // One of the three ran in the block of the freeze, before it.
  expect(balance(on, validator) - earned).toBe(2n * 10_000_000n)
  expect(balance(on, bob) - before).toBe(2n * (FEE + DEPOSIT - 10_000_000n) + PLAN)
})

test('plans that are taken back keep no others waiting', () => {
  const on = harbour()
  const counter = made(on, COUNTER)
  const height = on.height + 1_000n
  for (let plan = 0n; plan < 260n; plan++) {
    expect(schedule(on, counter, { height }).code).toBeUndefined()
    expect(on.as(bob).contracts.cancel({ plan }).code).toBeUndefined()
  }
  schedule(on, counter, { height })
  on.advance({ blocks: Number(height - on.height) - 1 })
  expect(view(on, counter, 'count')).toBe('0')
  on.advance({ blocks: 1 })
  expect(view(on, counter, 'count')).toBe('3')
})

test('planned calls that say as much as they can stop no chain, whatever the parameters are', () => {
  const on = harbour({ gasMax: 2n ** 40n, plannedGasMax: 2n ** 40n })
  const loud = made(
    on,
    "export function add() { try { for (let i = 0; i < 9999; i++) host.emit('a', new Uint8Array(0)) } catch {} }",
  )
  expect(schedule(on, loud, { gas: 2_000_000_000n }).code).toBe('contracts/GAS_TOO_HIGH')
  // Each of them says something 10,000 times; more in a block than its hooks may say would stop the chain.
  const height = on.height + 20n
  for (let i = 0; i < 8; i++) expect(schedule(on, loud, { gas: 1_000_000_000n, height }).code).toBeUndefined()
  on.advance({ blocks: 20 })
  for (let plan = 0n; plan < 8n; plan++) expect(on.read.contracts.plan({ plan })).toBeNull()
})
