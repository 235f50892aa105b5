// The processes that `mmt bench` starts: a node, a load, and checks of signatures alone. They speak over Node's own channel.
import { existsSync, readFileSync } from 'node:fs'
import { codecFromSchema, encode, type JsonSchema } from '@mmtchain/codec'
import { prepareCrypto, secp256k1, secp256k1Backend, sha256 } from '@mmtchain/crypto'
import { homeAt, runNode } from '@mmtchain/node'
import { silentLog } from '@mmtchain/node-runtime'
import { amount, type Hash, height, toHex, utf8 } from '@mmtchain/primitives'
import { authorityAddress, secretSigner, signTransaction, singleKey, transaction } from '@mmtchain/tx'
import { type Load, sendLoad } from './bench-load.ts'
import { partPaced } from './bench-paced.ts'
import { type Shares, startProfile } from './bench-profile.ts'

export type PartName = 'node' | 'load' | 'check' | 'paced'

/** What the bench asks of a part. */
export type Order =
  | { readonly kind: 'start' }
  | { readonly kind: 'stop' }
  | { readonly kind: 'startProfile'; readonly file?: string }
  | { readonly kind: 'stopProfile' }
  | { readonly kind: 'prepare'; readonly count: number; readonly from: number; readonly job: LoadJob }
  | { readonly kind: 'send'; readonly load: Load }

/** What the transactions of a load are made of. */
export interface LoadJob {
  readonly fingerprint: Hash
  readonly accounts: number
  readonly input: JsonSchema
  readonly fee: string
  readonly weightMax: string
}

/** What a part answers. */
export type Report =
  | { readonly kind: 'ready'; readonly url?: string }
  | { readonly kind: 'measured'; readonly measured: Measured }
  | { readonly kind: 'profiled'; readonly shares: Shares }
  | { readonly kind: 'progress'; readonly done: number }
  | { readonly kind: 'sent'; readonly retries: number; readonly cpuMs: number }
  | { readonly kind: 'checked'; readonly perSecond: number; readonly backend: string }

/** A block that was committed: when, in milliseconds, and how many transactions it holds. */
export interface Seen {
  readonly atMs: number
  readonly transactions: number
}

/** What the node saw between two orders. */
export interface Measured {
  /** Transactions committed, and how many of them were refused. */
  readonly committed: number
  readonly refused: number
  /** The blocks that hold them, in order. */
  readonly blocks: readonly Seen[]
  /** Processor time of all threads, of the main one where the platform tells, and of the wall. */
  readonly cpuMs: number
  readonly mainCpuMs: number | null
  readonly wallMs: number
  readonly rssBytes: number
}

export const BENCH_SEED = 'mmt bench account'

export function benchSecret(index: number): Uint8Array {
  return sha256(utf8(`${BENCH_SEED} ${index}`))
}

const tell = (report: Report) => process.send?.(report)

/** Runs one part until its parent ends it. */
export async function runPart(name: PartName): Promise<void> {
  await prepareCrypto()
  process.once('disconnect', () => process.exit(0))
  if (name === 'node') return partNode()
  if (name === 'check') return partCheck()
  if (name === 'paced') return partPaced()
  return partLoad()
}

async function partNode(): Promise<void> {
  const running = await runNode({ home: homeAt(process.env.MMT_HOME ?? ''), log: silentLog, rpcPort: 0 })
  process.once('SIGTERM', () => void running.stop().finally(() => process.exit(0)))
  let seen = newCount()
  running.node.onBlock(({ block, receipts }) => {
    if (block.transactions.length === 0) return
    seen.blocks.push({ atMs: performance.now(), transactions: block.transactions.length })
    seen.committed += block.transactions.length
    seen.refused += receipts.transactions.filter(({ error }) => error !== null).length
  })
  let endProfile: (() => Promise<Shares>) | undefined
  let cpu = process.cpuUsage()
  let mainCpu = mainThreadMs()
  let began = performance.now()
  process.on('message', async (order: Order) => {
    if (order.kind === 'start') {
      seen = newCount()
      began = performance.now()
      cpu = process.cpuUsage()
      mainCpu = mainThreadMs()
      tell({ kind: 'ready' })
    }
    if (order.kind === 'stop') {
      const used = process.cpuUsage(cpu)
      const measured: Measured = {
        ...seen,
        wallMs: Math.round(performance.now() - began),
        cpuMs: (used.user + used.system) / 1_000,
        mainCpuMs: mainCpu === null ? null : (mainThreadMs() as number) - mainCpu,
        rssBytes: process.memoryUsage().rss,
      }
      tell({ kind: 'measured', measured })
    }
    if (order.kind === 'startProfile') {
      endProfile = await startProfile(order.file)
      tell({ kind: 'ready' })
    }
    if (order.kind === 'stopProfile' && endProfile) tell({ kind: 'profiled', shares: await endProfile() })
  })
  tell({ kind: 'ready', url: running.rpc.url })
}

/** The time of one tick in which Linux counts. */
const TICK_MS = 10

/** The processor time of this process's main thread so far; nothing where there is no Linux. */
function mainThreadMs(): number | null {
  const file = `/proc/self/task/${process.pid}/stat`
  if (!existsSync(file)) return null
  // The name in brackets may hold anything; user and system time are the 12th and 13th field behind it (proc_pid_stat(5)).
  const fields = readFileSync(file, 'utf8').split(') ').at(-1)?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS
}

function newCount() {
  const blocks: Seen[] = []
  return { committed: 0, refused: 0, blocks }
}

async function partLoad(): Promise<void> {
  let bodies: readonly string[] = []
  process.on('message', async (order: Order) => {
    if (order.kind === 'prepare') {
      bodies = await prepareLoad(order)
      tell({ kind: 'ready' })
    }
    if (order.kind === 'send') {
      const cpu = process.cpuUsage()
      const retries = await sendLoad(bodies, order.load)
      const used = process.cpuUsage(cpu)
      tell({ kind: 'sent', retries, cpuMs: (used.user + used.system) / 1_000 })
    }
  })
  tell({ kind: 'ready' })
}

/** Signed transfers as calls of `tx_submit`, the first of every account before the second of any. */
async function prepareLoad({ count, from, job }: Extract<Order, { kind: 'prepare' }>): Promise<string[]> {
  const signers = Array.from({ length: job.accounts }, (_, i) =>
    secretSigner({ suite: secp256k1, secret: benchSecret(i) }),
  )
  const codec = codecFromSchema(job.input)
  const made: string[] = []
  for (let i = 0; i < count; i++) {
    const signer = signers[i % job.accounts] as (typeof signers)[number]
    const to = signers[(i * 7 + 1) % job.accounts]?.address
    const body = {
      fingerprint: job.fingerprint,
      sender: signer.address,
      authority: signer.authority,
      nonce: BigInt(from + Math.floor(i / job.accounts)),
      validUntil: height(9_000n),
      fee: amount(BigInt(job.fee)),
      weightMax: BigInt(job.weightMax),
      payer: null,
      calls: [{ module: 'token', command: 'transfer', input: encode(codec, { to, amount: 1n } as never) }],
    }
    const signed = await signTransaction({ body, signer })
    const bytes = toHex(encode(transaction, signed.transaction))
    made.push(`{"jsonrpc":"2.0","id":${i},"method":"tx_submit","params":{"bytes":"${bytes}"}}`)
    if (i % 1_000 === 999) tell({ kind: 'progress', done: i + 1 })
  }
  return made
}

const CHECK_MS = 2_000

/** Checks signatures and does nothing else. */
function partCheck(): void {
  const claims = Array.from({ length: 256 }, (_, i) => {
    const secret = benchSecret(i)
    const message = utf8(`message ${i}`)
    return { key: secp256k1.publicKey(secret), message, signature: secp256k1.sign(message, secret) }
  })
  process.on('message', (order: Order) => {
    if (order.kind !== 'start') return
    let count = 0
    const began = performance.now()
    while (performance.now() - began < CHECK_MS) {
      for (const claim of claims)
        if (!secp256k1.verify(claim)) throw new Error('a right signature was refused')
      count += claims.length
    }
    const perSecond = count / ((performance.now() - began) / 1_000)
    tell({ kind: 'checked', perSecond, backend: secp256k1Backend() })
  })
  tell({ kind: 'ready' })
}

/** The account of a bench key. */
export function benchAccount(index: number) {
  const key = secp256k1.publicKey(benchSecret(index))
  return { key, address: authorityAddress(singleKey({ suite: secp256k1.code, key })) }
}
