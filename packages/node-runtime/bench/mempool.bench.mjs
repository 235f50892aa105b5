// Microseconds to add one transaction to a mempool in which few or many wait, with room and full, and to tell it of a block; and
// their ratio to the smallest pool. Signatures are not checked.   node packages/node-runtime/bench/mempool.bench.mjs
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
import { createMempool } from '@mmtchain/node-runtime'
import { utf8 } from '@mmtchain/primitives'
import { token } from '@mmtchain/token-rewards'
import { authorityAddress, singleKey, transactionId } from '@mmtchain/tx'

const EACH = 16
const SIZES = [160, 1_600, 16_000]
const NEW = 800
const none = new Uint8Array()

const accounts = Array.from({ length: SIZES.at(-1) / EACH + NEW }, (_, i) => {
  const authority = singleKey({ suite: secp256k1.code, key: secp256k1.publicKey(sha256(utf8(`pool ${i}`))) })
  return { authority, address: authorityAddress(authority) }
})
const chain = defineChain({ id: 'pool', consensus: solo() }).use(token({ symbol: 'BEN', decimals: 2 }))
const [validator] = accounts
const balances = accounts.map(({ address: owner }) => ({ owner, amount: amount(10_000_000n) }))
const genesis = chain.genesis({
  timeMs: 1_700_000_000_000n,
  validators: [{ address: validator.address, key: validator.authority.keys[0] }],
  documents: { token: { balances, unclaimed: [] } },
})
const machine = createMachine(genesis)
const transfer = chain.modules.find(({ spec }) => spec.name === 'token').spec.commands.get('transfer')

function prepared({ address, authority }, nonce, fee) {
  const input = encode(transfer.input, { to: validator.address, amount: amount(1n) })
  const body = {
    fingerprint: genesis.fingerprint,
    sender: address,
    authority,
    nonce: BigInt(nonce),
    validUntil: height(100n),
    fee: amount(BigInt(fee)),
    weightMax: 200n,
    payer: null,
    calls: [{ module: 'token', command: 'transfer', input }],
  }
  const transaction = { body, signatures: [{ index: 0, signature: new Uint8Array(64) }], payerConsent: null }
  return { transaction, id: transactionId(body), bytes: transactionBytes(transaction) }
}

function microseconds(items, work) {
  const startMs = performance.now()
  for (const item of items) work(item)
  return ((performance.now() - startMs) / items.length) * 1_000
}

function measure(size) {
  const store = memoryStore()
  const begun = machine.begin(store)
  store.commitNow({ ...begun, seal: none, checkpoint: none })
  let { tip } = begun
  const pool = createMempool({
    machine,
    view: () => ({ state: store, tip }),
    limits: { countMax: size + NEW },
  })
  const holders = accounts.slice(0, size / EACH)
  const newcomers = accounts.slice(-NEW)
  const filling = holders.flatMap((account, i) =>
    Array.from({ length: EACH }, (_, nonce) => prepared(account, nonce, 100 + ((i * 7) % 50))),
  )
  for (const one of filling) pool.add(one)
  const room = microseconds(
    newcomers.map((account) => prepared(account, 0, 120)),
    (one) => pool.add(one),
  )
  const evicting = microseconds(
    newcomers.map((account) => prepared(account, 1, 130)),
    (one) => {
      try {
        pool.add(one)
      } catch (error) {
        if (error.code !== 'node/POOL_FULL') throw error
      }
    },
  )
  const request = {
    timeMs: tip.header.timeMs + 10_000n,
    round: 0,
    consensus: none,
    evidence: [],
    missProofs: [],
  }
  const candidates = [...pool.candidates()].slice(0, 100)
  const built = machine.build(store, { parent: tip, proposer: validator.address, request, candidates })
  store.commitNow({ ...built, seal: none, checkpoint: none })
  tip = built.tip
  const startMs = performance.now()
  pool.committed(built.block, built.transactionIds)
  return { room, evicting, committed: (performance.now() - startMs) * 1_000 }
}

measure(SIZES[0]) // Warm up.
const [smallest, ...larger] = SIZES.map((size) => ({ size, ...measure(size) }))
const cell = (row, field) =>
  `${row[field].toFixed(0).padStart(7)} µs ${(row[field] / smallest[field]).toFixed(1).padStart(5)}×`
console.log('   waiting      add, with room       add, when full      after a block of 100')
for (const row of [smallest, ...larger])
  console.log(
    `${String(row.size).padStart(10)}  ${cell(row, 'room')}    ${cell(row, 'evicting')}    ${cell(row, 'committed')}`,
  )
