import {
  type Address,
  addressFromBytes,
  type ChainError,
  type Hash,
  isChainError,
  height as toHeight,
} from '@mmtchain/primitives'
import { checkTransaction, type Transaction, transactionBytes } from '@mmtchain/tx'
import {
  type Block,
  blockId,
  blockLength,
  type Event,
  evidenceRoot,
  type Header,
  listRoot,
  type Receipt,
  type Receipts,
  receiptsRoot,
  sameHeader,
  TRANSACTIONS_MAX,
  type ValidatorSet,
  validatorsHash,
  ZERO_HASH,
} from '../block.ts'
import type { GenesisData } from '../declare/genesis.ts'
import { createInquiry, NO_ROWS } from '../inquiry.ts'
import { SETS_KEPT, setIn } from '../kernel-module.ts'
import type { Execution, Machine, Skipped, StateStore } from '../machine.ts'
import type {
  BlockContext,
  BlockRequest,
  EngineChain,
  EngineContext,
  RefusalText,
  StateReader,
  Tip,
} from '../ports.ts'
import { kernelFail } from '../refusals.ts'
import { changesOf } from './journal.ts'
import { migrate, newReleases, protocolHash, type Release, releaseFor } from './release.ts'
import { openSession, type Session } from './session.ts'
import {
  type Executed,
  executeTransaction,
  expectNothing,
  kernelContext,
  type Prepared,
} from './transaction.ts'

const NO_PROPOSER = addressFromBytes(new Uint8Array(32))
const NO_BYTES = new Uint8Array()
const NO_ROOTS = { txRoot: ZERO_HASH, receiptRoot: ZERO_HASH, stateRoot: ZERO_HASH, evidenceRoot: ZERO_HASH }

/** Makes the state machine of a chain from its genesis. Throws `kernel/BAD_CHAIN` for a grant of what a module does not have. */
export function createMachine(genesis: GenesisData): Machine {
  const { chain, fingerprint } = genesis
  const engineChain: EngineChain = { fingerprint, slotMs: BigInt(chain.slotMs), suites: chain.suites }
  const releases = newReleases(genesis)
  // Making every context once shows a grant of something that is not there before any block does.
  for (const { rules, specs } of releases) {
    const trial = openSession(rules.runtime, NO_ROWS, genesisContext())
    for (const { name } of specs) trial.contexts(name)
  }

  /** Opens the session of a block: the release it runs under, migrations first if that begins here, then the hooks. */
  function startBlock(store: StateReader, block: Block, parent: Tip, found: ReturnType<typeof releaseFor>) {
    const { release, begins } = found
    const { validators: first } = genesis
    const past = { validators: (epoch: bigint) => (epoch === first.epoch ? first : setIn(store, epoch)) }
    const engineContext = chain.engine.context({ chain: engineChain, block, parent, past })
    const context = contextOf(block.header, parent.validators, engineContext)
    const session = openSession(release.rules.runtime, store, context)
    if (begins) migrate(release, session)
    return { release, session, begun: runHooks(release, session, 'beginBlock') }
  }

  function begin(store: StateStore): Execution {
    // Before block 0 no store holds a row, and a million lookups would say so one by one.
    const session = openSession(releases[0].rules.runtime, NO_ROWS, genesisContext())
    const kernel = kernelContext(session)
    for (const { name, version } of releases[0].specs) kernel.state.modules.set(name, version)
    kernel.state.validators.set(genesis.validators)
    kernel.state.release.set(releases[0].hash)
    for (const spec of releases[0].specs) {
      if (!spec.genesis) continue
      try {
        const { hook } = session.contexts(spec.name)
        expectNothing(spec.genesis.load(hook, genesis.document(spec.name) as never))
      } catch (error) {
        if (!isChainError(error)) throw error
        throw kernelFail.BAD_GENESIS({ module: spec.name, why: `${error.message} ${error.hint}` })
      }
    }
    const staged = store.stage(changesOf(session.journal))
    const setHash = validatorsHash(fingerprint, genesis.validators)
    const header: Header = {
      version: 1,
      height: toHeight(0n),
      parent: ZERO_HASH,
      timeMs: genesis.value.timeMs,
      round: 0,
      proposer: NO_PROPOSER,
      protocolHash: genesis.protocolHash,
      ...NO_ROOTS,
      stateRoot: staged.root,
      validatorsHash: setHash,
      nextValidatorsHash: setHash,
      consensus: NO_BYTES,
    }
    const block: Block = { header, transactions: [], evidence: [], missProofs: [] }
    const id = blockId(fingerprint, header)
    const receipts: Receipts = { begin: [], transactions: [], end: [] }
    const tip: Tip = { header, id, validators: genesis.validators }
    return { block, id, staged, receipts, transactionIds: [], refusals: [], faults: [], tip }
  }

  function genesisContext() {
    const { timeMs } = genesis.value
    const header = { height: toHeight(0n), timeMs, proposer: NO_PROPOSER, round: 0 }
    return contextOf(header, genesis.validators)
  }

  /** What handlers see of a block under this header and these validators, with what the engine says of it, if there is a block. */
  function contextOf(
    { height, timeMs, proposer, round }: Pick<Header, 'height' | 'timeMs' | 'proposer' | 'round'>,
    validators: ValidatorSet,
    engine?: EngineContext,
  ): Omit<BlockContext, 'weight'> {
    const { epoch, seed } = validators
    const { blockWeightMax: weightMax } = chain.limits
    const noTurn = { turn: 0n, epoch, seed, reveal: undefined, misses: [], evidence: [] }
    return { height, timeMs, proposer, round, validators, weightMax, ...(engine ?? noTurn) }
  }

  function prepare(transaction: Transaction, known?: Hash): Prepared {
    const id = checkTransaction(transaction, { fingerprint, suites: chain.suites, id: known })
    return { transaction, id, bytes: transactionBytes(transaction) }
  }

  const build: Machine['build'] = (store, { parent, proposer, request, candidates }) => {
    const draft = draftBlock(parent, proposer, request)
    const found = releaseFor(releases, store, draft.header.height)
    const { release, session, begun } = startBlock(store, draft, parent, found)
    const { rules } = release
    const chosen: { readonly prepared: Prepared; readonly executed: Executed }[] = []
    const skipped: Skipped[] = []
    let weightLeft = rules.limits.blockWeightMax
    // The list's length prefix may take five bytes more than in the empty draft.
    let bytesLeft = rules.limits.blockBytesMax - blockLength(draft) - 5
    for (const prepared of candidates) {
      if (chosen.length === TRANSACTIONS_MAX) break
      const { weightMax } = prepared.transaction.body
      if (weightMax > weightLeft || prepared.bytes.length > bytesLeft) continue
      try {
        chosen.push({ prepared, executed: executeTransaction(rules, session, prepared) })
      } catch (error) {
        if (!isChainError(error)) throw error
        skipped.push({ id: prepared.id, error })
        continue
      }
      session.weight += weightMax
      weightLeft -= weightMax
      bytesLeft -= prepared.bytes.length
    }
    const finished = finish(store, session, { release, draft, parent, begun, chosen })
    return { ...finished, skipped }
  }

  function draftBlock(parent: Tip, proposer: Address, request: BlockRequest): Block {
    const header: Header = {
      version: 1,
      height: toHeight(parent.header.height + 1n),
      parent: parent.id,
      timeMs: request.timeMs,
      round: request.round,
      proposer,
      protocolHash: ZERO_HASH,
      ...NO_ROOTS,
      evidenceRoot: evidenceRoot(request),
      validatorsHash: validatorsHash(fingerprint, parent.validators),
      nextValidatorsHash: ZERO_HASH,
      consensus: request.consensus,
    }
    return { header, transactions: [], evidence: request.evidence, missProofs: request.missProofs }
  }

  const execute: Machine['execute'] = (store, { parent, block, prepare: check = prepare }) => {
    expectField('version', 1, block.header.version)
    expectField('height', parent.header.height + 1n, block.header.height)
    expectField('parent', parent.id, block.header.parent)
    const found = releaseFor(releases, store, block.header.height)
    const { limits } = found.release.rules
    const size = BigInt(blockLength(block))
    const max = BigInt(limits.blockBytesMax)
    if (size > max) throw kernelFail.BLOCK_TOO_LARGE({ what: 'size in bytes', max, got: size })
    const weight = block.transactions.reduce((total, { body }) => total + body.weightMax, 0n)
    if (weight > limits.blockWeightMax) {
      throw kernelFail.BLOCK_TOO_LARGE({ what: 'weight', max: limits.blockWeightMax, got: weight })
    }
    const { release, session, begun } = startBlock(store, block, parent, found)
    const chosen: { readonly prepared: Prepared; readonly executed: Executed }[] = []
    for (const transaction of block.transactions) {
      const prepared = check(transaction)
      chosen.push({ prepared, executed: executeTransaction(release.rules, session, prepared) })
      session.weight += transaction.body.weightMax
    }
    const finished = finish(store, session, { release, draft: block, parent, begun, chosen })
    if (finished.block.header === block.header) return finished
    for (const field of Object.keys(finished.block.header) as (keyof Header)[]) {
      if (field !== 'consensus') expectField(field, finished.block.header[field], block.header[field])
    }
    return finished
  }

  /** Runs the last hooks and computes what the header commits to. */
  function finish(
    store: StateStore,
    session: Session,
    args: {
      readonly release: Release
      readonly draft: Block
      readonly parent: Tip
      readonly begun: readonly Event[]
      readonly chosen: readonly { readonly prepared: Prepared; readonly executed: Executed }[]
    },
  ): Execution {
    const { release, draft, parent, begun, chosen } = args
    const end = runHooks(release, session, 'endBlock')
    const validators = nextValidators(release, session, parent.validators)
    const receiptList: readonly Receipt[] = chosen.map(({ executed }) => executed.receipt)
    const receipts: Receipts = { begin: begun, transactions: receiptList, end }
    const staged = store.stage(changesOf(session.journal))
    const { height, parent: parentId, timeMs, round, proposer, consensus } = draft.header
    const header = sameHeader(draft.header, {
      version: 1,
      height,
      parent: parentId,
      timeMs,
      round,
      proposer,
      protocolHash: protocolHash(release, fingerprint, store),
      txRoot: listRoot(chosen.map(({ prepared }) => prepared.bytes)),
      receiptRoot: receiptsRoot(receipts),
      stateRoot: staged.root,
      evidenceRoot: evidenceRoot(draft),
      validatorsHash: validatorsHash(fingerprint, parent.validators),
      nextValidatorsHash: validatorsHash(fingerprint, validators),
      consensus,
    })
    const block: Block = {
      header,
      transactions: chosen.map(({ prepared }) => prepared.transaction),
      evidence: draft.evidence,
      missProofs: draft.missProofs,
    }
    const id = blockId(fingerprint, header)
    return {
      block,
      id,
      staged,
      receipts,
      transactionIds: chosen.map(({ prepared }) => prepared.id),
      refusals: chosen.map(({ executed }) => textOf(executed.refusal)),
      faults: chosen.flatMap(({ prepared, executed }) =>
        executed.fault === undefined ? [] : [{ transaction: prepared.id, fault: executed.fault }],
      ),
      tip: { header, id, validators },
    }
  }

  function nextValidators({ specs }: Release, session: Session, current: ValidatorSet): ValidatorSet {
    const validatorModule = specs.find((spec) => spec.validatorSource)
    if (!validatorModule?.validatorSource) return current
    const next = validatorModule.validatorSource(
      session.contexts(validatorModule.name).hook,
      undefined as never,
    ) as ValidatorSet
    if (next.validators.length === 0) throw new Error(`${validatorModule.name} names no validator`)
    if (validatorsHash(fingerprint, next) !== validatorsHash(fingerprint, current)) {
      const { validators, sets } = kernelContext(session).state
      validators.set(next)
      sets.set(next.epoch, next)
      if (next.epoch >= SETS_KEPT) sets.delete(next.epoch - SETS_KEPT)
    }
    return next
  }

  function runHooks({ specs }: Release, session: Session, kind: 'beginBlock' | 'endBlock'): readonly Event[] {
    for (const spec of specs)
      for (const hook of spec[kind]) expectNothing(hook(session.contexts(spec.name).hook, undefined as never))
    return session.events.splice(0)
  }

  return {
    genesis,
    engineChain,
    begin,
    prepare,
    build,
    execute,
    ...createInquiry({ releases, contextOf, genesisContext }),
  }
}

function textOf(error: ChainError | undefined): RefusalText | null {
  return error ? { code: error.code, message: error.message, hint: error.hint } : null
}

function expectField(field: string, want: unknown, got: unknown): void {
  if (want !== got) throw kernelFail.INVALID_BLOCK({ field, want: String(want), got: String(got) })
}
