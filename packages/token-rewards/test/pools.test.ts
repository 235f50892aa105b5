import {
  type Address,
  address,
  amount,
  defineChain,
  defineModule,
  need,
  solo,
  struct,
  text,
} from '@mmtchain/kernel'
import { testAddresses, testChain } from '@mmtchain/testkit'
import { type PoolsGranted, pools, token } from '@mmtchain/token-rewards'
import { expect, test } from 'vitest'

const [ann, works, expansion] = testAddresses('ann', 'works', 'expansion')
const thawing = struct({ pool: text({ bytesMax: 32 }), to: address, amount })

/** Stands for governance: whoever it lets speak may thaw. */
const assembly = () =>
  defineModule('assembly', { needs: { pools: need<{}, PoolsGranted>() } }).command(
    'thaw',
    thawing,
    (ctx, input) => ctx.needs.pools.thaw(input),
  )

const chain = defineChain({ id: 'pool-1', slotMs: 1_000, consensus: solo() })
  .use(token({ symbol: 'PUL', decimals: 2, commandFee: amount(0n) }))
  .use(pools(), { grants: { token: ['move'] } })
  .use(assembly(), { grants: { pools: ['thaw'] } })

const start = (rows: readonly { pool: string; from: Address; amount: bigint }[]) =>
  testChain(chain, {
    token: {
      balances: [
        { owner: expansion, amount: amount(1_000n) },
        { owner: ann, amount: amount(100n) },
      ],
    },
    pools: { pools: rows.map((row) => ({ ...row, amount: amount(row.amount) })) },
  })
const projects = { pool: 'projects', from: expansion, amount: 900n }

test('a pool is frozen: what it took from its account nobody can spend', () => {
  const on = start([projects])
  expect(on.read.pools.pool({ pool: 'projects' })).toBe(900n)
  expect(on.read.token.balance({ owner: expansion })).toBe(100n)
  expect(on.as(expansion).token.transfer({ to: ann, amount: amount(101n) }).code).toBe(
    'token/INSUFFICIENT_BALANCE',
  )
})

test('governance thaws a part, never more than there is', () => {
  const on = start([projects])
  const thaw = (pool: string, value: bigint) =>
    on.as(ann).assembly.thaw({ pool, to: works, amount: amount(value) })
  expect(thaw('no such', 1n).code).toBe('pools/UNKNOWN_POOL')
  expect(thaw('projects', 901n).code).toBe('pools/INSUFFICIENT_POOL')
  expect(thaw('projects', 0n).code).toBe('token/ZERO_AMOUNT')
  expect(thaw('projects', 400n).events).toContain('pools.thawed')
  expect(on.read.token.balance({ owner: works })).toBe(400n)
  expect(on.read.pools.pool({ pool: 'projects' })).toBe(500n)
})

test('whoever buys back refills it', () => {
  const on = start([projects])
  expect(on.as(ann).pools.refill({ pool: 'no such', amount: amount(1n) }).code).toBe('pools/UNKNOWN_POOL')
  expect(on.as(ann).pools.refill({ pool: 'projects', amount: amount(101n) }).code).toBe(
    'token/INSUFFICIENT_BALANCE',
  )
  expect(on.as(ann).pools.refill({ pool: 'projects', amount: amount(60n) }).events).toContain(
    'pools.refilled',
  )
  expect(on.read.pools.pool({ pool: 'projects' })).toBe(960n)
  expect(on.read.token.supply(null)).toBe(1_100n)
})

test('a genesis with a pool twice, or more than its account has, is refused', () => {
  expect(() => start([projects, { ...projects, amount: 1n }])).toThrow(/appears twice/)
  expect(() => start([{ ...projects, amount: 1_001n }])).toThrow(/1,?001|10\.01/)
})
