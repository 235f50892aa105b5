// What handlers are given, as classes: an object with getters of its own has a hidden class of its own in V8, which keeps what the getters
// see, here a whole session with its journal, until the old generation is collected.
import { decode, encode } from '@mmtchain/codec'
import { type Address, amount } from '@mmtchain/primitives'
import { type ValidatorSet, validatorSet } from './block.ts'
import type { Call } from './declare/module.ts'
import type { BlockContext, ChainContext } from './ports.ts'

/** What of a session handlers see change. */
export interface Progress {
  readonly call: Call | undefined
  readonly weight: bigint
  refund: bigint
}

/** The block on which handlers run. */
export class HandlerBlock implements BlockContext {
  readonly height
  readonly timeMs
  readonly proposer
  readonly round
  readonly turn
  readonly epoch
  readonly seed
  readonly reveal
  readonly misses
  readonly evidence
  readonly weightMax
  readonly #progress: Progress
  readonly #set: ValidatorSet
  #copied: ValidatorSet | undefined

  constructor(block: Omit<BlockContext, 'weight'>, progress: Progress) {
    this.height = block.height
    this.timeMs = block.timeMs
    this.proposer = block.proposer
    this.round = block.round
    this.turn = block.turn
    this.epoch = block.epoch
    this.seed = block.seed
    this.reveal = block.reveal
    this.misses = block.misses
    this.evidence = block.evidence
    this.weightMax = block.weightMax
    this.#set = block.validators
    this.#progress = progress
    Object.freeze(this)
  }

  /** A copy, made when it is first asked for: what a handler changes in it must not reach the tip. */
  get validators(): ValidatorSet {
    this.#copied ??= decode(validatorSet, encode(validatorSet, this.#set))
    return this.#copied
  }

  get weight(): bigint {
    return this.#progress.weight
  }
}

/** What the contexts of one module have in common. */
export interface SharedContext {
  readonly block: BlockContext
  readonly chain: ChainContext
  readonly self: Address | undefined
  readonly state: object
  readonly emit: object
  readonly fail: object | undefined
  /** The parameters in force. */
  readonly params: () => unknown
}

class Context {
  readonly block
  readonly chain
  readonly self
  readonly state
  readonly emit
  readonly fail
  readonly needs
  readonly #params: () => unknown

  constructor({ block, chain, self, state, emit, fail, params }: SharedContext, needs: object) {
    this.block = block
    this.chain = chain
    this.self = self
    this.state = state
    this.emit = emit
    this.fail = fail
    this.needs = needs
    this.#params = params
  }

  get params(): unknown {
    return this.#params()
  }
}

export class HookContext extends Context {
  constructor(shared: SharedContext, needs: object) {
    super(shared, needs)
    Object.freeze(this)
  }
}

export class CommandContext extends Context {
  readonly refund: (value: bigint) => void
  readonly #progress: Progress

  constructor(shared: SharedContext, needs: object, progress: Progress) {
    super(shared, needs)
    this.refund = (value) => {
      progress.refund += amount(value)
    }
    this.#progress = progress
    Object.freeze(this)
  }

  get sender() {
    return this.#progress.call?.sender
  }

  get module() {
    return this.#progress.call?.module
  }

  get command() {
    return this.#progress.call?.command
  }
}
