import { encode, fromJson, type Json, toJson } from '@mmtchain/codec'
import { createMachine, defineChain, memoryStore, solo } from '@mmtchain/kernel'
import { fromHex, toHex, utf8 } from '@mmtchain/primitives'
import { testAccount } from '@mmtchain/testkit'
import { token } from '@mmtchain/token-rewards'
import { expect, test } from 'vitest'
import { tokenDocument } from '../src/genesis.ts'
import {
  joined,
  releasable,
  released,
  type Schedule,
  schedule,
  schedules,
  unlockedAt,
} from '../src/vesting.ts'
import { golden } from './golden.ts'

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
    readonly schedule: Json
    readonly timeMs: string
    readonly unlocked: string
  }[]
  readonly steps: readonly {
    readonly what: string
    readonly timeMs: string
    readonly before: Json
    readonly joins: Json
    readonly gained: string
    readonly after: Json
    readonly afterBytes: string
  }[]
}
const { vectors, unlocked, steps } = golden<VestingVectors>('vesting.json')
const context = { addressPrefix: 'mmt' }
const read = (json: Json): readonly Schedule[] => fromJson(schedules, json, context)

test.each(vectors)('$name: the document of the golden vectors and the rows that it becomes', (vector) => {
  const document = fromJson(tokenDocument, vector.document, context)
  expect(toHex(encode(tokenDocument, document))).toBe(vector.bytes)
  expect(toJson(tokenDocument, document, context)).toEqual(vector.document)

  const { address, authority } = testAccount('validator')
  const key = authority.keys[0] as (typeof authority.keys)[number]
  const genesis = defineChain({ id: 'a', addressPrefix: vector.prefix, consensus: solo() })
    .use(token({ symbol: 'A' }))
    .genesis({
      timeMs: BigInt(vector.timeMs),
      validators: [{ address, key }],
      documents: { token: document },
    })
  const store = memoryStore()
  const { block, id, receipts, staged } = createMachine(genesis).begin(store)
  const none = new Uint8Array()
  const rest = { transactionIds: [], refusals: [], seal: none, checkpoint: none }
  store.commitNow({ block, id, receipts, staged, ...rest })
  const found = [...store.entries({ prefix: `${toHex(utf8('token'))}00` })]
  const rows = vector.rows.map(({ key: row, value }) => [row, fromHex(value)] as const)
  expect(found).toEqual(rows.sort(([a], [b]) => (a < b ? -1 : 1)))
})

test.each(unlocked)('of $schedule.amount over $schedule.spanMs ms, $unlocked at $timeMs', (vector) => {
  const one = fromJson(schedule, vector.schedule, context)
  expect(unlockedAt(one, BigInt(vector.timeMs))).toBe(BigInt(vector.unlocked))
})

test.each(steps)('schedules are $what at $timeMs as in the golden vectors', (vector) => {
  const [before, timeMs] = [read(vector.before), BigInt(vector.timeMs)]
  expect(releasable(before, timeMs)).toBe(BigInt(vector.gained))
  const after = joined(released(before, timeMs), read(vector.joins))
  expect(after).toEqual(read(vector.after))
  expect(toHex(encode(schedules, after))).toBe(vector.afterBytes)
})
