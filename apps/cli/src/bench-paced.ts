// A process of the bench that sends transfers to several nodes at a set pace, or as fast as they take them.
import { Agent, request } from 'node:http'
import { codecFromSchema, encode } from '@mmtchain/codec'
import { secp256k1 } from '@mmtchain/crypto'
import { amount, height, toHex } from '@mmtchain/primitives'
import { secretSigner, signTransaction, transaction } from '@mmtchain/tx'
import { benchSecret, type LoadJob } from './bench-parts.ts'

export type PacedOrder =
  /** Signs transfers, the first of every account before the second of any. */
  | { readonly kind: 'sign'; readonly count: number; readonly from: number; readonly job: LoadJob }
  /** Sends the signed ones that are left, `perSecond` in all, or as fast as the nodes take them. */
  | {
      readonly kind: 'pace'
      readonly urls: readonly string[]
      readonly perSecond: number | null
      readonly seconds: number
    }

export type PacedReport =
  | { readonly kind: 'ready' }
  /** What was sent and taken, with the Unix milliseconds at which it was sent. */
  | { readonly kind: 'paced'; readonly ids: readonly string[]; readonly atMs: Float64Array }

const TICK_MS = 20
/** How long a node is left alone that has no room. */
const FULL_MS = 100
/** The most calls of one request. */
const BATCH_MAX = 100
/** How long after the end of a load nodes may still take what was due. */
const LATE_MS = 10_000
const AGAIN = /POOL_FULL|SENDER_QUEUE_FULL|NONCE_TOO_FAR|BACKLOG|RATE_LIMITED/

interface Made {
  /** Its place among all that are signed. */
  readonly order: number
  readonly id: string
  readonly call: string
}

export function partPaced(): void {
  let made: Made[] = []
  let next = 0
  const tell = (report: PacedReport) => process.send?.(report)
  process.on('message', async (order: PacedOrder) => {
    if (order.kind === 'sign') {
      made = [...made.slice(next), ...(await signAll(order))]
      next = 0
      tell({ kind: 'ready' })
    } else {
      const { ids, atMs, used, unsent } = await pace(made.slice(next), order)
      // What was not taken comes first the next time: behind a nonce that is missing nothing of an account is final.
      made = [...unsent, ...made.slice(next + used)]
      next = 0
      tell({ kind: 'paced', ids, atMs: Float64Array.from(atMs) })
    }
  })
  tell({ kind: 'ready' })
}

async function signAll({ count, from, job }: Extract<PacedOrder, { kind: 'sign' }>): Promise<Made[]> {
  const signers = Array.from({ length: job.accounts }, (_, i) =>
    secretSigner({ suite: secp256k1, secret: benchSecret(i) }),
  )
  const codec = codecFromSchema(job.input)
  const made: Made[] = []
  for (let i = 0; i < count; i++) {
    const signer = signers[i % job.accounts] as (typeof signers)[number]
    const to = signers[(i * 7 + 1) % job.accounts]?.address
    const body = {
      ...{ fingerprint: job.fingerprint, sender: signer.address, authority: signer.authority },
      ...{ nonce: BigInt(from + Math.floor(i / job.accounts)), validUntil: height(9_000n), payer: null },
      ...{ fee: amount(BigInt(job.fee)), weightMax: BigInt(job.weightMax) },
      calls: [{ module: 'token', command: 'transfer', input: encode(codec, { to, amount: 1n } as never) }],
    }
    const signed = await signTransaction({ body, signer })
    const bytes = toHex(encode(transaction, signed.transaction))
    made.push({
      order: from * job.accounts + i,
      id: signed.id,
      call: `{"jsonrpc":"2.0","id":${i},"method":"tx_submit","params":{"bytes":"${bytes}"}}`,
    })
  }
  return made
}

/**
 * Sends what is signed: the i-th that was ever signed goes to the node i mod n, so that those of an account go to one node in order of nonces when n
 * divides the number of accounts.
 */
async function pace(
  made: readonly Made[],
  { urls, perSecond, seconds }: Extract<PacedOrder, { kind: 'pace' }>,
): Promise<{
  readonly ids: readonly string[]
  readonly atMs: readonly number[]
  readonly used: number
  /** What the nodes did not take in time, in order. */
  readonly unsent: readonly Made[]
}> {
  const agent = new Agent({ keepAlive: true, maxSockets: urls.length })
  const queues = urls.map((): { readonly made: Made; readonly atMs: number }[] => [])
  const ids: string[] = []
  const atMs: number[] = []
  const beganMs = Date.now()
  const endMs = beganMs + 1_000 * seconds
  let used = 0

  /** Puts into the queues what is due by now. */
  function fill(): void {
    const nowMs = Date.now()
    const due =
      perSecond === null
        ? used +
          Math.max(0, 4 * BATCH_MAX * urls.length - queues.reduce((sum, { length }) => sum + length, 0))
        : Math.floor(((Math.min(nowMs, endMs) - beganMs) / 1_000) * perSecond)
    while (used < Math.min(due, made.length) && (perSecond !== null || nowMs < endMs)) {
      const one = made[used] as Made
      queues[one.order % urls.length]?.push({ made: one, atMs: nowMs })
      used += 1
    }
  }

  async function sender(which: number): Promise<void> {
    const queue = queues[which] as (typeof queues)[number]
    for (;;) {
      const open = queue.splice(0, BATCH_MAX)
      if (open.length === 0) {
        if (Date.now() >= endMs) return
        await new Promise((resolve) => setTimeout(resolve, TICK_MS / 2))
        continue
      }
      const text = await post(
        agent,
        urls[which] as string,
        `[${open.map(({ made: { call } }) => call).join(',')}]`,
      )
      const refused = text.includes('"error"') ? laterOnes(text) : new Set<number>()
      const again = open.filter(({ made: { call } }) => refused.has(Number(/"id":(\d+)/.exec(call)?.[1])))
      for (const one of open) {
        if (again.includes(one)) continue
        ids.push(one.made.id)
        atMs.push(one.atMs)
      }
      if (again.length === 0) continue
      queue.unshift(...again)
      if (Date.now() >= endMs + LATE_MS) return
      // A node that takes none is asked again later: refusals would be what it is busy with.
      await new Promise((resolve) => setTimeout(resolve, again.length === open.length ? FULL_MS : TICK_MS))
    }
  }

  const ticker = setInterval(fill, TICK_MS)
  // One request at a time for each node keeps the order of nonces; what waits meanwhile counts as latency.
  await Promise.all(urls.map((_, which) => sender(which)))
  clearInterval(ticker)
  agent.destroy()
  const unsent = queues.flatMap((queue) => queue.map((one) => one.made))
  return { ids, atMs, used, unsent: unsent.sort((a, b) => a.order - b.order) }
}

/** The ids of the calls that a node wants again. Throws for any other refusal. */
function laterOnes(text: string): ReadonlySet<number> {
  const answers = [JSON.parse(text)].flat() as {
    readonly id: number
    readonly error?: { readonly message: string; readonly data?: { readonly code?: string } }
  }[]
  const refused = answers.filter(({ error }) => error !== undefined)
  const bad = refused.find(({ error }) => !AGAIN.test(error?.data?.code ?? ''))
  if (bad) throw new Error(`a node refused: ${bad.error?.data?.code} ${bad.error?.message}`)
  return new Set(refused.map(({ id }) => id))
}

function post(agent: Agent, url: string, body: string): Promise<string> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
    const asked = request({ agent, hostname, port, path: '/rpc', method: 'POST', headers }, (answer) => {
      let text = ''
      answer.setEncoding('latin1')
      answer.on('data', (piece: string) => {
        text += piece
      })
      answer.on('end', () => resolve(text))
    })
    asked.on('error', reject)
    asked.end(body)
  })
}
