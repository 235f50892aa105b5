import {
  type BlockCommit,
  PROOF_KEYS_MAX,
  type ProofRequest,
  type Staged,
  type StateChanges,
  type StateStore,
  type Store,
  storeFail,
} from '@mmtchain/kernel'
import {
  type ChainError,
  type Hash,
  type Height,
  isChainError,
  hash as toHash,
  height as toHeight,
} from '@mmtchain/primitives'
import { type Ahead, readerAhead } from './ahead.ts'
import { backgroundWork, restingWork } from './background.ts'
import { cacheOf } from './cache.ts'
import { type CheckedStore, checkEverything } from './checking.ts'
import { type Batch, type Database, type MerkleStorePlace, openPlace, textOf } from './database.ts'
import { checkNext, hasBlocks, type Kept, readCommitted } from './opening.ts'
import { loadPairHasher, type PairHasherName } from './pair-hasher.ts'
import { prunedBy, undoOf } from './past.ts'
import { countBefore, entry, heightOfHistory, historyKeys, missing, type Version } from './records.ts'
import { merkleStoreFail } from './refusals.ts'
import { checkRestored } from './restore.ts'
import { type SnapshotSummary, writeSnapshot } from './snapshot.ts'
import type { SnapshotFiles } from './snapshot-files.ts'
import { type Plan, planOf, rememberRows, type Stage, stageOn, tipWrite } from './staging.ts'
import { type Committed, readBlock, type State, stateOn } from './state.ts'
import { arenaBytes } from './tree-arena.ts'

/** The most stages that keep their trees; an earlier one is computed again when it is committed after all. */
const STAGES_MAX = 8
/** The most time that pruning takes beside blocks, as a share of one. */
const PRUNING_SHARE = 0.2

/** For how many heights before the tip the state is kept. */
export const KEEP_HEIGHTS_DEFAULT = 1024
export const MEMORY_BYTES_DEFAULT = 256 * 2 ** 20

export interface MerkleStoreOptions {
  /**
   * How many heights before the tip keep their state, for proofs, queries and `revertTo`; `'all'` is an archive. More are dropped
   * in the background. Default 1024.
   */
  readonly keepHeights?: number | 'all'
  /**
   * About how much memory rows, tree and index may take together, in bytes. Default 256 MiB. LevelDB's memory table takes a sixteenth
   * beside it, 16 to 64 MiB, and once more while it is written.
   */
  readonly memoryBytes?: number
  /** How the pairs of the tree are hashed; the fastest that this host has unless it is given. */
  readonly pairHasher?: PairHasherName
  /**
   * Takes the `store/DAMAGED` at which pruning in the background stopped. Blocks go on; old states stay until the store is opened
   * again and then meets the same damage, if nobody has mended it.
   */
  readonly onDamage?: (error: ChainError) => void
}

/**
 * Opens the store at a place, or makes one there. Throws `store/LOCKED` while somebody has it open,
 * `store/CANNOT_OPEN`, `store/UNKNOWN_FORMAT` or `store/DAMAGED`.
 */
export async function merkleStore(options: MerkleStorePlace & MerkleStoreOptions): Promise<MerkleStore> {
  const pairs = await loadPairHasher(options.pairHasher)
  const { keepHeights = KEEP_HEIGHTS_DEFAULT, memoryBytes = MEMORY_BYTES_DEFAULT } = options
  const database = await openPlace(options, memoryBytes)
  try {
    await checkRestored(database)
    const { committed, kept } = readCommitted(database)
    if (!committed.tip && (await hasBlocks(database))) throw missing(entry.tip())
    const memory = { rows: memoryBytes / 2, tree: memoryBytes / 4, index: memoryBytes / 4 }
    const state = stateOn(committed, pairs, memory)
    const { onDamage = () => undefined } = options
    return storeOn({ database, state, kept, keepHeights, treeBytesMax: memory.tree, onDamage })
  } catch (error) {
    await database.close()
    throw error
  }
}

/** A store with the export of ICS-23. */
export interface MerkleStore extends Store {
  /**
   * The state after a block whose commit has begun, to execute and stage the next one while it is written. That block can be committed
   * at once, and is written when this one is on disk; it fails when this one does. Reads of the store itself see blocks on disk only. Undefined while the
   * block before it is being written, and when memory is short: then the next block waits for the commit. Throws `store/STALE_STAGE` when
   * the tip is another block.
   */
  ahead(staged: Staged): StateStore | undefined
  proveIcs23(request: ProofRequest): Promise<Uint8Array>
  /** Resolves when every state is dropped that need not be kept, as fast as the disk allows. */
  prune(): Promise<void>
  /** Prunes, then has the database give the space back. It takes long and reads and writes everything. */
  compact(): Promise<void>
  /** The oldest height whose state is kept, and the first block that is here. */
  kept(): { readonly oldest: Height; readonly first: Height }
  /** Reads everything and checks that it belongs together. Throws `store/DAMAGED`, or `store/NO_BLOCKS`. */
  verify(): Promise<CheckedStore>
  /**
   * Writes the tip and its state as files, while blocks go on; in at most `share` of the time, from 0 to 1, or as fast as it goes without one.
   * Throws `store/NO_BLOCKS` or `store/ROW_TOO_LARGE`.
   */
  snapshot(files: SnapshotFiles, options?: { readonly share?: number }): Promise<SnapshotSummary>
}

function storeOn(args: {
  readonly database: Database
  readonly state: State
  readonly kept: Kept
  readonly keepHeights: number | 'all'
  readonly treeBytesMax: number
  readonly onDamage: (error: ChainError) => void
}): MerkleStore {
  const { database, state, keepHeights, treeBytesMax, onDamage } = args
  let kept = args.kept
  /** The newest block whose commit has begun, for as long as it is not on disk, and the end of its commit. */
  let writing: Ahead | undefined
  let committing: Promise<void> | undefined
  let failed: ChainError | undefined
  /** Whether pruning has met damage; it would meet it again after every block. */
  let damaged = false
  let closing: Promise<void> | undefined
  let lastWrite: Promise<unknown> = Promise.resolve()
  const stages = new WeakMap<Staged, Stage>()
  const ahead = new WeakMap<Staged, Ahead>()
  /** Stages that have a tree, the oldest first. */
  const live = new Set<Stage>()
  /** Long reads that closing waits for; they stop when it begins. */
  const reading = new Set<Promise<unknown>>()
  const versions = cacheOf<bigint, Version>(64)
  const current = (): Committed => {
    if (closing) throw storeFail.CLOSED({})
    return state.now()
  }

  /** One writer at a time, in the order of asking. */
  function exclusive<T>(write: () => Promise<T>): Promise<T> {
    const done = lastWrite.then(write)
    lastWrite = done.catch(() => undefined)
    return done
  }

  /** `write` is one of the database. */
  async function written(height: Height, write: () => Promise<void>): Promise<void> {
    if (failed) throw failed
    try {
      await write()
    } catch (error) {
      // LevelDB would go on writing its log behind a torn record, where recovery may lose it. Opening again mends the log.
      failed = merkleStoreFail.WRITE_FAILED({ height, why: textOf(error) })
      throw failed
    }
  }

  /** Drops the trees of all stages but those on a block. */
  function forgetStages(except?: Ahead): void {
    for (const stage of live) {
      if (except && stage.on === except) continue
      if (stage.tree) state.tree.drop(stage.tree)
      stage.tree = undefined
      live.delete(stage)
    }
  }

  function stageChanges(changes: StateChanges, on?: Ahead): Staged {
    const [oldest] = live
    if (oldest?.tree && live.size >= STAGES_MAX) {
      state.tree.drop(oldest.tree)
      oldest.tree = undefined
      live.delete(oldest)
    }
    const stage = stageOn(state, changes, on)
    const staged = Object.freeze({ root: toHash(stage.hash) })
    stages.set(staged, stage)
    live.add(stage)
    return staged
  }

  /** Keeps what reads load between two commits within bounds; the tree of a block that is being written leads to loaded parts. */
  function boundMemory(): void {
    if (writing || arenaBytes(state.tree.arena) <= 2 * treeBytesMax) return
    forgetStages()
    state.tree.trim(treeBytesMax)
  }

  function adopt(stage: Stage, plan: Plan, block: Ahead): void {
    stage.tree = undefined
    forgetStages(block)
    const before = state.now()
    state.tree.adopt(plan.tree)
    rememberRows(state, stage)
    state.index.remember(plan.index.made)
    block.committed = { view: database.view(), tip: block.tip, version: plan.version }
    state.replace(block.committed)
    if (writing && writing !== block) writing.isNext = true
    // The trees of what stands on it lead to parts that may not go.
    if (writing === block && live.size === 0) state.tree.trim(treeBytesMax)
    void before.view.close()
  }

  /** What a stage stands on, if it is the tip or the newest block that is being written. */
  function baseOf({ on }: Stage): Committed | Ahead | undefined {
    const base = 'rows' in on && on.committed ? on.committed : on
    return base === (writing ?? state.now()) ? base : undefined
  }

  /** The batch of a block, of which nothing is written yet. */
  function planned(stage: Stage, commit: BlockCommit): { readonly batch: Batch; readonly plan: Plan } {
    let batch: Batch | undefined
    try {
      batch = database.batch()
      return { batch, plan: planOf(state, stage, commit, batch) }
    } catch (error) {
      void batch?.close()
      if (isChainError(error)) throw error
      // A database that somebody gave may have been closed.
      throw merkleStoreFail.WRITE_FAILED({ height: commit.block.header.height, why: textOf(error) })
    }
  }

  function commit(commit: BlockCommit): Promise<void> {
    current()
    if (failed) throw failed
    const stage = stages.get(commit.staged)
    const base = stage && baseOf(stage)
    if (!stage || !base) throw storeFail.STALE_STAGE({})
    checkNext(base, commit)
    live.add(stage)
    const { batch, plan } = planned(stage, commit)
    // From here on nobody may drop its tree.
    live.delete(stage)
    const { header } = commit.block
    const first = header.height === 0n ? 0n : kept.first
    const tip = { header, id: commit.id }
    const block: Ahead = {
      ...{ tip, version: plan.version, rows: stage.rows, top: plan.tree.top },
      ...{ isNext: !('rows' in base), committed: undefined },
    }
    state.index.hold(plan.index.made)
    ahead.set(commit.staged, block)
    writing = block
    const done = exclusive(async () => {
      if (failed) throw failed
      // A revert may have come first.
      if (('rows' in base ? base.committed : base) !== state.now()) throw storeFail.STALE_STAGE({})
      kept = { ...kept, first }
      await written(header.height, () => {
        batch.add([tipWrite(header.height, kept)])
        return batch.write({ sync: true })
      })
      adopt(stage, plan, block)
      pruner.wake()
    }).finally(() => {
      void batch.close()
      if (stage.tree) state.tree.drop(stage.tree)
      stage.tree = undefined
      if (writing === block) writing = undefined
    })
    committing = done
    return done
  }

  function versionAt(height: Height): Version {
    const { tip, version, view } = current()
    if (!tip || height < kept.oldest || height > tip.header.height)
      throw storeFail.NOT_KEPT({ height, oldest: kept.oldest, newest: tip?.header.height ?? -1n })
    if (height === tip.header.height) return version
    const known = versions.get(height)
    if (known) return known
    const found = view.read(entry.version(height))
    if (!found) throw missing(entry.version(height))
    versions.set(height, found, 1)
    return found
  }

  /** What a proof is asked of. */
  function proven({ keys, height }: ProofRequest) {
    boundMemory()
    if (keys.length > PROOF_KEYS_MAX) throw storeFail.TOO_MANY_KEYS({ max: PROOF_KEYS_MAX, got: keys.length })
    const { tip, version } = current()
    if (height === undefined && tip) return { at: tip.header.height, version }
    const at = height ?? toHeight(0n)
    return { at, version: versionAt(at) }
  }

  async function revertOnce(): Promise<void> {
    const { tip, view } = current()
    const height = tip?.header.height as Height
    const before = toHeight(height - 1n)
    const undo = await undoOf({ database, view, height })
    const version = view.read(entry.version(before))
    if (!version) throw missing(entry.version(before))
    const { block, id } = readBlock(view, before)
    await written(height, () => database.write([...undo, tipWrite(before, kept)], { sync: true }))
    forgetStages()
    versions.clear()
    state.reset({ view: database.view(), tip: { header: block.header, id }, version })
    void view.close()
  }

  const oldestWanted = (): bigint => {
    const tip = state.now().tip?.header.height
    return tip === undefined || keepHeights === 'all' ? 0n : tip - BigInt(keepHeights)
  }

  const hasToPrune = () => kept.pruned < kept.oldest || kept.oldest < oldestWanted()

  /** Drops one state that need not be kept, a piece at a time. */
  async function* pruneOnce(): AsyncGenerator<void> {
    const height = toHeight(kept.pruned)
    for (const removals of prunedBy(state.now().view, height)) {
      await exclusive(async () => {
        // Nobody may count on a state that is half gone.
        kept = { ...kept, oldest: kept.oldest > height ? kept.oldest : height + 1n }
        const tip = state.now().tip?.header.height as Height
        await written(tip, () => database.write([...removals, tipWrite(tip, kept)], { sync: false }))
        state.now().view.renew()
      })
      yield
    }
    kept = { ...kept, pruned: kept.pruned > height ? kept.pruned : height + 1n }
  }

  const pruner = backgroundWork({
    share: PRUNING_SHARE,
    hasWork: () => !failed && !damaged && hasToPrune(),
    work: pruneOnce,
    onFault(error) {
      // A failed write is told to the next commit.
      if (error === failed) return
      damaged = true
      const record = 'an old state'
      onDamage(isChainError(error) ? error : merkleStoreFail.DAMAGED({ record, why: textOf(error) }))
    },
  })
  pruner.wake()

  async function pruneAll(): Promise<void> {
    current()
    while (hasToPrune()) for await (const _ of pruneOnce()) current()
  }

  /** Reads of a view of its own, while blocks go on. */
  function longRead<T>(
    read: (now: Committed & { tip: NonNullable<Committed['tip']> }) => Promise<T>,
  ): Promise<T> {
    const result = (async () => {
      // Between two writes what the database shows is what the store shows.
      const taken = await exclusive(async () => ({ ...current(), view: database.view() }))
      try {
        if (!taken.tip) throw merkleStoreFail.NO_BLOCKS({})
        return await read({ ...taken, tip: taken.tip })
      } finally {
        await taken.view.close()
      }
    })()
    reading.add(result)
    return result.finally(() => reading.delete(result))
  }

  return {
    get: (key) => {
      current()
      return state.reader.get(key)
    },
    *entries(range) {
      current()
      for (const row of state.reader.entries(range)) {
        yield row
        current()
      }
    },
    tip: () => current().tip,
    checkpoint: () => current().version.checkpoint.slice(),
    stage(changes) {
      current()
      boundMemory()
      return stageChanges(changes)
    },
    ahead(staged) {
      current()
      const block = ahead.get(staged)
      if (!block?.isNext || arenaBytes(state.tree.arena) > 2 * treeBytesMax) return undefined
      const check = () => {
        current()
        if (block.committed ? block.committed !== state.now() : block !== writing)
          throw storeFail.STALE_STAGE({})
      }
      check()
      const stage = (changes: StateChanges) => {
        check()
        return stageChanges(changes, block)
      }
      return { ...readerAhead(state, block, check), stage }
    },
    async commit(block) {
      return commit(block)
    },
    async block(at) {
      const { view, tip } = current()
      const height = 'height' in at ? at.height : view.read(entry.blockHeight(at.id))
      if (height === undefined || !tip || height > tip.header.height || height < kept.first) return undefined
      return readBlock(view, height)
    },
    async transaction(id) {
      return current().view.read(entry.transaction(id))
    },
    async history({ address, before, limit }) {
      const { tip } = current()
      const found: { id: Hash; height: Height; index: number }[] = []
      if (!tip) return found
      const newest = tip.header.height
      const last = before && before.height < newest ? before.height : newest
      for await (const key of database.keys({ ...historyKeys(address, last), reverse: true })) {
        const height = toHeight(heightOfHistory(key))
        // A commit meanwhile closes the view of before.
        const part = current().view.read(entry.history(address, height))
        if (!part) continue
        let i = height === before?.height ? countBefore(part, before.index) : part.count
        while (i-- > 0 && found.length < limit)
          found.push({ id: part.idAt(i), height, index: part.indexAt(i) })
        if (found.length >= limit) return found
      }
      return found
    },
    at(height) {
      const version = versionAt(height)
      return state.readerOf(version, () => versionAt(height))
    },
    async prove(request) {
      const { at, version } = proven(request)
      const { values, proof } = state.prove(version, request.keys)
      return { height: at, values, proof }
    },
    async proveIcs23(request) {
      return state.proveIcs23(proven(request).version, request.keys)
    },
    async revertTo(height) {
      versionAt(height)
      await committing?.catch(() => undefined)
      for (;;) {
        const { tip } = current()
        if (!tip || tip.header.height <= height) return
        versionAt(height)
        await exclusive(revertOnce)
      }
    },
    prune: pruneAll,
    kept() {
      current()
      return { oldest: toHeight(kept.oldest < 0n ? 0n : kept.oldest), first: toHeight(kept.first) }
    },
    async compact() {
      await pruneAll()
      await exclusive(() => database.compact())
    },
    verify: () =>
      longRead(({ view, version, tip }) => {
        const { header } = tip
        return checkEverything({
          ...{ view, version, header, first: kept.first, check: current },
        })
      }),
    snapshot: (files, { share = 1 } = {}) =>
      longRead(({ view, tip }) =>
        writeSnapshot({
          ...{ view, stored: readBlock(view, tip.header.height), files },
          pace: { check: current, rest: restingWork(share) },
        }),
      ),
    close() {
      closing ??= (async () => {
        await Promise.allSettled([pruner.stop(), ...reading])
        // Who commits is told of a failure; closing waits only until LevelDB is done.
        await lastWrite
        await database.close()
      })()
      return closing
    },
  }
}
