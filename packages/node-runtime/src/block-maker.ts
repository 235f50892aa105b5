import type { Block, BlockRequest, Execution, Machine, Skipped, Store, Tip } from '@mmtchain/kernel'
import { type Address, type ChainError, type Hash, isChainError } from '@mmtchain/primitives'
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
   * and other validators can make the next one. Any other failure outside transactions is thrown.
   */
  build(request: BlockRequest, proposer: Address): Execution | undefined
  /** Executes a block that another node built. Undefined when it is not valid. A fault of the node is thrown. */
  validate(block: Block): Execution | undefined
}

/** How many transactions that make the build fail are dropped for one block before it is built empty. */
const CULPRITS_MAX = 4

export function createBlockMaker(args: {
  readonly machine: Machine
  readonly store: Store
  readonly mempool: Mempool
  readonly checks: Pick<Checks, 'prepare'>
  readonly tip: () => Tip
  readonly log: Log
}): BlockMaker {
  const { machine, store, mempool, checks, tip, log } = args

  function tryBuild(
    request: BlockRequest,
    proposer: Address,
  ): (Execution & { readonly skipped: readonly Skipped[] }) | undefined {
    for (let culprits = 0; ; culprits++) {
      const { candidates, underWay } = watched(culprits < CULPRITS_MAX ? mempool.candidates() : [])
      try {
        return machine.build(store, { parent: tip(), proposer, request, candidates })
      } catch (error) {
        const culprit = underWay()
        const { evidence, missProofs } = request
        if (isChainError(error) && evidence.length + missProofs.length > 0) {
          const { code, message } = error
          log.warn({ code, message }, 'the chain refuses what the block was to charge; it is built without')
          return tryBuild({ ...request, evidence: [], missProofs: [] }, proposer)
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
    build(request, proposer) {
      const execution = tryBuild(request, proposer)
      for (const { id, error } of execution?.skipped ?? []) if (!waits(error)) mempool.drop(id, error)
      return execution
    },
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

/**
 * The same candidates, and which of them is being executed. After the last one none is; when the block is full before, the
 * last one given still counts, so a failing `endBlock` hook may cost some of them their place before it stops the node.
 */
function watched<T extends { readonly id: Hash }>(
  all: Iterable<T>,
): { readonly candidates: Iterable<T>; readonly underWay: () => Hash | undefined } {
  let current: Hash | undefined
  function* candidates() {
    for (const one of all) {
      current = one.id
      yield one
    }
    current = undefined
  }
  return { candidates: candidates(), underWay: () => current }
}

/** True for a transaction that those before it keep waiting. */
function waits({ code, values }: ChainError): boolean {
  const { want, got } = values as { want?: bigint; got?: bigint }
  return code === 'kernel/NONCE_MISMATCH' && want !== undefined && got !== undefined && got > want
}
