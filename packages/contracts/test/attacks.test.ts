import { DEPTH_MAX } from '@mmtchain/contracts'
import { toHex } from '@mmtchain/primitives'
import { expect, test } from 'vitest'
import { alice, COUNTER, call, GAS, harbour, made, TEXTS, view } from './harbour.ts'

/** Calls the contract whose address is the input, and says what came of it. */
const CALLER = `${TEXTS}
  const none = new Uint8Array()
  export function ask(input, self, sender) {
    const [to, method, then] = dec(input).split(' ')
    try {
      return host.call(to, method, enc(then ?? ''), 0n, 0n)
    } catch (error) {
      return enc('refused ' + error.code)
    }
  }
  export function back(input, self, sender) { return host.call(sender, 'count', none, 0n, 0n) }
  export function count() { return enc('0') }
  export function spoil() { host.set('01', enc('spoilt')); host.emit('spoilt', none); throw new Error('no') }
  export function mark(input) {
    host.set('02', enc('before'))
    try { host.call(dec(input), 'spoil', none, 3n, 0n) } catch (error) { host.set('03', enc(error.code)) }
    return host.get('03')
  }
  export function dive(input, self) {
    const [next, ...rest] = dec(input).split(' ').filter(Boolean)
    if (next === 'sink') { const sink = () => sink() + 1; sink() }
    return next === undefined ? enc('ground') : host.call(next, 'dive', enc(rest.join(' ')), 0n, 0n)
  }
  export function greedy(input) {
    const [to, gas] = dec(input).split(' ')
    try { host.call(to, 'spin', none, 0n, BigInt(gas)) } catch (error) { return enc(error.code) }
  }
  export function spin() { for (;;) ; }
  export function read() { return host.get('01') ?? enc('nothing') }
  `
const resultOf = (
  on: ReturnType<typeof harbour>,
  contract: string,
  method: string,
  input: string,
  amount = 0n,
) => {
  const done = call(on, contract as never, method, { input, amount, gas: 100_000_000n })
  if (done.code !== undefined) return done.code
  const event = done.receipt?.events.find(({ name }) => name === 'called')
  return new TextDecoder().decode(event?.data).replaceAll(/[^\x20-\x7e]/g, '')
}

test('a contract in the middle of a call cannot be called, by itself or by whom it waits for', () => {
  const on = harbour()
  const one = made(on, CALLER)
  const two = made(on, CALLER)
  expect(resultOf(on, one, 'ask', `${one} count`)).toContain('refused contracts/REENTRANT')
  expect(resultOf(on, one, 'ask', `${two} back`)).toContain('refused contracts/REENTRANT')
  expect(resultOf(on, one, 'ask', `${two} count`)).not.toContain('refused')
})

test('a call that fails within another is taken back alone: rows, events and money', () => {
  const on = harbour()
  const outer = made(on, CALLER)
  const inner = made(on, CALLER)
  const done = call(on, outer, 'mark', { input: inner, amount: 10n, gas: 100_000_000n })
  expect(done.events.filter((name) => name === 'contracts.said')).toEqual([])
  expect(on.read.token.balance({ owner: outer })).toBe(10n)
  expect(on.read.token.balance({ owner: inner })).toBe(0n)
  expect(view(on, inner, 'read')).toBe('nothing')
  expect(on.read.contracts.kept({ contract: inner }).bytes).toBe(256n)
  expect(on.read.contracts.kept({ contract: outer }).bytes).toBeGreaterThan(256n)
})

test('calls nest eight deep, and the ninth is refused', () => {
  const on = harbour()
  const all = Array.from({ length: DEPTH_MAX + 1 }, () => made(on, CALLER))
  const [first = '', ...rest] = all
  expect(resultOf(on, first, 'dive', rest.slice(0, DEPTH_MAX - 1).join(' '))).toContain('ground')
  expect(resultOf(on, first, 'dive', rest.join(' '))).toBe('contracts/TOO_DEEP')
})

test('a recursion at the bottom of eight calls ends as the engine’s own error, and never as the host’s', () => {
  const on = harbour()
  const [first = '', ...rest] = Array.from({ length: DEPTH_MAX }, () => made(on, CALLER))
  for (const depth of [0, 3, DEPTH_MAX - 1]) {
    const done = call(on, first as never, 'dive', {
      input: [...rest.slice(0, depth), 'sink'].join(' '),
      gas: 150_000_000n,
    })
    expect([done.code, done.refusal?.message]).toEqual([
      'sandbox/THREW',
      expect.stringContaining('stack overflow'),
    ])
  }
})

test('gas is handed on: the inner call spends what it is given, and the outer pays for it', () => {
  const on = harbour()
  const one = made(on, CALLER)
  const two = made(on, CALLER)
  const gasUsed = (input: string) => {
    const done = call(on, one, 'greedy', { input, gas: 100_000_000n })
    return [done.code, (done.receipt?.fee ?? 0n) - 10_000_000n] as const
  }
  const [few, least] = gasUsed(`${two} 10000000`)
  const [more, most] = gasUsed(`${two} 60000000`)
  expect([few, more]).toEqual([undefined, undefined])
  // Fifty million gas more at a million units for a million gas.
  expect(Number(most - least) / 1e6).toBeCloseTo(50, 0)
  // All that is left but a 64th: enough for the outer one to go on.
  expect(gasUsed(`${two} 0`)[0]).toBeUndefined()
})

test('storing is paid for, and what nobody pays for is not stored', () => {
  const on = harbour()
  const hoard = made(
    on,
    `
    export function fill() { for (let i = 0; ; i++) host.set((i + 65536).toString(16).padStart(6, '0'), new Uint8Array(16384)) }
    export function large() { host.set('01', new Uint8Array(16385)) }
    export function key() { host.set('0'.repeat(514), new Uint8Array(1)) }
    export function odd() { host.set('xyz', new Uint8Array(1)) }
    export function one() { host.set('01', new Uint8Array(16384)) }`,
  )
  expect(call(on, hoard, 'fill', { gas: 200_000_000n }).code).toBe('sandbox/OUT_OF_GAS')
  expect(on.read.contracts.kept({ contract: hoard }).bytes).toBe(256n)
  expect(call(on, hoard, 'large').code).toBe('contracts/ROW_TOO_LARGE')
  expect(call(on, hoard, 'key').code).toBe('contracts/BAD_KEY')
  expect(call(on, hoard, 'odd').code).toBe('contracts/BAD_KEY')
  expect(call(on, hoard, 'one', { depositMax: 16_384n * 10_000n }).code).toBe('contracts/DEPOSIT_TOO_LOW')
  expect(call(on, hoard, 'one', { depositMax: 16_449n * 10_000n }).code).toBeUndefined()
})

test('whoever frees what another has stored gets its deposit, and nobody gets more than was held', () => {
  const on = harbour()
  const shelf = made(
    on,
    `
    export function put() { host.set('01', new Uint8Array(1000)); host.set('02', new Uint8Array(1000)) }
    export function cut() { host.set('01', new Uint8Array(500)) }
    export function drop() { host.delete('01'); host.delete('02'); host.delete('03') }
    export function churn() { for (let i = 0; i < 50; i++) { host.set('01', new Uint8Array(i)); host.delete('01') } }`,
  )
  const held = () => on.read.contracts.kept({ contract: shelf })
  call(on, shelf, 'put')
  expect(held()).toEqual({ bytes: 256n + 2n * 1_065n, deposit: (256n + 2n * 1_065n) * 10_000n })
  call(on, shelf, 'cut')
  expect(held()).toEqual({ bytes: 256n + 1_065n + 565n, deposit: (256n + 1_065n + 565n) * 10_000n })
  call(on, shelf, 'drop')
  expect(held()).toEqual({ bytes: 256n, deposit: 2_560_000n })
  call(on, shelf, 'churn', { gas: 100_000_000n })
  expect(held()).toEqual({ bytes: 256n, deposit: 2_560_000n })
})

test('floods of the host end with the gas or the limit of calls', () => {
  const on = harbour()
  const flood = made(
    on,
    `
    const none = new Uint8Array()
    export const gets = () => { for (;;) host.get('01') }
    export const sets = () => { for (let i = 0; ; i++) host.set((i % 200 + 256).toString(16).padStart(4, '0'), none) }
    export const events = () => { for (;;) host.emit('a', none) }
    export const balances = (input, self) => { for (;;) host.balance(self) }
    export const calls = (input, self) => { for (;;) try { host.call(self, 'gets', none, 0n, 1n) } catch (error) { if (error.code === undefined) throw error } }
    export const logs = () => { for (;;) console.log('x') }
    export const scans = () => { for (;;) host.scan('01', '01', NaN) }
    export const uses = () => { for (;;) try { host.use('no.such', none) } catch (error) { if (error.code === undefined) throw error } }`,
  )
  for (const method of ['gets', 'sets', 'events', 'balances', 'calls', 'logs', 'scans', 'uses']) {
    const done = call(on, flood, method, { gas: 100_000_000n })
    expect(done.code, method).toMatch(/sandbox\/(OUT_OF_GAS|THREW)|kernel\/TOO_MANY_EVENTS/)
    expect(done.events, method).toEqual([])
  }
})

test('rows of one contract are out of reach of all others', () => {
  const on = harbour()
  const one = made(on, COUNTER)
  call(on, one, 'add', { input: '41' })
  const spy = made(
    on,
    `${TEXTS}
    export function look() {
      const found = []
      for (const prefix of ['00', '01', 'ff', '${'0'.repeat(64)}']) found.push(host.scan(prefix, prefix, 64).length)
      return enc(found.join() + ' ' + (host.get('01') === undefined))
    }`,
  )
  expect(view(on, spy, 'look')).toBe('2,2,2,2 true')
})

test('a page of rows is in the order of keys and ends where its prefix does', () => {
  const on = harbour()
  const list = made(
    on,
    `${TEXTS}
    export function fill() { for (const key of ['0203', '02', '03', '0201', '01ff']) host.set(key, Uint8Array.of(7)) }
    export function within(input) { const [prefix, from, limit] = dec(input).split(' '); return host.scan(prefix, from, Number(limit)) }`,
  )
  call(on, list, 'fill')
  const page = (input: string) =>
    toHex(
      on.read.contracts.view({ contract: list, method: 'within', input: new TextEncoder().encode(input) }),
    )
  expect(page('02 02 64')).toBe('03' + '0102' + '0107' + '020201' + '0107' + '020203' + '0107' + '00')
  expect(page('02 0202 64')).toBe('01' + '020203' + '0107' + '00')
  expect(page('02 02 1')).toBe('01' + '0102' + '0107' + '01')
  expect(page('04 04 1')).toBe('0000')
})

test('a page has no more rows than a page may, whatever its limit is said to be', () => {
  const on = harbour()
  const list = made(
    on,
    `${TEXTS}
    export function fill() { for (let i = 0; i < 70; i++) host.set('02' + (16 + i).toString(16), new Uint8Array()) }
    export function within(input) { return host.scan('02', '02', Number(dec(input))) }`,
  )
  call(on, list, 'fill')
  const rowsOf = (limit: string) =>
    on.read.contracts.view({ contract: list, method: 'within', input: new TextEncoder().encode(limit) })[0]
  expect(['NaN', 'Infinity', '1e300', '64', '63.5', '3', '0', '-1'].map(rowsOf)).toEqual([
    ...[64, 64, 64, 64, 64, 3, 0, 0],
  ])
})

test('no call knows what another was given by chance', () => {
  const on = harbour()
  const dice = made(
    on,
    `${TEXTS}
    export const roll = () => enc(String(Math.random()))
    export const twice = (input, self) => enc(String(Math.random() === Math.random()))`,
  )
  const rolls = [0, 1, 2].map(() => resultOf(on, dice, 'roll', ''))
  const both = on.block(
    [1, 2].map(() => ({
      ...{ sender: alice, module: 'contracts', command: 'call' },
      input: {
        ...{ contract: dice, method: 'roll', input: new Uint8Array(), amount: 0n, gas: GAS, depositMax: 0n },
      },
    })),
  )
  const all = [
    ...rolls,
    ...both.map(({ receipt }) => toHex(receipt?.events[0]?.data ?? new Uint8Array()).slice(-36)),
  ]
  expect(new Set(all).size).toBe(5)
  expect(resultOf(on, dice, 'twice', '')).toContain('false')
})
