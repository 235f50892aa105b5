import { beforeEach, describe, expect, test } from 'vitest'
import { type Made, START_MS, trial } from './trial.ts'

// Four validators; this one has seat 3, so that it proposes in round 3. f = 1, q = 3.
let on: ReturnType<typeof trial>
let a: Made
let b: Made
beforeEach(() => {
  on = trial()
  a = on.block(0)
  b = on.block(1)
})

/** Locks this validator on block a in round 0, then goes to a later round. */
function lockedIn(round: number): undefined {
  on.start()
  on.propose(0, a)
  on.votes(['prepare', 0, a], [0, 1, 2])
  expect(on.asked()).toEqual(['prepare block 0', 'commit block 0'])
  on.skipTo(round)
}

describe('rule 1 (lines 11-21, 57-60)', () => {
  test('round 0 begins a slot after the parent', () => {
    on.pass(-1_000)
    expect(on.start()).toEqual(['timer round 1000'])
    on.pass(999)
    expect(on.timer('round')).toEqual([])
    on.pass(1)
    expect(on.timer('round')).toEqual(['timer resend 500', 'timer propose 1000'])
  })

  test('round 0 begins at once when the slot is over, with the own commit', () => {
    on.pass(5_000)
    expect(on.start()).toEqual(['timer resend 500', 'timer propose 1000'])
  })

  test('the proposer builds, at its own time and never less than a slot after the parent, and waits as all do', () => {
    const first = trial({ self: 0 })
    first.pass(70)
    expect(first.start()).toEqual(['timer resend 500', 'timer propose 1000', 'buildBlock'])
    const [request] = first.raw().flatMap((effect) => (effect.kind === 'buildBlock' ? [effect.request] : []))
    expect(request).toMatchObject({ timeMs: START_MS + 70n, round: 0 })
  })

  test('a block that was built for a round that is over is not proposed', () => {
    const first = trial({ self: 0 })
    first.start()
    const made = first.block(0)
    first.pass(1_000)
    first.timer('propose')
    expect(first.asked()).toEqual(['prepare nil'])
    first.feed({ kind: 'built', ...made, nowMs: first.nowMs })
    expect(first.effects()).toEqual([])
  })

  test('the proposer proposes its valid block again, with its certificate', () => {
    const first = trial({ self: 1 })
    const made = first.block(0)
    first.start()
    first.propose(0, made)
    first.signed()
    first.votes(['prepare', 0, made], [0, 2, 3])
    first.signed()
    first.votes(['prepare', 1, null], [0, 2])
    expect(first.asked()).toEqual(['prepare block 0', 'commit block 0', 'prePrepare'])
    first.signed()
    const [sent] = first.raw().flatMap((effect) => (effect.kind === 'send' ? [effect.message] : []))
    expect(sent).toMatchObject({
      kind: 'prePrepare',
      value: {
        signed: { statement: { value: { round: 1, validRound: 0, blockId: made.id } } },
        prepareCert: { round: 0 },
      },
    })
  })

  test('without a proposal in time it prepares nil; a timer that comes too early does nothing', () => {
    on.start()
    on.pass(999)
    expect(on.timer('propose')).toEqual([])
    on.pass(1)
    on.timer('propose')
    expect(on.asked()).toEqual(['prepare nil'])
    expect(on.timer('propose')).toEqual([])
  })

  test('a verdict that comes after the timer is too late for the PREPARE and counts for rules 4 and 6', () => {
    on.start()
    on.propose(0, a, { verdict: 'later' })
    on.pass(1_000)
    on.timer('propose')
    expect(on.asked()).toEqual(['prepare nil'])
    on.votes(['prepare', 0, a], [0, 1, 2])
    expect(on.asked()).toEqual([])
    on.verdict(a)
    expect(on.asked()).toEqual(['commit block 0'])
  })

  test('each round waits longer: T(r) = T0 + r × step', () => {
    on.start()
    expect(on.skipTo(2)).toContain('timer propose 2000')
  })
})

describe('rule 2 (lines 22-27), a fresh proposal', () => {
  test('is prepared when it is valid', () => {
    on.start()
    on.propose(0, a)
    expect(on.asked()).toEqual(['prepare block 0'])
  })
  test('is answered with nil when it is not valid', () => {
    on.start()
    on.propose(0, a, { verdict: false })
    expect(on.asked()).toEqual(['prepare nil'])
  })
  test('against a lock is answered with nil', () => {
    lockedIn(1)
    on.propose(1, b)
    expect(on.asked()).toEqual(['prepare nil'])
  })
  test('of another round, or of another proposer than the round’s, is no proposal', () => {
    on.start()
    on.propose(0, b, { verdict: 'later' })
    expect(on.asked()).toEqual(['prepare nil'])
    const other = trial()
    other.start()
    expect(other.propose(0, other.block(0), { seat: 1, verdict: 'later' })).toEqual(['blame'])
  })
  test.each([
    // T(0) is 1,000 ms, the clocks differ by at most 200 ms.
    { what: 'just early enough', aheadMs: 200n, prepared: 'block 2' },
    { what: 'too far ahead', aheadMs: 201n, prepared: 'nil' },
    { what: 'just young enough', aheadMs: -1_200n, prepared: 'block 2' },
    { what: 'too old', aheadMs: -1_201n, prepared: 'nil' },
  ])('$what is prepared as $prepared', ({ aheadMs, prepared }) => {
    on.pass(3_000)
    const made = on.block(0, { extraMs: aheadMs })
    on.start()
    on.propose(0, made, { verdict: 'later' })
    on.verdict(made)
    expect(on.asked()).toEqual([`prepare ${prepared}`])
  })
})

describe('rule 3 (lines 28-33), a block that is proposed again', () => {
  /** A block of round 0 that the proposer of round `round` proposes again with a certificate of `validRound`. */
  function again(round: number, validRound: number, made: Made) {
    const prepareCert = on.cert('prepare', validRound, made, [0, 1, 2])
    return on.propose(round, made, { validRound, prepareCert })
  }

  test('is prepared when nothing is locked', () => {
    on.start()
    on.skipTo(1)
    again(1, 0, a)
    expect(on.asked()).toEqual(['prepare block 0'])
  })
  test('with a certificate below the lock is answered with nil', () => {
    on.start()
    on.skipTo(1)
    on.propose(1, b)
    on.votes(['prepare', 1, b], [0, 1, 2])
    expect(on.asked()).toEqual(['prepare block 1', 'commit block 1'])
    on.skipTo(2)
    again(2, 0, a)
    expect(on.asked()).toEqual(['prepare nil'])
  })
  test('with a certificate of the lock’s round is prepared: it is the locked block', () => {
    lockedIn(1)
    again(1, 0, a)
    expect(on.asked()).toContain('prepare block 0')
  })
  test('with a certificate above the lock is prepared, whatever is locked', () => {
    lockedIn(2)
    on.message({ kind: 'prepareCert', value: on.cert('prepare', 1, b, [0, 1, 2]) })
    again(2, 1, b)
    expect(on.asked()).toContain('prepare block 1')
  })
  test('that is locked here is prepared even with a certificate below the lock', () => {
    on.start()
    on.skipTo(1)
    again(1, 0, a)
    on.votes(['prepare', 1, a], [0, 1, 2])
    expect(on.asked()).toEqual(['prepare block 0', 'commit block 0'])
    on.skipTo(2)
    again(2, 0, a)
    expect(on.asked()).toEqual(['prepare block 0'])
  })
  test('without its certificate waits, and q stored PREPAREs serve as well', () => {
    on.start()
    on.skipTo(1)
    on.propose(1, a, { validRound: 0 })
    expect(on.asked()).toEqual([])
    on.votes(['prepare', 0, a], [0, 1, 2])
    expect(on.asked()).toEqual(['prepare block 0'])
  })
  test('with a bad certificate is as without one, and the proposer is not blamed', () => {
    on.start()
    on.skipTo(1)
    const cert = on.cert('prepare', 0, a, [0, 1, 2])
    const bad = { ...cert, signatures: [...cert.signatures].reverse() }
    expect(on.propose(1, a, { validRound: 0, prepareCert: bad })).toEqual(['validateBlock'])
    on.votes(['prepare', 0, a], [0, 1, 2])
    expect(on.asked()).toEqual(['prepare block 0'])
  })
  test('counts by its certificate even where a liar in it sent this node another vote', () => {
    on.start()
    on.votes(['prepare', 0, null], [0])
    on.skipTo(1)
    again(1, 0, a)
    expect(on.asked()).toContain('prepare block 0')
  })
  test('is not refused for its age', () => {
    on.start()
    on.skipTo(1)
    on.pass(60_000)
    again(1, 0, a)
    expect(on.asked()).toEqual(['prepare block 0'])
  })
  test('from a round after its certificate, or in the certificate’s own round, is no proposal', () => {
    on.start()
    on.skipTo(2)
    on.propose(2, b, { validRound: 0, verdict: 'later' })
    expect(on.asked()).toEqual(['prepare nil'])
    const other = trial()
    const made = other.block(0)
    other.start()
    other.propose(0, made, { validRound: 0, verdict: 'later' })
    expect(other.asked()).toEqual(['prepare nil'])
  })
})

describe('a hidden lock', () => {
  test('is kept while others move on, and given up only for a newer certificate', () => {
    // This validator alone saw q PREPAREs in round 0; the others know nothing of its lock.
    lockedIn(1)
    on.propose(1, b, { verdict: 'later' })
    expect(on.asked()).toEqual(['prepare nil'])
    on.verdict(b)
    // q of the others prepare b without it: it sees that, and is free.
    on.votes(['prepare', 1, b], [0, 1, 2])
    expect(on.asked()).toEqual(['commit block 1'])
  })
})

describe('rule 4 (lines 36-43), q PREPAREs for a valid block', () => {
  test('lock it and commit to it, once', () => {
    on.start()
    on.propose(0, a)
    on.votes(['prepare', 0, a], [0, 1])
    expect(on.asked()).toEqual(['prepare block 0'])
    on.votes(['prepare', 0, a], [2])
    expect(on.asked()).toEqual(['commit block 0'])
    on.votes(['prepare', 0, a], [2])
    expect(on.effects()).toEqual([])
  })
  test('after the COMMIT make it the valid block and lock nothing', () => {
    on.start()
    on.propose(0, a)
    on.signed()
    on.votes(['prepare', 0, null], [0])
    on.votes(['prepare', 0, a], [1])
    on.pass(1_000)
    on.timer('prepare')
    expect(on.asked()).toEqual(['prepare block 0', 'commit nil'])
    on.votes(['prepare', 0, a], [2])
    // As the proposer of round 3 it proposes that block again, while it would prepare any other.
    expect(on.state).toMatchObject({ validRound: 0, validId: a.id, lockedRound: -1 })
    on.skipTo(1)
    on.propose(1, b)
    expect(on.asked()).toEqual(['prepare block 1'])
  })
  test('do nothing without the block, which is asked for', () => {
    on.start()
    on.pass(1_000)
    on.timer('propose')
    expect(on.votes(['prepare', 0, a], [0, 1, 2])).toContain('send getBlock to one')
    expect(on.message({ kind: 'block', value: a.block })).toEqual(['validateBlock'])
    on.verdict(a)
    expect(on.asked()).toEqual(['prepare nil', 'commit block 0'])
  })
  test('do nothing before the own PREPARE', () => {
    on.start()
    on.votes(['prepare', 0, a], [0, 1, 2])
    expect(on.asked()).toEqual([])
    on.propose(0, a)
    expect(on.asked()).toEqual(['prepare block 0', 'commit block 0'])
  })
})

describe('rule 5 (lines 34-35, 44-46, 61-64)', () => {
  test('q PREPAREs of any kind start the prepare timer, once; it commits nil', () => {
    on.start()
    on.propose(0, a)
    expect(on.votes(['prepare', 0, null], [0, 1])).toEqual([])
    expect(on.votes(['prepare', 0, a], [2])).toEqual(['timer prepare 1000'])
    on.pass(1_000)
    on.timer('prepare')
    expect(on.asked()).toEqual(['prepare block 0', 'commit nil'])
  })
  test('q PREPAREs for nil commit nil at once', () => {
    on.start()
    on.propose(0, a)
    on.votes(['prepare', 0, null], [0, 1, 2])
    expect(on.asked()).toEqual(['prepare block 0', 'commit nil'])
  })
})

describe('rule 6 (lines 49-54), q COMMITs for a valid block', () => {
  test('decide it, in any round of the height', () => {
    on.start()
    on.propose(0, a)
    on.skipTo(1)
    expect(on.votes(['commit', 0, a], [0, 1, 2])).toEqual(['decide block 0'])
  })
  test('decide it without its proposal, once the block is there', () => {
    on.start()
    expect(on.votes(['commit', 0, a], [0, 1, 2])).toContain('send getBlock to one')
    on.message({ kind: 'block', value: a.block })
    expect(on.verdict(a)).toEqual(['decide block 0'])
  })
  test('give a seal that checks', () => {
    on.start()
    on.propose(0, a)
    on.votes(['commit', 0, a], [0, 1, 2])
    const [seal] = on.raw().flatMap((effect) => (effect.kind === 'commitBlock' ? [effect.seal] : []))
    const { engine, machine, tip } = on
    const args = { chain: machine.engineChain, header: a.block.header, id: a.id, validators: tip.validators }
    expect(() => engine.checkSeal({ ...args, seal: seal as Uint8Array })).not.toThrow()
    expect(() => engine.checkSeal({ ...args, id: b.id, seal: seal as Uint8Array })).toThrow('seal')
  })
  test('for a block that is invalid here stop the node', () => {
    on.start()
    on.propose(0, a, { verdict: false })
    expect(on.votes(['commit', 0, a], [0, 1, 2])).toEqual(['stop'])
    expect(on.timer('resend')).toEqual([])
  })
  test('come with the block from another node, too', () => {
    const observer = trial({ self: -1 })
    const made = observer.block(0)
    observer.start()
    const input = { kind: 'block', from: 'peer', id: made.id, nowMs: observer.nowMs } as const
    observer.feed({ ...input, block: made.block, seal: observer.seal(0, made, [0, 1]) })
    expect(observer.effects()).toEqual(['blame'])
    observer.feed({ ...input, block: made.block, seal: observer.seal(0, made, [0, 1, 3]) })
    expect(observer.effects()).toEqual(['validateBlock'])
    expect(observer.verdict(made)).toEqual(['decide block 0'])
  })
  test('with a body that is not the header’s are worth nothing, and stop no node', () => {
    on.start()
    const block = { ...a.block, missProofs: [Uint8Array.of(1)] }
    on.feed({ kind: 'block', from: 'peer', block, id: a.id, seal: on.seal(0, a, [0, 1, 2]), nowMs: on.nowMs })
    expect(on.effects()).toEqual(['blame'])
    on.feed({ kind: 'block', from: 'peer', ...a, seal: on.seal(0, a, [0, 1, 2]), nowMs: on.nowMs })
    expect(on.verdict(a)).toEqual(['decide block 0'])
  })
})

describe('rule 7 (lines 47-48, 55-56, 65-67)', () => {
  test('q COMMITs of any kind start the commit timer, once; it ends the round', () => {
    on.start()
    expect(on.votes(['commit', 0, null], [0, 1])).toEqual([])
    expect(on.votes(['commit', 0, a], [2])).toContain('timer commit 1000')
    on.pass(1_000)
    expect(on.timer('commit')).toEqual(['timer propose 1500'])
  })
  test('f + 1 validators in higher rounds take it to the largest round that so many have reached', () => {
    on.start()
    expect(on.votes(['prepare', 5, null], [0])).toEqual([])
    expect(on.votes(['commit', 2, null], [1])).toEqual(['timer propose 2000'])
    expect(on.votes(['prepare', 4, null], [2])).toEqual(['timer propose 3000'])
  })
  test('one validator that speaks in many rounds counts once', () => {
    on.start()
    for (const round of [1, 2, 3, 4, 5, 2_000_000])
      expect(on.votes(['prepare', round, null], [0])).toEqual([])
  })
  test('STATUS of a higher round does not count', () => {
    on.start()
    const value = {
      ...{ height: 1n, round: 9, step: 2, proposal: false, validRound: null },
      ...{ prepares: Uint8Array.of(0), commits: Uint8Array.of(0) },
    }
    for (const from of ['p', 'q', 'r']) expect(on.message({ kind: 'status', value }, from)).toEqual([])
  })
  test('so far ahead that no votes are kept, rounds are skipped all the same', () => {
    on.start()
    on.votes(['prepare', 1_000, null], [0])
    expect(on.votes(['prepare', 1_000, null], [1])).toContain('timer propose 501000')
  })
})

describe('rule 8', () => {
  test('no timer and no nil unlocks', () => {
    lockedIn(1)
    on.votes(['prepare', 1, null], [2])
    on.pass(1_500)
    on.timer('propose')
    on.votes(['commit', 1, null], [0, 1, 2])
    on.pass(1_500)
    on.timer('commit')
    const fresh = on.block(2)
    on.propose(2, fresh, { verdict: 'later' })
    expect(on.asked()).toEqual(['prepare nil', 'prepare nil'])
  })
})
