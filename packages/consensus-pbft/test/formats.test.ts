import { readFileSync } from 'node:fs'
import { type Codec, decode, encode, fromJson, toJson } from '@mmtchain/codec'
import {
  certificate,
  consensusFields,
  evidence,
  faultsMax,
  honestMin,
  message,
  missProof,
  pbft,
  possessionMessage,
  quorum,
  signMessage,
  statement,
} from '@mmtchain/consensus-pbft'
import { defaultSuites } from '@mmtchain/crypto'
import { type Header, hash, validatorSet, validatorsHash } from '@mmtchain/kernel'
import { fromHex, parseAddress, toHex } from '@mmtchain/primitives'
import { describe, expect, test } from 'vitest'

interface Shown {
  readonly value: unknown
  readonly bytes: string
}
interface Vectors {
  readonly vectors: readonly {
    readonly name: string
    readonly statement: unknown
    readonly bytes: string
    readonly message: string
    readonly key: { readonly suite: number; readonly public: string; readonly secret: string }
    readonly signature: string
  }[]
  readonly fingerprint: string
  readonly validatorSet: unknown
  readonly validatorsHash: string
  readonly certificates: readonly (Shown & { readonly kind: string })[]
  readonly evidence: Shown
  readonly missProof: Shown
  readonly messages: readonly Shown[]
  readonly consensus: readonly Shown[]
  readonly params: readonly Shown[]
  readonly possession: {
    readonly key: { suite: number; public: string }
    readonly address: string
    readonly message: string
  }
  readonly quorums: readonly (readonly [n: number, f: number, q: number])[]
}
const golden: Vectors = JSON.parse(
  readFileSync(new URL('../../../docs/spec/vectors/pbft.json', import.meta.url), 'utf8'),
)
const fingerprint = hash(golden.fingerprint)
const set = fromJson(validatorSet, golden.validatorSet)
const suites = new Map(defaultSuites.map((suite) => [suite.code, suite]))

function agrees(codec: Codec<unknown>, { value, bytes }: Shown): undefined {
  const read = fromJson(codec, value)
  expect(toHex(encode(codec, read))).toBe(bytes)
  expect(toJson(codec, decode(codec, fromHex(bytes)), { addressPrefix: 'mmt' })).toEqual(value)
}

describe('the formats are those of the independent implementation', () => {
  test.each(golden.vectors)(
    'statement: $name',
    ({ statement: said, bytes, message: wanted, key, signature }) => {
      agrees(statement, { value: said, bytes })
      const args = {
        fingerprint,
        validatorsHash: hash(golden.validatorsHash),
        statement: fromJson(statement, said),
      }
      expect(toHex(signMessage(args))).toBe(wanted)
      expect(toHex(suites.get(key.suite)?.sign(signMessage(args), fromHex(key.secret)) as Uint8Array)).toBe(
        signature,
      )
    },
  )
  test('the set’s hash', () => expect(validatorsHash(fingerprint, set)).toBe(golden.validatorsHash))
  test('certificates', () => {
    for (const one of golden.certificates) agrees(certificate, one)
  })
  test('evidence, proofs of misses, consensus bytes', () => {
    agrees(evidence, golden.evidence)
    agrees(missProof, golden.missProof)
    for (const one of golden.consensus) agrees(consensusFields, one)
  })
  test('messages', () => {
    for (const one of golden.messages) agrees(message, one)
  })
  test('parameters', () => {
    const [none, some] = golden.params
    expect(toHex(pbft().params)).toBe(none?.bytes)
    expect(toHex(pbft({ timeoutMs: 700, timeoutStepMs: 90 }).params)).toBe(some?.bytes)
    expect(toHex(pbft({ fullSeats: 108 }).params)).toBe(`${none?.bytes}6c00`)
    for (const options of [
      { timeoutMs: 0 },
      { timeoutStepMs: 1.5 },
      { precisionMs: 3_600_001 },
      { fullSeats: 0 },
    ])
      expect(() => pbft(options)).toThrow(/not 1 to/)
  })
  test('the proof of possession', () => {
    const { key, address, message: wanted } = golden.possession
    const args = {
      fingerprint,
      validator: parseAddress(address),
      key: { suite: key.suite, key: fromHex(key.public) },
    }
    expect(toHex(possessionMessage(args))).toBe(wanted)
  })
  test('the seal of a block is the bare CommitCert, and a PrepareCert is none', () => {
    const chain = { fingerprint, suites, slotMs: 1_000n }
    const [prepared, committed] = golden.certificates
    const { blockId } = (committed as Shown).value as { blockId: string }
    const header = { height: 90n, round: 1, validatorsHash: hash(golden.validatorsHash) } as Header
    const check = (bytes: string | undefined, change: Partial<Header> = {}, validators = set) =>
      pbft().checkSeal({
        ...{
          chain,
          header: { ...header, ...change },
          id: hash(blockId),
          validators,
          seal: fromHex(bytes ?? ''),
        },
      })
    expect(() => check(committed?.bytes)).not.toThrow()
    expect(() => check(prepared?.bytes, { round: 0 })).toThrow('seal')
    expect(() => check(committed?.bytes, { round: 2 })).toThrow('seal')
    expect(() => check(committed?.bytes, {}, { ...set, epoch: 4n })).toThrow('seal')
  })
})

test.each([...golden.quorums])('of %i validators %i may lie, and %i are a quorum', (n, f, q) => {
  expect([faultsMax(n), quorum(n), honestMin(n)]).toEqual([f, q, f + 1])
  // Any two quorums share an honest validator, and the honest ones are a quorum.
  expect(2 * q - n).toBeGreaterThan(f)
  expect(n - f).toBeGreaterThanOrEqual(q)
  // With one vote less, two quorums could share liars alone, or a third of the votes would be no more than enough.
  expect(3 * (q - 1)).toBeLessThanOrEqual(2 * n)
})
