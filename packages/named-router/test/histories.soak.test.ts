import type { NameRecord } from '@mmtchain/named-router'
import { keysOf, walk } from '@mmtchain/named-router/resolve'
import type { Address } from '@mmtchain/primitives'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { account, at, commitment, type Harbour, people, secret, start, text } from './harbour.ts'

// Random histories of the whole module beside a second, simpler account of who has what: no two owners of one name, no name after its lease,
// records by owners alone. The test chain executes each block twice and checks the invariants. MMT_SOAK_SCALE is the percentage of 200 histories;
// MMT_SEED repeats a run.
const HISTORIES = Math.ceil(2 * Number(process.env.MMT_SOAK_SCALE ?? '1'))
const SEED = Number(process.env.MMT_SEED ?? Date.now() % 2 ** 31)
const STEPS = 60
const [TERM_MS, GRACE_MS] = [100_000n, 20_000n]

const who = fc.constantFrom(...people.slice(0, 3)).map(at)
const label = fc.constantFrom('lab', 'port', 'pier')
const sub = fc.constantFrom('a.lab', 'b.lab', 'a.port', 'x.a.lab')
const name = fc.oneof(label, sub)
const record = fc.oneof(
  fc.constantFrom('a', 'b', 'c').map((value) => text('motd', value)),
  fc.constantFrom('a', 'b').map((value) => text('mail', value)),
  who.map(account),
)
const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('register' as const), who, owner: who, name: label }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('renew' as const), who, name: label }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('create' as const), who, owner: who, name: sub }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove' as const), who, name: sub }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('transfer' as const), who, owner: who, name }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('record' as const), who, name, record }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), blocks: fc.integer({ min: 1, max: 45 }) }),
  },
)
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

/** A name in the second account: one object for as long as the same holder line has it. */
interface Known {
  owner: Address
  readonly above: Known | undefined
  untilMs: bigint
  readonly records: Map<string, NameRecord>
}

function model() {
  const all = new Map<string, Known>()
  const aboveOf = (given: string) => (given.includes('.') ? given.slice(given.indexOf('.') + 1) : undefined)
  const live = (given: string, nowMs: bigint): Known | undefined => {
    const found = all.get(given)
    const above = aboveOf(given)
    if (!found) return undefined
    if (above === undefined) return nowMs < found.untilMs ? found : undefined
    return live(above, nowMs) === found.above && found.above ? found : undefined
  }
  return { all, aboveOf, live }
}

function play(on: Harbour, { all, aboveOf, live }: ReturnType<typeof model>, one: Step): string {
  if (one.kind === 'wait') {
    on.advance({ blocks: one.blocks })
    return 'wait'
  }
  const names = on.as(one.who).names
  // A command runs in the next block.
  const nowMs = () => on.timeMs
  switch (one.kind) {
    case 'register': {
      const { who: sender, owner, name: given } = one
      const hidden = commitment(on, { sender, label: given, owner })
      // A try that was refused has left its commitment, which may run out before this one's reveal.
      if (names.commit({ commitment: hidden }).code) return 'not committed'
      on.advance({ blocks: 1 })
      const { code } = names.register({ label: given, owner, terms: 1, secret })
      const before = all.get(given)
      const free = before === undefined || nowMs() >= before.untilMs + GRACE_MS
      expect([given, code]).toEqual([given, free ? undefined : 'names/TAKEN'])
      if (free) all.set(given, { owner, above: undefined, untilMs: nowMs() + TERM_MS, records: new Map() })
      return free ? 'registered' : 'taken'
    }
    case 'renew': {
      const { code } = names.renew({ label: one.name, terms: 1 })
      const found = all.get(one.name)
      const can = found !== undefined && nowMs() < found.untilMs + GRACE_MS
      if (code === 'names/TOO_LONG') return 'too long'
      expect(code).toBe(can ? undefined : 'names/UNKNOWN_NAME')
      if (can) found.untilMs += TERM_MS
      return can ? 'renewed' : 'not renewed'
    }
    case 'create': {
      const { code } = names.createSubname({ name: one.name, owner: one.owner })
      const above = live(aboveOf(one.name) as string, nowMs())
      const can = above?.owner === one.who && !live(one.name, nowMs())
      expect(code === undefined).toBe(can)
      if (can) all.set(one.name, { owner: one.owner, above, untilMs: 0n, records: new Map() })
      return can ? 'created' : 'not created'
    }
    case 'remove': {
      const { code } = names.removeSubname({ name: one.name })
      const found = live(one.name, nowMs())
      const can = found !== undefined && [found.owner, found.above?.owner].includes(one.who)
      expect(code === undefined).toBe(can)
      if (can) all.delete(one.name)
      return can ? 'removed' : 'not removed'
    }
    case 'transfer': {
      const { code } = names.transfer({ name: one.name, to: one.owner })
      const found = live(one.name, nowMs())
      const can = found?.owner === one.who && one.owner !== one.who
      expect(code === undefined).toBe(can)
      if (found && can) found.owner = one.owner
      return can ? 'transferred' : 'not transferred'
    }
    case 'record': {
      const { code } = names.setRecord({ name: one.name, record: one.record })
      const found = live(one.name, nowMs())
      const can = found?.owner === one.who
      expect(code === undefined).toBe(can)
      const key = one.record.kind === 'text' ? one.record.value.key : ''
      if (can) found.records.set(`${one.record.kind} ${key}`, one.record)
      return can ? 'recorded' : 'not recorded'
    }
  }
}

test(`a name has one owner, ends with its lease and holds what its owners set (seed ${SEED})`, () => {
  const reached = new Set<string>()
  fc.assert(
    fc.property(fc.array(step, { minLength: STEPS, maxLength: STEPS }), (steps) => {
      const on = start()
      const known = model()
      for (const one of steps) {
        reached.add(play(on, known, one))
        for (const given of ['lab', 'port', 'pier', 'a.lab', 'b.lab', 'a.port', 'x.a.lab']) {
          const found = on.read.names.name({ name: given })
          const wanted = known.live(given, on.timeMs)
          expect([given, found?.owner]).toEqual([given, wanted?.owner])
          // What a resolver reads from the rows alone is what the query says.
          const rows = keysOf(given).map((key) => on.state.get(key))
          const walked = walk(given, rows, on.timeMs)
          const { number, owner, endsMs, records } = found ?? {}
          expect([given, walked]).toEqual([
            given,
            found ? { kind: 'found', number, owner, endsMs, records } : undefined,
          ])
          if (!found || !wanted) continue
          expect(found.endsMs > on.timeMs).toBe(true)
          expect(new Set(found.records)).toEqual(new Set(wanted.records.values()))
        }
      }
    }),
    { numRuns: HISTORIES, seed: SEED, endOnFailure: true },
  )
  expect([...reached]).toEqual(expect.arrayContaining(['registered', 'taken', 'recorded', 'not recorded']))
})
