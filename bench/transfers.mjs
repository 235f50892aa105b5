// The work of the benchmarks of blocks: a chain of one validator and 1,000 accounts, and blocks in which each of them
// sends one transfer.
import { encode } from '@mmtchain/codec'
import { secp256k1, sha256 } from '@mmtchain/crypto'
import { amount, createMachine, defineChain, height, solo, transactionBytes } from '@mmtchain/kernel'
import { toHex, utf8 } from '@mmtchain/primitives'
import { token } from '@mmtchain/token-rewards'
import { authorityAddress, singleKey, transactionId } from '@mmtchain/tx'

export const PER_BLOCK = 1_000
/** To oneself, which changes rows that are there, or to addresses that were never seen, which adds rows. */
export const KINDS = ['self', 'new recipients']

const NONE = new Uint8Array()

const accounts = Array.from({ length: PER_BLOCK }, (_, i) => {
  const secret = sha256(utf8(`bench account ${i}`))
  const authority = singleKey({ suite: secp256k1.code, key: secp256k1.publicKey(secret) })
  return { authority, address: authorityAddress(authority) }
})
const chain = defineChain({
  id: 'bench',
  consensus: solo(),
  limits: { blockBytesMax: 64_000_000, blockWeightMax: 10n ** 12n },
}).use(token({ symbol: 'BEN', decimals: 2, commandFee: amount(1n) }))
const validator = accounts[0]
const genesis = chain.genesis({
  timeMs: 1_700_000_000_000n,
  validators: [{ address: validator.address, key: validator.authority.keys[0] }],
  documents: {
    token: {
      balances: accounts.map(({ address }) => ({ owner: address, amount: amount(1_000_000_000n) })),
      unclaimed: [],
    },
  },
})
const transfer = chain.modules.find(({ spec }) => spec.name === 'token').spec.commands.get('transfer')

export const machine = createMachine(genesis)

/** 1,000 transfers with what the checks of their signatures leave behind: ids and full bytes. */
export function transfers(nonce, kind) {
  return accounts.map(({ address, authority }, i) => {
    const to = kind === 'self' ? address : `0x${toHex(sha256(utf8(`${nonce}/${i}`)))}`
    const input = encode(transfer.input, { to, amount: amount(1n) })
    const body = {
      fingerprint: genesis.fingerprint,
      sender: address,
      authority,
      nonce: BigInt(nonce),
      validUntil: height(BigInt(nonce + 100)),
      fee: amount(1n),
      weightMax: 200n,
      payer: null,
      calls: [{ module: 'token', command: 'transfer', input }],
    }
    const signatures = [{ index: 0, signature: new Uint8Array(64) }]
    const transaction = { body, signatures, payerConsent: null }
    return { transaction, id: transactionId(body), bytes: transactionBytes(transaction) }
  })
}

/** Puts block 0 into the store. Returns the tip. */
export function begin(store) {
  const begun = machine.begin(store)
  commit(store, begun)
  return begun.tip
}

/** The same for a store that commits asynchronously only. */
export async function beginOn(store) {
  const begun = machine.begin(store)
  await commitTo(store, begun)
  return begun.tip
}

export function commitTo(store, execution) {
  return store.commit({ ...execution, seal: NONE, checkpoint: NONE })
}

/** Builds a block as its proposer does. Throws unless all transfers are in it and none was refused. */
export function build(store, tip, candidates) {
  const request = {
    timeMs: tip.header.timeMs + 10_000n,
    round: 0,
    consensus: NONE,
    evidence: [],
    missProofs: [],
  }
  const built = machine.build(store, { parent: tip, proposer: validator.address, request, candidates })
  const done = built.receipts.transactions.filter(({ error }) => error === null)
  if (done.length !== candidates.length) throw new Error('a transfer was refused')
  return built
}

/** Commits a block at once, with no bytes of an engine. */
export function commit(store, execution) {
  store.commitNow({ ...execution, seal: NONE, checkpoint: NONE })
}

/** A store in memory without a state tree: what is left of executing a block when its state root costs nothing. */
export function flatStore() {
  const rows = new Map()
  return {
    get: (key) => rows.get(key)?.slice(),
    entries: () => [].values(),
    stage: (changes) => ({ root: genesis.fingerprint, changes }),
    commitNow({ staged }) {
      for (const [key, value] of staged.changes) {
        if (value === null) rows.delete(key)
        else rows.set(key, value)
      }
    },
    async commit(block) {
      this.commitNow(block)
    },
    async close() {},
  }
}

/** Half of the values are below it, half above. */
export function median(values) {
  return [...values].sort((a, b) => a - b)[values.length >> 1]
}
