import type { Engine, Header, Tip } from '@mmtchain/kernel'
import { type Address, equalBytes } from '@mmtchain/primitives'
import { type Host, type Log, logOf } from './host.ts'
import { nodeFail } from './refusals.ts'
import type { ConsensusSigner } from './signer.ts'

/** How many slots the only validator of a chain waits after a loss, for other nodes to show what they have. */
const ALONE_SLOTS = 60n

/**
 * Throws when a signer must not sign on this tip: `node/NOT_A_VALIDATOR`, `node/SIGN_STATE_STALE`, `node/BLOCKS_LOST`. On chains that
 * elect their validators a signer may wait for a seat.
 */
export function checkSigner(
  signer: ConsensusSigner,
  args: {
    readonly tip: Tip
    readonly engine: Engine
    readonly isElected: boolean
    readonly hasNetwork: boolean
    readonly log: Log
  },
): void {
  const { tip, engine, isElected, hasNetwork, log } = args
  checkSeat(signer, tip, isElected, log)
  if (!signer.remembers) return
  const { address } = signer
  const signed = signer.signedUpTo()
  const memory = { address, signedUpTo: signed, isObserving: signer.isObserving() }
  if (checkMemory(memory, { header: tip.header, engine, hasNetwork }) === 'good') return
  log.warn(
    { height: String(tip.header.height), signed: String(signed) },
    'blocks are lost: this validator makes none before it has them from others again',
  )
}

/**
 * Compares what a validator remembers to have signed with the newest block. Throws `node/SIGN_STATE_STALE`, and `node/BLOCKS_LOST`
 * when there is no network to get them from.
 */
export function checkMemory(
  memory: { readonly address: Address; readonly signedUpTo: bigint; readonly isObserving: boolean },
  chain: {
    readonly header: Pick<Header, 'height' | 'proposer'>
    readonly engine: Pick<Engine, 'revertible'>
    readonly hasNetwork: boolean
  },
): 'good' | 'blocks are lost' {
  const { address, signedUpTo: signed, isObserving } = memory
  const { height, proposer } = chain.header
  // Where blocks can be taken back, a tip below what was signed is nothing special, and places need not be heights.
  if (chain.engine.revertible) return 'good'
  if (height > 0n && proposer === address && signed < height && !isObserving)
    throw nodeFail.SIGN_STATE_STALE({ signed, tip: height })
  if (signed <= height + 1n) return 'good'
  if (!chain.hasNetwork) throw nodeFail.BLOCKS_LOST({ signed, tip: height })
  return 'blocks are lost'
}

function checkSeat({ address, publicKey }: ConsensusSigner, tip: Tip, isElected: boolean, log: Log): void {
  const found = tip.validators.validators.find((validator) => validator.address === address)
  if (!found && isElected) {
    log.info({ address }, 'this validator has no seat now')
    return
  }
  if (found?.key.suite !== publicKey.suite || !equalBytes(found.key.key, publicKey.key))
    throw nodeFail.NOT_A_VALIDATOR({ address })
}

/** Watches the chain for a signer whose memory was lost. */
export interface Observation {
  /** The tip is another. */
  moved(): void
  stop(): void
}

/**
 * Lets a signer sign again when it surely says nothing twice: once the node is level with the others and has seen two blocks for
 * each seat come after that, among which a whole epoch lies, whatever it signed before has been decided without it. The only
 * validator of a chain sees no blocks while it waits: it signs again after some slots with other nodes, above all that they have.
 */
export function createObservation(args: {
  readonly signer: ConsensusSigner
  readonly host: Host
  readonly slotMs: bigint
  readonly tip: () => Tip
  /** True when no other node is known to have more. */
  readonly isLevel: () => boolean
  /** The signer failed. */
  readonly fault: (error: unknown) => void
}): Observation {
  const { signer, host, slotMs, tip, isLevel, fault } = args
  const log = logOf(host.log, 'blocks')
  let from: bigint | undefined
  let cancel: () => void = () => undefined
  let isOver = !signer.isObserving()

  async function end(): Promise<void> {
    isOver = true
    cancel()
    const { height } = tip().header
    try {
      await signer.observed(height)
    } catch (error) {
      fault(error)
      return
    }
    log.warn(
      { height: String(height) },
      'the chain was observed after the loss; this validator signs again above here',
    )
  }

  function moved(): void {
    if (isOver || !isLevel()) return
    const { height } = tip().header
    from ??= height
    const seats = BigInt(tip().validators.validators.length)
    if (seats > 1n && height >= from + 2n * seats) void end()
  }

  function wait(): void {
    cancel = host.setTimer(host.nowMs() + ALONE_SLOTS * slotMs, () => {
      if (isOver) return
      if (tip().validators.validators.length === 1 && isLevel()) void end()
      else wait()
    })
  }

  if (!isOver) {
    log.warn({}, 'what this validator has signed was lost: it observes the chain before it signs again')
    moved()
    wait()
  }
  return {
    moved,
    stop() {
      isOver = true
      cancel()
    },
  }
}
