// Time to stage and commit blocks, beside LevelDB's own time for one synced batch of the same rows alone.
// Run: node packages/storage-merkle/bench/commit.bench.mjs [rows already there]
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ZERO_HASH } from '@mmtchain/kernel'
import { addressFromBytes, height, hash as toHash, toHex } from '@mmtchain/primitives'
import { merkleStore } from '@mmtchain/storage-merkle'
import { ClassicLevel } from 'classic-level'

const rowsBefore = Number(process.argv[2] ?? 100_000)
const none = new Uint8Array()
const stretch = (number, length) => {
  const bytes = new Uint8Array(length)
  new DataView(bytes.buffer).setUint32(0, number)
  return bytes
}
const rowKey = (number) => `746f6b656e0062616c616e63657300${toHex(stretch(number * 2_654_435_761, 32))}`
const rowsFrom = (first, count) =>
  Array.from({ length: count }, (_, i) => [rowKey(first + i), stretch(first + i, 100)]).sort(([a], [b]) =>
    a < b ? -1 : 1,
  )

function blockOn(store, staged) {
  const tip = store.tip()
  const next = tip ? tip.header.height + 1n : 0n
  const header = {
    version: 1,
    height: height(next),
    parent: tip?.id ?? ZERO_HASH,
    timeMs: 0n,
    round: 0,
    proposer: addressFromBytes(new Uint8Array(32)),
    protocolHash: ZERO_HASH,
    txRoot: ZERO_HASH,
    receiptRoot: ZERO_HASH,
    stateRoot: staged.root,
    evidenceRoot: ZERO_HASH,
    validatorsHash: ZERO_HASH,
    nextValidatorsHash: ZERO_HASH,
    consensus: none,
  }
  const block = { header, transactions: [], evidence: [], missProofs: [] }
  const id = toHash(stretch(Number(next) + 1, 32))
  const receipts = { begin: [], transactions: [], end: [] }
  return { block, id, staged, receipts, transactionIds: [], refusals: [], seal: none, checkpoint: none }
}

const folder = await mkdtemp(join(tmpdir(), 'mmt-bench-'))
const path = join(folder, 'store')
let store = await merkleStore({ path })
const plain = new ClassicLevel(join(folder, 'plain'), { keyEncoding: 'hex', valueEncoding: 'view' })
await plain.open()

const since = (start) => Number(process.hrtime.bigint() - start) / 1e6
async function timed(name, rows, { quiet = false } = {}) {
  const start = process.hrtime.bigint()
  const staged = store.stage(rows)
  const stageMs = since(start)
  await store.commit(blockOn(store, staged))
  const totalMs = since(start)
  const plainStart = process.hrtime.bigint()
  const batch = plain.batch()
  for (const [key, value] of rows) batch.put(key, value)
  await batch.write({ sync: true })
  const plainMs = since(plainStart)
  const text = [name, `stage ${stageMs.toFixed(0)} ms`, `with commit ${totalMs.toFixed(0)} ms`]
  if (!quiet) console.log([...text, `${(totalMs / plainMs).toFixed(1)} x a plain batch`].join('  '))
}

await timed('genesis of 10,000 rows', rowsFrom(0, 10_000))
await timed('1,000 new rows on 10,000', rowsFrom(10_000, 1000))
await timed('1,000 changed rows on 11,000', rowsFrom(3000, 1000))
for (let first = 11_000; first < rowsBefore; first += 10_000) {
  await timed('', rowsFrom(first, Math.min(10_000, rowsBefore - first)), { quiet: true })
}
for (let round = 0; round < 3; round++) {
  await timed(`1,000 new rows on ${rowsBefore}`, rowsFrom(rowsBefore + 1000 * round, 1000))
  await timed(`1,000 changed rows on ${rowsBefore}`, rowsFrom(1000 * round, 1000))
}
await store.close()
const start = process.hrtime.bigint()
store = await merkleStore({ path })
console.log(`opening with ${rowsBefore} rows  ${since(start).toFixed(0)} ms`)
const reads = 20_000
const readStart = process.hrtime.bigint()
for (let i = 0; i < reads; i++) store.get(rowKey((i * 7919) % rowsBefore))
console.log(`get  ${((since(readStart) * 1000) / reads).toFixed(1)} us`)
const rangeStart = process.hrtime.bigint()
let seen = 0
for (const _ of store.entries({ prefix: '' })) if (++seen === reads) break
console.log(`a row of a range  ${((since(rangeStart) * 1000) / reads).toFixed(1)} us`)
await store.close()
await plain.close()
await rm(folder, { recursive: true, force: true })
