// Memory and speed of a node's part in contracts as they become many: each has code of its own, is deployed, made and called in blocks of the kernel on the
// store of a node. Then calls of contracts whose programs a node no longer has loaded, and of one that it has, all with fees, deposits and
// receipts. Processor time, best of the rounds. From the root: node --expose-gc bench/contracts-many.mjs [contracts] [MiB of the store's memory]

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { contractAddress } from '@mmtchain/contracts'
import { sha256 } from '@mmtchain/crypto'
import { amount } from '@mmtchain/kernel'
import { toHex, utf8 } from '@mmtchain/primitives'
import { merkleStore } from '@mmtchain/storage-merkle'
import { accounts, COUNTER, chainOf } from './contracts-chain.mjs'

const CONTRACTS = Number(process.argv[2] ?? 10_000)
const MEMORY_MIB = Number(process.argv[3] ?? 256)
const STEP = CONTRACTS / 10
const BLOCK = accounts.length
const ROUNDS = 3
const GAS = 40_000_000n
const offered = { gas: GAS, depositMax: amount(10n ** 12n) }

const codeOf = (number) =>
  `${COUNTER}\nexport const number = () => Uint8Array.of(${number >> 8}, ${number & 255})`
const path = mkdtempSync(join(tmpdir(), 'mmt-bench-'))
const store = await merkleStore({ path, memoryBytes: MEMORY_MIB * 2 ** 20 })
const on = chainOf(store)
await on.ready

/** A block of one command for each number, each by another account. */
const block = (numbers, command, inputOf) =>
  on.block(numbers.map((number, i) => on.prepared(accounts[i % BLOCK], command, inputOf(number))))
const deployed = (number) => ({ code: codeOf(number), gas: GAS })
const made = (number) => ({
  ...{ ...offered, code: toHex(sha256(utf8(codeOf(number)))), input: null, admin: null, amount: amount(0n) },
})
const called = (number) => ({
  ...{ ...offered, contract: contractAddress(BigInt(number)), method: 'add', input: new Uint8Array() },
  amount: amount(0n),
})
const blockOf = (numberAt) => Array.from({ length: BLOCK }, (_, i) => numberAt(i))
const us = (ns) => `${(ns / BLOCK / 1_000).toFixed(0)} µs`.padStart(8)

/** Bytes of the process that are in memory: its own, or those of files that are mapped, as the tables of the database, which the system takes away at will. */
const resident = (kind) =>
  1024 * Number(new RegExp(`^Rss${kind}:\\s*(\\d+)`, 'm').exec(readFileSync('/proc/self/status', 'utf8'))[1])

console.log(`of ${CONTRACTS} contracts: memory of the process in MiB, processor time of one`)
console.log('contracts  anonymous    files      heap   buffers    deploy  instantiate  first call')
for (let number = 0; number < CONTRACTS; ) {
  const best = { deploy: Infinity, instantiate: Infinity, call: Infinity }
  for (const end = number + STEP; number < end; number += BLOCK) {
    const numbers = blockOf((i) => number + i)
    best.deploy = Math.min(best.deploy, await block(numbers, 'deploy', deployed))
    best.instantiate = Math.min(best.instantiate, await block(numbers, 'instantiate', made))
    best.call = Math.min(best.call, await block(numbers, 'call', called))
  }
  globalThis.gc?.(); { const s = (await import('node:v8')).getHeapStatistics(); console.log('physical', s.total_physical_size >> 20, 'malloced', s.malloced_memory >> 20, 'peak', s.peak_malloced_memory >> 20, 'external', s.external_memory >> 20) }
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  const mib = (bytes) => (bytes / 2 ** 20).toFixed(0).padStart(9)
  console.log(
    `${String(number).padStart(9)}   ${mib(resident('Anon'))} ${mib(resident('File'))} ${mib(heapUsed)} ${mib(arrayBuffers)}  ${us(best.deploy)}     ${us(best.instantiate)}    ${us(best.call)}`,
  )
}
// As many others in between that neither their programs nor, in the end, their text are at hand.
const best = { cold: Infinity, warm: Infinity }
for (let round = 0; round < ROUNDS; round++)
  for (let first = 0; first < CONTRACTS; first += CONTRACTS / 10) {
    best.cold = Math.min(
      best.cold,
      await block(
        blockOf((i) => (first + i * 37) % CONTRACTS),
        'call',
        called,
      ),
    )
    best.warm = Math.min(
      best.warm,
      await block(
        blockOf(() => round),
        'call',
        called,
      ),
    )
  }
console.log(`a call whose program is loaded ${us(best.warm)}, not loaded ${us(best.cold)}`)
await store.close()
rmSync(path, { recursive: true })
