// `mmt bench --validators N`: a network of processes under load, and what each of them costs.
import { writeFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describeChain, httpTransport, type Transport } from '@mmtchain/client'
import { balancesPart, type Home, loadChainFile, readConfig, type StoredKey } from '@mmtchain/node'
import type { Amount, Hash } from '@mmtchain/primitives'
import { type Limit, type Part, startPart } from './bench.ts'
import type { PacedOrder, PacedReport } from './bench-paced.ts'
import { benchAccount } from './bench-parts.ts'
import type { CommonOptions } from './context.ts'
import { say } from './language.ts'
import type { ChainStatus } from './node-view.ts'
import { look, print, progress, table } from './output.ts'
import { type Running, rpcOf, startNode } from './testnet.ts'
import { makeTestnet } from './testnet-homes.ts'

const ACCOUNTS = 1_024
const LOOK_MS = 20
/** How long what was sent may take to be final. */
const DRAIN_MS = 120_000
/** The loads, as shares of what the network takes. */
const LOADS = [0.25, 0.5, 0.75] as const
/**
 * How long they are under full load before anything is measured: in the first half minute a quarter of what a node does is to compile,
 * and in the next one still a tenth.
 */
const WARM_SECONDS = 60
/** What is signed for that, as a share of what signature checks alone allow. A network that takes more is warm sooner. */
const WARM_SHARE = 0.4
/** What waits in a node without room for more. */
const POOL_MAX = 10_000
const RATE = 1_000_000

export interface NetworkPlan {
  readonly validators: number
  readonly seconds: number
  readonly slotMs: number
  readonly isIdle: boolean
}

/** What the nodes say of themselves, read from `/metrics`. */
interface Usage {
  readonly cpuSeconds: number
  readonly rssBytes: number
  readonly bytesIn: number
  readonly bytesOut: number
}

interface LoadResult {
  /** Null for as many as they take. */
  readonly share: number | null
  readonly sentPerSecond: number
  readonly finalPerSecond: number
  readonly p50Ms: number | null
  readonly p99Ms: number | null
  readonly wireBytesEach: number | null
  readonly cpuMicrosEach: number | null
  readonly nodes: readonly Usage[]
  readonly wallSeconds: number
  readonly heights: number
}

export async function benchNetwork(options: CommonOptions, plan: NetworkPlan, limit: Limit): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'mmt-bench-'))
  const running: Running[] = []
  try {
    const homes = await makeBenchNetwork(dir, plan)
    for (const home of homes) running.push(startNode(home))
    const urls = homes.map(rpcOf)
    const asks = urls.map((url) => httpTransport({ url }))
    await heightReached(asks, 3n, running)
    const results = plan.isIdle
      ? [await idle(urls, asks, plan)]
      : await loads(options, urls, asks, plan, limit)
    report(options, plan, limit, results)
  } finally {
    for (const { child } of running) child.kill('SIGTERM')
    await Promise.all(running.map(({ ended }) => ended))
    await rm(dir, { recursive: true, force: true })
  }
}

/** How many transfers a second signature checks alone allow, since each node checks each one. */
function mostOf({ allCores }: Limit, { validators }: NetworkPlan): number {
  return allCores / validators
}

/** The reference alliance with room in its blocks. */
function chainText({ slotMs, validators }: NetworkPlan): string {
  const from = (name: string) => JSON.stringify(fileURLToPath(import.meta.resolve(name)))
  return `import { election } from ${from('@mmtchain/consensus-dpos')}
import { pbft } from ${from('@mmtchain/consensus-pbft')}
import { amount, defineChain } from ${from('@mmtchain/kernel')}
import { token } from ${from('@mmtchain/token-rewards')}
export const chain = defineChain({
  id: 'bench',
  slotMs: ${slotMs},
  consensus: pbft(),
  limits: { blockBytesMax: 4_000_000, blockWeightMax: 10n ** 12n },
})
  .use(token({ symbol: 'BEN', decimals: 8, commandFee: amount(1n) }))
  .use(election({ seats: ${validators} }), { grants: { token: ['lock', 'unlock', 'burn', 'move'] } })
`
}

async function makeBenchNetwork(dir: string, plan: NetworkPlan): Promise<readonly Home[]> {
  const file = join(dir, 'bench-chain.ts')
  await writeFile(file, chainText(plan))
  const { chain } = await loadChainFile(file)
  const funded = Array.from({ length: ACCOUNTS }, (_, i) => benchAccount(i)) as unknown as StoredKey[]
  const { validators } = plan
  const homes = await makeTestnet({
    ...{ dir: join(dir, 'net'), chain: file, validators, observers: 0, basePort: await freeBase(validators) },
    parts: [balancesPart(chain, funded, 1_000_000_000n as Amount)],
  })
  for (const home of homes) {
    const config = readConfig(home)
    const { rpc } = config
    const limits = { ...rpc.limits, connectionRate: RATE, addressRate: RATE }
    writeFileSync(home.config, JSON.stringify({ ...config, rpc: { ...rpc, limits }, log: 'warn' }, null, 2))
  }
  return homes
}

async function freeBase(count: number): Promise<number> {
  for (;;) {
    const base = 10_000 + Math.floor(Math.random() * 20_000)
    const ports = Array.from({ length: count }, (_, i) => [base + i, base + 200 + i]).flat()
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return base
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

async function finalOf(ask: Transport): Promise<bigint> {
  return BigInt(((await ask('chain_status')) as ChainStatus).finalisedHeight)
}

/** Waits until all have finalised a height. Rejects when a node ends. */
async function heightReached(
  asks: readonly Transport[],
  height: bigint,
  running: readonly Running[],
): Promise<void> {
  for (;;) {
    const finals = await Promise.all(asks.map((ask) => finalOf(ask).catch(() => -1n)))
    if (finals.every((final) => final >= height)) return
    const gone = running.find(({ child }) => child.exitCode !== null)
    if (gone) throw new Error(`the node in ${gone.home.path} ended`)
    await pause(200)
  }
}

async function usageOf(url: string): Promise<Usage> {
  const text = await (await fetch(`${url}/metrics`)).text()
  const value = (name: string) =>
    Number(new RegExp(`^${name.replace(/[{}"]/g, '\\$&')} (\\S+)`, 'm').exec(text)?.[1])
  return {
    cpuSeconds: value('process_cpu_seconds_total'),
    rssBytes: value('process_resident_memory_bytes'),
    bytesIn: value('mmt_p2p_bytes_total{direction="in"}'),
    bytesOut: value('mmt_p2p_bytes_total{direction="out"}'),
  }
}

const usages = (urls: readonly string[]) => Promise.all(urls.map(usageOf))

function spent(before: readonly Usage[], after: readonly Usage[]): readonly Usage[] {
  return after.map((now, i) => {
    const then = before[i] as Usage
    return {
      cpuSeconds: now.cpuSeconds - then.cpuSeconds,
      rssBytes: now.rssBytes,
      bytesIn: now.bytesIn - then.bytesIn,
      bytesOut: now.bytesOut - then.bytesOut,
    }
  })
}

async function idle(
  urls: readonly string[],
  asks: readonly Transport[],
  { seconds }: NetworkPlan,
): Promise<LoadResult> {
  const [ask] = asks as [Transport]
  const from = await finalOf(ask)
  const before = await usages(urls)
  const beganMs = Date.now()
  await pause(1_000 * seconds)
  const nodes = spent(before, await usages(urls))
  return {
    ...{ share: 0, sentPerSecond: 0, finalPerSecond: 0, p50Ms: null, p99Ms: null },
    ...{ wireBytesEach: null, cpuMicrosEach: null, nodes },
    ...{ wallSeconds: (Date.now() - beganMs) / 1_000, heights: Number((await finalOf(ask)) - from) },
  }
}

async function loads(
  options: CommonOptions,
  urls: readonly string[],
  asks: readonly Transport[],
  plan: NetworkPlan,
  limit: Limit,
): Promise<readonly LoadResult[]> {
  const load = await startPart('paced')
  try {
    const [ask] = asks as [Transport]
    const chain = await describeChain(ask)
    const job = {
      ...{ fingerprint: chain.metadata.fingerprint as Hash, accounts: ACCOUNTS },
      ...{ input: chain.command('token', 'transfer').input, fee: '1', weightMax: '1000' },
    }
    let nonces = 0
    /** Signs about so many more; each account the same number. */
    async function sign(about: number): Promise<void> {
      const each = Math.ceil(about / ACCOUNTS)
      await tellPart(load, { kind: 'sign', count: each * ACCOUNTS, from: nonces, job }, 'ready')
      nonces += each
    }
    const run = async (share: number | null, perSecond: number | null, seconds: number) => {
      const label = share === null ? say('bench.network.full') : `${100 * share} %`
      const shown = progress(options, { label: say('bench.network.sending', { load: label }) })
      try {
        return await runLoad({ load, urls, asks, share, perSecond, seconds })
      } finally {
        shown.end()
      }
    }
    // Code that is compiled, and a first idea of how many they take.
    await sign(WARM_SHARE * mostOf(limit, plan) * WARM_SECONDS)
    const warm = await run(null, null, WARM_SECONDS)
    await sign(POOL_MAX * plan.validators + warm.finalPerSecond * plan.seconds * 2)
    const full = await run(null, null, plan.seconds)
    const results = [full]
    for (const share of LOADS) {
      await sign(full.finalPerSecond * share * plan.seconds)
      results.push(await run(share, full.finalPerSecond * share, plan.seconds))
    }
    return results
  } finally {
    await load.end()
  }
}

function tellPart<K extends PacedReport['kind']>(
  load: Part,
  order: PacedOrder,
  kind: K,
): Promise<Extract<PacedReport, { kind: K }>> {
  return load.ask(order as never, kind as never) as unknown as Promise<Extract<PacedReport, { kind: K }>>
}

async function runLoad(args: {
  readonly load: Part
  readonly urls: readonly string[]
  readonly asks: readonly Transport[]
  readonly share: number | null
  readonly perSecond: number | null
  readonly seconds: number
}): Promise<LoadResult> {
  const { load, urls, asks, perSecond, seconds } = args
  const [ask] = asks as [Transport]
  const from = await finalOf(ask)
  const before = await usages(urls)
  const beganMs = Date.now()
  const finalAtMs = new Map<bigint, number>()
  let isDone = false
  const watching = (async () => {
    for (let last = from; !isDone; await pause(LOOK_MS)) {
      const final = await finalOf(ask)
      const nowMs = Date.now()
      for (; last < final; last++) finalAtMs.set(last + 1n, nowMs)
    }
  })()
  const { ids, atMs } = await tellPart(load, { kind: 'pace', urls, perSecond, seconds }, 'paced')
  for (const endMs = Date.now() + DRAIN_MS; ; await pause(50)) {
    const pools = (await Promise.all(asks.map((one) => one('tx_pool')))) as { readonly count: number }[]
    if (pools.every(({ count }) => count === 0)) break
    if (Date.now() > endMs) throw new Error(`transactions still wait: ${JSON.stringify(pools)}`)
  }
  const to = (await finalOf(ask)) + 1n
  while ((await finalOf(ask)) < to) await pause(LOOK_MS)
  isDone = true
  await watching
  const nodes = spent(before, await usages(urls))
  const wallSeconds = (Date.now() - beganMs) / 1_000
  const sentAtMs = new Map(ids.map((id, i) => [id, atMs[i] as number]))
  const latencies: number[] = []
  let lastMs = beganMs
  for (let height = from + 1n; height <= to; height++) {
    const { transactions } = (await ask('chain_block', { height: height.toString() })) as {
      readonly transactions: readonly { readonly id: string }[]
    }
    const finalMs = finalAtMs.get(height)
    if (finalMs === undefined || transactions.length === 0) continue
    lastMs = finalMs
    for (const { id } of transactions) {
      const sentMs = sentAtMs.get(id)
      if (sentMs !== undefined) latencies.push(finalMs - sentMs)
    }
  }
  const total = (read: (usage: Usage) => number) => nodes.reduce((sum, usage) => sum + read(usage), 0)
  latencies.sort((a, b) => a - b)
  const { length: final } = latencies
  const quantile = (part: number) => latencies[Math.min(final - 1, Math.floor(final * part))] ?? null
  return {
    share: args.share,
    sentPerSecond: ids.length / seconds,
    // A load that is set lasts as long as it is sent; one without a bound until the last is final.
    finalPerSecond: perSecond === null ? final / ((lastMs - beganMs) / 1_000) : final / seconds,
    ...{ p50Ms: quantile(0.5), p99Ms: quantile(0.99) },
    wireBytesEach: final === 0 ? null : total(({ bytesIn }) => bytesIn) / final,
    cpuMicrosEach: final === 0 ? null : (1e6 * total(({ cpuSeconds }) => cpuSeconds)) / final,
    ...{ nodes, wallSeconds, heights: Number(to - from) },
  }
}

function report(
  options: CommonOptions,
  plan: NetworkPlan,
  limit: Limit,
  results: readonly LoadResult[],
): void {
  const { validators, slotMs } = plan
  const each = mostOf(limit, plan)
  const whole = (value: number | null) => (value === null ? '–' : Math.round(value).toLocaleString('en'))
  const json = {
    signatures: { backend: limit.backend, perSecond: Math.round(limit.allCores), eachNode: Math.round(each) },
    ...{ validators, slotMs, loads: results.map((one) => ({ ...one, ofLimit: one.finalPerSecond / each })) },
  }
  const name = ({ share }: LoadResult) =>
    share === null ? say('bench.network.full') : share === 0 ? say('bench.network.idle') : `${100 * share} %`
  const most = results.at(0) as LoadResult
  print(options, json, [
    say('bench.network.limit', {
      ...{ backend: limit.backend, all: whole(limit.allCores), count: validators, each: whole(each) },
    }),
    '',
    ...table(
      results.map((one) => [
        name(one),
        whole(one.sentPerSecond),
        whole(one.finalPerSecond),
        `${((100 * one.finalPerSecond) / each).toFixed(0)} %`,
        whole(one.p50Ms),
        whole(one.p99Ms),
        whole(one.wireBytesEach),
        one.cpuMicrosEach === null ? '–' : `${whole(one.cpuMicrosEach)} µs`,
      ]),
      (['load', 'sent', 'final', 'ofLimit', 'p50', 'p99', 'wire', 'cpu'] as const).map((key) =>
        say(`bench.network.${key}`),
      ),
    ),
    '',
    look(
      `${name(most)}: ${say('bench.network.heights', { seconds: whole(most.wallSeconds), heights: most.heights })}`,
      'title',
    ),
    ...table(
      most.nodes.map(({ cpuSeconds, rssBytes, bytesIn, bytesOut }, i) => [
        `${i}`,
        (cpuSeconds / most.wallSeconds).toFixed(3),
        whole(rssBytes / 2 ** 20),
        (bytesIn / 1_000 / most.wallSeconds).toFixed(1),
        (bytesOut / 1_000 / most.wallSeconds).toFixed(1),
      ]),
      (['node', 'cores', 'memory', 'in', 'out'] as const).map((key) => say(`bench.network.${key}`)),
    ),
  ])
}
