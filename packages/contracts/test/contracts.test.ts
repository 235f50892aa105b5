import { contractAddress, gasFee } from '@mmtchain/contracts'
import { moduleAddress } from '@mmtchain/crypto'
import { amount, fromUtf8, utf8 } from '@mmtchain/primitives'
import { expect, test } from 'vitest'
import {
  alice,
  bob,
  COUNTER,
  call,
  codeHash,
  DEPOSIT,
  GAS,
  guard,
  harbour,
  made,
  TEXTS,
  view,
} from './harbour.ts'

test('a contract is deployed, called and asked', () => {
  const on = harbour()
  const counter = made(on, COUNTER)
  const done = call(on, counter, 'add', { input: '5' })
  expect(done).toMatchObject({
    code: undefined,
    events: ['contracts.said', 'contracts.called', 'token.transferred'],
  })
  call(on, counter, 'add', { by: bob })
  expect(view(on, counter, 'count')).toBe('6')
  expect(counter).toBe(contractAddress(0n))
})

test('gas that is not used is given back, also when the call fails, and nothing else of it is', () => {
  const on = harbour()
  const counter = made(
    on,
    `${COUNTER}
    export function spoil() { host.set('01', enc('99')); host.pay('0x${'11'.repeat(32)}', 5n); throw new Error('no') }
    export function spin() { for (;;) ; }`,
  )
  call(on, counter, 'add')
  const before = on.read.token.balance({ owner: alice })
  const state = [...on.state.entries({ prefix: '' })].filter(([key]) => !key.startsWith('746f6b656e'))
  const failed = call(on, counter, 'spoil', { amount: 1_000n })
  expect(failed.code).toBe('sandbox/THREW')
  const paid = before - on.read.token.balance({ owner: alice })
  expect(paid).toBe(failed.receipt?.fee)
  expect(paid).toBeGreaterThan(10_000_000n)
  expect(paid).toBeLessThan(10_000_000n + gasFee(GAS, 1_000_000n))
  expect(view(on, counter, 'count')).toBe('1')
  const after = [...on.state.entries({ prefix: '' })].filter(([key]) => !key.startsWith('746f6b656e'))
  // Only the account's nonce, which the kernel keeps, is another.
  const kernel = Buffer.from('kernel').toString('hex')
  const own = (rows: typeof state) =>
    JSON.stringify(rows.filter(([key]) => !key.startsWith(kernel)).map(String))
  expect(own(after)).toBe(own(state))

  const spun = call(on, counter, 'spin')
  expect(spun.code).toBe('sandbox/OUT_OF_GAS')
  expect(spun.receipt?.fee).toBe(10_000_000n + gasFee(GAS, 1_000_000n))
})

test('code is refused in order: too long, there already, no module, and what its deposit costs', () => {
  const on = harbour({ codeBytesMax: 2_000 })
  const deploy = (code: string, gas = GAS) => on.as(alice).contracts.deploy({ code, gas }).code
  expect(deploy('', 10n ** 9n)).toBe('contracts/GAS_TOO_HIGH')
  expect(deploy(`// ${'x'.repeat(2_000)}`)).toBe('contracts/CODE_TOO_LONG')
  expect(deploy(COUNTER)).toBeUndefined()
  expect(deploy(COUNTER)).toBe('contracts/CODE_EXISTS')
  expect(deploy('this is no code')).toBe('sandbox/BAD_CODE')
  expect(deploy('for (;;) ;')).toBe('sandbox/OUT_OF_GAS')
  const poor = harbour({ depositPerByte: amount(10n ** 13n) })
  expect(poor.as(alice).contracts.deploy({ code: COUNTER, gas: GAS }).code).toBe('token/INSUFFICIENT_BALANCE')
})

test('code that nobody runs is discarded by its owner, who gets the deposit back', () => {
  const on = harbour()
  const code = codeHash(COUNTER)
  expect(on.as(bob).contracts.discard({ code }).code).toBe('contracts/UNKNOWN_CODE')
  const contract = made(on, COUNTER, { by: alice, admin: alice })
  expect(on.as(bob).contracts.discard({ code }).code).toBe('contracts/NOT_OWNER')
  expect(on.as(alice).contracts.discard({ code }).code).toBe('contracts/CODE_IN_USE')
  call(on, contract, 'add')
  on.as(alice).contracts.retire({ contract })
  on.as(alice).contracts.clear({ contract, rows: 10 })
  expect(on.read.contracts.contract({ contract })).toBeNull()
  expect(on.as(alice).contracts.discard({ code }).code).toBeUndefined()
  // Whatever was held has been given back: nothing is left on the module's account.
  expect(on.read.token.balance({ owner: moduleAddress('contracts', new Uint8Array()) })).toBe(0n)
})

test('a call is refused in order: unknown, retired, frozen, too little gas, no method', () => {
  const on = harbour()
  const counter = made(on, COUNTER)
  expect(call(on, counter, 'add', { gas: 10n ** 9n }).code).toBe('contracts/GAS_TOO_HIGH')
  expect(call(on, contractAddress(7n), 'add').code).toBe('contracts/UNKNOWN_CONTRACT')
  expect(call(on, counter, 'add', { gas: 1_000n }).code).toBe('contracts/GAS_TOO_LOW')
  expect(call(on, counter, 'nothing').code).toBe('sandbox/NO_METHOD')
  expect(call(on, counter, 'add', { depositMax: 1n }).code).toBe('contracts/DEPOSIT_TOO_LOW')
  expect(call(on, counter, 'add', { amount: 10n ** 16n }).code).toBe('token/INSUFFICIENT_BALANCE')
  const { contracts } = on.as(guard)
  expect(on.as(bob).contracts.freeze({ contract: counter, frozen: true }).code).toBe('contracts/NOT_GUARDIAN')
  expect(contracts.freeze({ contract: contractAddress(7n), frozen: true }).code).toBe(
    'contracts/UNKNOWN_CONTRACT',
  )
  expect(contracts.freeze({ contract: counter, frozen: false }).code).toBe('contracts/NOTHING_TO_CHANGE')
  expect(contracts.freeze({ contract: counter, frozen: true }).events).toEqual(['contracts.frozen'])
  expect(call(on, counter, 'add', { gas: 1_000n }).code).toBe('contracts/FROZEN')
  contracts.freeze({ contract: counter, frozen: false })
  expect(call(on, counter, 'add').code).toBeUndefined()
  expect(on.as(bob).contracts.retire({ contract: counter }).code).toBe('contracts/NOT_ADMIN')
  on.as(alice).token.transfer({ to: counter, amount: amount(1n) })
  expect(on.as(alice).contracts.retire({ contract: counter }).code).toBe('contracts/HOLDS_FUNDS')
})

test('a retired contract is cleared in steps, and its deposits go to its admin', () => {
  const on = harbour()
  const store = made(
    on,
    `export function fill() { for (let i = 16; i < 26; i++) host.set(i.toString(16), new Uint8Array(100)) }`,
  )
  expect(on.as(alice).contracts.clear({ contract: store, rows: 4 }).code).toBe('contracts/NOT_RETIRED')
  call(on, store, 'fill', { by: bob })
  const { bytes, deposit } = on.read.contracts.kept({ contract: store })
  expect(bytes).toBe(256n + 10n * (64n + 1n + 100n))
  expect(deposit).toBe(bytes * 10_000n)
  on.as(alice).contracts.retire({ contract: store })
  expect(call(on, store, 'fill').code).toBe('contracts/RETIRED')
  expect(on.as(bob).contracts.clear({ contract: store, rows: 4 }).code).toBe('contracts/NOT_ADMIN')
  on.as(alice).contracts.clear({ contract: store, rows: 4 })
  expect(on.read.contracts.kept({ contract: store }).bytes).toBe(256n + 6n * 165n)
  const before = on.read.token.balance({ owner: alice })
  const last = on.as(alice).contracts.clear({ contract: store, rows: 6 })
  expect(on.read.token.balance({ owner: alice })).toBe(
    before - (last.receipt?.fee ?? 0n) + (256n + 6n * 165n) * 10_000n,
  )
  expect(on.read.contracts.contract({ contract: store })).toBeNull()
})

test('a contract is upgraded by its admin, with a migration of its own, or never', () => {
  const on = harbour()
  const next = `${COUNTER.replace("|| '1'", "|| '10'")}
    export const migrate = (input) => host.set('01', enc(String(Number(dec(host.get('01'))) * Number(dec(input)))))`
  const counter = made(on, COUNTER)
  call(on, counter, 'add', { input: '7' })
  on.as(bob).contracts.deploy({ code: next, gas: GAS })
  const upgrade = (by = alice, code = codeHash(next), input: string | null = '2') =>
    on.as(by).contracts.upgrade({
      ...{ contract: counter, code, gas: GAS, depositMax: DEPOSIT },
      input: input === null ? null : utf8(input),
    })
  expect(upgrade(bob).code).toBe('contracts/NOT_ADMIN')
  expect(upgrade(alice, codeHash(COUNTER)).code).toBe('contracts/NOTHING_TO_CHANGE')
  expect(upgrade(alice, codeHash('else')).code).toBe('contracts/UNKNOWN_CODE')
  expect(upgrade().code).toBeUndefined()
  for (const method of ['init', 'migrate'])
    expect(call(on, counter, method, { input: '9' }).code).toBe('contracts/NOT_CALLABLE')
  expect(view(on, counter, 'count')).toBe('14')
  call(on, counter, 'add')
  expect(view(on, counter, 'count')).toBe('24')
  expect(on.read.contracts.code({ code: codeHash(COUNTER) })?.uses).toBe(0)

  on.as(alice).contracts.setAdmin({ contract: counter, admin: null })
  expect(upgrade(alice, codeHash(COUNTER)).code).toBe('contracts/NOT_ADMIN')
})

test('a contract is paid, and pays from its own account alone', () => {
  const on = harbour()
  const till = made(
    on,
    `${TEXTS}
    export function take(input, self, sender, amount) { return enc(String(amount) + ' of ' + String(host.balance(self))) }
    export function give(input, self, sender) { host.pay(sender, BigInt(dec(input))) }
    export function steal(input, self) { host.pay('0x' + dec(input), -1n) }`,
  )
  call(on, till, 'take', { by: bob, amount: 500n })
  expect(on.read.token.balance({ owner: till })).toBe(500n)
  const before = on.read.token.balance({ owner: alice })
  const fee = call(on, till, 'give', { input: '200' }).receipt?.fee ?? 0n
  expect(on.read.token.balance({ owner: alice })).toBe(before - fee + 200n)
  expect(call(on, till, 'give', { input: '301' }).code).toBe('token/INSUFFICIENT_BALANCE')
  expect(call(on, till, 'steal', { input: 'ab'.repeat(32) }).code).toBe('primitives/AMOUNT_OUT_OF_RANGE')
  expect(call(on, till, 'give', { input: '0' }).code).toBe('token/ZERO_AMOUNT')
  expect(on.read.token.balance({ owner: till })).toBe(300n)
})

test('a refusal of the contract’s own has its own code, and its logs are told to people', () => {
  const on = harbour()
  const shy = made(
    on,
    `
    export function no() { console.log('thinking'); host.refuse('NOT_OPEN', 'The shop is closed.', 'Come tomorrow.') }
    export function bad() { host.refuse('not a key', '', '') }
    export function gives() { return 'text' }
    export function much() { return new Uint8Array(5000) }`,
  )
  const no = call(on, shy, 'no')
  expect(no.code).toBe('contract/NOT_OPEN')
  expect(no.refusal?.message).toContain('The shop is closed. It logged: thinking')
  expect(call(on, shy, 'bad').code).toBe('contracts/BAD_NAME')
  expect(call(on, shy, 'gives').code).toBe('contracts/BAD_RESULT')
  expect(call(on, shy, 'much').code).toBe('contracts/BAD_RESULT')
  expect(on.read.contracts.view({ contract: shy, method: 'much', input: new Uint8Array() })).toHaveLength(
    5000,
  )
})

test('a query changes nothing', () => {
  const on = harbour()
  const counter = made(
    on,
    `${COUNTER}
    export const talk = () => host.emit('a', new Uint8Array())
    export const pay = () => host.pay('0x${'11'.repeat(32)}', 1n)
    export const drop = () => host.delete('01')
    export const note = () => host.use('master.note', Uint8Array.of(1, 65))`,
  )
  for (const method of ['add', 'talk', 'pay', 'drop', 'note'])
    expect(() => view(on, counter, method), method).toThrow('A query cannot')
})

test('a contract uses what the chain file offers of other modules, and nothing else', () => {
  const on = harbour()
  const asker = made(
    on,
    `${TEXTS}
    const bcs = (text) => Uint8Array.of(text.length, ...enc(text))
    export const depth = (input) => enc(String(host.use('master.depth', bcs(dec(input)))[1]))
    export const note = (input) => host.use('master.note', bcs(dec(input)))
    export const other = () => host.use('token.mint', bcs(''))`,
  )
  expect(view(on, asker, 'depth', 'north')).toBe('5')
  expect(call(on, asker, 'note', { input: 'late' }).events).toContain('master.noted')
  expect(call(on, asker, 'other').code).toBe('contracts/UNKNOWN_CAPABILITY')
  expect(fromUtf8(on.read.contracts.view({ contract: asker, method: 'depth', input: utf8('a') }))).toBe('1')
})
