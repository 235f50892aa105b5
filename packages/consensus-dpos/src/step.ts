// The engine as a state machine: inputs in, effects out, one change of the tip at a time.
import {
  type Block,
  blockId,
  type EngineInput,
  type EngineStep,
  evidenceRoot,
  listRoot,
  type PeerId,
  slotMsOf,
  type Tip,
  transactionBytes,
  type ValidatorSet,
} from '@mmtchain/kernel'
import { isChainError } from '@mmtchain/primitives'
import { evidenceFor, look } from './accuse.ts'
import { brokenVote } from './audit.ts'
import {
  baseOf,
  extended,
  indexOf,
  knownSet,
  type Link,
  linkOf,
  rosterAfter,
  rosterOf,
  type Sealed,
  shortened,
  tipOf,
  votesAt,
  withTip,
} from './branch.ts'
import { checkpointOf, remembered, type Signed } from './checkpoint.ts'
import { ASKED_MAX, type Message } from './message.ts'
import { offencesIn, voteHeader } from './offence.ts'
import {
  choose,
  compareRank,
  type Path,
  type Pooled,
  pathTo,
  pooledOf,
  pooledWith,
  rankOf,
  without,
} from './pool.ts'
import { isSealed, placeOf, readSealMessage, sealMessage } from './seal.ts'
import { type Before, beforeOf, checkHeader, fieldBytes, fieldsOf, ownerOf } from './slots.ts'
import { type DposState, markBad, type Run, set, slotAt, slotLengthMs, slotStartMs, tipIn } from './state.ts'
import { contradict, contradictsBranch, type VoteHeader, type Votes, voteRange, withBlock } from './votes.ts'

export function step(state: DposState, input: EngineInput): EngineStep {
  const run: Run = { state, nowMs: input.nowMs, effects: [] }
  if (input.kind === 'started') started(run, input)
  else if (state.tip) meet(run, input)
  return { state: run.state, effects: run.effects }
}

type InputOf<K extends EngineInput['kind']> = Extract<EngineInput, { readonly kind: K }>

function started(run: Run, { tip, checkpoint, signed, reveal }: InputOf<'started'>): void {
  const { branch, accused, signed: written } = remembered(tip, checkpoint, run.state.chain.fingerprint)
  const last = signed && readSealMessage(signed.message)
  // The signer is asked before the block is on disk, so it may know of one that the checkpoint does not.
  const newest = last && (!written || last.turn > written.turn) ? last : written
  set(run, { ...{ tip, branch, accused, reveal }, signed: newest && signedOf(newest) })
  if (branch.final > 0n) finalise(run)
  setSlotTimer(run)
}

function signedOf({ turn, height, maxHeightPrevoted, maxHeightGenerated }: Signed): Signed {
  return { turn, height, maxHeightPrevoted, maxHeightGenerated }
}

function meet(run: Run, input: Exclude<EngineInput, InputOf<'started'>>): void {
  switch (input.kind) {
    case 'timer':
      if (input.name === 'slot') slotBegins(run)
      break
    case 'message':
      answer(run, input.from, input.message as Message)
      return
    case 'block': {
      const { pool } = run.state
      take(run, input)
      if (run.state.pool === pool) return
      break
    }
    case 'built':
      built(run, input)
      break
    case 'signed':
      signed(run, input)
      break
    case 'validated':
      validated(run, input)
      break
    case 'tip':
      moved(run, input)
  }
  goOn(run)
}

// 1. Time.

/** How many slots a block waits for its parents. */
const ORPHAN_SLOTS = 30n

function setSlotTimer(run: Run): void {
  const next = slotAt(run.state, run.nowMs) + 1n
  run.effects.push({ kind: 'setTimer', name: 'slot', atMs: slotStartMs(run.state, next < 1n ? 1n : next) })
}

function slotBegins(run: Run): void {
  const slot = slotAt(run.state, run.nowMs)
  const { work, branch } = run.state
  // A signer that may not sign says nothing: what waits for it since an earlier slot waits in vain.
  const isStale = (work?.kind === 'sign' || work?.kind === 'build') && work.turn < slot
  set(run, { due: slot, work: isStale ? undefined : work })
  const { height, id, maxHeightPrevoted } = tipOf(branch)
  say(run, undefined, { kind: 'status', value: { height, id, maxHeightPrevoted } })
  forgetOrphans(run)
  setSlotTimer(run)
}

/** Blocks whose parents nobody gives make room for others. */
function forgetOrphans(run: Run): void {
  const { pool, branch, chain } = run.state
  const oldest = run.nowMs - ORPHAN_SLOTS * chain.slotMs
  const gone = [...pool.values()].filter((one) => one.atMs < oldest && pathTo(pool, branch, one).from < 0)
  if (gone.length === 0) return
  set(run, {
    pool: without(
      pool,
      gone.map(({ id }) => id),
      baseOf(branch).height,
    ),
  })
}

// 2. Other nodes.

function say(run: Run, to: PeerId | undefined, message: Message): void {
  run.effects.push({ kind: 'send', to, message })
}

function answer(run: Run, from: PeerId, message: Message): void {
  const { branch, pool, bad } = run.state
  const tip = tipOf(branch)
  if (message.kind === 'ask') {
    const count = BigInt(Math.min(message.value.count, ASKED_MAX))
    const first = message.value.from > 0n ? message.value.from : 1n
    for (let height = first; height < first + count && height <= tip.height; height++)
      run.effects.push({ kind: 'sendBlock', to: from, height: height as Tip['header']['height'] })
    return
  }
  const { id, height } = message.value
  if (compareRank(message.value, tip) <= 0 || pool.has(id) || bad.includes(id)) return
  askFor(run, from, height)
}

/** Asks a peer for the blocks up to a height: the next ones, or, where the peer is on another branch, the newest, and then back. */
function askFor(run: Run, peer: PeerId | undefined, height: bigint): void {
  const { branch, asked, chain } = run.state
  const tip = tipOf(branch).height
  const most = BigInt(ASKED_MAX)
  const way = height > tip ? 'ahead' : 'back'
  const from = way === 'ahead' ? tip + 1n : larger(baseOf(branch).height + 1n, height - most + 1n)
  const to = way === 'ahead' && height > tip + most ? tip + most : height
  const wanted = way === 'ahead' ? from : height
  const last = asked[way]
  // What was asked for is on its way.
  if (wanted >= last.from && wanted <= last.to && run.nowMs < last.atMs + chain.slotMs / 2n) return
  set(run, { asked: { ...asked, [way]: { from, to, atMs: run.nowMs } } })
  say(run, peer, { kind: 'ask', value: { from, count: Number(to - from) + 1 } })
}

/** Asks for what is missing between the branch and the best block that came, and below the best of those that fork off. */
function askForMissing(run: Run): void {
  const asked = new Set<string>()
  const { pool, branch } = run.state
  const tip = tipOf(branch)
  const better = [...pool.values()].filter((one) => compareRank(rankOf(one), tip) > 0)
  for (const one of better.sort((a, b) => compareRank(rankOf(b), rankOf(a)))) {
    if (asked.size === 2) return
    const { from, blocks } = pathTo(pool, branch, one)
    const root = blocks[0] as Pooled
    const missing = root.block.header.height - 1n
    const way = missing > tip.height ? 'ahead' : 'back'
    if (from >= 0 || asked.has(way)) continue
    // One that leaves the branch below what can be taken back leads nowhere.
    if (missing <= baseOf(branch).height) {
      markBad(run, root.id)
      continue
    }
    asked.add(way)
    askFor(run, root.from, missing)
  }
}

/** A block came. It joins the pool unless it is known, too far in the future, or not sealed by its proposer. */
function take(run: Run, { block, id, seal, from }: InputOf<'block'>): void {
  const { chain, branch, pool, bad, driftMs, fullSeats } = run.state
  const { header } = block
  if (pool.has(id) || bad.includes(id) || indexOf(branch, id) >= 0) return
  if (header.height <= baseOf(branch).height) return
  if (header.timeMs > run.nowMs + driftMs + chain.slotMs) return
  const known = knownSet(branch, header.validatorsHash)
  const isGood = known ? isSealed(chain, { header, id, seal }, known) : isReadable(block)
  if (blockId(chain.fingerprint, header) !== id || !isGood) {
    blame(run, from, 'a block with a bad seal')
    return
  }
  if (bad.includes(header.parent)) {
    markBad(run, id)
    return
  }
  const slotMs = known ? slotMsOf(chain, known, fullSeats) : chain.slotMs
  const sealed = { block, id, seal, inTime: run.nowMs < header.timeMs + slotMs }
  if (known) look(run, { header, id, seal })
  set(run, {
    pool: pooledWith(pool, pooledOf(sealed, { from, atMs: run.nowMs, checked: known !== undefined }), known),
  })
}

function isReadable({ header }: Block): boolean {
  try {
    fieldsOf(header)
    return true
  } catch (error) {
    if (isChainError(error)) return false
    throw error
  }
}

function blame(run: Run, peer: PeerId | undefined, why: string): void {
  if (peer !== undefined) run.effects.push({ kind: 'blame', peer, why })
}

// 3. The tip: nothing else happens to it while one change of it is under way.

function goOn(run: Run): void {
  while (!run.state.work) {
    const { pool, branch, driftMs } = run.state
    const path = choose(pool, branch, ({ block }) => block.header.timeMs <= run.nowMs + driftMs)
    if (!path) break
    follow(run, path)
  }
  if (!run.state.work) makeBlock(run)
  if (!run.state.work) askForMissing(run)
}

/** Takes the next step towards a better tip, or gives up what cannot be one. */
function follow(run: Run, path: Path): void {
  const { branch, pool } = run.state
  const isFork = path.from < branch.links.length - 1
  const broken = firstBroken(run.state, path, isFork)
  if (broken) {
    if (isForged(run.state, broken)) {
      // Whoever sends a good block with another seal must not keep the good one away.
      blame(run, broken.from, 'a block with a bad seal')
      set(run, { pool: without(pool, [broken.id], baseOf(branch).height) })
      return
    }
    blame(run, broken.from, 'a block that breaks the rules of the chain')
    markBad(run, broken.id)
    return
  }
  if (!isFork) {
    const pooled = path.blocks[0] as Pooled
    set(run, { work: { kind: 'validate', pooled } })
    run.effects.push({ kind: 'validateBlock', block: pooled.block, id: pooled.id })
    return
  }
  // The blocks that are taken back wait, to come back to if the other branch turns out not to be valid.
  const back = branch.links.slice(path.from + 1).flatMap(({ sealed }) => (sealed ? [sealed] : []))
  const after = new Map(pool)
  for (const sealed of back)
    after.set(sealed.id, pooledOf(sealed, { from: undefined, atMs: run.nowMs, checked: true }))
  set(run, { pool: after, work: { kind: 'revert' } })
  const to = (branch.links[path.from] as Link).height as Tip['header']['height']
  run.effects.push({ kind: 'revert', to })
}

/** The first block of a way that breaks a rule which can be checked without executing it: on a fork, as far as sets are known. */
function firstBroken(state: DposState, { from, blocks }: Path, isFork: boolean): Pooled | undefined {
  const { branch } = state
  let before: Before = branch.links[from] as Link
  let next = branch.links[from]?.next?.hash
  let votes = votesAt(branch, from)
  for (const one of isFork ? blocks : blocks.slice(0, 1)) {
    const { header } = one.block
    if (next !== undefined && header.validatorsHash !== next) return one
    const rules = knownSet(branch, header.validatorsHash)
    if (!rules) return undefined
    if (!keepsRules(state, { one, before, votes, rules })) return one
    votes = withBlock(votes, voteHeader(header), rosterOf(rules))
    before = beforeOf(header)
    next = header.nextValidatorsHash
  }
  return undefined
}

/** True of a block whose seal, which could not be checked when it came, is not by its proposer: its id says nothing of the seal. */
function isForged({ chain, branch }: DposState, { block: { header }, id, seal, checked }: Pooled): boolean {
  const rules = knownSet(branch, header.validatorsHash)
  return !checked && rules !== undefined && !isSealed(chain, { header, id, seal }, rules)
}

function keepsRules(
  { chain, fullSeats }: DposState,
  args: {
    readonly one: Pooled
    readonly before: Before
    readonly votes: Votes
    readonly rules: ValidatorSet
  },
): boolean {
  const { one, before, votes, rules } = args
  const { header } = one.block
  try {
    checkHeader(header, before, slotMsOf(chain, rules, fullSeats), rules)
    if (header.height !== before.height + 1n || brokenVote(votes, voteHeader(header)) !== undefined)
      return false
    return one.checked || isSealed(chain, { header, id: one.id, seal: one.seal }, rules)
  } catch (error) {
    if (isChainError(error)) return false
    throw error
  }
}

function validated(run: Run, { id, valid }: InputOf<'validated'>): void {
  const { work, pool, branch } = run.state
  if (work?.kind !== 'validate' || work.pooled.id !== id) return
  set(run, { work: undefined })
  const { pooled } = work
  if (valid) {
    commit(run, pooled, false)
    return
  }
  blame(run, pooled.from, 'a block that is not valid')
  // Whoever sends a good header with another body must not keep the good block away.
  if (hasItsBody(pooled.block)) markBad(run, id)
  else set(run, { pool: without(pool, [id], baseOf(branch).height) })
}

function hasItsBody(block: Block): boolean {
  const { txRoot, evidenceRoot: evidence } = block.header
  return listRoot(block.transactions.map(transactionBytes)) === txRoot && evidenceRoot(block) === evidence
}

function commit(run: Run, { block, id, seal, inTime }: Sealed, own: boolean): void {
  const { branch, accused, signed } = run.state
  const { validators } = tipIn(run.state)
  const { header } = block
  const sealed = { block, id, seal, inTime }
  const oldest = header.height - 2n * BigInt(voteRange(validators.validators.length))
  const after = {
    branch: extended(branch, linkOf(header, id, rosterAfter(branch, validators), sealed)),
    accused: [
      ...accused.filter(({ at }) => at > oldest),
      ...offencesIn(block.evidence).map((offence) => ({ ...offence, at: header.height as bigint })),
    ],
  }
  set(run, { work: { kind: 'commit', sealed, own, after } })
  run.effects.push({ kind: 'commitBlock', id, seal, checkpoint: checkpointOf({ ...after, signed }) })
}

/** The tip is another. */
function moved(run: Run, input: InputOf<'tip'>): void {
  const before = slotLengthMs(run.state)
  arrive(run, input)
  if (slotLengthMs(run.state) === before) return
  // From here on slots begin at other times, and have other numbers.
  set(run, { due: slotAt(run.state, run.nowMs) })
  setSlotTimer(run)
}

function arrive(run: Run, { tip, reveal }: InputOf<'tip'>): void {
  const { work, branch, accused, pool } = run.state
  if (work?.kind !== 'commit' || work.sealed.id !== tip.id) {
    if (indexOf(branch, tip.id) < 0) {
      stop(run, 'the tip is not on the branch of the engine')
      return
    }
    const left = accused.filter(({ at }) => at <= tip.header.height)
    set(run, { tip, branch: shortened(branch, tip), accused: left, reveal, work: undefined })
    return
  }
  const next = withTip(work.after.branch, tip)
  set(run, {
    ...{ tip, branch: next, accused: work.after.accused, reveal, work: undefined, told: false },
    pool: without(pool, [tip.id], baseOf(next).height),
  })
  if (next.final > branch.final) finalise(run)
  const isNew = tipOf(next).turn >= slotAt(run.state, run.nowMs) - 1n
  if (work.own || isNew) run.effects.push({ kind: 'sendBlock', height: tip.header.height })
}

function finalise(run: Run): void {
  const height = run.state.branch.final as Tip['header']['height']
  run.effects.push({ kind: 'finalise', height })
}

function stop(run: Run, why: string): void {
  run.effects.push({ kind: 'stop', why })
}

// 4. The node's own blocks.

/** How long an owner waits for the block of the slot before, as a part of the slot: a fifth (LIP 0014, timing of block forging). */
const WAIT_PARTS = 5n

function makeBlock(run: Run): void {
  const { self, due, branch, signed, reveal, tip } = run.state
  if (self === undefined || !tip || due <= 0n || slotAt(run.state, run.nowMs) !== due) return
  const last = tipOf(branch)
  if (due <= last.turn || ownerOf(tip.validators, due) !== self) return
  const waitedMs = slotStartMs(run.state, due) + slotLengthMs(run.state) / WAIT_PARTS
  if (last.turn < due - 1n && run.nowMs < waitedMs) {
    run.effects.push({ kind: 'setTimer', name: 'late', atMs: waitedMs })
    return
  }
  const { maxHeightPrevoted } = branch.tipVotes
  const maxHeightGenerated = signed ? larger(signed.height, signed.maxHeightGenerated) : 0n
  const header = { height: last.height + 1n, proposer: self, maxHeightPrevoted, maxHeightGenerated }
  if (signed && due <= signed.turn) return
  const why = reasonNotToSign(run.state, header)
  if (why !== undefined) {
    if (!run.state.told)
      run.effects.push({ kind: 'note', fields: { height: String(header.height) }, what: why })
    set(run, { told: true })
    return
  }
  const request = {
    timeMs: slotStartMs(run.state, due),
    round: Number(due - last.turn - 1n),
    consensus: fieldBytes({ turn: due, reveal: reveal ?? null, maxHeightPrevoted, maxHeightGenerated }),
    evidence: evidenceFor(run.state),
    missProofs: [],
  }
  set(run, { due: 0n, work: { kind: 'build', turn: due } })
  run.effects.push({ kind: 'buildBlock', request })
}

/** Why this node must not sign a block with this header: it would contradict one that it, or another node with its key, has signed. */
function reasonNotToSign({ signed, branch, tip }: DposState, header: VoteHeader): string | undefined {
  if (contradictsBranch(branch.tipVotes, header))
    return 'another node signs with the key of this one; stop one of them at once'
  // A node that was stopped between two branches finds a tip that is worse than where it was. One that rules alone has no branches.
  const isAlone = (tip as Tip).validators.validators.length === 1
  if (!signed || isAlone || !contradict({ ...signed, proposer: header.proposer }, header)) return undefined
  return 'this node makes no block until the chain has passed the last one that it signed'
}

/** A block on the tip that this node built, perhaps before a crash: nobody else may have what it signed then, and it may sign nothing else at that height. */
function built(run: Run, { block, id }: InputOf<'built'>): void {
  const { work, chain, tip, signed } = run.state
  const { header } = block
  const { turn, maxHeightPrevoted, maxHeightGenerated } = fieldsOf(header)
  if ((work && work.kind !== 'build') || header.parent !== tip?.id || (signed && signed.turn > turn)) return
  // From here on the node counts as having signed, whatever becomes of it.
  set(run, {
    work: { kind: 'sign', turn, block, id },
    signed: { turn, height: header.height, maxHeightPrevoted, maxHeightGenerated },
  })
  run.effects.push({ kind: 'sign', at: placeOf(turn), message: sealMessage(chain.fingerprint, header, id) })
}

function signed(run: Run, { at, signature }: InputOf<'signed'>): void {
  const { work } = run.state
  if (work?.kind !== 'sign' || work.turn !== at.height) return
  const { block, id } = work
  look(run, { header: block.header, id, seal: signature })
  commit(run, { block, id, seal: signature, inTime: true }, true)
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}
