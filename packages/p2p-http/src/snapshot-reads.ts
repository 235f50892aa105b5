// A snapshot of another node, read over HTTP from several at once. What is read proves itself to whoever restores it, so that neither the nodes
// nor the line need be trusted.
import { request as plainRequest } from 'node:http'
import { request as tlsRequest } from 'node:https'
import { p2pFail } from './refusals.ts'

/** The names of the files of a snapshot. */
export const SNAPSHOT_FILE = /^(manifest|(chunk|block)-\d{6})$/
/** The longest file of a snapshot. */
const FILE_BYTES_MAX = 4 << 20
const TIMEOUT_MS = 30_000
/** So many files that follow are asked for before they are needed, each from another node. */
const AHEAD = 4

export interface SnapshotReads {
  /** The height of the snapshot that is read. */
  readonly height: bigint
  /** A file, undefined where no node has it. Rejects with `p2p/NO_SNAPSHOT` when no node is left to ask. */
  read(name: string): Promise<Uint8Array | undefined>
  /** The file was not what it has to be: it is asked of others, and whoever gave it of nothing more. Answers who that was. */
  refuse(name: string): string | undefined
}

/**
 * Finds the newest snapshot that one of these nodes offers, or that of `height`, and reads it from all that have it. `urls` are addresses such as
 * `http://10.1.2.3:7000`. Throws `p2p/NO_SNAPSHOT`.
 */
export async function readSnapshots(args: {
  readonly urls: readonly string[]
  readonly height?: bigint
}): Promise<SnapshotReads> {
  const offers = await Promise.all(
    args.urls.map(async (url) => ({ url, heights: await heightsAt(url).catch((): readonly bigint[] => []) })),
  )
  const offered = offers.flatMap(({ heights }) => heights)
  const height = args.height ?? offered.reduce((a, b) => (b > a ? b : a), -1n)
  const sources = offers.filter(({ heights }) => heights.includes(height)).map(({ url }) => url)
  const trusted = new Set(sources)
  const given = new Map<string, string>()
  const reading = new Map<string, Promise<Uint8Array | undefined>>()
  let turn = 0
  none()

  function none(): void {
    if (trusted.size === 0) throw p2pFail.NO_SNAPSHOT({ urls: args.urls.join(', ') })
  }

  async function readAny(name: string): Promise<Uint8Array | undefined> {
    none()
    const order = sources.filter((url) => trusted.has(url))
    turn += 1
    for (let i = 0; i < order.length; i++) {
      const url = order[(turn + i) % order.length] as string
      const found = await get(`${url}/p2p/v1/snapshots/${height}/${name}`).catch(() => undefined)
      if (!found) continue
      given.set(name, url)
      return found
    }
    return undefined
  }

  function begin(name: string): Promise<Uint8Array | undefined> {
    const under = reading.get(name) ?? readAny(name)
    under.catch(() => undefined)
    reading.set(name, under)
    return under
  }

  return {
    height,
    async read(name) {
      const found = await begin(name)
      reading.delete(name)
      if (found !== undefined) for (const next of following(name)) begin(next)
      return found
    },
    refuse(name) {
      const url = given.get(name)
      if (url !== undefined) trusted.delete(url)
      reading.clear()
      return url
    },
  }
}

/** The files that are read after one. Those that are not there cost a request each. */
function following(name: string): readonly string[] {
  const [, kind, number] = /^(chunk|block)-(\d{6})$/.exec(name) ?? []
  if (kind !== 'chunk') return []
  return Array.from({ length: AHEAD }, (_, i) => `chunk-${String(Number(number) + i + 1).padStart(6, '0')}`)
}

async function heightsAt(url: string): Promise<readonly bigint[]> {
  const found = await get(`${url}/p2p/v1/snapshots`)
  const { heights } = JSON.parse(Buffer.from(found ?? []).toString()) as { readonly heights?: unknown }
  if (!Array.isArray(heights)) return []
  return heights.flatMap((one) => (/^\d{1,19}$/.test(String(one)) ? [BigInt(String(one))] : []))
}

/** Undefined for an answer other than 200. Rejects when there is none in time, and for one that is too long. */
function get(url: string): Promise<Uint8Array | undefined> {
  // Nodes have certificates of their own keys; the content proves itself.
  const request = url.startsWith('https:')
    ? (on: Parameters<typeof plainRequest>[2]) => tlsRequest(url, { rejectUnauthorized: false }, on)
    : (on: Parameters<typeof plainRequest>[2]) => plainRequest(url, on as never)
  return new Promise((resolve, reject) => {
    const asked = request((answer) => {
      const pieces: Buffer[] = []
      let bytes = 0
      answer.on('data', (piece: Buffer) => {
        bytes += piece.length
        if (bytes > FILE_BYTES_MAX) asked.destroy(new Error('the answer is too long'))
        else pieces.push(piece)
      })
      answer.on('end', () => resolve(answer.statusCode === 200 ? Buffer.concat(pieces) : undefined))
      answer.on('error', reject)
    })
    asked.setTimeout(TIMEOUT_MS, () => asked.destroy(new Error(`no answer in ${TIMEOUT_MS} ms`)))
    asked.on('error', reject)
    asked.end()
  })
}
