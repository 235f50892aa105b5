import { type Codec, decode, encode, fromJson, type Json, toJson } from '@mmtchain/codec'
import { defaultSuites, hashTagged, sha256, tag } from '@mmtchain/crypto'
import {
  block,
  blockId,
  event,
  evidenceRoot,
  genesisCodec,
  genesisFingerprint,
  hash,
  header,
  listRoot,
  memoryStore,
  parentSeed,
  protocolCodec,
  receipt,
  receiptsRoot,
  sealMessage,
  solo,
  stateRoot,
  tablePrefix,
  validatorSet,
  validatorsHash,
  ZERO_HASH,
} from '@mmtchain/kernel'
import { concatBytes, fromHex, hashToBytes, toHex, utf8 } from '@mmtchain/primitives'
import { transaction } from '@mmtchain/tx'
import { describe, expect, test } from 'vitest'
import { type GoldenKey, golden } from '../../../tests/golden.ts'
import { refusalOf } from './refusal.ts'

/** Encodes JSON to the bytes of a vector, and back to the same JSON. */
function expectBytes<T>(codec: Codec<T>, json: unknown, bytes: string, addressPrefix = 'mmt'): T {
  const value = fromJson(codec, json, { addressPrefix })
  expect(toHex(encode(codec, value))).toBe(bytes)
  expect(decode(codec, fromHex(bytes))).toEqual(value)
  expect(toJson(codec, value, { addressPrefix })).toEqual(json)
  return value
}

const all = <T>(codec: Codec<T>, list: readonly Json[]) =>
  list.map((json) => fromJson(codec, json, { addressPrefix: 'mmt' }))

describe('receipts and events of the golden vectors', () => {
  const { vectors, blocks } = golden<{
    vectors: { name: string; type: 'Receipt' | 'Event'; json: Json; bytes: string }[]
    blocks: { name: string; beginBlock: Json[]; receipts: Json[]; endBlock: Json[]; receiptRoot: string }[]
  }>('receipts.json')

  test.each(vectors)('$name', ({ type, json, bytes }) => {
    if (type === 'Receipt') expectBytes(receipt, json, bytes)
    else expectBytes(event, json, bytes)
  })

  test.each(blocks)('the receipt root of $name', ({ beginBlock, receipts, endBlock, receiptRoot }) => {
    const value = {
      begin: all(event, beginBlock),
      transactions: all(receipt, receipts),
      end: all(event, endBlock),
    }
    expect(receiptsRoot(value)).toBe(receiptRoot)
  })
})

describe('list roots of the golden vectors', () => {
  const { vectors, evidence } = golden<{
    vectors: { name: string; items: string[]; leaves: string[]; root: string }[]
    evidence: {
      name: string
      evidence: string[]
      missProofs: string[]
      items: string[]
      evidenceRoot: string
    }[]
  }>('list-roots.json')

  test.each(vectors)('$name', ({ items, leaves, root }) => {
    expect(listRoot(items.map(fromHex))).toBe(root)
    expect(items.map((item) => listRoot([fromHex(item)]))).toEqual(leaves)
  })

  test('a list of any length has the tree of RFC 6962', () => {
    const rootOf = (hashes: readonly Uint8Array[]): Uint8Array => {
      const [first = new Uint8Array(32)] = hashes
      if (hashes.length < 2) return first
      const left = 2 ** Math.ceil(Math.log2(hashes.length) - 1)
      return sha256(concatBytes(rootOf(hashes.slice(0, left)), rootOf(hashes.slice(left))))
    }
    for (let length = 0; length <= 70; length++) {
      const items = Array.from({ length }, (_, i) => new Uint8Array(i).fill(length))
      const leaves = items.map((item) => hashTagged(tag('mmt/list/leaf/1'), sha256(item)))
      expect(listRoot(items)).toBe(toHex(rootOf(leaves)))
    }
  })

  test.each(evidence)('evidence: $name', ({ evidence: given, missProofs, items, evidenceRoot: root }) => {
    expect(evidenceRoot({ evidence: given.map(fromHex), missProofs: missProofs.map(fromHex) })).toBe(root)
    expect(listRoot(items.map(fromHex))).toBe(root)
  })
})

describe('validator sets of the golden vectors', () => {
  const { vectors, seeds } = golden<{
    vectors: {
      name: string
      fingerprint: string
      prefix: string
      validatorSet: Json
      bytes: string
      validatorsHash: string
    }[]
    seeds: { name: string; fingerprint: string; parent: string; seed: string }[]
  }>('validators.json')

  test.each(vectors)('$name', (vector) => {
    const value = expectBytes(validatorSet, vector.validatorSet, vector.bytes, vector.prefix)
    expect(validatorsHash(hash(vector.fingerprint), value)).toBe(vector.validatorsHash)
  })

  test.each(seeds)('the seed of $name', ({ fingerprint, parent, seed }) => {
    expect(parentSeed(hash(fingerprint), hash(parent))).toBe(seed)
  })
})

describe('headers and blocks of the golden vectors', () => {
  interface Vector {
    readonly name: string
    readonly fingerprint: string
    readonly header: { readonly [name: string]: Json }
    readonly headerBytes: string
    readonly id: string
    readonly proposerKey: GoldenKey
    readonly sealMessage: string
    readonly seal: string
    readonly block: { readonly [name: string]: Json }
    readonly blockBytes: string
    readonly beginBlock: Json[]
    readonly receipts: Json[]
    readonly endBlock: Json[]
  }
  const { vectors } = golden<{ vectors: Vector[] }>('headers.json')
  const blocks = vectors.filter((vector) => vector.block !== undefined)
  const prefixOf = ({ header: json }: Vector) => String(json.proposer).split('1')[0] as string
  const suites = new Map(defaultSuites.map((suite) => [suite.code, suite]))

  test.each(vectors)('$name: header and id', (vector) => {
    const value = expectBytes(header, vector.header, vector.headerBytes, prefixOf(vector))
    expect(blockId(hash(vector.fingerprint), value)).toBe(vector.id)
  })

  test.each(blocks)('$name: bytes and roots', (vector) => {
    const value = expectBytes(block, vector.block, vector.blockBytes, prefixOf(vector))
    expect(listRoot(value.transactions.map((one) => encode(transaction, one)))).toBe(vector.header.txRoot)
    expect(evidenceRoot(value)).toBe(vector.header.evidenceRoot)
    const { beginBlock, receipts, endBlock } = vector
    const came = {
      begin: all(event, beginBlock),
      transactions: all(receipt, receipts),
      end: all(event, endBlock),
    }
    expect(receiptsRoot(came)).toBe(vector.header.receiptRoot)
  })

  test.each(blocks)('$name: the seal', (vector) => {
    const [fingerprint, id] = [hash(vector.fingerprint), hash(vector.id)]
    const message = sealMessage(fingerprint, id)
    expect(toHex(message)).toBe(vector.sealMessage)
    const { suite, secret, public: key } = vector.proposerKey
    expect(toHex(suites.get(suite)?.sign(message, fromHex(secret)) as Uint8Array)).toBe(vector.seal)

    const value = fromJson(header, vector.header, { addressPrefix: prefixOf(vector) })
    const validators = {
      ...{ epoch: 0n, epochStartTurn: 1n, seed: ZERO_HASH },
      validators: [{ address: value.proposer, key: { suite, key: fromHex(key) } }],
    }
    const chain = { fingerprint, slotMs: 10_000n, suites }
    const args = { chain, header: value, id, seal: fromHex(vector.seal), validators }
    expect(solo().checkSeal(args)).toBeUndefined()
    const flipped = args.seal.map((byte, at) => (at === 40 ? byte ^ 1 : byte))
    for (const wrong of [
      { ...args, seal: flipped },
      { ...args, id: ZERO_HASH },
      { ...args, seal: new Uint8Array() },
      { ...args, chain: { ...chain, fingerprint: ZERO_HASH } },
      { ...args, chain: { ...chain, suites: new Map() } },
    ])
      expect(refusalOf(() => solo().checkSeal(wrong)).code).toBe('consensus/BAD_SEAL')
  })
})

describe('geneses of the golden vectors', () => {
  const { vectors } = golden<{
    vectors: {
      name: string
      prefix: string
      documents: string[]
      genesis: Json
      bytes: string
      fingerprint: string
      protocol: Json
      protocolBytes: string
      protocolHash: string
      validatorSet: Json
      validatorsHash: string
      stateRoot: string
      header: { [name: string]: Json }
      headerBytes: string
      id: string
    }[]
  }>('genesis.json')

  test.each(vectors)('$name: bytes and fingerprint', ({ genesis, documents, bytes, fingerprint, prefix }) => {
    const value = expectBytes(genesisCodec, genesis, bytes, prefix)
    expect(genesisFingerprint(value)).toBe(fingerprint)
    const raw = documents.map(fromHex)
    expect(value.documents.map((document) => [document.bytes, document.hash])).toEqual(
      raw.map((one) => [one.length, toHex(hashTagged(tag('mmt/document/1'), one))]),
    )
  })

  test.each(vectors)(
    '$name: the protocol hash',
    ({ protocol, protocolBytes, protocolHash, fingerprint, prefix }) => {
      expectBytes(protocolCodec, protocol, protocolBytes, prefix)
      const parts = [hashToBytes(hash(fingerprint)), fromHex(protocolBytes)]
      expect(toHex(hashTagged(tag('mmt/protocol/1'), ...parts))).toBe(protocolHash)
    },
  )

  test.each(vectors)('$name: the first validators', (vector) => {
    const context = { addressPrefix: vector.prefix }
    const fingerprint = hash(vector.fingerprint)
    const set = fromJson(validatorSet, vector.validatorSet, context)
    const { validators } = fromJson(genesisCodec, vector.genesis, context)
    const seed = parentSeed(fingerprint, ZERO_HASH)
    expect(set).toEqual({ epoch: 0n, epochStartTurn: 1n, seed, validators })
    expect(validatorsHash(fingerprint, set)).toBe(vector.validatorsHash)
  })

  test.each(vectors)('$name: header 0', (vector) => {
    const value = expectBytes(header, vector.header, vector.headerBytes, vector.prefix)
    expect(blockId(hash(vector.fingerprint), value)).toBe(vector.id)
    expect(toJson(header, value, { addressPrefix: vector.prefix })).toMatchObject({
      ...{ version: 1, height: '0', parent: ZERO_HASH, round: 0, consensus: '' },
      ...{ txRoot: ZERO_HASH, receiptRoot: ZERO_HASH, evidenceRoot: ZERO_HASH },
      ...{ protocolHash: vector.protocolHash, stateRoot: vector.stateRoot },
      ...{ validatorsHash: vector.validatorsHash, nextValidatorsHash: vector.validatorsHash },
      timeMs: (vector.genesis as { timeMs: string }).timeMs,
    })
  })
})

describe('state roots of the golden vectors', () => {
  interface Row {
    readonly key: string
    readonly value: string
    readonly leaf: string
  }
  const { vectors } = golden<{ vectors: { name: string; rows: Row[]; root: string }[] }>('state-tree.json')
  const rowsOf = (rows: readonly Row[]) => rows.map(({ key, value }) => [key, fromHex(value)] as const)

  test.each(vectors)('$name', ({ rows, root }) => {
    expect(stateRoot(rowsOf(rows))).toBe(root)
    expect(stateRoot(rowsOf(rows).reverse())).toBe(root)
    for (const row of rows) expect(stateRoot(rowsOf([row]))).toBe(row.leaf)
  })

  test.each(vectors)('$name: also when other rows came and went', ({ rows, root }) => {
    const others = Array.from(
      { length: 20 },
      (_, i) => [toHex(utf8(`other ${i}`)), Uint8Array.of(i)] as const,
    )
    const store = memoryStore()
    const { root: all } = store.stage([...rowsOf(rows), ...others])
    expect(all).not.toBe(root)
    const gone = others.map(([key]) => [key, null] as const)
    expect(store.stage([...others, ...rowsOf(rows), ...gone]).root).toBe(root)
  })
})

describe('state keys of the golden vectors', () => {
  const { vectors } = golden<{ vectors: { module: string; table: string; key: string }[] }>('state-keys.json')

  test.each(vectors)(
    'the rows of $table in $module begin with their names',
    ({ module, table: name, key }) => {
      expect(key.startsWith(tablePrefix(module, name))).toBe(true)
    },
  )
})
