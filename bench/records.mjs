// Processor time of one command on the store of a node as the records of a module grow. Prints microseconds by tenths of the way, of
// execution and of the new state root, and the slope of each from the second tenth to the last.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encode } from '@mmtchain/codec'
import { createMachine } from '@mmtchain/kernel'
import { amount, height } from '@mmtchain/primitives'
import { merkleStore } from '@mmtchain/storage-merkle'

const BLOCK = 500
const TENTHS = 10
/** Blocks that never bind: what is measured is the command. */
export const limits = { blockBytesMax: 8_000_000, blockWeightMax: 10n ** 9n, validHeightsMax: 1_000_000 }

/**
 * Measures a command of the account `sender` on a chain: `first` are the calls that prepare it, `command(n)` is the nth call, `fee` what the chain takes for each.
 */
export async function measure({ title, chain, documents, sender, first = [], command, records, fee = 0n }) {
  const path = mkdtempSync(join(tmpdir(), 'mmt-bench-'))
  const genesis = chain.genesis({
    timeMs: 0n,
    validators: [{ address: sender.address, key: sender.authority.keys[0] }],
    documents,
  })
  const store = await merkleStore({ path })
  const machine = createMachine(genesis)
  const none = new Uint8Array()
  const commit = (execution) => store.commit({ ...execution, seal: none, checkpoint: none })
  let stagedUs = 0
  const timed = Object.assign(Object.create(store), {
    stage(changes) {
      const before = process.cpuUsage()
      const staged = store.stage(changes)
      stagedUs = spent(before)
      return staged
    },
  })
  const begun = machine.begin(timed)
  await commit(begun)
  let { tip } = begun
  let nonce = 0n

  function prepared({ module, command: name, input }) {
    const spec = chain.modules.find((used) => used.spec.name === module).spec.commands.get(name)
    const body = {
      ...{
        fingerprint: genesis.fingerprint,
        sender: sender.address,
        authority: sender.authority,
        nonce,
        payer: null,
      },
      ...{ validUntil: height(tip.header.height + 100_000n), fee: amount(fee), weightMax: 100_000n },
      calls: [{ module, command: name, input: encode(spec.input, input) }],
    }
    const transaction = {
      body,
      signatures: [{ index: 0, signature: new Uint8Array(64) }],
      payerConsent: null,
    }
    const id = (nonce++).toString(16).padStart(64, '0')
    return { transaction, id, bytes: new Uint8Array(200) }
  }
  async function block(calls) {
    const candidates = calls.map(prepared)
    const request = {
      timeMs: tip.header.timeMs + 1_000n,
      round: 0,
      consensus: none,
      evidence: [],
      missProofs: [],
    }
    const before = process.cpuUsage()
    const built = machine.build(timed, { parent: tip, proposer: sender.address, request, candidates })
    const all = spent(before)
    const refused = built.refusals.find((one) => one !== null) ?? built.skipped[0]?.error
    if (refused) throw new Error(`${refused.code}: ${refused.message}`)
    await commit(built)
    tip = built.tip
    return { execution: all - stagedUs, root: stagedUs }
  }

  for (const call of first) await block([call])
  const blocks = Math.ceil(records / BLOCK)
  const best = { execution: [], root: [] }
  for (let i = 0; i < blocks; i++) {
    const found = await block(Array.from({ length: BLOCK }, (_, j) => command(i * BLOCK + j)))
    const tenth = Math.floor((i * TENTHS) / blocks)
    for (const part of ['execution', 'root'])
      best[part][tenth] = Math.min(best[part][tenth] ?? Number.POSITIVE_INFINITY, found[part] / BLOCK)
  }
  await store.close()
  rmSync(path, { recursive: true })
  console.log(title)
  for (const [part, all] of Object.entries(best)) {
    // In the first tenth the code becomes warm, so the second is the measure.
    const slope = (all.at(-1) / all[1] - 1) * 100
    console.log(`  ${part} ${all.map((us) => us.toFixed(1)).join(' ')} µs; slope ${slope.toFixed(1)} %`)
  }
}

function spent(before) {
  const { user, system } = process.cpuUsage(before)
  return user + system
}
