// The state store beside other trees, beside plain LevelDB, and beside its own ideal. Ratios of one run: of medians by the clock, of
// medians of processor time, and of the best rounds. Other work on the machine disturbs the last two less.
// `node bench/state.mjs trees [keys]` · `node bench/state.mjs disk [keys] [blocks]` · `node bench/state.mjs growth [keys] [fewer keys]`
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { hashInto } from '@chainsafe/hashtree'
import { createMerkleProof, createMPT, verifyMerkleProof } from '@ethereumjs/mpt'
import { sha256 } from '@mmtchain/crypto'
import { tablePrefix, ZERO_HASH } from '@mmtchain/kernel'
import { addressFromBytes, height, hash as toHash, toHex } from '@mmtchain/primitives'
import { MEMORY_BYTES_DEFAULT, merkleStore } from '@mmtchain/storage-merkle'
import { verifyStateProof } from '@mmtchain/storage-merkle/verify'
import { SparseMerkleTree } from '@zk-kit/sparse-merkle-tree'
import { ClassicLevel } from 'classic-level'

const [mode = 'trees', ...numbers] = process.argv.slice(2)
const KEYS = Number(numbers[0] ?? (mode === 'growth' ? 1_000_000 : 100_000))
const UPDATES = Math.min(10_000, KEYS)
/** Rounds that are counted, after some in which compilers see what is to be fast. */
const ROUNDS = 25
const WARM = 5

const none = new Uint8Array()
const prefix = tablePrefix('token', 'balances')
const rowKey = (number) => prefix + toHex(sha256(word(number, 4)))
const keys = Array.from({ length: KEYS }, (_, i) => rowKey(i))
let seed = 1

/** `bytes` bytes that begin with a number. */
function word(number, bytes) {
  const made = new Uint8Array(bytes)
  new DataView(made.buffer).setUint32(0, number)
  return made
}

/** As many distinct rows of those that there are, with new values, in order. */
function updates(count, of = KEYS) {
  const chosen = new Set()
  while (chosen.size < count) chosen.add(Math.floor(Math.random() * of))
  // Pieces of a larger memory, as encoded values are.
  const values = new Uint8Array(100 * count)
  const view = new DataView(values.buffer)
  let at = 0
  const rows = Array.from(chosen, (i) => {
    view.setUint32(at, seed++)
    at += 100
    return [keys[i], values.subarray(at - 100, at)]
  })
  return rows.sort(([a], [b]) => (a < b ? -1 : 1))
}

/** Room for all rows of a tree. */
const memoryFor = (count) => 2 ** 30 * Math.max(1, count / 500_000)

function shuffled(list) {
  const all = [...list]
  for (let i = all.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1))
    ;[all[i], all[j]] = [all[j], all[i]]
  }
  return all
}

function commitOf(store, staged) {
  const tip = store.tip()
  const next = tip ? tip.header.height + 1n : 0n
  const header = {
    ...{ version: 1, height: height(next), parent: tip?.id ?? ZERO_HASH, timeMs: 0n, round: 0 },
    ...{ proposer: addressFromBytes(new Uint8Array(32)), protocolHash: ZERO_HASH, txRoot: ZERO_HASH },
    ...{ receiptRoot: ZERO_HASH, stateRoot: staged.root, evidenceRoot: ZERO_HASH },
    ...{ validatorsHash: ZERO_HASH, nextValidatorsHash: ZERO_HASH, consensus: none },
  }
  const block = { header, transactions: [], evidence: [], missProofs: [] }
  const receipts = { begin: [], transactions: [], end: [] }
  const id = toHash(sha256(word(Number(next), 32)))
  return { block, id, staged, receipts, transactionIds: [], refusals: [], seal: none, checkpoint: none }
}

async function fill(store, count = KEYS) {
  for (let first = 0; first < count; first += 20_000) {
    const rows = keys
      .slice(first, Math.min(count, first + 20_000))
      .map((key, i) => [key, word(first + i, 100)])
    await store.commit(commitOf(store, store.stage(rows.sort(([a], [b]) => (a < b ? -1 : 1)))))
  }
}

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1]
const print = (what, ...columns) =>
  console.log(what.padEnd(46), ...columns.map((text) => String(text).padStart(22)))
const perSecond = (count, ms) => Math.round((count / ms) * 1000)

/** Milliseconds of a piece of work, for `times` of them: by the clock, and of processor time with that of all helper threads. */
async function timed(work, times = 1) {
  const start = { clock: performance.now(), processor: processorMs() }
  await work()
  const spent = { processor: processorMs() - start.processor, clock: performance.now() - start.clock }
  return { clock: spent.clock * times, processor: spent.processor * times }
}

function processorMs() {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}

/** Of the rounds after the first ones. */
const medianOf = (rounds, warm = WARM) => {
  const all = rounds.slice(warm)
  return {
    clock: median(all.map(({ clock }) => clock)),
    processor: median(all.map(({ processor }) => processor)),
    best: Math.min(...all.map(({ clock }) => clock)),
  }
}
const medians = (times) =>
  Object.fromEntries(Object.entries(times).map(([name, all]) => [name, medianOf(all)]))
/** How many times as long `theirs` takes: by the clock / by processor time / best round against best round. */
const ratio = (theirs, mine) => BY.map((by) => (theirs[by] / mine[by]).toFixed(1)).join(' / ')
const BY = ['clock', 'processor', 'best']

/** A tree with `count` keys, which hashes by one way, and the time of one block of updates with the root. */
async function ours(pairHasher, folder, count = KEYS) {
  const path = join(folder, `${pairHasher}-${count}`)
  const store = await merkleStore({ path, pairHasher, memoryBytes: memoryFor(count) })
  await fill(store, count)
  return {
    store,
    once() {
      const rows = updates(UPDATES, count)
      return timed(() => store.stage(rows))
    },
  }
}

async function theirMpt() {
  const trie = await createMPT({ useKeyHashing: true })
  for (const [i, key] of keys.entries()) await trie.put(Buffer.from(key, 'hex'), word(i, 100))
  const once = (count) => {
    const rows = updates(count).map(([key, value]) => [Buffer.from(key, 'hex'), value])
    return timed(async () => {
      for (const [key, value] of rows) await trie.put(key, value)
      trie.root()
    }, UPDATES / count)
  }
  return { trie, once }
}

function theirSmt(size) {
  const hash = (nodes) =>
    toHex(sha256(Buffer.from(nodes.map((node) => node.padStart(64, '0')).join(''), 'hex')))
  const tree = new SparseMerkleTree(hash)
  const paths = keys.slice(0, size).map((key) => toHex(sha256(Buffer.from(key, 'hex'))).replace(/^0+/, ''))
  for (const [i, path] of paths.entries()) tree.add(path, toHex(sha256(word(i, 100))))
  const update = () => {
    const key = keys[Math.floor(Math.random() * size)]
    const path = toHex(sha256(Buffer.from(key, 'hex'))).replace(/^0+/, '')
    tree.update(path, toHex(sha256(word(seed++, 100))))
  }
  return (count) =>
    timed(() => {
      for (let i = 0; i < count; i++) update()
    }, UPDATES / count)
}

/**
 * How many hashes an update costs on average: of its value, of its leaf, and its share of the inner nodes, those with two keys or
 * more below them of which at least one changes. At 2^depth nodes a depth the keys below one are as good as Poisson's.
 */
function hashesPerUpdate(count = KEYS) {
  let inner = 0
  for (let depth = 0; depth < 64; depth++) {
    const below = count / 2 ** depth
    const changed = (below * UPDATES) / count
    inner += 2 ** depth * (1 - Math.exp(-changed) - changed * Math.exp(-below))
  }
  return 2 + inner / UPDATES
}

/** Milliseconds of so many hashes, at the cost of one in a batch of pairs. */
function idealOf(hashes) {
  const [input, output] = [new Uint8Array(64 * 4096), new Uint8Array(32 * 4096)]
  return timed(() => hashInto(input, output), hashes / 4096)
}

async function trees() {
  const folder = await mkdtemp(join(tmpdir(), 'mmt-bench-'))
  const native = await ours('native', folder)
  const wasm = await ours('wasm', folder)
  const mpt = await theirMpt()
  const smt = theirSmt(Math.min(KEYS, 20_000))
  const times = { native: [], wasm: [], mpt: [], smt: [], ideal: [] }
  const each = hashesPerUpdate()
  for (let round = 0; round < WARM + ROUNDS; round++) {
    times.native.push(await native.once())
    times.mpt.push(await mpt.once(1000))
    times.wasm.push(await wasm.once())
    times.smt.push(await smt(1000))
    times.ideal.push(await idealOf(each * UPDATES))
  }
  const ms = medians(times)
  print(`${UPDATES} updates of ${KEYS} keys, root included`, 'updates/s', 'x mpt', 'x zk-kit', 'x ideal')
  for (const name of ['native', 'wasm'])
    print(
      `  storage-merkle, ${name} hashing`,
      perSecond(UPDATES, ms[name].clock),
      ratio(ms.mpt, ms[name]),
      ratio(ms.smt, ms[name]),
      ratio(ms[name], ms.ideal),
    )
  print('  @ethereumjs/mpt', perSecond(UPDATES, ms.mpt.clock))
  print('  @zk-kit/sparse-merkle-tree (20,000 keys)', perSecond(UPDATES, ms.smt.clock))
  print(`  ideal: ${each.toFixed(1)} hashes an update`, perSecond(UPDATES, ms.ideal.clock))
  await proofs(native.store, mpt.trie)
  await Promise.all([native.store.close(), wasm.store.close()])
  await rm(folder, { recursive: true, force: true })
}

/** Updates of many keys and of fewer, by turns. */
async function growth() {
  const folder = await mkdtemp(join(tmpdir(), 'mmt-bench-'))
  const counts = [Math.min(KEYS, Number(numbers[1] ?? 100_000)), KEYS]
  const trees = []
  for (const count of counts) trees.push(await ours('native', folder, count))
  const times = { fewer: [], more: [], fewerIdeal: [], moreIdeal: [] }
  for (let round = 0; round < WARM + ROUNDS; round++) {
    for (const [i, name] of ['fewer', 'more'].entries()) {
      times[name].push(await trees[i].once())
      times[`${name}Ideal`].push(await idealOf(hashesPerUpdate(counts[i]) * UPDATES))
    }
  }
  const ms = medians(times)
  print(`${UPDATES} updates, root included`, 'updates/s', 'x ideal', 'x fewer')
  print(`  ${counts[0]} keys`, perSecond(UPDATES, ms.fewer.clock), ratio(ms.fewer, ms.fewerIdeal))
  const more = ratio(ms.more, ms.moreIdeal)
  print(`  ${counts[1]} keys`, perSecond(UPDATES, ms.more.clock), more, ratio(ms.more, ms.fewer))
  for (const { store } of trees) await store.close()
  await rm(folder, { recursive: true, force: true })
}

async function proofs(store, trie) {
  // So many that a round of one tree is longer than the caches remember the other's.
  const count = 5_000
  const chosen = Array.from({ length: count }, () => keys[Math.floor(Math.random() * KEYS)])
  const raw = chosen.map((key) => Buffer.from(key, 'hex'))
  const root = store.tip().header.stateRoot
  const times = { prove: [], verify: [], theirProve: [], theirVerify: [] }
  const shown = []
  const theirs = []
  const works = {
    async prove() {
      for (const [i, key] of chosen.entries()) shown[i] = await store.prove({ keys: [key] })
    },
    async verify() {
      for (const [i, { values, proof }] of shown.entries())
        verifyStateProof({ root, rows: [{ key: chosen[i], value: values[0] }], proof })
    },
    async theirProve() {
      for (const [i, key] of raw.entries()) theirs[i] = await createMerkleProof(trie, key)
    },
    async theirVerify() {
      for (const [i, proof] of theirs.entries())
        await verifyMerkleProof(raw[i], proof, { useKeyHashing: true })
    },
  }
  for (let round = 0; round < WARM + ROUNDS; round++)
    for (const [name, work] of Object.entries(works)) times[name].push(await timed(work))
  const ms = medians(times)
  const bytes = shown.reduce((sum, { proof }) => sum + proof.length, 0) / count
  const theirBytes = theirs.flat().reduce((sum, node) => sum + node.length, 0) / count
  print(`proofs of one of ${KEYS} keys`, 'prove/s', 'verify/s', 'bytes')
  const line = (name, prove, verify, size) =>
    print(name, perSecond(count, prove.clock), perSecond(count, verify.clock), size.toFixed(0))
  line('  storage-merkle', ms.prove, ms.verify, bytes)
  line('  @ethereumjs/mpt', ms.theirProve, ms.theirVerify, theirBytes)
  print('  ratio', ratio(ms.theirProve, ms.prove), ratio(ms.theirVerify, ms.verify))
}

async function bytesOf(folder) {
  let bytes = 0
  for (const name of await readdir(folder)) {
    // LevelDB may drop a file meanwhile.
    const { size } = await stat(join(folder, name)).catch(() => ({ size: 0 }))
    bytes += size
  }
  return bytes
}

/** What the store opens LevelDB with when it may take a gigabyte or more (`memoryFor`), so that what is measured beside it has the same. */
const LEVEL = {
  ...{ keyEncoding: 'view', valueEncoding: 'view' },
  ...{ cacheSize: 64 << 20, writeBufferSize: 64 << 20, maxFileSize: 4 << 20 },
}

/** `record` has the entries of the next batch of any LevelDB remembered: it takes time, so no round that counts does. */
function recording() {
  const recorded = []
  const levels = ClassicLevel.prototype
  const { batch } = levels
  const record = () => {
    levels.batch = function (...args) {
      levels.batch = batch
      const made = this.batch(...args)
      const put = made.put.bind(made)
      made.put = (key, value) => {
        recorded.push([key.slice(), value.slice()])
        return put(key, value)
      }
      return made
    }
  }
  return { recorded, record }
}

async function disk() {
  const blocks = Math.max(10, Number(numbers[1] ?? 300))
  const folder = await mkdtemp(join(tmpdir(), 'mmt-bench-'))
  const path = join(folder, 'store')
  const store = await merkleStore({ path, memoryBytes: memoryFor(KEYS) })
  await fill(store)
  await persisted(store, recording(), folder)
  const before = await bytesOf(path)
  const commits = []
  for (let block = 0; block < blocks; block++) {
    const rows = updates(Math.min(1000, KEYS))
    commits.push(await timed(() => store.commit(commitOf(store, store.stage(rows)))))
  }
  const grown = (await bytesOf(path)) - before
  const clocks = commits.map(({ clock }) => clock)
  print(
    `${blocks} blocks of 1,000 changes`,
    `median ${median(clocks).toFixed(1)} ms`,
    `worst ${Math.max(...clocks).toFixed(0)} ms`,
    `${Math.round(grown / blocks / 1000)} B a change`,
  )
  // Medians of tenths, since the worst blocks, which wait for a compaction, would decide about any mean.
  const tenths = Array.from({ length: 10 }, (_, i) =>
    commits.slice((i * blocks) / 10, ((i + 1) * blocks) / 10),
  )
  for (const by of ['clock', 'processor']) {
    const of = tenths.map((some) => median(some.map((one) => one[by])))
    const slope = (100 * (median(of.slice(6)) - median(of.slice(1, 5)))) / median(of.slice(1, 5))
    print(`  tenths by ${by}, ms`, of.map((ms) => ms.toFixed(0)).join(' '), `${slope.toFixed(0)} % later`)
  }
  await store.close()
  await reads(path, folder)
  await readsAfterOpening(path)
  await rm(folder, { recursive: true, force: true })
}

/** Blocks after one another of which each is staged while the one before is being written. */
async function commitAhead(store, blocks) {
  let [commit, done] = [undefined, Promise.resolve()]
  for (const rows of blocks) {
    const ahead = commit && store.ahead(commit.staged)
    if (!ahead) await done
    const tip = commit && { header: commit.block.header, id: commit.id }
    const next = commitOf({ tip: () => tip ?? store.tip() }, (ahead ?? store).stage(rows))
    const nextDone = store.commit(next)
    await done
    ;[commit, done] = [next, nextDone]
  }
  await done
}

/** Blocks of a run: its last one is waited for, with nothing beside it. */
const RUN = 20

/**
 * Blocks of updates with everything that a commit does: in turn, and each staged while the one before is being written, as a node may that gets
 * blocks faster than it writes them. And the same entries once more in a batch of plain LevelDB.
 */
async function persisted(store, { recorded, record }, folder) {
  record()
  await store.commit(commitOf(store, store.stage(updates(UPDATES))))
  const bytes = recorded.reduce((sum, [key, value]) => sum + key.length + value.length, 0)
  const raw = new ClassicLevel(join(folder, 'raw'), LEVEL)
  await raw.open()
  const times = { stage: [], ours: [], ahead: [], raw: [] }
  for (let round = 0; round < WARM + ROUNDS; round++) {
    const rows = updates(UPDATES)
    times.ours.push(
      await timed(async () => {
        let staged
        times.stage.push(
          await timed(() => {
            staged = store.stage(rows)
          }),
        )
        await store.commit(commitOf(store, staged))
      }),
    )
    const blocks = Array.from({ length: RUN }, () => updates(UPDATES))
    times.ahead.push(await timed(() => commitAhead(store, blocks), 1 / RUN))
  }
  // After the others and not by turns: all databases of a process share LevelDB's one thread for compactions, so each would wait for the other's.
  for (let round = 0; round < WARM + ROUNDS; round++)
    times.raw.push(
      await timed(async () => {
        const batch = raw.batch()
        for (const [key, value] of recorded) batch.put(key, value)
        await batch.write({ sync: true })
      }),
    )
  const ms = medians(times)
  print(`${UPDATES} updates of ${KEYS} keys, root, one synced batch`, 'updates/s', 'at best', 'x raw batch')
  for (const [what, mine] of [
    ['block by block', ms.ours],
    [`runs of ${RUN}, staged while written`, ms.ahead],
  ])
    print(`  ${what}`, perSecond(UPDATES, mine.clock), perSecond(UPDATES, mine.best), ratio(mine, ms.raw))
  print(
    `  raw LevelDB, the same ${recorded.length} entries, ${(bytes / 1e6).toFixed(1)} MB`,
    perSecond(UPDATES, ms.raw.clock),
    perSecond(UPDATES, ms.raw.best),
  )
  print('  the stage alone', perSecond(UPDATES, ms.stage.clock), perSecond(UPDATES, ms.stage.best))
  await raw.close()
}

/** A key as whoever asks has it: made just before, as the stored keys are that `getSync` is given. */
const asked = (key) => Buffer.from(key, 'hex').toString('hex')
const hashed = (key) => sha256(Buffer.from(key, 'hex'))
const stored = (key) => Buffer.concat([Buffer.from('s'), hashed(key)])
/** Keys, each as often as chance has it. */
const choose = (count) => Array.from({ length: count }, () => keys[Math.floor(Math.random() * KEYS)])
/** What part of `raw` is to be had: by the clock / by processor time / best round against best round. */
const share = (raw, mine) => BY.map((by) => `${((100 * raw[by]) / mine[by]).toFixed(0)} %`).join(' / ')

/** Random reads beside `getSync` of plain LevelDB with the rows alone, and of the store's own database by the stored key. */
async function reads(path, folder) {
  const plain = new ClassicLevel(join(folder, 'plain'), LEVEL)
  await plain.open()
  for (let first = 0; first < KEYS; first += 20_000) {
    const batch = plain.batch()
    for (const [i, key] of keys.slice(first, first + 20_000).entries())
      batch.put(hashed(key), word(first + i, 100))
    await batch.write()
  }
  const level = new ClassicLevel(path, LEVEL)
  const start = performance.now()
  const store = await merkleStore({ level, memoryBytes: memoryFor(KEYS) })
  print(`opening with ${KEYS} keys`, `${(performance.now() - start).toFixed(0)} ms`)
  const order = shuffled(keys)
  const count = Math.ceil(KEYS / (WARM + ROUNDS))
  const times = { first: [], again: [], plain: [], same: [] }
  const all = (list, read) => timed(() => list.forEach(read))
  for (let round = 0; round < WARM + ROUNDS; round++) {
    const unread = order.slice(round * count, (round + 1) * count)
    times.plain.push(await all(choose(count).map(hashed), (key) => plain.getSync(key)))
    if (unread.length === count) times.first.push(await all(unread.map(asked), (key) => store.get(key)))
    times.same.push(await all(choose(count).map(stored), (key) => level.getSync(key)))
  }
  for (let round = 0; round < WARM + ROUNDS; round++)
    times.again.push(await all(choose(count).map(asked), (key) => store.get(key)))
  const ms = medians(times)
  print(`random reads of ${KEYS} keys`, 'reads/s', 'of getSync, rows alone', 'of the same database')
  for (const [what, mine] of [
    ['of a row for the first time', ms.first],
    ['of a row that was read before', ms.again],
  ])
    print(`  ${what}`, perSecond(count, mine.clock), share(ms.plain, mine), share(ms.same, mine))
  print('  getSync, rows alone', perSecond(count, ms.plain.clock))
  print('  getSync, the same database', perSecond(count, ms.same.clock))
  await store.close()
  await plain.close()
}

/** How often the store is opened for random reads, after one opening in which compilers see what is to be fast. */
const OPENINGS = 5

/**
 * As many random reads as there are keys, as LevelDB's `db_bench` counts `readrandom`: of the store, just opened and with the memory that it takes unless
 * it is told otherwise, and in the same order of its database alone, just opened too.
 */
async function readsAfterOpening(path) {
  const times = { ours: [], raw: [] }
  const before = arrayBytes()
  let memory = 0
  for (let round = 0; round < 1 + OPENINGS; round++) {
    const order = choose(KEYS)
    for (const what of round % 2 === 0 ? ['raw', 'ours'] : ['ours', 'raw']) {
      const level = new ClassicLevel(path, LEVEL)
      await level.open()
      const store = what === 'ours' ? await merkleStore({ level }) : undefined
      times[what].push(
        store
          ? await inPieces(order, asked, (key) => store.get(key))
          : await inPieces(order, stored, (key) => level.getSync(key)),
      )
      if (store && round === 0) memory = arrayBytes() - before
      await (store ?? level).close()
    }
  }
  const [ours, raw] = [medianOf(times.ours, 1), medianOf(times.raw, 1)]
  print(`${KEYS} random reads after opening`, 'reads/s', 'at best', 'of getSync')
  print('  of the store', perSecond(KEYS, ours.clock), perSecond(KEYS, ours.best), share(raw, ours))
  print('  getSync, the same database', perSecond(KEYS, raw.clock), perSecond(KEYS, raw.best))
  const mebibytes = (bytes) => `${(bytes / 2 ** 20).toFixed(0)} MiB`
  print(`  the store's arrays, of ${mebibytes(MEMORY_BYTES_DEFAULT)} at most`, mebibytes(memory))
}

/** The time of reads alone: their keys are made between them, some at a time. */
async function inPieces(order, as, read) {
  const spent = { clock: 0, processor: 0 }
  for (let first = 0; first < order.length; first += 2_000) {
    const list = order.slice(first, first + 2_000).map(as)
    const { clock, processor } = await timed(() => list.forEach(read))
    spent.clock += clock
    spent.processor += processor
  }
  return spent
}

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc')
/** What arrays take. What one collection finds unused, the next one has given back. */
function arrayBytes() {
  collect()
  collect()
  return process.memoryUsage().arrayBuffers
}

await (mode === 'disk' ? disk() : mode === 'growth' ? growth() : trees())
