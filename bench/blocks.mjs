// Executes blocks of 1,000 transfers in memory, signatures already checked, and prints transactions per second with and
// without the state root, and the share of each phase. `node bench/blocks.mjs [blocks]`
import { encode } from '@mmtchain/codec'
import { secp256k1, sha256 } from '@mmtchain/crypto'
import {
  amount,
  createMachine,
  defineChain,
  height,
  memoryStore,
  solo,
  transactionBytes,
} from '@mmtchain/kernel'
import { utf8 } from '@mmtchain/primitives'
import { token } from '@mmtchain/token-rewards'
import { authorityAddress, singleKey, transactionId } from '@mmtchain/tx'

const BLOCKS = Number(process.argv[2] ?? 30)
const PER_BLOCK = 1_000

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
const machine = createMachine(genesis)
const command = chain.modules.find(({ spec }) => spec.name === 'token').spec.commands.get('transfer')

/** 1,000 transfers, one of each account, to itself or to an address that was never seen. */
function transfers(nonce, kind) {
  return accounts.map(({ address, authority }, i) => {
    const to = kind === 'self' ? address : `0x${Buffer.from(sha256(utf8(`${nonce}/${i}`))).toString('hex')}`
    const body = {
      fingerprint: genesis.fingerprint,
      sender: address,
      authority,
      nonce: BigInt(nonce),
      validUntil: height(BigInt(nonce + 100)),
      fee: amount(1n),
      weightMax: 200n,
      payer: null,
      calls: [
        { module: 'token', command: 'transfer', input: encode(command.input, { to, amount: amount(1n) }) },
      ],
    }
    const transaction = {
      body,
      signatures: [{ index: 0, signature: new Uint8Array(64) }],
      payerConsent: null,
    }
    return { transaction, id: transactionId(body), bytes: transactionBytes(transaction) }
  })
}

function run(kind, withRoot) {
  const store = memoryStore()
  const none = new Uint8Array()
  const begun = machine.begin(store)
  store.commitNow({ ...begun, seal: none, checkpoint: none })
  let tip = begun.tip
  let buildMs = 0
  let rootMs = 0
  const timed = {
    get: (key) => store.get(key),
    entries: (range) => store.entries(range),
    stage(changes) {
      const start = performance.now()
      const staged = withRoot ? store.stage(changes) : { root: begun.block.header.stateRoot, changes }
      rootMs += performance.now() - start
      return staged
    },
  }
  for (let block = 0; block < BLOCKS; block++) {
    const candidates = transfers(block, kind)
    const request = {
      timeMs: tip.header.timeMs + 10_000n,
      round: 0,
      consensus: none,
      evidence: [],
      missProofs: [],
    }
    const start = performance.now()
    const built = machine.build(timed, { parent: tip, proposer: validator.address, request, candidates })
    buildMs += performance.now() - start
    if (built.receipts.transactions.length !== PER_BLOCK) throw new Error('a transfer was skipped')
    const staged = withRoot ? built.staged : store.stage(built.staged.changes)
    store.commitNow({ ...built, staged, seal: none, checkpoint: none })
    tip = built.tip
  }
  const perSecond = (ms) => Math.round((BLOCKS * PER_BLOCK) / (ms / 1_000))
  return { total: perSecond(buildMs), share: rootMs / buildMs }
}

run('self', true) // Warm up.
for (const kind of ['self', 'new recipients']) {
  for (const withRoot of [false, true]) {
    const { total, share } = run(kind, withRoot)
    const what = `${kind}, ${withRoot ? 'with' : 'without'} state root`
    console.log(`${what.padEnd(34)} ${String(total).padStart(7)} tx/s   root ${(100 * share).toFixed(0)} %`)
  }
}
