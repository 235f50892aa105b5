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
  u32,
  unit,
} from '@mmtchain/kernel'
import type { KycOpen, KycReads } from '@mmtchain/kyc'
import { guard, kyc } from '@mmtchain/kyc'
import { hash as toHash, height as toHeight } from '@mmtchain/primitives'
import { laterVersion, testChain } from '@mmtchain/testkit'
import { describe, expect, test } from 'vitest'
import {
  at,
  attest,
  chain,
  coins,
  commitment,
  DAY_MS,
  documents,
  options,
  pay,
  start,
  transferRule,
} from './harbour.ts'

const reason = { kind: 'keyLost', value: null } as const
const YEAR_MS = 365n * DAY_MS

describe('a rule on a command', () => {
  test('asks for a level above its amount, and names the one that is enough', () => {
    const on = start()
    expect(pay(on, 'ann', 100n).code).toBeUndefined()
    const { code, refusal } = pay(on, 'ann', 101n)
    expect(code).toBe('kyc/LEVEL_TOO_LOW')
    expect(refusal?.message).toMatch(/has level 0, but token.transfer of more than 100 units takes level 1/)
    expect(pay(on, 'ann', 1_001n).refusal?.message).toMatch(/takes level 2/)
    attest(on, 'ann', 1)
    expect(pay(on, 'ann', 101n).code).toBeUndefined()
    attest(on, 'ann', 2)
    expect(pay(on, 'ann', 100_000n).code).toBeUndefined()
  })

  test('limits a day and a counterparty, until midnight UTC', () => {
    const on = start()
    attest(on, 'ann', 1)
    expect(pay(on, 'ann', 500n).code).toBeUndefined()
    expect(pay(on, 'ann', 101n).code).toBe('kyc/OVER_LIMIT')
    expect(pay(on, 'ann', 100n).code).toBeUndefined()
    expect(pay(on, 'ann', 1n).refusal?.message).toMatch(
      /allows 600 units a day to one counterparty at level 1, but this makes 601/,
    )
    expect(pay(on, 'ann', 400n, 'cat').code).toBeUndefined()
    expect(pay(on, 'ann', 1n, 'dan').refusal?.message).toMatch(/allows 1000 units a day at level 1/)
    const midnight = (on.timeMs / DAY_MS + 1n) * DAY_MS
    on.advance({ toMs: midnight - 1_001n })
    expect(pay(on, 'ann', 1n, 'dan').code).toBe('kyc/OVER_LIMIT')
    expect(pay(on, 'ann', 600n).code).toBeUndefined()
  })

  test('counts a person, not its accounts, and all calls of a transaction', () => {
    const on = start()
    attest(on, 'ann', 1, 7)
    attest(on, 'dan', 1, 7)
    expect(pay(on, 'ann', 600n).code).toBeUndefined()
    expect(pay(on, 'dan', 401n, 'cat').code).toBe('kyc/OVER_LIMIT')
    expect(on.read.kyc.moved({ who: at('dan'), rule: 'token.transfer' }).amount).toBe(600n)
    const call = { module: 'token', command: 'transfer', input: { to: at('cat'), amount: amount(90n) } }
    expect(on.transaction(at('ben'), [call, call, call]).code).toBe('kyc/OVER_LIMIT')
    expect(on.transaction(at('ben'), [call, call]).code).toBeUndefined()
  })

  test('leaves nothing of a call that another check or the command refuses', () => {
    const on = start()
    attest(on, 'ann', 2)
    expect(pay(on, 'ann', 9_000_000n).code).toBe('token/INSUFFICIENT_BALANCE')
    expect(on.read.kyc.moved({ who: at('ann'), rule: 'token.transfer' }).amount).toBe(0n)
  })

  test('is refused where it is defined wrongly', () => {
    const wrong = (given: object) => () =>
      guard(coins, 'transfer', { tiers: [{ level: 0 }], ...given } as never)
    const tier = { level: 0, perCall: amount(1n) }
    expect(wrong({ tiers: [] })).toThrow(/no tier/)
    expect(wrong({ tiers: [{ level: 1 }, { level: 1 }] })).toThrow(/ascending order/)
    expect(wrong({ tiers: [{ level: 10 }] })).toThrow(/0 to 9/)
    expect(wrong({ tiers: [tier] })).toThrow(/names no field/)
    expect(wrong({ amount: 'to', tiers: [tier] })).toThrow(/no amount/)
    expect(wrong({ counterparty: 'amount' })).toThrow(/no address/)
    expect(wrong({ counterpartyLevel: 1 })).toThrow(/no counterparty/)
    expect(wrong({ tiers: [{ level: 0, perCounterpartyPerDay: amount(1n) }], amount: 'amount' })).toThrow(
      /names no field/,
    )
    expect(() => kyc({ registrars: [] })).toThrow(/0 registrars/)
    expect(() => kyc({ registrars: [at('ann')], validityMs: 0n })).toThrow(/0 ms/)
    expect(() =>
      kyc({ registrars: [at('ann')], regulators: Array.from({ length: 17 }, (_, n) => at(`${n}`)) }),
    ).toThrow(/regulators/)
    expect(() =>
      kyc({ registrars: [at('ann')], rules: Array.from({ length: 33 }, () => transferRule) }),
    ).toThrow(/32 rules/)
  })

  test('that reads a field which the command does not have refuses the command', () => {
    const bent = (change: object) =>
      testChain(
        defineChain({ id: 'harbour-2', slotMs: 1_000, consensus: solo() })
          .use(coins)
          .use(kyc({ ...options, rules: [{ ...transferRule, ...change }] })),
        documents,
      )
        .as(at('ann'))
        .token.transfer({ to: at('ben'), amount: amount(1n) }).code
    expect(bent({ amount: 'sum' })).toBe('kyc/RULE_DOES_NOT_FIT')
    expect(bent({ counterparty: 'amount' })).toBe('kyc/RULE_DOES_NOT_FIT')
    expect(bent({ counterparty: 'nobody' })).toBe('kyc/RULE_DOES_NOT_FIT')
    expect(bent({ tiers: [{ ...transferRule.tiers[0], level: 1 }] })).toBe('kyc/LEVEL_TOO_LOW')
    expect(bent({ counterpartyLevel: 1 })).toBe('kyc/LEVEL_TOO_LOW')
    expect(bent({})).toBeUndefined()
  })
})

describe('claims', () => {
  test('are refused in the order of the table of the README', () => {
    const on = start()
    const given = { holder: at('ann'), level: 0, digest: commitment(1), person: commitment(9), untilMs: 0n }
    const by = (name: string, change: object) => on.as(at(name)).kyc.attest({ ...given, ...change }).code
    on.as(at('registrar')).kyc.list({ person: commitment(9) })
    expect(by('ann', {})).toBe('kyc/NOT_A_REGISTRAR')
    expect(by('registrar', {})).toBe('kyc/BAD_LEVEL')
    expect(by('registrar', { level: 10 })).toBe('kyc/BAD_LEVEL')
    const levelled = { level: 1 }
    expect(by('registrar', levelled)).toBe('kyc/BAD_VALIDITY')
    expect(by('registrar', { ...levelled, untilMs: on.timeMs + 3n * YEAR_MS })).toBe('kyc/BAD_VALIDITY')
    const valid = { ...levelled, untilMs: on.timeMs + YEAR_MS }
    expect(by('registrar', valid)).toBe('kyc/PERSON_LISTED')
    expect(by('second', valid)).toBe('kyc/PERSON_LISTED')
    expect(by('registrar', { ...valid, person: commitment(1) })).toBeUndefined()
    on.as(at('ann')).kyc.askErasure({ registrar: at('registrar') })
    expect(by('registrar', valid)).toBe('kyc/ERASURE_ASKED')
    const other = on.as(at('second')).kyc
    expect(on.as(at('ann')).kyc.renew({ holder: at('ann'), untilMs: 0n }).code).toBe('kyc/NOT_A_REGISTRAR')
    expect(other.renew({ holder: at('ann'), untilMs: 0n }).code).toBe('kyc/NO_CLAIM')
    expect(on.as(at('registrar')).kyc.renew({ holder: at('ann'), untilMs: 0n }).code).toBe(
      'kyc/ERASURE_ASKED',
    )
    expect(on.as(at('ann')).kyc.revoke({ holder: at('ann'), reason }).code).toBe('kyc/NOT_A_REGISTRAR')
    expect(other.revoke({ holder: at('ann'), reason }).code).toBe('kyc/NO_CLAIM')
    attest(on, 'ben', 1, 3, 'second')
    expect(other.renew({ holder: at('ben'), untilMs: 0n }).code).toBe('kyc/BAD_VALIDITY')
    other.list({ person: commitment(3) })
    expect(other.renew({ holder: at('ben'), untilMs: on.timeMs + YEAR_MS }).code).toBe('kyc/PERSON_LISTED')
    expect(on.as(at('ann')).kyc.publishStatusList({ list: 1, digest: commitment(1) }).code).toBe(
      'kyc/NOT_A_REGISTRAR',
    )
  })

  test('run out, are renewed, and are revoked for a reason', () => {
    const on = start()
    attest(on, 'ann', 2)
    on.advance({ toMs: on.timeMs + YEAR_MS })
    expect(on.read.kyc.standing({ who: at('ann') })).toEqual({ level: 0, isListed: false })
    const { kyc: registrar } = on.as(at('registrar'))
    expect(registrar.renew({ holder: at('ann'), untilMs: on.timeMs + YEAR_MS }).events).toEqual([
      'kyc.renewed',
    ])
    expect(on.read.kyc.standing({ who: at('ann') }).level).toBe(2)
    expect(registrar.revoke({ holder: at('ann'), reason }).events).toEqual(['kyc.revoked'])
    expect(on.read.kyc.standing({ who: at('ann') }).level).toBe(0)
    expect(registrar.revoke({ holder: at('ann'), reason }).code).toBe('kyc/NO_CLAIM')
    const row = on.read.kyc.claim({ holder: at('ann'), registrar: at('registrar') })
    expect(row).toMatchObject({ renewals: 1, status: { kind: 'revoked', value: reason } })
    expect(attest(on, 'ann', 1).code).toBeUndefined()
  })

  test('of several registrars give the highest level', () => {
    const on = start()
    attest(on, 'ann', 1)
    attest(on, 'ann', 3, 2, 'second')
    expect(on.read.kyc.standing({ who: at('ann') }).level).toBe(3)
    on.as(at('second')).kyc.revoke({ holder: at('ann'), reason })
    expect(on.read.kyc.standing({ who: at('ann') }).level).toBe(1)
    expect(on.read.kyc.registrars(null)).toHaveLength(2)
  })
})

describe('the sanctions list', () => {
  test('stops every account of a person, to send and to receive, also when its claim has run out or is revoked', () => {
    const on = start()
    attest(on, 'ann', 2, 5)
    attest(on, 'dan', 1, 5)
    const { kyc: registrar } = on.as(at('registrar'))
    registrar.revoke({ holder: at('dan'), reason })
    expect(on.as(at('ann')).kyc.list({ person: commitment(5) }).code).toBe('kyc/NOT_A_REGISTRAR')
    expect(registrar.list({ person: commitment(5) }).events).toEqual(['kyc.listed'])
    expect(registrar.list({ person: commitment(5) }).code).toBe('kyc/PERSON_LISTED')
    expect(on.read.kyc.listed({ person: commitment(5) })).toBe(true)
    expect(pay(on, 'ann', 1n).code).toBe('kyc/LISTED')
    expect(pay(on, 'dan', 1n).code).toBe('kyc/LISTED')
    expect(pay(on, 'ben', 1n, 'dan').code).toBe('kyc/LISTED')
    // A claim on somebody else does not hide who it was.
    expect(attest(on, 'dan', 1, 6).code).toBe('kyc/PERSON_LISTED')
    on.as(at('ann')).kyc.askErasure({ registrar: at('registrar') })
    expect(registrar.erase({ holder: at('ann'), receipt: commitment(1) }).code).toBe('kyc/PERSON_LISTED')
    expect(on.as(at('second')).kyc.lift({ person: commitment(5) }).code).toBe('kyc/NOT_LISTED')
    expect(on.as(at('ann')).kyc.lift({ person: commitment(5) }).code).toBe('kyc/NOT_A_REGISTRAR')
    expect(registrar.lift({ person: commitment(5) }).events).toEqual(['kyc.lifted'])
    expect(pay(on, 'ann', 1n).code).toBeUndefined()
  })
})

describe('erasure', () => {
  test('takes the commitments away once the holder has asked, and keeps the receipt', () => {
    const on = start()
    attest(on, 'ann', 2)
    const registrar = { registrar: at('registrar') }
    const erasing = { holder: at('ann'), receipt: commitment(77) }
    const { kyc: by } = on.as(at('registrar'))
    expect(on.as(at('ann')).kyc.erase(erasing).code).toBe('kyc/NOT_A_REGISTRAR')
    expect(by.erase({ ...erasing, holder: at('ben') }).code).toBe('kyc/NO_CLAIM')
    expect(by.erase(erasing).code).toBe('kyc/ERASURE_NOT_ASKED')
    expect(on.as(at('ben')).kyc.askErasure(registrar).code).toBe('kyc/NO_CLAIM')
    expect(on.as(at('ann')).kyc.askErasure(registrar).events).toEqual(['kyc.erasureAsked'])
    expect(on.as(at('ann')).kyc.askErasure(registrar).code).toBe('kyc/ERASURE_ASKED')
    expect(on.read.kyc.standing({ who: at('ann') }).level).toBe(2)
    expect(by.erase(erasing).events).toEqual(['kyc.erased'])
    expect(on.read.kyc.claim({ holder: at('ann'), ...registrar })).toMatchObject({
      ...{ digest: null, person: null, status: { kind: 'erased', value: commitment(77) } },
    })
    expect(on.read.kyc.standing({ who: at('ann') }).level).toBe(0)
    expect(by.erase(erasing).code).toBe('kyc/NO_CLAIM')
    expect(on.as(at('ann')).kyc.askErasure(registrar).code).toBe('kyc/NO_CLAIM')
    expect(attest(on, 'ann', 1, 8).code).toBeUndefined()
  })
})

describe('a look-up', () => {
  test('is a line of the chain before it is told, and only the registrar that was asked answers', () => {
    const on = start()
    attest(on, 'ann', 1)
    const asking = { holder: at('ann'), registrar: at('second'), case: 'KH 12' }
    const by = (change: object, who = 'regulator') => on.as(at(who)).kyc.lookUp({ ...asking, ...change })
    expect(by({}, 'registrar').code).toBe('kyc/NOT_A_REGULATOR')
    expect(by({}).code).toBe('kyc/BAD_CASE')
    expect(by({ case: 'KH-12/2026' }).code).toBe('kyc/NO_CLAIM')
    expect(by({ case: 'KH-12/2026', registrar: at('registrar') }).events).toEqual(['kyc.lookedUp'])
    const answering = { lookUp: 1n, answer: commitment(3) }
    expect(on.as(at('ann')).kyc.answerLookUp(answering).code).toBe('kyc/NOT_A_REGISTRAR')
    expect(on.as(at('registrar')).kyc.answerLookUp({ ...answering, lookUp: 2n }).code).toBe(
      'kyc/UNKNOWN_LOOK_UP',
    )
    expect(on.as(at('second')).kyc.answerLookUp(answering).code).toBe('kyc/NOT_ASKED')
    expect(on.as(at('registrar')).kyc.answerLookUp(answering).events).toEqual(['kyc.lookUpAnswered'])
    expect(on.as(at('registrar')).kyc.answerLookUp(answering).code).toBe('kyc/ALREADY_ANSWERED')
    const line = { regulator: at('regulator'), holder: at('ann'), case: 'KH-12/2026', answer: commitment(3) }
    expect(on.read.kyc.lookUp({ number: 1n })).toMatchObject(line)
    expect(on.read.kyc.lookUps({ from: 1n, limit: 9 })).toMatchObject([{ number: 1n, ...line }])
    expect(on.read.kyc.lookUpsOf({ holder: at('ann'), from: 1n, limit: 9 })).toMatchObject([line])
    expect(on.read.kyc.lookUpsOf({ holder: at('ann'), from: 2n, limit: 9 })).toEqual([])
  })
})

test('another module asks for a level in its own commands', () => {
  const vault = defineModule('vault', { needs: { kyc: need<KycOpen, {}, KycReads>() } })
    .command('open', unit, (ctx) => ctx.needs.kyc.requireLevel(2))
    .query('level', unit, u32, (ctx) => ctx.needs.kyc.levelOf(at('ann')))
  const on = testChain(
    defineChain({ id: 'harbour-3', slotMs: 1_000, consensus: solo() }).use(kyc(options)).use(vault),
    {},
  )
  expect(on.as(at('ann')).vault.open(null).refusal?.message).toMatch(/vault.open takes level 2/)
  const untilMs = on.timeMs + YEAR_MS
  const claim = { holder: at('ann'), level: 2, digest: commitment(1), person: commitment(2), untilMs }
  on.as(at('registrar')).kyc.attest(claim)
  expect(on.read.vault.level(null)).toBe(2)
  expect(on.as(at('ann')).vault.open(null).code).toBeUndefined()
  on.as(at('second')).kyc.list({ person: commitment(2) })
  expect(on.as(at('ann')).vault.open(null).code).toBe('kyc/LISTED')
})

test('a status list is committed to under a number that only grows', () => {
  const on = start()
  const key = { registrar: at('registrar'), list: 3 }
  expect(on.read.kyc.statusList(key)).toBeNull()
  for (const n of [1, 2]) on.as(at('registrar')).kyc.publishStatusList({ list: 3, digest: commitment(n) })
  expect(on.read.kyc.statusList(key)).toMatchObject({ digest: commitment(2), number: 2n })
})

test('a release of version 2 finds every row of version 1', () => {
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
      .use(laterVersion(kyc(options), { rows: 'claims', count: 'headcount' }))
      .use(clerk, grants)
  const on = testChain(base().use(kyc(options)).use(clerk, grants).upgrade(second()), {})
  const claim = { level: 2, digest: commitment(1), untilMs: on.timeMs + YEAR_MS }
  for (const n of [1, 2, 3])
    on.as(at('registrar')).kyc.attest({ ...claim, holder: at(`holder ${n}`), person: commitment(n) })
  const release = toHash(releaseHash(on.genesis.fingerprint, second()))
  expect(on.as(at('ann')).clerk.schedule({ height: toHeight(8n), release }).code).toBeUndefined()
  on.advance({ blocks: 6 })
  const read = on.read as unknown as { kyc: { headcount(input: null): number } }
  expect(read.kyc.headcount(null)).toBe(3)
  expect(on.read.kyc.standing({ who: at('holder 2') }).level).toBe(2)
})

test('the chain refuses nobody where there is no rule', () => {
  const on = testChain(
    defineChain({ id: 'harbour-5', slotMs: 1_000, consensus: solo() })
      .use(coins)
      .use(kyc({ registrars: [at('registrar')] })),
    documents,
  )
  expect(on.as(at('ann')).token.transfer({ to: at('ben'), amount: amount(900_000n) }).code).toBeUndefined()
  expect(chain.modules.map(({ spec }) => spec.name)).toContain('kyc')
})
