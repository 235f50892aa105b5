import { encode } from '@mmtchain/codec'
import { hashTagged, tag } from '@mmtchain/crypto'
import {
  amount,
  cell,
  defineChain,
  defineModule,
  hash,
  need,
  params,
  protocolCodec,
  protocolHashOf,
  solo,
  struct,
  u32,
  u64,
  unit,
} from '@mmtchain/kernel'
import { hashToBytes, toHex } from '@mmtchain/primitives'
import { testAddresses, testChain } from '@mmtchain/testkit'
import { token } from '@mmtchain/token-rewards'
import { expect, test } from 'vitest'

const [alice, bob] = testAddresses('alice', 'bob')
const SANDBOX = hash('ab'.repeat(32))

/** Work that is paid for by units, and of which some may not be done. */
const works = (sandbox = SANDBOX) =>
  defineModule('works', {
    params: params(struct({ price: amount }), { price: amount(1_000n) }),
    sandbox,
    state: { done: cell(u32, 0) },
    events: { worked: struct({ units: u64 }) },
    errors: { TIRED: (_: object) => ({ message: 'Too much.', hint: 'Ask for less.' }) },
    needs: { kernel: need<{}, { attempt(run: () => undefined): undefined }>() },
  })
    .command(
      'work',
      struct({ units: u64, done: u64 }),
      {
        weight: ({ units }) => 10n + units,
        fee: ({ units }, { price }) => amount(units * price),
      },
      (ctx, { units, done }) => {
        ctx.refund(amount((units - done) * ctx.params.price))
        ctx.state.done.set(ctx.state.done.get() + Number(done))
        ctx.emit.worked({ units: done })
        if (done === 13n) throw ctx.fail.TIRED({})
      },
    )
    .command('try', unit, (ctx) => {
      try {
        ctx.needs.kernel.attempt(() => {
          ctx.state.done.set(99)
          ctx.emit.worked({ units: 99n })
          throw ctx.fail.TIRED({})
        })
      } catch {
        ctx.emit.worked({ units: 0n })
      }
    })
    .query('done', unit, u32, (ctx) => ctx.state.done.get())

const base = () => defineChain({ id: 'works-1', consensus: solo() }).use(token({ symbol: 'HKT' }))
const chain = (sandbox = SANDBOX) => base().use(works(sandbox), { grants: { kernel: ['attempt'] } })
const open = () =>
  testChain(chain(), {
    token: {
      balances: [alice, bob].map((owner) => ({ owner, amount: amount(10n ** 12n) })),
      ...{ unclaimed: [], vesting: [], unclaimedVesting: [] },
    },
  })

test('a command weighs and costs by its input and the parameters, and gives back what it did not use', () => {
  const on = open()
  const before = on.read.token.balance({ owner: alice })
  const body = on.body(alice, [{ module: 'works', command: 'work', input: { units: 100n, done: 40n } }])
  expect(body.fee).toBe(100_000n)
  const plain = on.body(alice, [{ module: 'works', command: 'work', input: { units: 0n, done: 0n } }])
  expect(body.weightMax - plain.weightMax).toBe(100n)
  const { receipt } = on.submit(on.sign(body))
  expect(receipt?.fee).toBe(40_000n)
  expect(on.read.token.balance({ owner: alice })).toBe(before - 40_000n)
  expect(on.read.token.feePool(null)).toBe(40_000n)
})

test('a refused command gives back as well, and nothing else of it stays', () => {
  const on = open()
  const done = on.as(alice).works.work({ units: 100n, done: 13n })
  expect(done).toMatchObject({ code: 'works/TIRED', receipt: { fee: 13_000n } })
  expect(on.read.works.done(null)).toBe(0)
  expect(on.read.token.feePool(null)).toBe(13_000n)
})

test('no more than the fee is ever given back, whatever a module asks for', () => {
  const on = open()
  const many = on.transaction(
    alice,
    [0n, 5n].map((done) => ({ module: 'works', command: 'work', input: { units: 10n, done } })),
  )
  expect(many.receipt?.fee).toBe(5_000n)
  // What one transaction gives back says nothing about the next.
  expect(on.as(alice).works.work({ units: 10n, done: 10n }).receipt?.fee).toBe(10_000n)
})

test('the refund goes to who paid', () => {
  const on = open()
  expect(on.read.token.supply(null)).toBe(2n * 10n ** 12n)
  on.as(bob).works.work({ units: 50n, done: 1n })
  expect(on.read.token.balance({ owner: bob })).toBe(10n ** 12n - 1_000n)
})

test('what is attempted and fails is taken back alone', () => {
  const on = open()
  expect(on.as(alice).works.try(null).events).toEqual(['works.worked'])
  expect(on.read.works.done(null)).toBe(0)
})

test('the sandbox of a module is part of the protocol hash, and another one is another release', () => {
  const { genesis } = open()
  const modules = genesis.chain.modules.map(({ spec: { name, version } }) => ({
    name,
    version,
    governed: new Map(),
  }))
  const bytes = encode(protocolCodec, { modules, sandbox: SANDBOX })
  expect(genesis.protocolHash).toBe(
    toHex(hashTagged(tag('mmt/protocol/1'), hashToBytes(genesis.fingerprint), bytes)),
  )
  const other = chain(hash('cd'.repeat(32)))
  expect(protocolHashOf(genesis.fingerprint, other, () => [])).not.toBe(genesis.protocolHash)
  expect(() => chain().upgrade(other)).not.toThrow()
  expect(() => chain().upgrade(chain())).toThrow('another sandbox')
  expect(() => chain().use(defineModule('second', { sandbox: SANDBOX }))).toThrow(
    'both works and second declare a sandbox',
  )
})
