import { type Codec, encode, fromJson, type Json, toJson } from '@mmtchain/codec'
import { signEthereumText } from '@mmtchain/crypto'
import { amount, createMachine, defineChain, memoryStore, solo } from '@mmtchain/kernel'
import { fromHex, toHex, utf8 } from '@mmtchain/primitives'
import { testAccount, testAddresses, testChain } from '@mmtchain/testkit'
import { type TokenOptions, token } from '@mmtchain/token-rewards'
import { expect, test } from 'vitest'
import { golden } from '../../../tests/golden.ts'

interface VestingVectors {
  readonly vectors: readonly {
    readonly name: string
    readonly prefix: string
    readonly timeMs: string
    readonly document: Json
    readonly bytes: string
    readonly rows: readonly { readonly table: string; readonly key: string; readonly value: string }[]
  }[]
  readonly unlocked: readonly {
    readonly schedule: ScheduleJson
    readonly timeMs: string
    readonly unlocked: string
  }[]
  readonly steps: readonly {
    readonly what: string
    readonly timeMs: string
    readonly before: readonly ScheduleJson[]
    readonly joins: readonly ScheduleJson[]
    readonly balance: string
    readonly after: readonly ScheduleJson[]
  }[]
}
interface ScheduleJson {
  readonly amount: string
  readonly startMs: string
  readonly spanMs: string
  readonly released: string
}
const { vectors, unlocked, steps } = golden<VestingVectors>('vesting.json')
const context = { addressPrefix: 'mmt' }
const options: TokenOptions = { symbol: 'A', commandFee: amount(0n) }
const tokenDocument = token(options).spec.genesis?.document as Codec<unknown>
const chain = defineChain({ id: 'a', slotMs: 500, consensus: solo() }).use(token(options))

test.each(vectors)('$name: the document of the golden vectors and the rows that it becomes', (vector) => {
  const document = fromJson(tokenDocument, vector.document, context)
  expect(toHex(encode(tokenDocument, document))).toBe(vector.bytes)
  expect(toJson(tokenDocument, document, context)).toEqual(vector.document)

  const { store, genesis } = begun({ timeMs: BigInt(vector.timeMs), document })
  expect(genesis.chain.addressPrefix).toBe(vector.prefix)
  const found = [...store.entries({ prefix: `${toHex(utf8('token'))}00` })]
  const rows = vector.rows.map(({ key: row, value }) => [row, fromHex(value)] as const)
  expect(found).toEqual(rows.sort(([a], [b]) => (a < b ? -1 : 1)))
})

/** A chain that has begun with this document. */
function begun({ timeMs, document }: { readonly timeMs: bigint; readonly document: unknown }) {
  const { address, authority } = testAccount('validator')
  const key = authority.keys[0] as (typeof authority.keys)[number]
  const documents = { token: document as object }
  const genesis = chain.genesis({ timeMs, validators: [{ address, key }], documents })
  const machine = createMachine(genesis)
  const store = memoryStore()
  const { block, id, receipts, staged, tip } = machine.begin(store)
  const none = new Uint8Array()
  const rest = { transactionIds: [], refusals: [], seal: none, checkpoint: none }
  store.commitNow({ block, id, receipts, staged, ...rest })
  return { machine, genesis, store, tip }
}

const rowOf = ({ amount: whole, startMs, spanMs }: ScheduleJson) => ({
  amount: amount(BigInt(whole)),
  startMs: BigInt(startMs),
  spanMs: BigInt(spanMs),
})
const [alice, bob] = testAddresses('alice', 'bob')

test.each(unlocked)('of $schedule.amount over $schedule.spanMs ms, $unlocked at $timeMs', (vector) => {
  const document = { vesting: [{ owner: alice, ...rowOf(vector.schedule) }] }
  const { machine, store, tip } = begun({ timeMs: 0n, document })
  const later = { ...tip, header: { ...tip.header, timeMs: BigInt(vector.timeMs) } }
  const input = { owner: alice }
  expect(machine.query(store, later, { module: 'token', query: 'balance', input })).toBe(
    BigInt(vector.unlocked),
  )
})

test('an account’s schedules are released and joined as in the golden vectors', () => {
  const { vectors: claims } = golden<{ vectors: { secret: string; holder: string }[] }>('claims.json')
  const eve = claims[0] as (typeof claims)[number]
  const first = steps[0] as (typeof steps)[number]
  const joining = steps.flatMap(({ joins }) => joins)
  const on = testChain(chain, {
    token: {
      balances: [{ owner: alice, amount: amount(5n) }],
      vesting: first.before.map((one) => ({ owner: alice, ...rowOf(one) })),
      unclaimedVesting: joining.map((one) => ({ holder: fromHex(eve.holder), ...rowOf(one) })),
    },
  })
  let spent = 0n
  for (const { what, timeMs, balance, after } of steps) {
    while (on.timeMs + 500n < BigInt(timeMs)) on.advance({ blocks: 1 })
    if (what === 'claimed') {
      const text = on.read.token.claimText({ to: alice })
      const signature = signEthereumText({ text, secret: fromHex(eve.secret) })
      expect(on.as(alice).token.claim({ to: alice, signature }).code).toBeUndefined()
    } else {
      // All that there is to the unit, so that what has unlocked must be released for it.
      const value = amount(BigInt(balance) - spent)
      expect(on.as(alice).token.transfer({ to: bob, amount: value }).code).toBeUndefined()
      spent += value
    }
    expect(on.timeMs).toBe(BigInt(timeMs))
    const { vesting, total } = on.read.token.holdings({ owner: alice })
    expect(vesting.map(({ amount: whole, startMs, endMs }) => [whole, startMs, endMs])).toEqual(
      after.map(rowOf).map(({ amount: whole, startMs, spanMs }) => [whole, startMs, startMs + spanMs]),
    )
    const waiting = after.reduce((sum, one) => sum + BigInt(one.amount) - BigInt(one.released), 0n)
    expect(total).toBe(BigInt(balance) - spent + waiting)
  }
})
