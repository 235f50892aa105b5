import type { Block, BlockRequest, Execution, Machine, Prepared, Skipped, Store, Tip } from '@mmtchain/kernel'
import { type Address, type ChainError, type Hash, isChainError } from '@mmtchain/primitives'
import { createBlockBudget, type Room } from './block-budget.ts'
import type { Checks } from './checks.ts'
import { type Log, textOf } from './host.ts'
import type { Mempool } from './mempool.ts'
import { nodeFail } from './refusals.ts'

/** Builds and executes blocks on the tip. */
export interface BlockMaker {
  /**
   * Builds the next block. A transaction in whose execution the build itself fails, because it exhausts the stack, is dropped:
   * nobody has voted yet, and the chain goes on without it. Without evidence and proofs of misses where the chain refuses them:
   * only modules know what they have charged before. Undefined where the chain refuses the block all the same, as for what it reveals,
   * and other validators can make the next one. Any other failure outside transactions is thrown. Where others wait for it, it holds what
   * they can be expected to check within that time.
   */
  build(args: {
    readonly request: BlockRequest
    readonly proposer: Address
    /** How long other validators wait for it, in milliseconds. */
    readonly withinMs?: number | undefined
  }): Execution | undefined
  /** Executes a block that another node built. Undefined when it is not valid. A fault of the node is thrown. */
  validate(block: Block): Execution | undefined
  /** The tip is another. */
  moved(tip: Hash): void
}

const UNBOUNDED: Room = { bytesMax: Number.POSITIVE_INFINITY, untilMs: Number.POSITIVE_INFINITY }
/** How many transactions that make the build fail are dropped for one block before it is built empty. */
const CULPRITS_MAX = 4

export function createBlockMaker(args: {
  readonly machine: Machine
  readonly store: Store
  readonly mempool: Mempool
  readonly checks: Pick<Checks, 'prepare'>
  readonly tip: () => Tip
  readonly monotonicMs: () => number
  readonly log: Log
}): BlockMaker {
  const { machine, store, mempool, checks, tip, monotonicMs, log } = args
  const { blockBytesMax } = machine.genesis.chain.limits
  const budget = createBlockBudget({ blockBytesMax, monotonicMs })

  function tryBuild(
    request: BlockRequest,
    proposer: Address,
    room: Room,
  ): (Execution & { readonly skipped: readonly Skipped[]; readonly given: Given }) | undefined {
    for (let culprits = 0; ; culprits++) {
      const all = culprits < CULPRITS_MAX ? mempool.candidates() : []
      // Full until the last one was given: where the kernel takes no more, there was no room for more.
      const given: Given = { bytes: 0, isFull: true, underWay: undefined }
      const isOver = () => monotonicMs() >= room.untilMs
      const candidates = watched(all, given, { bytesMax: room.bytesMax, isOver })
      try {
        return { ...machine.build(store, { parent: tip(), proposer, request, candidates }), given }
      } catch (error) {
        const culprit = given.underWay
        const { evidence, missProofs } = request
        if (isChainError(error) && evidence.length + missProofs.length > 0) {
          const { code, message } = error
          log.warn({ code, message }, 'the chain refuses what the block was to charge; it is built without')
          return tryBuild({ ...request, evidence: [], missProofs: [] }, proposer, room)
        }
        if (isChainError(error) && tip().validators.validators.length > 1) {
          const { code, message } = error
          log.error({ code, message }, 'the chain refuses the block of this validator, which loses its turn')
          return undefined
        }
        if (culprit === undefined || isChainError(error)) throw error
        log.error(
          { transaction: culprit, error: textOf(error) },
          'a transaction made the build of the block fail; it is dropped',
        )
        mempool.drop(culprit, nodeFail.EXHAUSTING({ why: String(error) }))
      }
    }
  }

  return {
    build({ request, proposer, withinMs }) {
      const beganMs = monotonicMs()
      const execution = tryBuild(
        request,
        proposer,
        withinMs === undefined ? UNBOUNDED : budget.room(withinMs),
      )
      if (!execution) return undefined
      const { id, skipped, given } = execution
      for (const one of skipped) if (!waits(one.error)) mempool.drop(one.id, one.error)
      if (withinMs !== undefined) {
        const { bytes, isFull } = given
        budget.proposed({ id, bytes, isFull, beganMs, builtMs: monotonicMs(), withinMs })
      }
      return execution
    },
    moved: budget.moved,
    validate(block) {
      try {
        return machine.execute(store, { parent: tip(), block, prepare: checks.prepare })
      } catch (error) {
        if (!isChainError(error)) throw error
        const { code, message } = error
        log.warn({ height: String(block.header.height), code, message }, 'a block is not valid')
        return undefined
      }
    },
  }
}

/** What the build was given of what waits. */
interface Given {
  bytes: number
  /** Whether more waits. */
  isFull: boolean
  underWay: Hash | undefined
}

/**
 * The same candidates as long as there is time and room; `given` tells what was given of them, and which of them is being executed. After the last
 * one none is; when the block is full before, the last one given still counts, so a failing `endBlock` hook may cost some of them their
 * place before it stops the node.
 */
function* watched(
  all: Iterable<Prepared>,
  given: Given,
  { bytesMax, isOver }: { readonly bytesMax: number; readonly isOver: () => boolean },
): Iterable<Prepared> {
  for (const one of all) {
    const bytes = given.bytes + one.bytes.length
    if (given.bytes > 0 && (bytes > bytesMax || isOver())) {
      given.underWay = undefined
      return
    }
    given.bytes = bytes
    given.underWay = one.id
    yield one
  }
  given.underWay = undefined
  given.isFull = false
}

/** True for a transaction that those before it keep waiting. */
function waits({ code, values }: ChainError): boolean {
  const { want, got } = values as { want?: bigint; got?: bigint }
  return code === 'kernel/NONCE_MISMATCH' && want !== undefined && got !== undefined && got > want
}
