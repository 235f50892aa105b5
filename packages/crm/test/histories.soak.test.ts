import type { Address } from '@mmtchain/primitives'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { at, type Harbour, STAGES, some, start } from './harbour.ts'

// Random histories of customers, stages, tasks, consent and grants beside a second, simpler account of them, which says what each command comes to. The
// test chain executes each block twice and checks the invariants. MMT_SOAK_SCALE is the percentage of 200 histories; MMT_SEED repeats a run.
const HISTORIES = Math.ceil(2 * Number(process.env.MMT_SOAK_SCALE ?? '1'))
const SEED = Number(process.env.MMT_SEED ?? Date.now() % 2 ** 31)
const STEPS = 40
const LOOK_EVERY = 10
const SLOT_MS = 1_000n

const who = fc.constantFrom('owner', 'clerk', 'banker', 'ann', 'thief').map(at)
const organisation = fc.constantFrom('port', 'bank')
const customer = fc.bigInt({ min: 1n, max: 3n })
const purpose = fc.constantFrom('loan', 'help')
const of = { who, organisation, customer }
const account = fc.option(fc.constantFrom('ann', 'thief').map(at))
const index = fc.integer({ min: 1, max: 4 })
const indexes = fc.array(index, { maxLength: 3 })
const lastsMs = fc.bigInt({ min: 0n, max: 20n }).map((slots) => slots * SLOT_MS)
const kind = <K extends string, R extends object>(name: K, rest: { [P in keyof R]: fc.Arbitrary<R[P]> }) =>
  fc.record({ kind: fc.constant(name), ...rest } as never) as unknown as fc.Arbitrary<{ kind: K } & R>
type Of = { who: Address; organisation: string; customer: bigint }
type Indexed = { account: Address | null; indexes: number[] }
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: kind<'add', Omit<Of, 'customer'> & Indexed>('add', { who, organisation, account, indexes }),
  },
  { weight: 3, arbitrary: kind<'change', Of & Indexed>('change', { ...of, account, indexes }) },
  { weight: 1, arbitrary: kind<'forget', Of>('forget', of) },
  {
    weight: 3,
    arbitrary: kind<'move', Of & { stage: string }>('move', { ...of, stage: fc.constantFrom(...STAGES) }),
  },
  { weight: 2, arbitrary: kind<'task', Of & { lastsMs: bigint }>('task', { ...of, lastsMs }) },
  { weight: 2, arbitrary: kind<'close', Of & { task: bigint }>('close', { ...of, task: customer }) },
  {
    weight: 5,
    arbitrary: kind<'consent', Of & { purpose: string; given: boolean; lastsMs: bigint }>('consent', {
      ...{ ...of, purpose, given: fc.boolean(), lastsMs },
    }),
  },
  {
    weight: 6,
    arbitrary: kind<'share', Of & { purpose: string; reader: string; lastsMs: bigint }>('share', {
      ...{ ...of, purpose, reader: organisation, lastsMs },
    }),
  },
  { weight: 1, arbitrary: kind<'end', Of & { reader: string }>('end', { ...of, reader: organisation }) },
  {
    weight: 2,
    arbitrary: kind<'wait', { blocks: number }>('wait', { blocks: fc.integer({ min: 1, max: 8 }) }),
  },
)
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

/** Consent from one moment to the next: a grant holds on to it, and ends with it. */
interface Consent {
  untilMs: bigint
  over: boolean
}
interface Known {
  stage: string
  account: Address | null
  indexes: readonly number[]
  tasks: Set<bigint>
  readonly consents: Map<string, Consent>
  readonly grants: Map<
    string,
    { readonly consent: Consent; readonly untilMs: bigint; readonly purpose: string }
  >
}
interface Firm {
  readonly staff: readonly Address[]
  readonly stages: readonly string[]
  readonly customers: Map<bigint, Known>
  next: bigint
  nextTask: bigint
}
const model = (): ReadonlyMap<string, Firm> => {
  const firm = (staff: readonly string[], stages: readonly string[]): Firm => ({
    ...{ staff: staff.map(at), stages, customers: new Map(), next: 1n, nextTask: 1n },
  })
  return new Map([
    ['port', firm(['owner', 'clerk'], STAGES)],
    ['bank', firm(['banker'], ['new'])],
  ])
}

/** The consent to a purpose that is in force at a time. */
function inForce(known: Known, about: string, nowMs: bigint): Consent | undefined {
  const found = known.consents.get(about)
  if (found && found.untilMs <= nowMs) found.over = true
  return found?.over === false ? found : undefined
}

/** What a step comes to: a code without the name of the module, or what it changes in the second account. */
function judged(
  firms: ReadonlyMap<string, Firm>,
  one: Exclude<Step, { kind: 'wait' }>,
  nowMs: bigint,
): string | (() => void) {
  const firm = firms.get(one.organisation) as Firm
  const works = firm.staff.includes(one.who)
  if (one.kind === 'add') {
    if (!works) return 'NOT_STAFF'
    return () => {
      const { account: own, indexes: all } = one
      const empty = { tasks: new Set<bigint>(), consents: new Map(), grants: new Map() }
      firm.customers.set(firm.next++, {
        stage: firm.stages[0] as string,
        account: own,
        indexes: all,
        ...empty,
      })
    }
  }
  const known = firm.customers.get(one.customer)
  if (one.kind === 'consent') {
    if (!known) return 'UNKNOWN_CUSTOMER'
    if (known.account === null && !works) return 'NOT_STAFF'
    if (known.account !== null && known.account !== one.who) return 'NOT_THE_CUSTOMER'
    if (one.given && one.lastsMs === 0n) return 'BAD_TIME'
    return () => {
      const before = inForce(known, one.purpose, nowMs)
      if (!one.given && before) before.over = true
      else if (one.given && before) before.untilMs = nowMs + one.lastsMs
      else if (one.given) known.consents.set(one.purpose, { untilMs: nowMs + one.lastsMs, over: false })
    }
  }
  if (!works) return 'NOT_STAFF'
  if (one.kind === 'close') {
    const having = [...firm.customers.values()].find(({ tasks }) => tasks.has(one.task))
    return having ? () => having.tasks.delete(one.task) : 'UNKNOWN_TASK'
  }
  if (one.kind === 'end') {
    // A customer that is forgotten leaves its grants, which grant nothing.
    return known?.grants.has(one.reader) ? () => known.grants.delete(one.reader) : 'NOT_SHARED'
  }
  if (!known) return 'UNKNOWN_CUSTOMER'
  switch (one.kind) {
    case 'change':
      if (known.account !== null && known.account !== one.account) return 'NOT_THE_CUSTOMER'
      return () => Object.assign(known, { account: one.account, indexes: one.indexes })
    case 'forget':
      return known.tasks.size > 0 ? 'STILL_NEEDED' : () => firm.customers.delete(one.customer)
    case 'move':
      if (!firm.stages.includes(one.stage)) return 'UNKNOWN_STAGE'
      return known.stage === one.stage
        ? 'NOTHING_TO_CHANGE'
        : () => Object.assign(known, { stage: one.stage })
    case 'task':
      return one.lastsMs === 0n ? 'BAD_TIME' : () => known.tasks.add(firm.nextTask++)
    case 'share': {
      if (one.lastsMs === 0n) return 'BAD_TIME'
      const untilMs = nowMs + one.lastsMs
      const consent = inForce(known, one.purpose, nowMs)
      if (!consent || consent.untilMs < untilMs) return 'NO_CONSENT'
      return () => known.grants.set(one.reader, { consent, untilMs, purpose: one.purpose })
    }
  }
}

function sent(on: Harbour, one: Exclude<Step, { kind: 'wait' }>, nowMs: bigint) {
  const { crm } = on.as(one.who)
  const own = { organisation: one.organisation }
  if (one.kind === 'add')
    return crm.addCustomer({ ...own, digest: some(1), account: one.account, indexes: one.indexes.map(some) })
  const its = { ...own, customer: one.customer }
  switch (one.kind) {
    case 'change':
      return crm.changeCustomer({
        ...its,
        digest: some(2),
        account: one.account,
        indexes: one.indexes.map(some),
      })
    case 'forget':
      return crm.forgetCustomer(its)
    case 'move':
      return crm.moveTo({ ...its, stage: one.stage })
    case 'task':
      return crm.addTask({ ...its, assignee: one.who, digest: some(3), dueMs: nowMs + one.lastsMs })
    case 'close':
      return crm.closeTask({ ...own, task: one.task, outcome: { kind: 'done', value: null } })
    case 'consent':
      return crm.consent({
        ...{
          ...its,
          purpose: one.purpose,
          given: one.given,
          untilMs: nowMs + one.lastsMs,
          evidence: some(4),
        },
      })
    case 'share':
      return crm.share({ ...its, reader: one.reader, purpose: one.purpose, untilMs: nowMs + one.lastsMs })
    case 'end':
      return crm.endShare({ ...its, reader: one.reader })
  }
}

/** Whatever the chain tells is what the second account has. */
function compare(on: Harbour, firms: ReadonlyMap<string, Firm>): void {
  for (const [name, firm] of firms) {
    const own = { organisation: name }
    const all = [...firm.customers]
    expect(on.read.crm.pipeline(own)).toEqual(
      firm.stages.map((stage) => ({
        stage,
        customers: BigInt(all.filter(([, one]) => one.stage === stage).length),
      })),
    )
    for (let n = 1; n <= 4; n++)
      expect(on.read.crm.find({ ...own, index: some(n), from: 0n, limit: 256 })).toEqual(
        all.filter(([, one]) => one.indexes.includes(n)).map(([number]) => number),
      )
    expect(on.read.crm.tasks({ ...own, from: 0n, limit: 256 }).map(({ number }) => number)).toEqual(
      all.flatMap(([, { tasks }]) => [...tasks]).sort((a, b) => (a < b ? -1 : 1)),
    )
    for (let number = 1n; number <= 3n; number++)
      for (const reader of firms.keys()) {
        const known = firm.customers.get(number)
        const grant = known?.grants.get(reader)
        const holds =
          grant &&
          known &&
          inForce(known, grant.purpose, on.timeMs) === grant.consent &&
          grant.untilMs > on.timeMs
        expect(on.read.crm.mayRead({ ...own, customer: number, reader })).toEqual(
          holds ? { purpose: grant.purpose, untilMs: grant.untilMs } : null,
        )
      }
  }
}

test(`customers, tasks, consent and grants are as they are kept a second time (seed ${SEED})`, () => {
  const reached = new Set<string>()
  fc.assert(
    fc.property(fc.array(step, { minLength: STEPS, maxLength: STEPS }), (steps) => {
      const on = start()
      const firms = model()
      for (const [at, one] of steps.entries()) {
        if (one.kind === 'wait') on.advance({ blocks: one.blocks })
        else {
          // A command runs in the next block.
          const nowMs = on.timeMs + SLOT_MS
          const wanted = judged(firms, one, nowMs)
          const { code } = sent(on, one, nowMs)
          expect([one.kind, code]).toEqual([
            one.kind,
            typeof wanted === 'string' ? `crm/${wanted}` : undefined,
          ])
          reached.add(`${one.kind} ${code ?? 'done'}`)
          if (typeof wanted !== 'string') wanted()
        }
        if (at % LOOK_EVERY === LOOK_EVERY - 1) compare(on, firms)
      }
    }),
    { numRuns: HISTORIES, seed: SEED, endOnFailure: true },
  )
  if (HISTORIES < 20) return
  const wanted = [
    'share done',
    'share crm/NO_CONSENT',
    'forget crm/STILL_NEEDED',
    'consent crm/NOT_THE_CUSTOMER',
    'change crm/NOT_THE_CUSTOMER',
  ]
  expect([...reached]).toEqual(expect.arrayContaining(wanted))
})
