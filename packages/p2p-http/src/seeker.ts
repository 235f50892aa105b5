import { randomInt } from 'node:crypto'
import type { PeerId } from '@mmtchain/kernel'
import type { ChainError } from '@mmtchain/primitives'
import { groupOf, type NodeAddress, placeText } from './address.ts'
import type { Book } from './book.ts'

/** How often it is looked whom to dial. */
const LOOK_MS = 100
/** The first wait after a failure, doubled by each further one up to the most. */
const WAIT_MS = 200
const WAIT_MS_MAX = 20_000
/** The wait after a refusal that will not soon be another. */
const REFUSED_MS = 60_000
const REFUSALS = ['p2p/WRONG_CHAIN', 'p2p/WRONG_KEY', 'p2p/NOT_ALLOWED', 'p2p/BANNED', 'p2p/SELF']
/** So many connections to nodes that were found are opened at once. */
const ATTEMPTS_MAX = 2

/** A node that this one always wants to be connected with, and why it is not. */
export interface Target {
  readonly address: NodeAddress
  /** Which node was met there. */
  readonly node: PeerId | undefined
  readonly error: ChainError | undefined
}

interface Mutable {
  address: NodeAddress
  node: PeerId | undefined
  error: ChainError | undefined
  failures: number
  dueMs: number
  isDialling: boolean
}

/** Looks for nodes to be connected with, and dials them. */
export interface Seeker {
  readonly targets: readonly Target[]
  stop(): void
}

export function startSeeker(args: {
  /** Always dialled. */
  readonly fixed: readonly NodeAddress[]
  /** Dialled while no node is known. */
  readonly seeds: readonly NodeAddress[]
  readonly book: Book
  /** The most connections to nodes that were found. */
  readonly outboundMax: number
  isLinked(node: PeerId): boolean
  /** Addresses of the streams that this node opened. */
  dialled(): readonly NodeAddress[]
  linkCount(): number
  /** Calls back once, with the node that was met or why none was. */
  dial(
    address: NodeAddress,
    done: (met: { readonly node: PeerId } | { readonly error: ChainError }) => void,
  ): void
  onFailure(address: NodeAddress, error: ChainError): void
}): Seeker {
  const { book } = args
  const targetOf = (address: NodeAddress): Mutable => ({
    address,
    node: address.node,
    error: undefined,
    failures: 0,
    dueMs: 0,
    isDialling: false,
  })
  const fixed = args.fixed.map(targetOf)
  const seeds = args.seeds.map(targetOf)
  const places = new Set([...args.fixed, ...args.seeds].map(placeText))
  /** Addresses at which the node itself answered. */
  const own = new Set<string>()
  let attempts = 0

  function dialTarget(target: Mutable): void {
    if (target.isDialling || performance.now() < target.dueMs) return
    if (target.node !== undefined && args.isLinked(target.node)) return
    target.isDialling = true
    args.dial(target.address, (met) => {
      target.isDialling = false
      if ('node' in met) {
        target.node = met.node
        target.error = undefined
        target.failures = 0
        // A stream that breaks at once is not opened again at once.
        target.dueMs = performance.now() + WAIT_MS
        return
      }
      if (met.error.code !== target.error?.code) args.onFailure(target.address, met.error)
      target.error = met.error
      const waitMs = isLasting(met.error)
        ? REFUSED_MS
        : Math.min(WAIT_MS_MAX, WAIT_MS * 2 ** Math.min(target.failures, 16))
      target.failures += 1
      // Two nodes that dial each other do not go on doing so in step.
      target.dueMs = performance.now() + waitMs * (0.75 + randomInt(500) / 1_000)
    })
  }

  function dialFound(): void {
    const open = args.dialled().filter((address) => !places.has(placeText(address)))
    if (open.length + attempts >= args.outboundMax || attempts >= ATTEMPTS_MAX) return
    const groups = new Set(open.map(({ host }) => groupOf(host)))
    const isFree = (address: NodeAddress) =>
      !own.has(placeText(address)) &&
      !places.has(placeText(address)) &&
      !(address.node !== undefined && args.isLinked(address.node)) &&
      !open.some((other) => placeText(other) === placeText(address))
    const isFar = (address: NodeAddress) => !groups.has(groupOf(address.host))
    const nowMs = Date.now()
    // Another part of the network first; where there is none, as on loopback, any.
    const address = book.pick(nowMs, (one) => isFree(one) && isFar(one)) ?? book.pick(nowMs, isFree)
    if (!address) return
    attempts += 1
    book.tried(address, nowMs)
    args.dial(address, (met) => {
      attempts -= 1
      if ('node' in met) return
      if (met.error.code === 'p2p/SELF') own.add(placeText(address))
      book.failed(address)
    })
  }

  function look(): void {
    for (const target of fixed) dialTarget(target)
    dialFound()
    if (args.linkCount() < Math.min(2, args.outboundMax)) for (const target of seeds) dialTarget(target)
  }

  const timer = setInterval(look, LOOK_MS)
  timer.unref()
  return { targets: fixed, stop: () => clearInterval(timer) }
}

function isLasting({ code, values }: ChainError): boolean {
  return REFUSALS.includes(code) || (code === 'p2p/REFUSED' && REFUSALS.includes(String(values.code)))
}
