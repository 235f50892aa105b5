import fc from 'fast-check'
import { expect, test } from 'vitest'
import { at, attest, commitment, DAY_MS, type Harbour, pay, people, start } from './harbour.ts'

// Random histories of claims, listings and transfers, compared with the rule written a second time: what a person moved on a day is
// summed up from the transfers that went through. MMT_SOAK_SCALE is the percentage of 100 histories; MMT_SEED repeats a run.
const HISTORIES = Math.ceil(Number(process.env.MMT_SOAK_SCALE ?? '1'))
const SEED = Number(process.env.MMT_SEED ?? Date.now() % 2 ** 31)

const name = fc.constantFrom(...people)
const person = fc.integer({ min: 1, max: 3 })
const registrar = fc.constantFrom('registrar', 'second')
const step = fc.oneof(
  fc.record({
    kind: fc.constant('attest' as const),
    name,
    person,
    registrar,
    level: fc.integer({ min: 1, max: 2 }),
  }),
  fc.record({ kind: fc.constantFrom('revoke' as const, 'ask' as const, 'erase' as const), name, registrar }),
  fc.record({ kind: fc.constantFrom('list' as const, 'lift' as const), person, registrar }),
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('pay' as const),
      name,
      to: name,
      value: fc.bigInt({ min: 0n, max: 1_200n }),
    }),
  },
  fc.record({ kind: fc.constant('wait' as const), part: fc.bigInt({ min: 1n, max: 3n }) }),
)
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

/** The standing by its meaning: the best valid claim of the two registrars, the first of equal ones. */
function standing(on: Harbour, who: string) {
  const claims = on.read.kyc
    .registrars(null)
    .map((by) => on.read.kyc.claim({ holder: at(who), registrar: by }))
    .filter((claim) => claim?.person != null)
  const valid = claims.filter((claim) => claim?.status.kind === 'valid' && claim.untilMs > on.timeMs + 1_000n)
  const best = valid.reduce((top, claim) => ((claim?.level ?? 0) > (top?.level ?? 0) ? claim : top), valid[0])
  const listed = claims.some((claim) => claim?.person != null && on.read.kyc.listed({ person: claim.person }))
  return { level: best?.level ?? 0, subject: best?.person ?? at(who), listed }
}

const CALL = [100n, 1_000n, undefined]
const DAY = [250n, 1_000n, undefined]

test(`random histories keep every invariant, and limits hold as summed up again (seed ${SEED})`, () => {
  const reached = new Set<string>()
  fc.assert(
    fc.property(fc.array(step, { minLength: 60, maxLength: 60 }), (steps: readonly Step[]) => {
      const on = start()
      let paid: {
        readonly day: bigint
        readonly subject: string
        readonly to: string
        readonly value: bigint
      }[] = []
      for (const one of steps) {
        switch (one.kind) {
          case 'attest':
            attest(on, one.name, one.level, one.person, one.registrar)
            break
          case 'revoke':
            on.as(at(one.registrar)).kyc.revoke({
              holder: at(one.name),
              reason: { kind: 'superseded', value: null },
            })
            break
          case 'ask':
            on.as(at(one.name)).kyc.askErasure({ registrar: at(one.registrar) })
            break
          case 'erase':
            on.as(at(one.registrar)).kyc.erase({ holder: at(one.name), receipt: commitment(5) })
            break
          case 'list':
          case 'lift':
            on.as(at(one.registrar)).kyc[one.kind]({ person: commitment(one.person) })
            break
          case 'wait':
            on.advance({ toMs: on.timeMs + (DAY_MS / 3n) * one.part })
            break
          case 'pay': {
            const [from, to] = [standing(on, one.name), standing(on, one.to)]
            const day = (on.timeMs + 1_000n) / DAY_MS
            const { level, subject } = from
            const before = paid.filter((row) => row.day === day && row.subject === subject)
            const sum = (rows: typeof paid) => rows.reduce((total, { value }) => total + value, one.value)
            const over = (max: bigint | undefined, value: bigint) => max !== undefined && value > max
            const expected =
              from.listed || to.listed
                ? 'kyc/LISTED'
                : over(CALL[level], one.value)
                  ? 'kyc/LEVEL_TOO_LOW'
                  : over(DAY[level], sum(before)) ||
                      (level === 1 && sum(before.filter((row) => row.to === one.to)) > 600n)
                    ? 'kyc/OVER_LIMIT'
                    : undefined
            const { code } = pay(on, one.name, one.value, one.to)
            if (expected !== undefined || code?.startsWith('kyc/'))
              expect([one, code]).toEqual([one, expected])
            reached.add(code ?? 'paid')
            if (code === undefined) paid = [...paid, { day, subject, to: one.to, value: one.value }]
          }
        }
      }
    }),
    { numRuns: HISTORIES, seed: SEED, endOnFailure: true },
  )
  if (HISTORIES >= 20)
    expect([...reached]).toEqual(
      expect.arrayContaining(['paid', 'kyc/LISTED', 'kyc/LEVEL_TOO_LOW', 'kyc/OVER_LIMIT']),
    )
})
