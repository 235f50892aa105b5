import type { Change } from './variant.ts'

/** A bug of one line, and what it is. */
export interface Planted extends Change {
  readonly name: string
  /** Shown to be found by one of the first twelve seeds. The others are candidates: their lines are there, nothing more is shown. */
  readonly found?: boolean
}

const PBFT = 'consensus-pbft/src'
const NODE = 'node-runtime/src'

export const planted: readonly Planted[] = [
  {
    name: 'a quorum is one too small',
    found: true,
    ...{
      file: `${PBFT}/quorum.ts`,
      find: 'Math.floor((2 * validators) / 3) + 1',
      put: 'Math.floor((2 * validators) / 3)',
    },
  },
  {
    name: 'a lock is not looked at',
    file: `${PBFT}/rules.ts`,
    find: 'return lockedRound <= validRound || lockedId === blockId',
    put: 'return true',
  },
  {
    name: 'no lock is taken',
    ...{ file: `${PBFT}/rules.ts`, find: '    next.lockedRound = round\n', put: '' },
  },
  {
    name: 'what the log has forgotten is not looked at',
    ...{ file: `${PBFT}/rules.ts`, find: 'return forgottenRound <= validRound', put: 'return true' },
  },
  {
    name: 'a quorum that is one too small decides',
    found: true,
    ...{
      file: `${PBFT}/rules.ts`,
      find: 'const least = quorumOf(rulers)\n    const id = countAll(commits)',
      put: 'const least = quorumOf(rulers) - 1\n    const id = countAll(commits)',
    },
  },
  {
    name: 'validators that prepared nil commit a block',
    ...{
      file: `${PBFT}/rules.ts`,
      find: 'if (countFor(here.prepares, null) >= quorumOf(next.rulers)) {\n    commit(work, null)',
      put: 'if (countFor(here.prepares, null) >= quorumOf(next.rulers)) {\n    commit(work, next.validId)',
    },
  },
  {
    name: 'proposals of any time are timely',
    ...{ file: `${PBFT}/rules.ts`, find: '!isTimely(next, { timeMs, receivedMs })', put: 'false' },
  },
  {
    name: 'a proposal of a later round is taken for this one',
    ...{
      file: `${PBFT}/rules.ts`,
      find: 'proposerSeat(tip, round) !== seat',
      put: 'proposerSeat(tip, 0) !== seat',
    },
  },
  {
    name: 'nobody goes to the next round when commits differ',
    found: true,
    ...{ file: `${PBFT}/rules.ts`, find: "if (name === 'commit') enterRound(work, next.round + 1)", put: '' },
  },
  {
    name: 'nobody prepares nil when no proposal comes',
    ...{
      file: `${PBFT}/rules.ts`,
      find: "if (name === 'propose' && next.step === 'propose') prepare(work, null)",
      put: '',
    },
  },
  {
    name: 'the timer that commits nil does nothing',
    ...{
      file: `${PBFT}/rules.ts`,
      find: "if (name === 'prepare' && next.step === 'prepare') commit(work, null)",
      put: '',
    },
  },
  {
    name: 'nobody skips to the round of others',
    ...{ file: `${PBFT}/rules.ts`, find: 'if (skipRounds(work)) continue', put: '' },
  },
  {
    name: 'the proposer is always that of round 0',
    ...{
      file: `${PBFT}/turns.ts`,
      find: 'return seatOfTurn(parent.validators, turnAt(parent, round))',
      put: 'return seatOfTurn(parent.validators, turnAt(parent, 0))',
    },
  },
  {
    name: 'signatures of votes are not checked',
    ...{
      file: `${PBFT}/receive.ts`,
      find: 'if (claims.length < checked.length || verifyBatch(claims).length > 0)',
      put: 'if (claims.length < checked.length)',
    },
  },
  {
    name: 'the seal of a block is not checked',
    ...{ file: `${PBFT}/receive.ts`, find: 'if (!cert || !isVerified(work, cert))', put: 'if (!cert)' },
  },
  {
    name: 'a PrepareCert is not checked',
    ...{
      file: `${PBFT}/receive.ts`,
      find: 'claims.length < unknown.length || verifyBatch(claims).length > 0',
      put: 'claims.length < unknown.length',
    },
  },
  {
    name: 'votes of two rounds are evidence',
    ...{
      file: `${PBFT}/evidence.ts`,
      find: 'a.value.height === b.value.height && a.value.round === b.value.round',
      put: 'a.value.height === b.value.height',
    },
  },
  {
    name: 'own messages are not sent again',
    ...{
      file: `${PBFT}/gossip.ts`,
      find: "  setTimer(work, 'resend', work.nowMs + next.timing.timeoutMs / 2n)\n",
      put: '',
    },
  },
  {
    name: 'nobody answers where others are',
    ...{
      file: `${PBFT}/gossip.ts`,
      find: 'if (height === next.height) answerStatus(work, from, status)',
      put: 'if (height < 0n) answerStatus(work, from, status)',
    },
  },
  {
    name: 'a signature leaves before it is on the disk',
    ...{
      file: `${NODE}/signer.ts`,
      find: 'await state.record({ at, message, signature })',
      put: 'void state.record({ at, message, signature }).catch(() => undefined)',
    },
  },
  {
    name: 'the sign state is not synced',
    found: true,
    ...{ file: `${NODE}/sign-state.ts`, find: '  await file.sync()\n', put: '' },
  },
  {
    name: 'the older copy of the sign state counts',
    ...{
      file: `${NODE}/sign-state.ts`,
      find: 'second.sequence > first.sequence',
      put: 'second.sequence < first.sequence',
    },
  },
  {
    name: 'a place may be signed twice',
    ...{
      file: `${NODE}/signer.ts`,
      find: "if (order > 0) return 'new'",
      put: "if (order >= 0) return 'new'",
    },
  },
  {
    name: 'a sign state that was torn is taken as it is',
    ...{
      file: `${NODE}/sign-state.ts`,
      find: 'body.length === length && equalBytes(sha256(body), all.subarray(MAGIC.length + 4, HEAD_BYTES))',
      put: 'body.length === length',
    },
  },
  {
    name: 'inputs are not logged before what they cause',
    ...{ file: `${NODE}/driver.ts`, find: 'if (leaves(effect)) await inputLog?.sync()', put: '' },
  },
  {
    name: 'the log of inputs is not synced',
    found: true,
    ...{ file: `${NODE}/input-log.ts`, find: '      await file.sync()\n', put: '' },
  },
  {
    name: 'the log of inputs is not cut where it is torn',
    ...{ file: `${NODE}/input-log.ts`, find: '      await file.truncate(size)\n', put: '' },
  },
  {
    name: 'frames of the log are not checked',
    ...{
      file: `${NODE}/input-log.ts`,
      find: 'return isWhole && equalBytes(sumOf(bound, at, body), head.subarray(MAGIC.length + 4)) ? body : undefined',
      put: 'return isWhole ? body : undefined',
    },
  },
  {
    name: 'the log goes on after a new tip',
    found: true,
    ...{ file: `${NODE}/driver.ts`, find: '    inputLog?.begin(next.id, nowMs)\n', put: '' },
  },
  {
    name: 'after a crash nothing is carried out that was asked for',
    found: true,
    ...{ file: `${NODE}/driver.ts`, find: 'return awaited.rest()', put: 'return []' },
  },
  {
    name: 'verdicts are not logged',
    ...{
      file: `${NODE}/driver.ts`,
      find: "if (input.kind !== 'started' && input.kind !== 'tip')",
      put: "if (input.kind !== 'started' && input.kind !== 'tip' && input.kind !== 'validated')",
    },
  },
  {
    name: 'one liar is enough to take others to its round',
    ...{
      file: `${PBFT}/rules.ts`,
      find: 'if (highest.filter((one) => one > round).length < honestMin(highest.length)) return false',
      put: 'if (highest.filter((one) => one > round).length < honestMin(highest.length) - 1) return false',
    },
  },
  {
    name: 'messages are counted, not validators',
    ...{
      file: `${PBFT}/receive.ts`,
      find: 'setRound(work, value.round, { [list]: here[list].with(vote.seat, vote) })',
      put: 'setRound(work, value.round, { [list]: [...here[list], vote] })',
    },
  },
  {
    name: 'the seats of a certificate are not counted',
    ...{
      file: `${PBFT}/certificates.ts`,
      find: 'const isQuorum = seats !== undefined && seats.length >= quorum(set.validators.length)',
      put: 'const isQuorum = seats !== undefined && seats.length > 0',
    },
  },
  {
    name: 'a block is unlocked by a certificate of the round before the lock',
    ...{
      file: `${PBFT}/rules.ts`,
      find: 'return lockedRound <= validRound || lockedId === blockId',
      put: 'return lockedRound <= validRound + 1 || lockedId === blockId',
    },
  },
  {
    name: 'a block that is proposed again needs no PREPAREs',
    ...{
      file: `${PBFT}/rules.ts`,
      find: 'if (preparedIn(next, validRound) !== blockId) return undefined',
      put: '',
    },
  },
  {
    name: 'a validator prepares again when the proposal comes late',
    ...{
      file: `${PBFT}/rules.ts`,
      find: "if (next.step !== 'propose') return false\n  const { proposal }",
      put: "if (next.step !== 'propose' && next.step !== 'prepare') return false\n  const { proposal }",
    },
  },
  {
    name: 'a validator that committed nil commits the block, too',
    ...{
      file: `${PBFT}/rules.ts`,
      find: "if (step === 'prepare') {\n    next.lockedRound",
      put: "if (step !== 'propose') {\n    next.lockedRound",
    },
  },
  {
    name: 'blocks that are not valid are prepared',
    ...{ file: `${PBFT}/rules.ts`, find: 'return known.valid ? blockId : null', put: 'return blockId' },
  },
  {
    name: 'the lock of the height before stays',
    ...{
      file: `${PBFT}/engine.ts`,
      find: '  Object.assign(next, FRESH_HEIGHT)\n',
      put: '  Object.assign(next, { ...FRESH_HEIGHT, lockedRound: next.lockedRound, lockedId: next.lockedId })\n',
    },
  },
  {
    name: 'a proposal by anybody is taken',
    ...{
      file: `${PBFT}/receive.ts`,
      find: "if (!isSignedBySeat(work, signed)) return blame(work, from, 'a proposal with a bad signature')",
      put: '',
    },
  },
  {
    name: 'sync takes a block on any parent',
    ...{
      file: `${NODE}/sync.ts`,
      find: 'branch === undefined && block.header.parent !== tip().id',
      put: 'false',
    },
  },
  {
    name: 'sync asks nobody else when an answer does not come',
    ...{
      file: `${NODE}/sync.ts`,
      find: '      peer.asked = undefined\n      strike(name, peer, from)\n      plan()\n',
      put: '',
    },
  },
  {
    name: 'sync never asks again',
    ...{
      file: `${NODE}/sync.ts`,
      find: '      asked.cancel()\n      peer.asked = undefined\n',
      put: '      asked.cancel()\n',
    },
  },
  {
    name: 'the signer answers with what it signed last',
    ...{
      file: `${NODE}/signer.ts`,
      find: "return last && order === 0 && equalBytes(last.message, message) ? 'again' : 'never'",
      put: "return last && order === 0 ? 'again' : 'never'",
    },
  },
]
