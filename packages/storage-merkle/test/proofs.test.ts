import { readFileSync } from 'node:fs'
import { ics23, verifyExistence, verifyMembership } from '@confio/ics23'
import { sha256 } from '@mmtchain/crypto'
import { memoryStore, type StateChanges, type StateKey, type Store } from '@mmtchain/kernel'
import { compareBytes, fromHex, type Hash, hashToBytes, height, toHex } from '@mmtchain/primitives'
import { ics23ProofSpec, type MerkleStore } from '@mmtchain/storage-merkle'
import { verifyStateProof } from '@mmtchain/storage-merkle/verify'
import { sampleCommit } from '@mmtchain/testkit'
import { describe, expect, test } from 'vitest'
import { inMemory } from './temp-store.ts'

interface ProofVectors {
  readonly vectors: readonly {
    readonly name: string
    readonly rows: readonly { readonly key: string; readonly value: string }[]
    readonly keys: readonly string[]
    readonly root: string
    readonly proof: string
  }[]
  readonly refused: readonly {
    readonly name: string
    readonly root: string
    readonly proof: string
    readonly claims: readonly { readonly key: string; readonly value: string | null }[]
  }[]
}

const file = new URL('../../../docs/spec/vectors/state-proofs.json', import.meta.url)
const { vectors, refused } = JSON.parse(readFileSync(file, 'utf8')) as ProofVectors

const sorted = (rows: StateChanges): StateChanges => [...rows].sort(([a], [b]) => (a < b ? -1 : 1))
const badProof = expect.objectContaining({ code: 'store/BAD_PROOF' })

describe('the golden vectors of proofs', () => {
  test.each(vectors)('$name', async ({ rows, keys, root, proof }) => {
    const values = new Map(rows.map(({ key, value }) => [key, fromHex(value)]))
    for (const store of [await inMemory(), memoryStore()]) {
      await store.commit(sampleCommit({ store, changes: sorted([...values]), seed: 1 }))
      const shown = await store.prove({ keys })
      expect(toHex(shown.proof)).toBe(proof)
      expect(shown.values).toEqual(keys.map((key) => values.get(key)))
      await store.close()
    }
    const claims = keys.map((key) => ({ key, value: values.get(key) }))
    verifyStateProof({ root: root as Hash, rows: claims, proof: fromHex(proof) })
  })

  test.each(refused)('refused: $name', ({ root, claims, proof }) => {
    const rows = claims.map(({ key, value }) => ({ key, value: value === null ? undefined : fromHex(value) }))
    expect(() => verifyStateProof({ root: root as Hash, rows, proof: fromHex(proof) })).toThrow(badProof)
  })
})

const rowKey = (at: number): StateKey => `6e6f74657300726f777300${at.toString(16).padStart(8, '0')}`
const value = (at: number) => Uint8Array.from({ length: 1 + (at % 90) }, (_, i) => at + i)

/** A store with as many rows in its first block, one of which is changed in each of the next. */
async function storeOf(rows: number): Promise<MerkleStore> {
  const store = await inMemory()
  const first = Array.from({ length: rows }, (_, i) => [rowKey(i), value(i)] as const)
  await store.commit(sampleCommit({ store, changes: first, seed: 1 }))
  for (let at = 0; at < 3; at++)
    await store.commit(sampleCommit({ store, changes: [[rowKey(at), value(at + 50)]], seed: at }))
  return store
}

async function rootAt(store: Store, at: bigint): Promise<Hash> {
  return (await store.block({ height: height(at) }))?.block.header.stateRoot as Hash
}

test('a proof that is altered in any byte is refused, and so is any other claim', async () => {
  const store = await storeOf(500)
  const root = await rootAt(store, 3n)
  for (const keys of [[rowKey(7)], [rowKey(900)], [rowKey(1), rowKey(2), rowKey(900), rowKey(1)]]) {
    const { values, proof } = await store.prove({ keys })
    const rows = keys.map((key, i) => ({ key, value: values[i] }))
    verifyStateProof({ root, rows, proof })
    for (let at = 0; at < proof.length; at++) {
      const altered = proof.map((byte, i) => (i === at ? byte ^ (1 << (at % 8)) : byte))
      expect(() => verifyStateProof({ root, rows, proof: altered })).toThrow(badProof)
      expect(() => verifyStateProof({ root, rows, proof: proof.subarray(0, at) })).toThrow(badProof)
    }
    for (const other of [undefined, value(3), new Uint8Array()]) {
      const lie = rows.map((row, i) => (i === 0 ? { ...row, value: other } : row))
      if (rows[0]?.value !== other)
        expect(() => verifyStateProof({ root, rows: lie, proof })).toThrow(badProof)
    }
  }
  await store.close()
})

test('a value of a past height is proven against the root of that height, and of no other', async () => {
  const store = await storeOf(300)
  const claim = { key: rowKey(1), value: value(1) }
  const past = await store.prove({ keys: [claim.key], height: height(1n) })
  expect(past.values).toEqual([value(1)])
  verifyStateProof({ root: await rootAt(store, 1n), rows: [claim], proof: past.proof })
  const now = await store.prove({ keys: [claim.key] })
  expect(now).toMatchObject({ height: 3n, values: [value(51)] })
  const root = await rootAt(store, 3n)
  expect(() => verifyStateProof({ root, rows: [claim], proof: past.proof })).toThrow(badProof)
  verifyStateProof({ root, rows: [{ ...claim, value: value(51) }], proof: now.proof })
  await store.close()
})

test('proofs for one of 100,000 keys have at most 700 bytes on average', async () => {
  const store = await storeOf(100_000)
  let bytes = 0
  for (let at = 0; at < 200; at++) bytes += (await store.prove({ keys: [rowKey(at * 499)] })).proof.length
  expect(bytes / 200).toBeLessThan(700)
  await store.close()
})

describe('ICS-23, as @confio/ics23 reads it', () => {
  const spec = ics23.ProofSpec.decode(ics23ProofSpec)

  test('the ProofSpec is the one of the specification', () => {
    // NO_PREFIX is zero, which protobuf leaves out.
    expect(spec.leafSpec?.length).toBe(ics23.LengthOp.NO_PREFIX)
    expect(ics23.ProofSpec.toObject(spec, { enums: String, bytes: Array })).toEqual({
      leafSpec: {
        hash: 'SHA256',
        prehashKey: 'SHA256',
        prehashValue: 'SHA256',
        prefix: [...Buffer.from('mmt/state/leaf/1')],
      },
      innerSpec: expect.objectContaining({ childOrder: [0, 1], childSize: 32, hash: 'SHA256' }),
      maxDepth: 256,
    })
  })

  test('existence proofs pass, at the tip and before it, for one key and for many', async () => {
    const store = await storeOf(700)
    for (const at of [0n, 3n]) {
      const root = hashToBytes(await rootAt(store, at))
      const keys = [0, 1, 2, 300, 699].map(rowKey)
      const past = store.at(height(at))
      for (const asked of [...keys.map((key) => [key]), keys]) {
        const bytes = await store.proveIcs23({ keys: asked, height: height(at) })
        const proof = ics23.CommitmentProof.decode(bytes)
        for (const key of asked) {
          const there = past.get(key) as Uint8Array
          expect(verifyMembership(proof, spec, root, fromHex(key), there)).toBe(true)
          expect(verifyMembership(proof, spec, root, fromHex(key), Uint8Array.of(...there, 0))).toBe(false)
        }
      }
    }
    await store.close()
  })

  test('absence proofs name the rows beside the key in the order of paths', async () => {
    for (const count of [1, 2, 3, 40, 700]) {
      const store = await storeOf(count)
      const root = hashToBytes(await rootAt(store, 3n))
      const keys = Array.from({ length: 60 }, (_, i) => rowKey(1000 + i))
      for (const key of keys) {
        const { nonexist } = ics23.CommitmentProof.decode(await store.proveIcs23({ keys: [key] }))
        expect(toHex(nonexist?.key as Uint8Array)).toBe(key)
        const beside = [nonexist?.left, nonexist?.right].filter((row) => row != null)
        for (const row of beside)
          verifyExistence(row, spec, root, row.key as Uint8Array, row.value as Uint8Array)
        const paths = beside.map((row) => sha256(row.key as Uint8Array))
        expect([...paths, sha256(fromHex(key))].sort(compareBytes)).toEqual(
          nonexist?.left ? paths.toSpliced(1, 0, sha256(fromHex(key))) : [sha256(fromHex(key)), ...paths],
        )
        expect(areNeighbours(nonexist?.left?.path ?? undefined, nonexist?.right?.path ?? undefined)).toBe(
          true,
        )
      }
      const { compressed } = ics23.CommitmentProof.decode(
        await store.proveIcs23({ keys: [...keys, rowKey(0)] }),
      )
      expect(compressed?.entries?.map(({ nonexist }) => nonexist?.key && toHex(nonexist.key))).toEqual([
        ...keys,
        undefined,
      ])
      await store.close()
    }
  })

  test('what ICS-23 cannot say is refused', async () => {
    const store = await inMemory()
    await store.commit(sampleCommit({ store, changes: [], seed: 1 }))
    await expect(store.proveIcs23({ keys: [rowKey(1)] })).rejects.toMatchObject({ code: 'store/NO_ICS23' })
    await store.commit(sampleCommit({ store, changes: [[rowKey(1), new Uint8Array()]], seed: 1 }))
    await expect(store.proveIcs23({ keys: [rowKey(1)] })).rejects.toMatchObject({ code: 'store/NO_ICS23' })
    await store.close()
  })
})

type Step = ics23.IInnerOp

/**
 * Whether no row lies between two, each given by its way from below; undefined stands for the end of all rows. This is the rule of
 * ICS-23 with empty branches, which this library does not have.
 */
function areNeighbours(left: readonly Step[] | undefined, right: readonly Step[] | undefined): boolean {
  const [mine, other] = [[...(left ?? [])], [...(right ?? [])]]
  if (left && right) {
    const name = (step: Step | undefined) => JSON.stringify(step)
    while (mine.length > 0 && name(mine.at(-1)) === name(other.at(-1))) {
      mine.pop()
      other.pop()
    }
    if (isRight(mine.pop() as Step) || !isRight(other.pop() as Step)) return false
  }
  const isEmpty = (sibling: Uint8Array | null | undefined) => (sibling ?? []).every((byte) => byte === 0)
  return (
    mine.every((step) => isRight(step) || isEmpty(step.suffix)) &&
    other.every((step) => !isRight(step) || isEmpty(step.prefix))
  )
}

function isRight({ prefix }: Step): boolean {
  return prefix != null && prefix.length > 0
}
