// Blocks of 1,000 transfers through our kernel, in memory, as ./lisk/blocks.cjs has them through Lisk's. Prints one line
// of JSON. Started by ./run.mjs: `node ours.mjs BLOCKS`
import { memoryStore } from '@mmtchain/kernel'
import { begin, build, commit, flatStore, KINDS, machine, PER_BLOCK, transfers } from '../transfers.mjs'

const BLOCKS = Number(process.argv[2])

/** Transfers per second of executing a received block, all of its header checked, and committing it. */
function run(kind, newStore) {
  const store = newStore()
  let tip = begin(store)
  let ms = 0
  for (let nonce = 0; nonce < BLOCKS; nonce++) {
    const candidates = transfers(nonce, kind)
    // Checks are remembered by the mempool; the block comes over the wire.
    const checked = new Map(candidates.map((prepared) => [prepared.transaction, prepared]))
    const { block } = build(store, tip, candidates)
    const start = performance.now()
    const executed = machine.execute(store, { parent: tip, block, prepare: (one) => checked.get(one) })
    commit(store, executed)
    ms += performance.now() - start
    tip = executed.tip
  }
  return (BLOCKS * PER_BLOCK) / (ms / 1_000)
}

const result = {}
for (const kind of KINDS) {
  for (const [title, newStore] of [
    ['without root', flatStore],
    ['with root', memoryStore],
  ]) {
    run(kind, newStore)
    result[`${kind}, ${title}`] = run(kind, newStore)
  }
}
process.stdout.write(`${JSON.stringify(result)}\n`)
