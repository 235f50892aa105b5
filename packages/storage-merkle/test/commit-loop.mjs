// Commits blocks of a real chain to the store in the folder argv[2] until it is killed, and prints each height once its
// block is on disk. With argv[3] `ahead` it builds each block while the one before is being written. When the store refuses, it prints the error's code, tries once more, reads, and ends.
import { bytes, encode, struct, u32 } from '@mmtchain/codec'
import { ed25519 } from '@mmtchain/crypto'
import { createMachine, defineChain, defineModule, solo, table } from '@mmtchain/kernel'
import { amount, height, isChainError, utf8 } from '@mmtchain/primitives'
import { merkleStore } from '@mmtchain/storage-merkle'
import { secretSigner, signTransaction } from '@mmtchain/tx'

const ROWS = 211
const none = new Uint8Array()
const signer = secretSigner({ suite: ed25519, secret: new Uint8Array(32).fill(7) })

const notes = defineModule('notes', {
  state: { rows: table(u32, bytes({ bytesMax: 2048 })), churn: table(u32, bytes({ bytesMax: 2048 })) },
  events: { written: struct({ at: u32 }) },
  errors: { FIFTH: ({ at }) => ({ message: `${at} is a multiple of 5.`, hint: 'Take another number.' }) },
})
  .command('write', struct({ at: u32 }), (ctx, { at }) => {
    if (at % 5 === 0) throw ctx.fail.FIFTH({ at })
    ctx.state.rows.set(at % ROWS, utf8(`written at ${ctx.block.height}`))
    ctx.emit.written({ at })
  })
  .endBlock((ctx) => {
    const now = Number(ctx.block.height)
    for (let i = 0; i < 40; i++) {
      const key = (now * 7919 + i * 31) % ROWS
      if ((now + i) % 3 === 0) ctx.state.churn.delete(key)
      else ctx.state.churn.set(key, new Uint8Array(100 + ((now * i) % 1500)).fill(now))
    }
  })

const chain = defineChain({ id: 'crash-1', consensus: solo() }).use(notes)
const [key] = signer.authority.keys
const machine = createMachine(
  chain.genesis({
    timeMs: 1_700_000_000_000n,
    validators: [{ address: signer.address, key }],
    documents: {},
  }),
)

function toCommit({ block, id, staged, receipts, transactionIds, refusals, tip }) {
  return { tip, block, id, staged, receipts, transactionIds, refusals, seal: none, checkpoint: utf8(id) }
}

async function transactionsAfter(store, tip) {
  const { nonce } = machine.query(store, tip, {
    module: 'kernel',
    query: 'account',
    input: { address: signer.address },
  })
  const now = tip.header.height
  const signed = [0n, 1n].map(async (i) => {
    const input = encode(struct({ at: u32 }), { at: Number(now * 2n + i) })
    const draft = {
      fingerprint: machine.genesis.fingerprint,
      sender: signer.address,
      authority: signer.authority,
      nonce: nonce + i,
      validUntil: height(now + 10n),
      fee: amount(0n),
      weightMax: 0n,
      payer: null,
      calls: [{ module: 'notes', command: 'write', input }],
    }
    const { weight } = machine.quote({ body: draft, signatures: [], payerConsent: null })
    const { transaction } = await signTransaction({ body: { ...draft, weightMax: weight }, signer })
    return machine.prepare(transaction)
  })
  return Promise.all(signed)
}

async function nextCommit(store, tip = machine.tipOf(store)) {
  if (!tip) return toCommit(machine.begin(store))
  const built = machine.build(store, {
    parent: tip,
    proposer: signer.address,
    request: {
      timeMs: tip.header.timeMs + 10_000n,
      round: 0,
      consensus: none,
      evidence: [],
      missProofs: [],
    },
    candidates: await transactionsAfter(store, tip),
  })
  return toCommit(built)
}

/** Never two blocks are on disk that were not said to be, since the third is built when the first is on disk. */
async function commitAhead(store) {
  let commit = await nextCommit(store)
  let done = store.commit(commit)
  for (;;) {
    const { staged, tip } = commit
    const ahead = store.ahead(staged)
    if (!ahead) await done
    const next = await nextCommit(ahead ?? store, tip)
    const nextDone = store.commit(next)
    nextDone.catch(() => undefined)
    await done
    say(commit.block.header.height)
    ;[commit, done] = [next, nextDone]
  }
}

const codeOf = (error) => {
  if (!isChainError(error)) throw error
  return error.code
}
const say = (line) => process.stdout.write(`${line}\n`)

try {
  const store = await merkleStore({ path: process.argv[2], keepHeights: 20 })
  try {
    if (process.argv[3] === 'ahead') await commitAhead(store)
    for (;;) {
      const commit = await nextCommit(store)
      await store.commit(commit)
      say(commit.block.header.height)
    }
  } catch (error) {
    say(codeOf(error))
    const second = store.commit(await nextCommit(store))
    await second.catch((again) => say(again === error ? 'the same refusal' : codeOf(again)))
    say(`still at ${store.tip().header.height}`)
    await store.close()
  }
} catch (error) {
  say(codeOf(error))
}
