import type { AttackKind } from '@mmtchain/simulator'
import type { Change } from './variant.ts'

/** A bug of one line, and what it is. */
export interface Planted extends Change {
  readonly name: string
  /** What finds it, and a seed of that which does. Any change of the nodes may move it a little. */
  readonly by: Hunt
  readonly seed: number
}

/**
 * Attacks on the locks by scripted rounds (`drawnAttack`), runs of nothing but crashes, runs of every kind of fault, the same on a
 * chain whose set of validators is ordered anew each epoch, and on one whose validators are elected, some of whom are away for a while.
 */
export type Hunt = AttackKind | 'crashes' | 'faults' | 'governed' | 'elected'

const PBFT = 'consensus-pbft/src'
const NODE = 'node-runtime/src'
const DPOS = 'consensus-dpos/src'

export const planted: readonly Planted[] = [
  {
    ...{ name: 'a quorum is one too small', by: 'lost', seed: 1 },
    ...{
      file: `${PBFT}/quorum.ts`,
      find: 'Math.floor((2 * validators) / 3) + 1',
      put: 'Math.floor((2 * validators) / 3)',
    },
  },
  {
    ...{ name: 'a lock is not looked at', by: 'twins', seed: 33 },
    file: `${PBFT}/rules.ts`,
    find: 'return lockedRound <= validRound || lockedId === blockId',
    put: 'return true',
  },
  {
    ...{ name: 'no lock is taken', by: 'lost', seed: 47 },
    ...{ file: `${PBFT}/rules.ts`, find: '    next.lockedRound = round\n', put: '' },
  },
  {
    ...{ name: 'what the log has forgotten is not looked at', by: 'forget', seed: 367 },
    ...{ file: `${PBFT}/rules.ts`, find: 'return forgottenRound <= validRound', put: 'return true' },
  },
  {
    ...{ name: 'a quorum that is one too small decides', by: 'lost', seed: 1 },
    ...{
      file: `${PBFT}/rules.ts`,
      find: 'const least = quorumOf(rulers)\n    const id = countAll(commits)',
      put: 'const least = quorumOf(rulers) - 1\n    const id = countAll(commits)',
    },
  },
  {
    ...{ name: 'a proposal of a later round is taken for this one', by: 'lost', seed: 1 },
    ...{
      file: `${PBFT}/rules.ts`,
      find: 'proposerSeat(tip, round) !== seat',
      put: 'proposerSeat(tip, 0) !== seat',
    },
  },
  {
    ...{ name: 'nobody goes to the next round when commits differ', by: 'lost', seed: 1 },
    ...{ file: `${PBFT}/rules.ts`, find: "if (name === 'commit') enterRound(work, next.round + 1)", put: '' },
  },
  {
    ...{ name: 'nobody prepares nil when no proposal comes', by: 'down', seed: 2 },
    ...{
      file: `${PBFT}/rules.ts`,
      find: "if (name === 'propose' && next.step === 'propose') prepare(work, null)",
      put: '',
    },
  },
  {
    ...{ name: 'the timer that commits nil does nothing', by: 'lost', seed: 1 },
    ...{
      file: `${PBFT}/rules.ts`,
      find: "if (name === 'prepare' && next.step === 'prepare') commit(work, null)",
      put: '',
    },
  },
  {
    ...{ name: 'the proposer is always that of round 0', by: 'lost', seed: 1 },
    ...{
      file: `${PBFT}/turns.ts`,
      find: 'return seatOfTurn(parent.validators, turnAt(parent, round))',
      put: 'return seatOfTurn(parent.validators, turnAt(parent, 0))',
    },
  },
  {
    ...{ name: 'signatures of votes are not checked', by: 'liar', seed: 1 },
    ...{
      file: `${PBFT}/receive.ts`,
      find: 'if (!areSigned(work, news)) return',
      put: 'if (!next) return',
    },
  },
  {
    ...{ name: 'a PrepareCert is not checked', by: 'liar', seed: 5 },
    ...{
      file: `${PBFT}/receive.ts`,
      find: 'if (!unknown || !areSigned(work, unknown)) {',
      put: 'if (!unknown) {',
    },
  },
  {
    ...{ name: 'votes of two rounds are evidence', by: 'liar', seed: 4 },
    ...{
      file: `${PBFT}/evidence.ts`,
      find: 'a.value.height === b.value.height && a.value.round === b.value.round',
      put: 'a.value.height === b.value.height',
    },
  },
  {
    ...{ name: 'own messages are not sent again', by: 'lost', seed: 1 },
    ...{
      file: `${PBFT}/gossip.ts`,
      find: "  setTimer(work, 'resend', work.nowMs + next.timing.timeoutMs / 2n)\n",
      put: '',
    },
  },
  {
    ...{ name: 'a signature leaves before it is on the disk', by: 'crashes', seed: 2 },
    ...{
      file: `${NODE}/signer.ts`,
      find: 'await state.record({ at, message, signature })',
      put: 'void state.record({ at, message, signature }).catch(() => undefined)',
    },
  },
  {
    ...{ name: 'the sign state is not synced', by: 'crashes', seed: 1 },
    ...{ file: `${NODE}/sign-state.ts`, find: '.then(() => file.sync(how))', put: '' },
  },
  {
    ...{ name: 'the older copy of the sign state counts', by: 'crashes', seed: 16 },
    ...{
      file: `${NODE}/sign-state.ts`,
      find: 'second.sequence > first.sequence',
      put: 'second.sequence < first.sequence',
    },
  },
  {
    ...{ name: 'a place may be signed twice', by: 'crashes', seed: 31 },
    ...{
      file: `${NODE}/signer.ts`,
      find: "if (order > 0) return 'new'",
      put: "if (order >= 0) return 'new'",
    },
  },
  {
    ...{ name: 'a sign state that was torn is taken as it is', by: 'crashes', seed: 6 },
    ...{
      file: `${NODE}/sign-state.ts`,
      find: 'body.length === length && equalBytes(sha256(body), all.subarray(MAGIC.length + 4, HEAD_BYTES))',
      put: 'body.length === length',
    },
  },
  {
    ...{ name: 'a start counts on a sign state that may be in memory alone', by: 'crashes', seed: 19 },
    ...{ file: `${NODE}/sign-state.ts`, find: 'await guarded(() => writeBoth(file, now))', put: '' },
  },
  {
    ...{ name: 'inputs are not logged before what they cause', by: 'crashes', seed: 1 },
    ...{
      file: `${NODE}/driver.ts`,
      find: '        await inputLog?.sync()\n',
      put: '',
    },
  },
  {
    ...{ name: 'the log of inputs is not synced', by: 'crashes', seed: 1 },
    ...{
      file: `${NODE}/input-log.ts`,
      find: '    await file.write(at, frame)\n    await file.sync()\n',
      put: '    await file.write(at, frame)\n',
    },
  },
  {
    ...{ name: 'frames of the log are not checked', by: 'crashes', seed: 5 },
    ...{
      file: `${NODE}/input-log.ts`,
      find: 'return isWhole ? body : undefined',
      put: 'return body',
    },
  },
  {
    ...{ name: 'the log goes on after a new tip', by: 'crashes', seed: 1 },
    ...{ file: `${NODE}/driver.ts`, find: '    inputLog?.begin(next.id, nowMs)\n', put: '' },
  },
  {
    ...{ name: 'after a crash nothing is carried out that was asked for', by: 'crashes', seed: 1 },
    ...{ file: `${NODE}/driver.ts`, find: 'return awaited.rest()', put: 'return []' },
  },
  {
    ...{ name: 'verdicts are not logged', by: 'crashes', seed: 1 },
    ...{
      file: `${NODE}/driver.ts`,
      find: "if (input.kind === 'started' || input.kind === 'tip') return",
      put: "if (input.kind === 'started' || input.kind === 'tip' || input.kind === 'validated') return",
    },
  },
  {
    ...{ name: 'messages are counted, not validators', by: 'liar', seed: 1 },
    ...{
      file: `${PBFT}/receive.ts`,
      find: "withAt(kind === 'prepare' ? here.prepares : here.commits, vote.seat, vote)",
      put: "[...(kind === 'prepare' ? here.prepares : here.commits), vote]",
    },
  },
  {
    ...{ name: 'a block is unlocked by a certificate of the round before the lock', by: 'lost', seed: 47 },
    ...{
      file: `${PBFT}/rules.ts`,
      find: 'return lockedRound <= validRound || lockedId === blockId',
      put: 'return lockedRound <= validRound + 1 || lockedId === blockId',
    },
  },
  {
    ...{ name: 'a validator that committed nil commits the block, too', by: 'lost', seed: 9 },
    ...{
      file: `${PBFT}/rules.ts`,
      find: "if (step === 'prepare') {\n    next.lockedRound",
      put: "if (step !== 'propose') {\n    next.lockedRound",
    },
  },
  {
    ...{ name: 'the lock of the height before stays', by: 'lost', seed: 1 },
    ...{
      file: `${PBFT}/engine.ts`,
      find: '  Object.assign(next, FRESH_HEIGHT)\n',
      put: '  Object.assign(next, { ...FRESH_HEIGHT, lockedRound: next.lockedRound, lockedId: next.lockedId })\n',
    },
  },
  {
    ...{ name: 'the first set of validators stays', by: 'governed', seed: 1 },
    ...{
      file: `${PBFT}/engine.ts`,
      find: '  next.rulers = { set, hash: validatorsHash(chain.fingerprint, set) }\n',
      put: '  if (!next.rulers.set.validators.length) next.rulers = { set, hash: validatorsHash(chain.fingerprint, set) }\n',
    },
  },
  {
    ...{ name: 'an answer that nobody waits for is an offence', by: 'crashes', seed: 12 },
    ...{
      file: `${NODE}/sync.ts`,
      find: 'asked?.from !== from || BigInt(blocks.length) > asked.to - asked.from + 1n) return\n',
      put: "asked?.from !== from || BigInt(blocks.length) > asked.to - asked.from + 1n) return args.blame(name, '')\n",
    },
  },
  {
    ...{ name: 'sync asks for blocks from the tip on', by: 'crashes', seed: 1 },
    ...{
      file: `${NODE}/sync.ts`,
      find: 'const next = () => branch ?? tip().header.height + 1n',
      put: 'const next = () => branch ?? tip().header.height',
    },
  },
  {
    ...{ name: 'seats stay in the order of the votes', by: 'elected', seed: 1 },
    ...{ file: `${DPOS}/epoch.ts`, find: '    .sort((a, b) => (a.place < b.place ? -1 : 1))\n', put: '' },
  },
  {
    ...{ name: 'an epoch goes on for a turn too long', by: 'elected', seed: 1 },
    ...{
      file: `${DPOS}/epoch.ts`,
      find: 'if (turns < BigInt(validators.validators.length)) return',
      put: 'if (turns <= BigInt(validators.validators.length)) return',
    },
  },
  {
    ...{ name: 'the elected rule an epoch too early', by: 'elected', seed: 1 },
    ...{
      file: `${DPOS}/epoch.ts`,
      find: '  if (chosen.length > 0) state.elected.set(chosen)\n',
      put: '  if (chosen.length > 0) {\n    state.elected.set(chosen)\n    const next = state.ruling.get()\n    if (next) state.ruling.set({ ...next, validators: inOrder(chosen, progress.seed) })\n  }\n',
    },
  },
  {
    ...{ name: 'one miss more than the chain says is forgiven', by: 'elected', seed: 2 },
    ...{
      file: `${DPOS}/duty.ts`,
      find: 'missedInRow >= BigInt(params.missesToSuspend)',
      put: 'missedInRow > BigInt(params.missesToSuspend)',
    },
  },
  {
    ...{ name: 'a block does not end a row of misses', by: 'elected', seed: 4 },
    ...{
      file: `${DPOS}/duty.ts`,
      find: '  forgiveMisses(ctx, proposer)\n',
      put: "  if (state.charged.get(proposer)?.kind === 'misses') state.charged.delete(proposer)\n",
    },
  },
  {
    ...{ name: 'who is suspended is away for an epoch less', by: 'elected', seed: 2 },
    ...{
      file: `${DPOS}/epoch.ts`,
      find: 'const away = epoch + BigInt(params.awayEpochs)',
      put: 'const away = epoch',
    },
  },
  {
    ...{ name: 'more seats are taken away than the chain may lose', by: 'elected', seed: 1 },
    ...{
      file: `${DPOS}/seats.ts`,
      find: 'const least = Math.min(seats, Math.max(min, seats - STEP))',
      put: 'const least = Math.max(1, min - STEP, seats - STEP)',
    },
  },
  {
    ...{ name: 'seats follow one full epoch', by: 'elected', seed: 1 },
    ...{ file: `${DPOS}/seats.ts`, find: 'fullEpochs === EPOCHS_TO_CHANGE', put: 'fullEpochs > 0' },
  },
]
