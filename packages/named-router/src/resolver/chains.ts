// The chains that a resolver knows, their nodes, and which of these to ask.

import {
  type CertifiedRows,
  createRowReader,
  httpTransport,
  type RowReader,
  type Transport,
} from '@mmtchain/client'
import { fromJson, hash, height, list, option, struct, text, u32 } from '@mmtchain/codec'
import type { GenesisValue, StateKey } from '@mmtchain/kernel'
import { type Hash, isChainError } from '@mmtchain/primitives'
import type { Board } from './board.ts'
import { resolverFail } from './refusals.ts'

/** A node: where it answers JSON-RPC, and where its peers reach it. */
export interface NodePlace {
  readonly rpc: string
  readonly p2p?: string | null
}

/** A chain by its fingerprint, and some of its nodes. None of them is believed. */
export interface ChainPlace {
  readonly fingerprint: Hash
  readonly endpoints: readonly NodePlace[]
}

/** What `keep` of a resolver gives, to begin faster the next time: nodes that did well, and the newest block of each chain. */
export const kept = struct({
  chains: list(
    struct({ fingerprint: hash, newest: option(hash), nodes: list(text({ bytesMax: 300 }), { max: 64 }) }),
    { max: 64 },
  ),
})

/** Of `GET /p2p/v1/best`: healthy nodes, the best first. */
const best = struct({
  nodes: list(
    struct({
      node: text({ bytesMax: 64 }),
      url: text({ bytesMax: 300 }),
      height,
      latencyMs: u32,
      loadMs: u32,
    }),
    { max: 1_000 },
  ),
})
const BEST_BYTES_MAX = 512 * 1024
/** How many nodes of one chain are kept in mind. */
const NODES_MAX = 64
/** After how long a list of the best nodes is asked for again, beside the requests. */
const BEST_MS = 2_000

/** One chain: rows of it from whichever node gives them, and where its nodes are. */
export interface KnownChain {
  readonly fingerprint: Hash
  /** The newest certified block. */
  newest(): ReturnType<RowReader['newest']>
  /** Rows of the newest state, from the best node that gives them, no older than `isFresh` allows. */
  rows(
    keys: readonly StateKey[],
    signal: AbortSignal | undefined,
    check: (rows: CertifiedRows) => void,
  ): Promise<CertifiedRows>
  /** What the fingerprint stands for, from the best node that knows it. */
  genesis(signal: AbortSignal | undefined): Promise<GenesisValue>
  /** Any method from the best node that answers, on its word. */
  call(method: string, params: object, signal: AbortSignal | undefined): Promise<unknown>
  /** Where a path that all nodes serve is to be asked for, the best first. */
  placesOf(path: string): Promise<readonly string[]>
  nodes(): readonly string[]
}

export interface ChainSettings {
  readonly board: Board
  readonly timeoutMs: number
  readonly mayReach: (url: string) => boolean
  readonly now: () => bigint
}

/** Answers that are the same whoever is asked: trying another node would only take longer. */
const isFinal = (error: unknown): boolean =>
  isChainError(error) && ['client/NO_VERIFIER', 'resolver/NO_NAMES'].includes(error.code)

export function knowChain(
  place: ChainPlace & { readonly checkpoint?: Hash | undefined; readonly known?: readonly string[] },
  { board, timeoutMs, mayReach, now }: ChainSettings,
): KnownChain {
  const { fingerprint, checkpoint } = place
  const reader = createRowReader({ fingerprint, checkpoint, now })
  const transports = new Map<string, Transport>()
  const endpoints = place.endpoints.slice(0, NODES_MAX)
  const rpcs = [...new Set(endpoints.map(({ rpc }) => rpc))]
  /** Where peers meet, as nodes told and as the user named them. */
  let healthy: readonly string[] = place.known ?? []
  let askedMs = Number.NEGATIVE_INFINITY
  let asking: Promise<void> | undefined

  function transportOf(url: string): Transport {
    const found = transports.get(url) ?? httpTransport({ url, timeoutMs, retries: 0 })
    transports.set(url, found)
    return found
  }

  /** Asks one node after the other, the best first, until one gives what is wanted. */
  async function first<T>(
    what: string,
    urls: readonly string[],
    signal: AbortSignal | undefined,
    run: (url: string) => Promise<T>,
  ): Promise<T> {
    let last: unknown
    const ordered = board.order(urls.filter(mayReach))
    for (const url of ordered) {
      signal?.throwIfAborted()
      try {
        return await board.ask(url, () => run(url))
      } catch (error) {
        if (signal?.aborted) throw signal.reason
        if (isFinal(error)) throw error
        last = error
      }
    }
    // That all are behind says more than that the last one does not answer.
    if (isChainError(last) && last.code.startsWith('resolver/')) throw last
    throw resolverFail.NO_NODE({
      what,
      tried: ordered.length,
      why: last instanceof Error ? last.message : 'none is known',
    })
  }

  /** The list of the best nodes, from the first that gives one. What cannot be had is done without. */
  async function askForBest(): Promise<void> {
    const named = endpoints.flatMap(({ p2p }) => p2p ?? [])
    const from = board.order([...new Set([...healthy, ...named])].filter(mayReach))
    for (const url of from.slice(0, 4)) {
      try {
        const answer = await board.ask(url, () => getJson(`${url}/p2p/v1/best`, timeoutMs))
        const { nodes } = fromJson(best, answer)
        const usable = nodes.filter((one) => mayReach(one.url)).slice(0, NODES_MAX)
        if (usable.length === 0) continue
        healthy = usable.map((one) => one.url)
        board.tell(usable.map((one) => ({ url: one.url, costMs: one.latencyMs + one.loadMs })))
        return
      } catch {
        // The next one may answer.
      }
    }
  }

  /** Asks for the best nodes anew when the list is old; who asks waits only while none is known. */
  async function refresh(): Promise<void> {
    const nowMs = Number(now())
    if (!asking && nowMs - askedMs >= BEST_MS) {
      askedMs = nowMs
      asking = askForBest().finally(() => {
        asking = undefined
      })
    }
    if (healthy.length === 0) await asking
  }

  return {
    ...{ fingerprint, newest: reader.newest },
    rows: (keys, signal, check) =>
      first(`rows of the chain ${fingerprint}`, rpcs, signal, async (url) => {
        const rows = await reader.read(transportOf(url), keys, { signal })
        check(rows)
        return rows
      }),
    genesis: (signal) =>
      first(`the genesis of the chain ${fingerprint}`, rpcs, signal, (url) =>
        reader.genesis(transportOf(url), { signal }),
      ),
    call: (method, params, signal) =>
      first(method, rpcs, signal, (url) => transportOf(url)(method, params, { signal })),
    async placesOf(path) {
      await refresh()
      const named = endpoints.flatMap(({ p2p }) => p2p ?? [])
      const usable = [...healthy, ...named].filter(mayReach).map((url) => url.replace(/\/+$/, ''))
      return [...new Set(usable)].map((url) => url + path)
    },
    // A node that others still call healthy may have failed here a moment ago.
    nodes: () => healthy.filter((url) => !board.isFailing(url)),
  }
}

/** A JSON answer of bounded size. */
async function getJson(url: string, timeoutMs: number): Promise<never> {
  const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs), redirect: 'error' })
  if (!response.ok) throw new Error(`${url} answers with ${response.status}`)
  return JSON.parse(new TextDecoder().decode(await bodyOf(response, BEST_BYTES_MAX, url))) as never
}

/** The body of a response, up to a bound. Throws `resolver/TOO_LARGE`. */
export async function bodyOf(response: Response, max: number, url: string): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let bytes = 0
  const reader = response.body?.getReader()
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
    bytes += part.value.length
    if (bytes > max) {
      await reader?.cancel()
      throw resolverFail.TOO_LARGE({ url, max })
    }
    parts.push(part.value)
  }
  const all = new Uint8Array(bytes)
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}
