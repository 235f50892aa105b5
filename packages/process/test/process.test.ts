import { moduleAddress } from '@mmtchain/crypto'
import {
  amount,
  defineChain,
  defineModule,
  hash,
  height,
  type KernelGranted,
  need,
  releaseHash,
  solo,
  struct,
} from '@mmtchain/kernel'
import { hash as toHash, height as toHeight } from '@mmtchain/primitives'
import { type Definition, faultsOf, process } from '@mmtchain/process'
import { laterVersion, testChain } from '@mmtchain/testkit'
import { describe, expect, test } from 'vitest'
import {
  account,
  act,
  anyone,
  at,
  byRole,
  document,
  end,
  kinds,
  number,
  open,
  permit,
  start,
  state,
  step,
  text,
} from './permit.ts'

const plan = { name: 'plan', hash: document(1) }
const filed = [text('name', 'North quay')]
const none = { effects: ['payOut'], sub: () => undefined }

describe('a definition', () => {
  test('is refused for every fault that it has', () => {
    const faults = (change: Partial<Definition>) => faultsOf({ ...permit, ...change }, none)
    const withStates = (...more: Definition['states']) => ({ states: [...permit.states, ...more] })
    const withSteps = (...more: Definition['transitions']) => ({
      transitions: [...permit.transitions, ...more],
    })
    expect(faults({})).toEqual([])
    expect(faults(withStates(end('lost')))).toEqual(['lost cannot be reached'])
    expect(faults({ ...withStates(state('pit')), ...withSteps(step('fall', 'filed', 'pit')) })).toEqual([
      'pit is a dead end: nothing leads out of it',
      'no end can be reached from pit',
    ])
    const ring = [step('in', 'filed', 'ring1'), step('on', 'ring1', 'ring2'), step('back', 'ring2', 'ring1')]
    expect(faults({ ...withStates(state('ring1'), state('ring2')), ...withSteps(...ring) })).toEqual([
      'no end can be reached from ring1',
      'no end can be reached from ring2',
    ])
    expect(faults(withSteps(step('x', 'filed', 'refused', { by: byRole('king') })))).toEqual([
      'x takes a role king that is not there',
    ])
    expect(
      faults(withSteps(step('x', 'filed', 'refused', { by: { kind: 'field', value: 'length' } }))),
    ).toEqual(['x takes the account in a field length, which holds none'])
    expect(faults({ start: 'nowhere' })).toContain('it starts in a state nowhere that is not there')
    expect(faults({ start: 'granted' })).toContain('it starts in its end')
    expect(faults({ starters: { kind: 'starter', value: null } })).toHaveLength(1)
    const many = Array.from({ length: 59 }, (_, n) =>
      step(`x${n}`, 'filed', 'refused', { title: 'x'.repeat(128) }),
    )
    expect(faults(withSteps(...many))).toEqual([])
    const guard = {
      field: 'name',
      comparison: { kind: 'differs', value: null },
      value: { kind: 'text', value: 'x'.repeat(256) },
    } as const
    expect(faults(withSteps(...many.map((one) => ({ ...one, guards: [guard] }))))).toEqual([
      expect.stringMatching(/^it has \d+ bytes, more than the maximum of 16384$/),
    ])
    expect(faults({ sets: ['colour'] })).toEqual(['its start sets a field colour that is not there'])
    expect(faults({ id: 'Bad id' })).toEqual(['"Bad id" is no id'])
    expect(faults({ fields: [...permit.fields, { id: 'name', kind: kinds.text }] })).toEqual([
      'two fields are called name',
    ])
    expect(faults(withSteps(step('x', 'granted', 'refused')))).toEqual([
      'granted is final, but something happens from it',
    ])
    const deadline = (afterMs: bigint, to: string) => ({ deadline: { afterMs, to } })
    const changed = (id: string, more: object) => ({
      states: permit.states.map((one) => (one.id === id ? { ...one, ...more } : one)),
    })
    expect(faults(changed('filed', deadline(999n, 'lapsed')))).toEqual([
      'the deadline of filed is 999 ms, not 1000 to 315360000000',
    ])
    expect(faults(changed('assigned', deadline(1_000n, 'hell')))).toEqual([
      'the deadline of assigned leads to a state hell that is not there',
    ])
    const clock = { ...changed('assigned', deadline(1_000n, 'filed')) }
    expect(
      faults({
        states: clock.states.map((one) =>
          one.id === 'filed' ? { ...one, ...deadline(1_000n, 'assigned') } : one,
        ),
      }),
    ).toContain('filed leads back to itself without anybody acting')
    const bad = [
      [{ to: 'hell' }, 'x names a state hell that is not there'],
      [{ from: ['filed', 'filed'] }, 'x names a state twice'],
      [{ approvals: 0 }, 'x takes 0 approvals, not 1 to 16'],
      [{ approvals: 2, by: { kind: 'starter', value: null } }, 'x takes 2 approvals of one account'],
      [{ otherThan: ['y'] }, 'x names a transition y that is not there'],
      [{ sets: ['y'] }, 'x names a field y that is not there'],
      [{ attachments: ['a', 'a'] }, 'x names an attachment twice'],
      [{ effect: 'fly' }, 'x has an effect fly that this chain does not offer'],
      [
        {
          guards: [
            {
              field: 'name',
              comparison: { kind: 'below', value: null },
              value: { kind: 'text', value: 'a' },
            },
          ],
        },
        'x asks which is the greater of what has no order',
      ],
      [
        {
          guards: [
            {
              field: 'name',
              comparison: { kind: 'equals', value: null },
              value: { kind: 'number', value: 1n },
            },
          ],
        },
        'x compares the field name with a value of another kind',
      ],
    ] as const
    for (const [more, fault] of bad)
      expect(faults(withSteps(step('x', 'filed', 'refused', more as object)))).toContain(fault)
    const sub = (process: string, outcomes: readonly { ends: string; to: string }[]) => ({
      sub: { process, version: 1, outcomes },
    })
    const waiting = (more: object, depth = 1, mayStart = true) =>
      faultsOf(
        { ...permit, ...changed('assigned', more) },
        { ...none, sub: (name) => (name === 'check' ? { finals: ['ok'], depth, mayStart } : undefined) },
      )
    expect(waiting(sub('check', [{ ends: 'ok', to: 'examined' }]))).toEqual([
      'assigned waits for a process, so nothing else leads out of it',
    ])
    expect(waiting(sub('other', []))).toContain('assigned waits for a process other 1 that is not there')
    expect(waiting(sub('check', [{ ends: 'no', to: 'hell' }]))).toEqual(
      expect.arrayContaining([
        'assigned does not say once where check leads that ends in ok',
        'check does not end in no',
        'assigned leads to a state hell that is not there',
      ]),
    )
    expect(waiting(sub('check', [{ ends: 'ok', to: 'examined' }]), 1, false)).toContain(
      "assigned starts check, which is somebody else's and not for everybody to start",
    )
    expect(waiting(sub('check', [{ ends: 'ok', to: 'examined' }]), 4)).toContain(
      'assigned nests processes more than 4 deep',
    )
  })

  test('is published in versions by its owner, whose instances go on as they were', () => {
    const on = open()
    on.as(at('ann')).process.start({ process: 'permit', set: filed })
    const { process: own } = on.as(at('owner'))
    expect(on.as(at('ann')).process.publish({ definition: permit }).code).toBe('process/NOT_THE_OWNER')
    const { code, refusal } = own.publish({
      definition: { ...permit, id: 'broken', start: 'x', states: [end('a'), end('b')] },
    })
    expect(code).toBe('process/BAD_DEFINITION')
    expect(refusal?.message).toMatch(/and \d+ more/)
    const later = { ...permit, transitions: permit.transitions.filter(({ id }) => id !== 'withdraw') }
    expect(own.publish({ definition: later }).events).toEqual(['process.published'])
    on.as(at('ann')).process.start({ process: 'permit', set: filed })
    expect(act(on, 'ann', 2n, 'withdraw').code).toBe('process/NO_SUCH_TRANSITION')
    expect(act(on, 'ann', 1n, 'withdraw').events).toEqual(['process.moved', 'process.ended'])
    expect(on.read.process.process({ process: 'permit' })).toMatchObject({ newest: 2 })
    expect(on.read.process.definition({ process: 'permit', version: 1 })).toEqual(permit)
    expect(on.read.process.processes({ from: 'a', limit: 9 })).toHaveLength(1)
    expect(own.retire({ process: 'permit' }).events).toEqual(['process.retired'])
    expect(own.retire({ process: 'permit' }).code).toBe('process/RETIRED')
    expect(on.as(at('ann')).process.start({ process: 'permit', set: [] }).code).toBe('process/RETIRED')
  })
})

test('appointments are the owner’s', () => {
  const on = open()
  const { process: own } = on.as(at('owner'))
  const given = { process: 'permit', role: 'clerk', who: at('clerk') }
  for (const verb of ['appoint', 'dismiss'] as const) {
    expect(own[verb]({ ...given, process: 'other' }).code).toBe('process/UNKNOWN_PROCESS')
    expect(on.as(at('ann')).process[verb](given).code).toBe('process/NOT_THE_OWNER')
  }
  expect(own.appoint({ ...given, role: 'king' }).code).toBe('process/UNKNOWN_ROLE')
  expect(own.appoint(given).code).toBe('process/ALREADY_APPOINTED')
  expect(on.read.process.holders({ process: 'permit', role: 'clerk', from: null, limit: 9 })).toHaveLength(2)
  expect(own.dismiss(given).events).toEqual(['process.dismissed'])
  expect(own.dismiss(given).code).toBe('process/NOT_APPOINTED')
})

describe('an instance', () => {
  test('goes its way with the right people, fields and documents, in the order of refusals', () => {
    const on = open()
    const ann = on.as(at('ann')).process
    expect(ann.start({ process: 'other', set: [] }).code).toBe('process/UNKNOWN_PROCESS')
    expect(ann.start({ process: 'permit', set: [text('colour', 'red')] }).code).toBe('process/UNKNOWN_FIELD')
    // What a transition sets, who starts it does not.
    expect(ann.start({ process: 'permit', set: [number('length', 12n)] }).code).toBe('process/UNKNOWN_FIELD')
    expect(ann.start({ process: 'permit', set: [number('name', 12n)] }).code).toBe('process/WRONG_KIND')
    expect(ann.start({ process: 'permit', set: [] }).events).toEqual(['process.started', 'process.moved'])
    ann.start({ process: 'permit', set: filed })
    expect(act(on, 'ann', 9n, 'assign').code).toBe('process/UNKNOWN_INSTANCE')
    expect(act(on, 'ann', 2n, 'grant').code).toBe('process/NO_SUCH_TRANSITION')
    expect(act(on, 'ann', 2n, 'assign', [text('name', 'x')]).code).toBe('process/NOT_PERMITTED')
    expect(act(on, 'clerk', 2n, 'assign', [text('name', 'x')]).code).toBe('process/UNKNOWN_FIELD')
    expect(act(on, 'clerk', 2n, 'assign', [number('length', 1n), number('length', 2n)]).code).toBe(
      'process/UNKNOWN_FIELD',
    )
    expect(act(on, 'clerk', 2n, 'assign', [text('length', 'x')]).code).toBe('process/WRONG_KIND')
    expect(act(on, 'clerk', 2n, 'assign').code).toBe('process/FIELD_MISSING')
    expect(act(on, 'clerk', 1n, 'assign', [account('examiner', 'examiner')]).code).toBe(
      'process/FIELD_MISSING',
    )
    // Who assigns itself does not examine.
    expect(act(on, 'examiner', 2n, 'assign', [account('examiner', 'examiner')]).code).toBeUndefined()
    expect(act(on, 'examiner', 2n, 'examine', [number('length', 40n)], [plan]).code).toBe(
      'process/SAME_PERSON',
    )
    ann.start({ process: 'permit', set: filed })
    act(on, 'clerk', 3n, 'assign', [account('examiner', 'examiner'), number('length', 60n)])
    expect(act(on, 'clerk', 3n, 'examine').code).toBe('process/NOT_PERMITTED')
    expect(act(on, 'examiner', 3n, 'examine', [], [plan]).refusal?.message).toMatch(
      /takes that length is at most 50/,
    )
    const shorter = [number('length', 40n)]
    expect(act(on, 'examiner', 3n, 'examine', shorter, [{ ...plan, name: 'other' }]).code).toBe(
      'process/UNKNOWN_ATTACHMENT',
    )
    expect(act(on, 'examiner', 3n, 'examine', shorter, [plan, plan]).code).toBe('process/UNKNOWN_ATTACHMENT')
    expect(act(on, 'examiner', 3n, 'examine', shorter).code).toBe('process/ATTACHMENT_MISSING')
    expect(act(on, 'examiner', 3n, 'examine', shorter, [plan]).code).toBeUndefined()
    const history = on.read.process.history({ instance: 3n, from: 1n, limit: 9 })
    expect(history.map(({ step: n, what, from, to, actors }) => [n, what, from, to, actors])).toEqual([
      [1n, 'start', 'filed', 'filed', [at('ann')]],
      [2n, 'assign', 'filed', 'assigned', [at('clerk')]],
      [3n, 'examine', 'assigned', 'examined', [at('examiner')]],
    ])
    expect(history[2]).toMatchObject({ set: shorter, attachments: [plan], timeMs: on.timeMs })
    expect(
      on.read.process.instances({ process: 'permit', from: 2n, limit: 9 }).map(({ instance }) => instance),
    ).toEqual([2n, 3n])
  })

  /** As far as the vote of the board. */
  function examined() {
    const on = open()
    on.as(at('ann')).process.start({ process: 'permit', set: filed })
    act(on, 'clerk', 1n, 'assign', [account('examiner', 'examiner')])
    act(on, 'examiner', 1n, 'examine', [number('length', 40n)], [plan])
    const fund = () =>
      on
        .as(at('owner'))
        .token.transfer({ to: moduleAddress('process', new Uint8Array()), amount: amount(100n) })
    return { on, fund }
  }
  test('takes m of n approvals with one input, by others than who examined it, and then does its effect', () => {
    const { on, fund } = examined()
    expect(act(on, 'examiner', 1n, 'grant').code).toBe('process/SAME_PERSON')
    expect(act(on, 'b1', 1n, 'grant').events).toEqual(['process.approved'])
    expect(act(on, 'b1', 1n, 'grant').code).toBe('process/ALREADY_APPROVED')
    // The module has no money yet: what the token refuses refuses the transition, with nothing left of it.
    expect(act(on, 'b2', 1n, 'grant').code).toBe('token/INSUFFICIENT_BALANCE')
    expect(on.read.process.instance({ instance: 1n })?.state).toBe('examined')
    fund()
    expect(act(on, 'b2', 1n, 'grant').events).toEqual(['token.transferred', 'process.moved', 'process.ended'])
    expect(on.read.token.balance({ owner: at('ann') })).toBe(1_040n)
    expect(on.read.process.history({ instance: 1n, from: 4n, limit: 9 })).toMatchObject([
      { actors: [at('b1'), at('b2')] },
    ])
    expect(act(on, 'b1', 1n, 'refuse').code).toBe('process/NO_SUCH_TRANSITION')
  })

  test('does not count an approval of who has lost the role, nor one from before it moved on', () => {
    const { on, fund } = examined()
    fund()
    act(on, 'b1', 1n, 'grant')
    on.as(at('owner')).process.dismiss({ process: 'permit', role: 'board', who: at('b1') })
    expect(act(on, 'b2', 1n, 'grant').events).toEqual(['process.approved'])
    expect(act(on, 'b3', 1n, 'grant').events).toContain('process.ended')
  })

  test('lapses by the time of a block, in order and at most 64 a block, and no transition passes a deadline', () => {
    const on = open()
    const starting = { module: 'process', command: 'start', input: { process: 'permit', set: filed } }
    on.block(Array.from({ length: 70 }, () => ({ ...starting, sender: at('ann') })))
    const due = on.read.process.instance({ instance: 1n })?.dueMs ?? 0n
    on.advance({ toMs: due - 1_000n })
    expect(on.hookEvents).toEqual([])
    const [late] = on.fork().block([
      {
        sender: at('ann'),
        module: 'process',
        command: 'act',
        input: { instance: 70n, transition: 'withdraw', set: [], attachments: [] },
      },
    ])
    expect(late?.code).toBe('process/NO_SUCH_TRANSITION')
    on.advance({ blocks: 1 })
    expect(on.hookEvents.filter((name) => name === 'process.ended')).toHaveLength(64)
    expect(on.read.process.instance({ instance: 64n })?.state).toBe('lapsed')
    expect(on.read.process.instance({ instance: 65n })?.state).toBe('filed')
    on.advance({ blocks: 1 })
    expect(on.read.process.instance({ instance: 70n })?.state).toBe('lapsed')
    expect(on.read.process.history({ instance: 70n, from: 2n, limit: 9 })).toMatchObject([
      { what: 'deadline', actors: [] },
    ])
  })
})

/** A process that waits for a check in the middle; the check ends well, badly, or by its deadline. */
const check: Definition = {
  ...{
    id: 'check',
    title: 'Check',
    starters: anyone,
    sets: ['score'],
    start: 'open',
    roles: [{ id: 'clerk', title: 'Clerk' }],
  },
  fields: [{ id: 'score', kind: kinds.number }],
  states: [state('open', { deadline: { afterMs: 10_000n, to: 'bad' } }), end('good'), end('bad')],
  transitions: [step('pass', 'open', 'good', { sets: ['score'] }), step('fail', 'open', 'bad')],
}
const outer = (id: string, inner: string, version = 1): Definition => ({
  ...{ id, title: id, starters: anyone, sets: ['score', 'name'], start: 'waiting' },
  roles: [{ id: 'clerk', title: 'Clerk' }],
  fields: [
    { id: 'score', kind: kinds.number },
    { id: 'name', kind: kinds.text },
  ],
  states: [
    state('waiting', {
      sub: {
        process: inner,
        version,
        outcomes: [
          { ends: 'good', to: 'good' },
          { ends: 'bad', to: 'bad' },
        ],
      },
    }),
    ...[end('good'), end('bad')],
  ],
  transitions: [],
})

test('a process waits for another, four deep, and goes on where that one ends', () => {
  const on = start()
  const { process: own } = on.as(at('owner'))
  expect(own.publish({ definition: outer('a', 'check') }).code).toBe('process/BAD_DEFINITION')
  own.publish({ definition: check })
  own.appoint({ process: 'check', role: 'clerk', who: at('clerk') })
  for (const [id, inner] of [
    ['a', 'check'],
    ['b', 'a'],
    ['c', 'b'],
  ] as const)
    expect(own.publish({ definition: outer(id, inner) }).code).toBeUndefined()
  expect(own.publish({ definition: outer('d', 'c') }).refusal?.message).toMatch(/more than 4 deep/)
  own.start({ process: 'c', set: [text('name', 'x'), number('score', 1n)] })
  const states = () => [1n, 2n, 3n, 4n].map((instance) => on.read.process.instance({ instance })?.state)
  expect(states()).toEqual(['waiting', 'waiting', 'waiting', 'open'])
  expect(on.read.process.instance({ instance: 4n })).toMatchObject({
    parent: 3n,
    starter: at('owner'),
    fields: [number('score', 1n)],
  })
  expect(act(on, 'clerk', 4n, 'pass', [number('score', 7n)]).code).toBeUndefined()
  expect(states()).toEqual(['good', 'good', 'good', 'good'])
  expect(on.read.process.instance({ instance: 1n })?.fields).toEqual([text('name', 'x'), number('score', 7n)])
  own.start({ process: 'b', set: [] })
  on.advance({ toMs: on.timeMs + 10_000n })
  expect(on.read.process.instance({ instance: 5n })?.state).toBe('bad')
  expect(on.hookEvents.filter((name) => name === 'process.ended')).toHaveLength(3)
})

test('a process that takes a role to start is not started by another of somebody else, nor are its fields set by one', () => {
  const on = start()
  const { process: own } = on.as(at('owner'))
  const guarded: Definition = { ...check, id: 'guarded', sets: [], starters: byRole('clerk') }
  own.publish({ definition: guarded })
  const thief = on.as(at('ann')).process
  expect(thief.start({ process: 'guarded', set: [] }).code).toBe('process/NOT_PERMITTED')
  const { code, refusal } = thief.publish({ definition: outer('trick', 'guarded') })
  expect([code, refusal?.message]).toEqual(['process/BAD_DEFINITION', expect.stringMatching(/somebody else/)])
  // Its owner may, and hands in no more than its start sets.
  expect(own.publish({ definition: outer('proper', 'guarded') }).code).toBeUndefined()
  expect(own.start({ process: 'proper', set: [number('score', 9n)] }).code).toBeUndefined()
  expect(on.read.process.instance({ instance: 2n })).toMatchObject({ process: 'guarded', fields: [] })
  // One that anybody may start, anybody may wait for.
  own.publish({ definition: check })
  expect(thief.publish({ definition: outer('asking', 'check') }).code).toBeUndefined()
})

test('effects have names, and there are at most 32', () => {
  expect(() => process({ effects: { 'Bad name': () => undefined } })).toThrow(/no name/)
  expect(() =>
    process({
      effects: Object.fromEntries(Array.from({ length: 33 }, (_, n) => [`e${n}`, () => undefined])),
    }),
  ).toThrow(/32/)
})

test('a release of version 2 finds every row of version 1, and deadlines of before still fire', () => {
  const clerk = defineModule('clerk', {
    needs: { kernel: need<{}, Pick<KernelGranted, 'scheduleUpgrade'>>() },
  }).command('schedule', struct({ height, release: hash }), (ctx, input) =>
    ctx.needs.kernel.scheduleUpgrade(input),
  )
  const base = () =>
    defineChain({ id: 'harbour-4', slotMs: 1_000, consensus: solo(), limits: { upgradeNoticeHeights: 2 } })
  const grants = { grants: { kernel: ['scheduleUpgrade'] } } as const
  const second = () =>
    base()
      .use(laterVersion(process(), { rows: 'instances', count: 'headcount' }))
      .use(clerk, grants)
  const on = testChain(base().use(process()).use(clerk, grants).upgrade(second()), {})
  on.as(at('owner')).process.publish({ definition: check })
  for (let n = 0; n < 3; n++) on.as(at('ann')).process.start({ process: 'check', set: [] })
  const release = toHash(releaseHash(on.genesis.fingerprint, second()))
  expect(on.as(at('ann')).clerk.schedule({ height: toHeight(8n), release }).code).toBeUndefined()
  on.advance({ blocks: 4 })
  const read = on.read as unknown as { process: { headcount(input: null): number } }
  expect(read.process.headcount(null)).toBe(3)
  on.advance({ toMs: on.timeMs + 20_000n })
  expect(on.read.process.instance({ instance: 3n })?.state).toBe('bad')
})
