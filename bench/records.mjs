// What commands cost as the records of a module grow: rows that one reads and writes, counted, hence exact, at each power of ten on the way; and processor
// time on the store of a node, of execution and of the new state root, on a chain with a hundredth of the records and on one with all, by turns in one
// process, so that what else the machine does falls on both alike. The best block of each counts.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encode } from '@mmtchain/codec'
import { createMachine } from '@mmtchain/kernel'
import { amount, height } from '@mmtchain/primitives'
import { merkleStore } from '@mmtchain/storage-merkle'

const BLOCK = 500
const ROUNDS = 12
/** Batches of `kinds` are numbered from here on, beyond all records that grow. */
const FIRST_BATCH = 100_000
/** Blocks that never bind: what is measured is the command. */
export const limits = { blockBytesMax: 8_000_000, blockWeightMax: 10n ** 9n, validHeightsMax: 10_000_000 }

/** One command of the account `sender`: `first` are the calls that prepare it, `command(n)` is the nth call, `fee` what the chain takes for each. */
export function measure({ title, command, ...rest }) {
  const calls = (batch, size) => Array.from({ length: size }, (_, n) => command(batch * BLOCK + n))
  return measureKinds({ ...rest, grow: command, kinds: { [title]: (batch, size) => [calls(batch, size)] } })
}

/**
 * Several kinds of commands on one chain, whose records grow by the calls `grow(n)`. A kind is `(batch, size) => blocks of calls`, of which the last, of `size`
 * calls, is measured; or `{ query }`, a call of `Machine.query`. A call names its `sender` where that is not the one of all. `memoryBytes` is the store's.
 */
export async function measureKinds({
  chain,
  documents,
  sender,
  first = [],
  grow,
  kinds,
  records,
  fee = 0n,
  memoryBytes,
}) {
  const opened = () => openLedger({ chain, documents, sender, fee, memoryBytes })
  const [few, many] = [await opened(), await opened()]
  const sizes = []
  for (let size = 100; size <= records; size *= 10) sizes.push(size)
  if (sizes.at(-1) !== records) sizes.push(records)
  const rows = Object.fromEntries(Object.keys(kinds).map((title) => [title, []]))
  let batch = FIRST_BATCH
  for (const ledger of [few, many]) for (const call of first) await ledger.block([call])
  await growTo(few, grow, 0, Math.ceil(records / 100))
  let grown = 0
  for (const size of sizes) {
    await growTo(many, grow, grown, size)
    grown = size
    for (const [title, kind] of Object.entries(kinds)) rows[title].push(await many.counted(kind, batch++))
  }
  const best = {}
  for (let round = 0; round < ROUNDS; round++)
    for (const [title, kind] of Object.entries(kinds)) {
      // Each goes first as often as the other.
      const order = round % 2 === 0 ? { few, many } : { many, few }
      for (const [which, ledger] of Object.entries(order))
        for (const [part, us] of Object.entries(await ledger.timed(kind, batch))) {
          best[title] ??= {}
          best[title][part] ??= { few: Number.POSITIVE_INFINITY, many: Number.POSITIVE_INFINITY }
          best[title][part][which] = Math.min(best[title][part][which], us)
        }
      batch++
    }
  await few.close()
  await many.close()
  for (const [title, parts] of Object.entries(best)) {
    console.log(title)
    const shown = rows[title].map(({ read, written }) => `${read} and ${written}`).join(', ')
    console.log(`  rows read and written at ${sizes.join(', ')} records: ${shown}`)
    for (const [part, us] of Object.entries(parts))
      console.log(
        `  ${part} ${us.few.toFixed(1)} µs at ${Math.ceil(records / 100)}, ${us.many.toFixed(1)} µs at ${records}: ${((us.many / us.few - 1) * 100).toFixed(0)} %`,
      )
  }
}

async function growTo(ledger, grow, from, to) {
  for (let at = from; at < to; at += BLOCK)
    await ledger.block(Array.from({ length: Math.min(BLOCK, to - at) }, (_, n) => grow(at + n)))
}

/** A chain on the store of a node, whose blocks this process makes. */
async function openLedger({ chain, documents, sender: validator, fee, memoryBytes }) {
  const path = mkdtempSync(join(tmpdir(), 'mmt-bench-'))
  const genesis = chain.genesis({
    timeMs: 0n,
    validators: [{ address: validator.address, key: validator.authority.keys[0] }],
    documents,
  })
  const store = await merkleStore({ path, ...(memoryBytes !== undefined && { memoryBytes }) })
  const machine = createMachine(genesis)
  const none = new Uint8Array()
  const commit = (execution) => store.commit({ ...execution, seal: none, checkpoint: none })
  let stagedUs = 0
  let count = { read: 0, written: 0 }
  const timing = Object.assign(Object.create(store), {
    stage(changes) {
      const before = process.cpuUsage()
      const staged = store.stage(changes)
      stagedUs = spent(before)
      return staged
    },
  })
  const counting = Object.assign(Object.create(store), {
    get(key) {
      count.read += 1
      return store.get(key)
    },
    *entries(range) {
      for (const row of store.entries(range)) {
        count.read += 1
        yield row
      }
    },
    stage(changes) {
      count.written = changes.length
      return store.stage(changes)
    },
  })
  const begun = machine.begin(store)
  await commit(begun)
  let { tip } = begun
  let ids = 0
  const nonces = new Map()

  function prepared({ sender = validator, module, command, input }) {
    const spec = chain.modules.find((used) => used.spec.name === module).spec.commands.get(command)
    const nonce = nonces.get(sender.address) ?? 0n
    nonces.set(sender.address, nonce + 1n)
    const body = {
      ...{ fingerprint: genesis.fingerprint, sender: sender.address, authority: sender.authority },
      ...{ nonce, payer: null, validUntil: height(tip.header.height + 1_000_000n) },
      ...{ fee: amount(fee), weightMax: 100_000n },
      calls: [{ module, command, input: encode(spec.input, input) }],
    }
    // Signatures cost the same everywhere and are left out.
    const signatures = [{ index: 0, signature: new Uint8Array(64) }]
    const id = (ids++).toString(16).padStart(64, '0')
    return { transaction: { body, signatures, payerConsent: null }, id, bytes: new Uint8Array(200) }
  }
  /** Makes a block on a view of the store. Gives microseconds of execution and of the state root. */
  async function block(calls, view = timing) {
    const candidates = calls.map(prepared)
    const engine = { round: 0, consensus: none, evidence: [], missProofs: [] }
    const request = { timeMs: tip.header.timeMs + 1_000n, ...engine }
    const before = process.cpuUsage()
    const built = machine.build(view, { parent: tip, proposer: validator.address, request, candidates })
    const all = spent(before)
    const refused = built.refusals.find((one) => one !== null) ?? built.skipped[0]?.error
    if (refused) throw new Error(`${refused.code}: ${refused.message}`)
    await commit(built)
    tip = built.tip
    return { execution: all - stagedUs, root: stagedUs }
  }
  const ask = (view, { query }) => machine.query(view, tip, query)

  return {
    block,
    /** The rows that one call reads and writes, beyond those of an empty block. */
    async counted(kind, batch) {
      if ('query' in kind) {
        count = { read: 0, written: 0 }
        ask(counting, kind)
        return count
      }
      const blocks = kind(batch, 1)
      for (const calls of blocks.slice(0, -1)) await block(calls)
      count = { read: 0, written: 0 }
      await block([], counting)
      const empty = count
      count = { read: 0, written: 0 }
      await block(blocks.at(-1), counting)
      return { read: count.read - empty.read, written: count.written - empty.written }
    },
    /** Microseconds a call, of a block of calls. */
    async timed(kind, batch) {
      if ('query' in kind) {
        const before = process.cpuUsage()
        for (let n = 0; n < BLOCK; n++) ask(store, kind)
        return { query: spent(before) / BLOCK }
      }
      const blocks = kind(batch, BLOCK)
      for (const calls of blocks.slice(0, -1)) await block(calls)
      const { execution, root } = await block(blocks.at(-1))
      return { execution: execution / BLOCK, root: root / BLOCK }
    },
    async close() {
      await store.close()
      rmSync(path, { recursive: true })
    },
  }
}

function spent(before) {
  const { user, system } = process.cpuUsage(before)
  return user + system
}
