// Calls of contracts: in blocks of the kernel with fees, deposits and receipts, in the sandbox alone, in plain Node.js, and a token
// beside the same token on @ethereumjs/evm. Then memory of a sandbox over 10,000 programs. Processor time, best of several rounds, taken
// in turn. From the root: node --expose-gc bench/contracts.mjs [contracts]

import { fileURLToPath } from 'node:url'
import { Common, Mainnet } from '@ethereumjs/common'
import { createEVM } from '@ethereumjs/evm'
import { Address, hexToBytes } from '@ethereumjs/util'
import { codecFromSchema, encode } from '@mmtchain/codec'
import { buildContract } from '@mmtchain/contract/build'
import { contractAddress, contracts } from '@mmtchain/contracts'
import { keccak256, secp256k1, sha256 } from '@mmtchain/crypto'
import {
  amount,
  createMachine,
  defineChain,
  height,
  memoryStore,
  solo,
  transactionBytes,
} from '@mmtchain/kernel'
import { toHex, utf8 } from '@mmtchain/primitives'
import { token } from '@mmtchain/token-rewards'
import { authorityAddress, singleKey, transactionId } from '@mmtchain/tx'
import { createSandbox } from '@mmtchain/vm-sandbox'

const CONTRACTS = Number(process.argv[2] ?? 10_000)
const ACCOUNTS = 200
const ROUNDS = 5
const GAS = 40_000_000n
const NONE = new Uint8Array()

const accounts = Array.from({ length: ACCOUNTS }, (_, i) => {
  const authority = singleKey({
    suite: secp256k1.code,
    key: secp256k1.publicKey(sha256(utf8(`bench account ${i}`))),
  })
  return { authority, address: authorityAddress(authority) }
})
const [first] = accounts

/** A chain of its own, with blocks of calls whose signatures are taken as checked. */
function chainOf() {
  const chain = defineChain({
    ...{ id: 'bench', consensus: solo() },
    limits: { blockBytesMax: 256_000_000, blockWeightMax: 10n ** 12n, transactionBytesMax: 1_000_000 },
  })
    .use(token({ symbol: 'BEN', commandFee: amount(1n) }))
    .use(
      contracts({
        sandbox: createSandbox,
        gasPrice: amount(1n),
        depositPerByte: amount(1n),
        baseFee: amount(1n),
      }),
      { grants: { kernel: ['attempt'], token: ['move'] } },
    )
  const balances = accounts.map(({ address }) => ({ owner: address, amount: amount(10n ** 15n) }))
  const genesis = chain.genesis({
    timeMs: 1_700_000_000_000n,
    validators: [{ address: first.address, key: first.authority.keys[0] }],
    documents: { token: { balances, unclaimed: [], vesting: [], unclaimedVesting: [] } },
  })
  const machine = createMachine(genesis)
  const store = memoryStore()
  const begun = machine.begin(store)
  let tip = begun.tip
  const commit = (execution) => store.commit({ ...execution, seal: NONE, checkpoint: NONE })
  const ready = commit(begun)
  const commands = chain.modules.at(-1).spec.commands
  const nonces = new Map()
  const prepared = ({ address, authority }, command, input) => {
    const nonce = nonces.get(address) ?? 0n
    nonces.set(address, nonce + 1n)
    const call = { module: 'contracts', command, input: encode(commands.get(command).input, input) }
    const body = {
      ...{
        fingerprint: genesis.fingerprint,
        sender: address,
        authority,
        nonce,
        fee: amount(1_000n),
        payer: null,
      },
      ...{ validUntil: height(tip.header.height + 100n), weightMax: 2_000_000n, calls: [call] },
    }
    const transaction = {
      body,
      signatures: [{ index: 0, signature: new Uint8Array(64) }],
      payerConsent: null,
    }
    return { transaction, id: transactionId(body), bytes: transactionBytes(transaction) }
  }
  return {
    ready,
    prepared,
    async block(candidates) {
      const request = {
        timeMs: tip.header.timeMs + 10_000n,
        round: 0,
        consensus: NONE,
        evidence: [],
        missProofs: [],
      }
      const start = processorNs()
      const built = machine.build(store, { parent: tip, proposer: first.address, request, candidates })
      const spent = processorNs() - start
      const refused = built.refusals.find((refusal) => refusal !== null) ?? built.skipped[0]?.error
      if (refused || built.receipts.transactions.length !== candidates.length)
        throw new Error(JSON.stringify(refused))
      await commit(built)
      tip = built.tip
      return spent
    },
  }
}

const processorNs = () => {
  const { user, system } = process.cpuUsage()
  return (user + system) * 1_000
}

const HELP = `
  const rowOf = (key, least) => host.get(key) ?? least
  const zero = () => new Uint8Array(8)
  const numberOf = (row) => new DataView(row.buffer).getBigUint64(0)
  const bytesOf = (value) => { const row = zero(); new DataView(row.buffer).setBigUint64(0, value); return row }`
const COUNTER = `${HELP}
  export function add() { const next = numberOf(rowOf('01', zero())) + 1n; host.set('01', bytesOf(next)) }`
const TOKEN = `${HELP}
  export function add(input, self, sender) {
    const [from, to] = [sender.slice(2), '02' + sender.slice(4)]
    const have = host.get(from) === undefined ? 1000000n : numberOf(host.get(from))
    if (have < 1n) throw new Error('poor')
    host.set(from, bytesOf(have - 1n))
    host.set(to, bytesOf(numberOf(rowOf(to, zero())) + 1n))
  }`

/** The same code with plain maps. */
function plain(code) {
  const rows = new Map()
  const host = { get: (key) => rows.get(key), set: (key, value) => void rows.set(key, value) }
  return new Function('host', `${code.replace('export function', 'return function')}`)(host)
}

const file = (name) =>
  fileURLToPath(new URL(`../packages/contract/templates/${name}/contract.ts`, import.meta.url))
const best = new Map()
const note = (name, nsPerCall) =>
  best.set(name, Math.min(best.get(name) ?? Number.POSITIVE_INFINITY, nsPerCall))

// Blocks: each account calls once a block.
const on = chainOf()
await on.ready
let number = 0n
async function make(code, init = null) {
  await on.block([on.prepared(first, 'deploy', { code, gas: 200_000_000n })])
  const made = { code: toHex(sha256(utf8(code))), input: init, admin: null, amount: amount(0n), gas: GAS }
  await on.block([on.prepared(first, 'instantiate', { ...made, depositMax: amount(10n ** 12n) })])
  return contractAddress(number++)
}
const calls = (pick, method, input = NONE) =>
  accounts.map((account, i) =>
    on.prepared(account, 'call', {
      ...{ contract: pick(i), method, input, amount: amount(0n), gas: GAS, depositMax: amount(10n ** 9n) },
    }),
  )
const counter = await make(COUNTER)
const coin = await make(TOKEN)
const licence = (await buildContract(file('licence'))).code
const terms = {
  author: first.address,
  ...{ pricePerUse: amount(0n), usesMax: 4_000_000_000, validForMs: 10n ** 12n, work: 'x' },
}
const { interface: offered } = await buildContract(file('licence'))
const codecOf = (name) => codecFromSchema(offered.methods.find((one) => one.name === name).input)
const licences = await make(licence, encode(codecOf('init'), terms))
const buy = encode(codecOf('buy'), { uses: 1 })
// More programs than a node keeps loaded: each call loads its own again.
const cold = []
for (let i = 0; i < 400; i++) cold.push(await make(`${COUNTER}// ${i}`))
let turn = 0
const kinds = [
  ['counter in a block', () => calls(() => counter, 'add')],
  ['token in a block', () => calls(() => coin, 'add')],
  ['licence, a template, in a block', () => calls(() => licences, 'buy', buy)],
  ['counter in a block, cold', () => calls(() => cold[turn++ % cold.length], 'add')],
]
const plainCounter = plain(COUNTER)
const plainToken = plain(TOKEN)

const common = new Common({ chain: Mainnet })
const evm = await createEVM({ common })
const evmToken = new Address(hexToBytes(`0x${'42'.repeat(20)}`))
// transfer(to, amount) over keccak-keyed balances, written by hand: what a compiler makes of it does more.
const CODE = '0x335f5260205f2080546020358082106026578091038255' + '5f355f5260205f20805482019055005b5f5ffd'
await evm.stateManager.putCode(evmToken, hexToBytes(CODE))
const evmCallers = accounts.map(({ address }) => new Address(hexToBytes(`0x${address.slice(2, 42)}`)))
const word = (bytes) => {
  const padded = new Uint8Array(32)
  padded.set(bytes, 32 - bytes.length)
  return padded
}
for (const caller of evmCallers)
  await evm.stateManager.putStorage(evmToken, keccak256(word(caller.bytes)), word(utf8('\x0f\x42\x40')))
const evmInputs = evmCallers.map(
  ({ bytes }) => new Uint8Array([...word(bytes.map((byte) => byte ^ 1)), ...word([1])]),
)
async function evmBlock() {
  const start = processorNs()
  for (let i = 0; i < ACCOUNTS; i++) {
    const { execResult } = await evm.runCall({
      ...{ caller: evmCallers[i], to: evmToken, data: evmInputs[i], gasLimit: 1_000_000n, skipBalance: true },
    })
    if (execResult.exceptionError) throw new Error(String(execResult.exceptionError.error))
  }
  return processorNs() - start
}

for (let round = 0; round <= ROUNDS; round++) {
  for (const [name, candidates] of kinds) {
    const spent = await on.block(candidates())
    if (round > 0) note(name, spent / ACCOUNTS)
  }
  for (const [name, run] of [
    ['counter in plain Node.js', plainCounter],
    ['token in plain Node.js', plainToken],
  ]) {
    const start = processorNs()
    for (let i = 0; i < 100_000; i++) run(NONE, '', accounts[i % ACCOUNTS].address)
    if (round > 0) note(name, (processorNs() - start) / 100_000)
  }
  const spent = await evmBlock()
  if (round > 0) note('token on @ethereumjs/evm, state in a map', spent / ACCOUNTS)
}
console.log('calls a second of processor time, best of', ROUNDS, 'rounds')
for (const [name, ns] of best)
  console.log(
    `  ${name.padEnd(42)} ${Math.round(1e9 / ns)
      .toLocaleString('en')
      .padStart(12)}   ${(ns / 1_000).toFixed(1)} µs`,
  )

// What a node keeps of contracts beside their rows is what its sandbox keeps. Each has its own code, so that nothing of one helps another.
console.log(
  `\nmemory of the process in MiB, over ${CONTRACTS.toLocaleString('en')} programs that were called once`,
)
const sandbox = createSandbox({
  host: {
    get: { takes: ['text'], gas: 1, run: () => undefined },
    set: { takes: ['text', 'bytes'], gas: 1, run: () => undefined },
  },
})
for (let i = 1; i <= CONTRACTS; i++) {
  const program = sandbox.program(`${COUNTER}// contract ${i}`)
  const outcome = sandbox.call({
    ...{ program, method: 'add', args: [NONE, '', ''], gasMax: GAS, timeMs: 0n, seed: new Uint8Array(32) },
    context: undefined,
  })
  if (!outcome.ok) throw outcome.error
  if (i % Math.ceil(CONTRACTS / 5) !== 0) continue
  globalThis.gc?.()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  const mib = (bytes) => (bytes / 2 ** 20).toFixed(1).padStart(8)
  console.log(`  ${String(i).padStart(7)} programs: heap ${mib(heapUsed)}, buffers ${mib(arrayBuffers)}`)
}
