// A chain whose own token refuses to pay some accounts: what planned calls owe to such an account must not stop the chain.
import { contracts, type Money, type MoneyReads } from '@mmtchain/contracts'
import {
  address,
  amount as amountCodec,
  defineChain,
  defineModule,
  solo,
  struct,
  table,
  unit,
} from '@mmtchain/kernel'
import { type Address, amount, utf8 } from '@mmtchain/primitives'
import { testChain } from '@mmtchain/testkit'
import { createSandbox } from '@mmtchain/vm-sandbox'
import { expect, test } from 'vitest'
import { alice, bob, COUNTER, codeHash, GAS } from './harbour.ts'

const ZERO = amount(0n)

/** Money that anybody may make and stop. */
const strictToken = () =>
  defineModule('token', {
    state: { balances: table(address, amountCodec, ZERO), stopped: table(address, unit) },
    errors: { STOPPED: (_: object) => ({ message: 'The account is stopped.', hint: 'Ask who stopped it.' }) },
  })
    .command('make', struct({ to: address, amount: amountCodec }), ({ state }, { to, amount: value }) => {
      state.balances.set(to, value)
    })
    .command('stop', struct({ who: address }), ({ state }, { who }) => {
      state.stopped.set(who, null)
    })
    .query('balance', struct({ owner: address }), amountCodec, ({ state }, { owner }) =>
      state.balances.get(owner),
    )
    .provides<{}, Money, MoneyReads>({
      granted: ({ state, fail }) => ({
        move({ from, to, amount: value }) {
          for (const who of [from, to]) if (state.stopped.has(who)) throw fail.STOPPED({})
          state.balances.set(from, amount(state.balances.get(from) - value))
          state.balances.set(to, amount(state.balances.get(to) + value))
        },
      }),
      reads: ({ state }) => ({ balance: (owner) => state.balances.get(owner) }),
    })

const free = { baseFee: ZERO, gasPrice: ZERO }
const chain = defineChain({ id: 'strict-1', slotMs: 10_000, consensus: solo() })
  .use(strictToken())
  .use(contracts({ sandbox: createSandbox, ...free }), { grants: { kernel: ['attempt'], token: ['move'] } })

test('a token that refuses to pay back what a planned call did not use stops no block, and the money stays with the module', () => {
  const on = testChain(chain, {})
  for (const who of [alice, bob]) on.as(who).token.make({ to: who, amount: amount(10n ** 12n) })
  on.as(alice).contracts.deploy({ code: COUNTER, gas: GAS })
  const rest = { gas: GAS, depositMax: amount(10n ** 9n) }
  const instance = { code: codeHash(COUNTER), input: null, admin: alice, amount: ZERO, ...rest }
  expect(on.as(alice).contracts.instantiate(instance).code).toBeUndefined()
  const [one] = on.read.contracts.contracts({ from: null, limit: 1 })
  const contract = one?.address as Address
  const plan = {
    contract,
    method: 'add',
    input: utf8('1'),
    height: on.height + 3n,
    every: 1,
    runs: 3,
    ...rest,
  }
  expect(on.as(bob).contracts.schedule(plan).code).toBeUndefined()
  const held = on.read.token.balance({ owner: bob })
  on.as(alice).token.stop({ who: bob })
  on.advance({ blocks: 2 })
  expect(on.hookEvents).toContain('contracts.ran')
  on.advance({ blocks: 4 })
  expect(on.read.contracts.plan({ plan: 0n })).toBeNull()
  expect(on.read.token.balance({ owner: bob })).toBe(held)
  const count = on.read.contracts.view({ contract, method: 'count', input: new Uint8Array() })
  expect(new TextDecoder().decode(count)).toBe('3')
})

test('a plan is not taken back for nothing: where its money cannot be paid back, the cancellation is refused', () => {
  const on = testChain(chain, {})
  for (const who of [alice, bob]) on.as(who).token.make({ to: who, amount: amount(10n ** 12n) })
  on.as(alice).contracts.deploy({ code: COUNTER, gas: GAS })
  const rest = { gas: GAS, depositMax: amount(10n ** 9n) }
  on.as(alice).contracts.instantiate({
    ...{ code: codeHash(COUNTER), input: null, admin: alice, amount: ZERO, ...rest },
  })
  const [one] = on.read.contracts.contracts({ from: null, limit: 1 })
  const plan = { contract: one?.address as Address, method: 'add', input: utf8('1'), every: 1, runs: 3 }
  on.as(bob).contracts.schedule({ ...plan, ...rest, height: on.height + 50n })
  on.as(alice).token.stop({ who: bob })
  expect(on.as(bob).contracts.cancel({ plan: 0n }).code).toBe('token/STOPPED')
  expect(on.read.contracts.plan({ plan: 0n })).toMatchObject({ runs: 3 })
})
