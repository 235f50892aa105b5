// Calls of contracts: in blocks of the kernel with fees, deposits and receipts, in plain Node.js, and a token beside the same token on
// @ethereumjs/evm. Processor time, best of several rounds, taken in turn. From the root: node bench/contracts.mjs

import { fileURLToPath } from 'node:url'
import { Common, Mainnet } from '@ethereumjs/common'
import { createEVM } from '@ethereumjs/evm'
import { Address, hexToBytes } from '@ethereumjs/util'
import { codecFromSchema, encode } from '@mmtchain/codec'
import { buildContract } from '@mmtchain/contract/build'
import { contractAddress } from '@mmtchain/contracts'
import { keccak256, sha256 } from '@mmtchain/crypto'
import { amount, memoryStore } from '@mmtchain/kernel'
import { toHex, utf8 } from '@mmtchain/primitives'
import { accounts, COUNTER, chainOf, HELP, processorNs } from './contracts-chain.mjs'

const ROUNDS = 5
const GAS = 40_000_000n
const NONE = new Uint8Array()

const [first] = accounts
const ACCOUNTS = accounts.length

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
const on = chainOf(memoryStore())
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
