import { readFileSync } from 'node:fs'
import {
  bytes as bytesOf,
  type Codec,
  decode,
  encode,
  fromJson,
  type Json,
  option,
  struct,
  toJson,
  u64,
} from '@mmtchain/codec'
import { contradict, dpos, noVotes, sealMessage, type VoteHeader, withBlock } from '@mmtchain/consensus-dpos'
import { defaultSuites } from '@mmtchain/crypto'
import { blockId, type EngineChain, header as headerCodec, ZERO_HASH } from '@mmtchain/kernel'
import { fromHex, type Hash, toHex } from '@mmtchain/primitives'
import { testAddresses } from '@mmtchain/testkit'
import { expect, test } from 'vitest'

// formats.md, section 19, by the vectors of its independent implementation.

type Heights = readonly [height: number, generated: number, prevoted: number]
interface Vectors {
  readonly vectors: readonly {
    readonly name: string
    readonly fingerprint: Hash
    readonly key: { readonly suite: number; readonly public: string }
    readonly fields: { readonly turn: string; readonly reveal: string | null }
    readonly header: Json
    readonly id: string
    readonly sealMessage: string
    readonly seal: string
  }[]
  readonly evidence: readonly {
    readonly name: string
    readonly kind: string
    readonly height: string
    readonly bytes: string
  }[]
  readonly messages: readonly { readonly message: Json; readonly bytes: string }[]
  readonly contradictions: readonly {
    readonly a: Heights
    readonly b: Heights
    readonly contradict: boolean
  }[]
  readonly branches: readonly {
    readonly rosters: readonly (readonly number[])[]
    readonly headers: readonly (readonly [proposer: number, generated: number])[]
    readonly heights: readonly (readonly [number, number])[]
  }[]
}
const url = new URL('../../../docs/spec/vectors/dpos.json', import.meta.url)
const golden = JSON.parse(readFileSync(url, 'utf8')) as Vectors
const [who] = testAddresses('somebody')
const names = Array.from({ length: 30 }, (_, i) => testAddresses(`seat ${i}`)[0])

test.each(golden.vectors)('$name: header fields, id, what is signed, and the seal', (vector) => {
  const header = fromJson(headerCodec, vector.header)
  const id = blockId(vector.fingerprint, header)
  expect(id).toBe(vector.id)
  expect(toHex(sealMessage(vector.fingerprint, header, id))).toBe(vector.sealMessage)
  expect(() => check(vector, fromHex(vector.seal))).not.toThrow()
  expect(() => check(vector, fromHex(vector.sealMessage).subarray(0, 64))).toThrow(/seal/)
})

const suites = new Map(defaultSuites.map((suite) => [suite.code, suite]))
const chainOf = (fingerprint: Hash): EngineChain => ({ fingerprint, slotMs: 10_000n, suites })

function setOf({ header, key }: Vectors['vectors'][number]) {
  const { proposer } = fromJson(headerCodec, header)
  const seat = { address: proposer, key: { suite: key.suite, key: fromHex(key.public) } }
  return { epoch: 0n, epochStartTurn: 1n, seed: ZERO_HASH, validators: [seat] }
}

function check(vector: Vectors['vectors'][number], seal: Uint8Array): void {
  const header = fromJson(headerCodec, vector.header)
  const id = blockId(vector.fingerprint, header)
  dpos().checkSeal({ chain: chainOf(vector.fingerprint), header, id, seal, validators: setOf(vector) })
}

test.each(golden.evidence)('evidence of $name proves it', ({ kind, height, bytes }) => {
  const [first] = golden.vectors
  if (!first) throw new Error('there are vectors')
  const set = setOf(first)
  const header = fromJson(headerCodec, first.header)
  const before = { ...header, height: 11n as typeof header.height, timeMs: header.timeMs - 10_000n }
  const consensus = encodeFields({ turn: 13n, maxHeightPrevoted: 7n })
  const parent = { header: { ...before, consensus }, id: header.parent, validators: set }
  const { evidence } = dpos().context({
    chain: chainOf(first.fingerprint),
    block: { header, transactions: [], evidence: [fromHex(bytes)], missProofs: [] },
    parent,
    past: { validators: (epoch) => (epoch === 0n ? set : undefined) },
  })
  expect(evidence).toEqual([{ culprit: header.proposer, height: BigInt(height), kind }])
})

function encodeFields({ turn, maxHeightPrevoted }: { turn: bigint; maxHeightPrevoted: bigint }): Uint8Array {
  const fields = struct({
    ...{
      turn: u64,
      reveal: option(bytesOf({ bytesMax: 64 })),
      maxHeightPrevoted: u64,
      maxHeightGenerated: u64,
    },
  })
  return encode(fields, { turn, reveal: null, maxHeightPrevoted, maxHeightGenerated: 0n })
}

test.each(golden.messages)('the bytes of the message %#', ({ message, bytes }) => {
  const codec = dpos().message as Codec<unknown>
  expect(toHex(encode(codec, fromJson(codec, message)))).toBe(bytes)
  expect(toJson(codec, decode(codec, fromHex(bytes)), { addressPrefix: 'mmt' })).toEqual(message)
})

test('headers contradict as the vectors say', () => {
  const header = ([height, generated, prevoted]: Heights): VoteHeader => ({
    ...{ height: BigInt(height), proposer: who },
    ...{ maxHeightGenerated: BigInt(generated), maxHeightPrevoted: BigInt(prevoted) },
  })
  for (const { a, b, contradict: want } of golden.contradictions)
    expect([a, b, contradict(header(a), header(b))]).toEqual([a, b, want])
})

test.each(golden.branches)('branch %#: the heights after each block', ({ rosters, headers, heights }) => {
  let votes = noVotes()
  const seat = (number: number) => names[number] as (typeof names)[number]
  const told = headers.map(([proposer, generated], i) => {
    const header = { height: BigInt(i + 1), proposer: seat(proposer), maxHeightGenerated: BigInt(generated) }
    votes = withBlock(
      votes,
      { ...header, maxHeightPrevoted: votes.maxHeightPrevoted },
      (rosters[i] ?? []).map(seat),
    )
    return [Number(votes.maxHeightPrevoted), Number(votes.maxHeightPrecommitted)]
  })
  expect(told).toEqual(heights)
})
