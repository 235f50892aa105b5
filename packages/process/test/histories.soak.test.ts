import type { Address } from '@mmtchain/primitives'
import type { Definition, Transition, Value } from '@mmtchain/process'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { anyone, at, byRole, end, kinds, number, start, state, step, text } from './permit.ts'

// Random histories of a process with parallel approvals, deadlines, a sub-process and two ways to go on in later versions, beside a second, simpler engine
// that says what each command comes to. The test chain executes each block twice and checks the invariants. MMT_SOAK_SCALE is the percentage of 200 histories;
// MMT_SEED repeats a run.
const HISTORIES = Math.ceil(2 * Number(process.env.MMT_SOAK_SCALE ?? '1'))
const SEED = Number(process.env.MMT_SEED ?? Date.now() % 2 ** 31)
const STEPS = 50
const LOOK_EVERY = 10
const SLOT_MS = 1_000n

const starter = { kind: 'starter', value: null } as const
const check: Definition = {
  ...{ id: 'check', title: 'Check', starters: byRole('clerk'), sets: ['note'], start: 'open' },
  roles: [{ id: 'clerk', title: 'Clerk' }],
  fields: [
    { id: 'score', kind: kinds.number },
    { id: 'note', kind: kinds.text },
  ],
  states: [state('open', { deadline: { afterMs: 6n * SLOT_MS, to: 'bad' } }), end('good'), end('bad')],
  transitions: [
    step('pass', 'open', 'good', { sets: ['score'], needs: ['score'] }),
    step('fail', 'open', 'bad', { by: anyone }),
  ],
}
const job: Definition = {
  ...{ id: 'job', title: 'Job', starters: anyone, sets: ['note'], start: 'filed' },
  roles: [{ id: 'board', title: 'Board' }],
  fields: check.fields,
  states: [
    state('filed', { deadline: { afterMs: 12n * SLOT_MS, to: 'lapsed' } }),
    state('checking', {
      sub: {
        process: 'check',
        version: 1,
        outcomes: [
          { ends: 'good', to: 'voting' },
          { ends: 'bad', to: 'filed' },
        ],
      },
    }),
    state('voting'),
    ...['granted', 'refused', 'lapsed'].map(end),
  ],
  transitions: [
    step('submit', 'filed', 'checking', { by: anyone, sets: ['note'], needs: ['note'] }),
    step('grant', 'voting', 'granted', {
      ...{ by: byRole('board'), approvals: 2, otherThan: ['submit'] },
      guards: [
        {
          field: 'score',
          comparison: { kind: 'atLeast', value: null },
          value: { kind: 'number', value: 3n },
        },
      ],
    }),
    step('refuse', 'voting', 'refused', { by: byRole('board') }),
    step('back', 'voting', 'filed', { by: starter }),
  ],
}
/** Three must agree, nobody takes it back, and who does not decide in time refuses. */
const stricter: Definition = {
  ...job,
  states: job.states.map((one) =>
    one.id === 'voting' ? { ...one, deadline: { afterMs: 8n * SLOT_MS, to: 'refused' } } : one,
  ),
  transitions: job.transitions
    .filter(({ id }) => id !== 'back')
    .map((one) => (one.id === 'grant' ? { ...one, approvals: 3 } : one)),
}

const who = fc.constantFrom('b1', 'b2', 'b3', 'ann', 'clerk').map(at)
const instance = fc.integer({ min: 1, max: 8 }).map(BigInt)
const role = fc.constantFrom(['job', 'board'] as const, ['check', 'clerk'] as const)
const given = { score: fc.bigInt({ min: 1n, max: 6n }), note: fc.constantFrom('x', 'y', undefined) }
const moves = fc.constantFrom('submit', 'pass', 'grant', 'grant', 'grant', 'refuse', 'back', 'fail')
const step1 = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('start' as const), who, ...given }) },
  {
    weight: 20,
    arbitrary: fc.record({ kind: fc.constant('act' as const), who, instance, transition: moves, ...given }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('appoint' as const), who, role }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('dismiss' as const), who, role }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('publish' as const), strict: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), blocks: fc.integer({ min: 1, max: 7 }) }),
  },
)

type Fields = Readonly<Record<string, Value['value']>>
/** An instance as the second engine has it. */
interface Run {
  readonly definition: Definition
  readonly version: number
  readonly starter: Address
  readonly parent: Run | undefined
  state: string
  fields: Fields
  dueMs: bigint | null
  readonly steps: string[]
  readonly did: Set<string>
  /** Who has approved what since it came where it is. */
  approved: Map<string, Address[]>
}

function engine() {
  const versions = [job]
  const holders = new Set<string>()
  for (const [process, name, people] of [
    ['job', 'board', ['b1', 'b2', 'b3']],
    ['check', 'clerk', ['clerk', 'ann']],
  ] as const)
    for (const one of people) holders.add(`${process} ${name} ${at(one)}`)
  const runs: Run[] = []
  let nowMs = 0n

  function begin(definition: Definition, version: number, by: Address, fields: Fields, parent?: Run): void {
    const run = { definition, version, starter: by, parent, fields, state: '', dueMs: null }
    runs.push({ ...run, steps: [], did: new Set(), approved: new Map() })
    enter(runs.at(-1) as Run, definition.start, 'start')
  }
  function enter(run: Run, to: string, what: string): void {
    const { deadline, sub, final } = run.definition.states.find(
      ({ id }) => id === to,
    ) as Definition['states'][number]
    Object.assign(run, { state: to, dueMs: deadline && nowMs + deadline.afterMs, approved: new Map() })
    run.steps.push(what)
    if (sub) {
      const { note } = run.fields
      begin(check, sub.version, run.starter, note === undefined ? {} : { note }, run)
    }
    if (!final || !run.parent) return
    run.parent.fields = { ...run.parent.fields, ...run.fields }
    const waited = run.parent.definition.states.find(({ id }) => id === run.parent?.state)?.sub
    enter(run.parent, waited?.outcomes.find(({ ends }) => ends === to)?.to as string, 'sub')
  }
  const may = (run: Run, one: Transition, by: Address) =>
    one.by.kind === 'anyone' ||
    (one.by.kind === 'starter' && by === run.starter) ||
    (one.by.kind === 'role' && holders.has(`${run.definition.id} ${one.by.value} ${by}`))
  const done = (run: Run, one: Transition, by: Address) =>
    one.otherThan.some((other) => run.did.has(`${other} ${by}`))

  return {
    versions,
    holders,
    runs,
    /** The time of a block, at whose beginning everything fires that is due. */
    at(timeMs: bigint): void {
      nowMs = timeMs
      const due = runs.flatMap((run, n) =>
        run.dueMs !== null && run.dueMs <= nowMs ? [{ run, n, dueMs: run.dueMs }] : [],
      )
      for (const { run } of due.sort((a, b) => Number(a.dueMs - b.dueMs) || a.n - b.n)) {
        const to = run.definition.states.find(({ id }) => id === run.state)?.deadline?.to
        enter(run, to as string, 'deadline')
      }
    },
    start: (by: Address, fields: Fields) => begin(versions.at(-1) as Definition, versions.length, by, fields),
    act(number: bigint, name: string, by: Address, set: Fields): string | undefined {
      const run = runs[Number(number) - 1]
      if (!run) return 'UNKNOWN_INSTANCE'
      const one = run.definition.transitions.find(({ id, from }) => id === name && from.includes(run.state))
      if (!one) return 'NO_SUCH_TRANSITION'
      if (!may(run, one, by)) return 'NOT_PERMITTED'
      if (done(run, one, by)) return 'SAME_PERSON'
      const fields = { ...run.fields, ...set }
      if (one.needs.some((field) => fields[field] === undefined)) return 'FIELD_MISSING'
      if (name === 'grant' && Number(fields.score) < 3) return 'GUARD_FAILED'
      const before = (run.approved.get(name) ?? []).filter(
        (other) => may(run, one, other) && !done(run, one, other),
      )
      if (before.includes(by)) return 'ALREADY_APPROVED'
      const all = [...before, by]
      if (all.length < one.approvals) return void run.approved.set(name, all)
      for (const actor of all) run.did.add(`${name} ${actor}`)
      run.fields = fields
      enter(run, one.to, name)
      return undefined
    },
  }
}

test(`instances go where a second engine says that they go (seed ${SEED})`, () => {
  const reached = new Set<string>()
  fc.assert(
    fc.property(fc.array(step1, { minLength: STEPS, maxLength: STEPS }), (steps) => {
      const on = start()
      const model = engine()
      const owner = on.as(at('owner')).process
      for (const definition of [check, job]) owner.publish({ definition })
      for (const one of model.holders) {
        const [process = '', held = '', account] = one.split(' ')
        owner.appoint({ process, role: held, who: account as Address })
      }
      for (const [turn, one] of steps.entries()) {
        if (one.kind === 'wait') {
          for (let n = 0; n < one.blocks; n++) {
            on.advance({ blocks: 1 })
            model.at(on.timeMs)
          }
          continue
        }
        model.at(on.timeMs + SLOT_MS)
        switch (one.kind) {
          case 'start': {
            const set = one.note === undefined ? [] : [text('note', one.note)]
            expect(on.as(one.who).process.start({ process: 'job', set }).code).toBeUndefined()
            model.start(one.who, one.note === undefined ? {} : { note: one.note })
            break
          }
          case 'act': {
            const { transition, score, note } = one
            const fields: Fields =
              transition === 'pass'
                ? { score }
                : transition === 'submit' && note !== undefined
                  ? { note }
                  : {}
            const set = [
              ...('score' in fields ? [number('score', score)] : []),
              ...(transition === 'submit' && note !== undefined ? [text('note', note)] : []),
            ]
            const { code } = on.as(one.who).process.act({ ...one, set, attachments: [] })
            const wanted = model.act(one.instance, transition, one.who, fields)
            expect([transition, code]).toEqual([transition, wanted && `process/${wanted}`])
            reached.add(`${transition} ${wanted ?? 'done'}`)
            break
          }
          case 'publish':
            owner.publish({ definition: one.strict ? stricter : job })
            model.versions.push(one.strict ? stricter : job)
            break
          default: {
            const [process, held] = one.role
            const key = `${process} ${held} ${one.who}`
            const { code } = owner[one.kind]({ process, role: held, who: one.who })
            expect(code === undefined).toBe(model.holders.has(key) === (one.kind === 'dismiss'))
            if (one.kind === 'dismiss') model.holders.delete(key)
            else model.holders.add(key)
          }
        }
        if (turn % LOOK_EVERY < LOOK_EVERY - 1) continue
        for (const [n, run] of model.runs.entries()) {
          const found = on.read.process.instance({ instance: BigInt(n + 1) })
          const fields = Object.fromEntries(
            found?.fields.map(({ field, value }) => [field, value.value]) ?? [],
          )
          const parent = run.parent ? BigInt(model.runs.indexOf(run.parent) + 1) : null
          const { definition, version, starter: by, state: now, dueMs } = run
          expect({ ...found, fields }).toEqual({
            ...{
              process: definition.id,
              version,
              starter: by,
              parent,
              state: now,
              dueMs,
              fields: run.fields,
            },
            steps: BigInt(run.steps.length),
          })
          const history = on.read.process.history({ instance: BigInt(n + 1), from: 1n, limit: 256 })
          expect(history.map(({ what }) => what)).toEqual(run.steps)
        }
      }
    }),
    { numRuns: HISTORIES, seed: SEED, endOnFailure: true },
  )
  if (HISTORIES < 20) return
  const wanted = [
    'grant done',
    'grant process/SAME_PERSON',
    'grant process/ALREADY_APPROVED',
    'grant process/GUARD_FAILED',
    'back done',
  ]
  expect([...reached]).toEqual(expect.arrayContaining(wanted.map((one) => one.replace('process/', ''))))
})
