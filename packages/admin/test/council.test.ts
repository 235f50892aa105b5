import { admin } from '@mmtchain/admin'
import { amount, defineChain, solo } from '@mmtchain/kernel'
import { testAccountAt, testChain } from '@mmtchain/testkit'
import { describe, expect, test } from 'vitest'
import {
  act,
  at,
  chain,
  council,
  documents,
  enact,
  type Harbour,
  OPTIONS,
  organisations,
  start,
} from './harbour.ts'

const coins = (value: bigint) => ({ amount: amount(value) })
const seated = (on: Harbour) => on.read.admin.council(null).members.map((one) => testAccountAt(one).name)
const votes = (on: Harbour) =>
  on.read.admin
    .candidates({ limit: 9 })
    .map(({ candidate, votes: many }) => [testAccountAt(candidate).name, many])
const back = (on: Harbour, elector: string, candidate: string) =>
  on.as(at(elector)).admin.back({ candidate: at(candidate) })
/** Makes blocks until the term of the council is over. */
function endTerm(on: Harbour) {
  const { untilMs } = on.read.admin.council(null)
  on.advance({ blocks: Number((untilMs - on.timeMs + 999n) / 1_000n) })
}

describe('the council', () => {
  test('is the one of the genesis for a term, then the candidates with most votes', () => {
    const on = start()
    const { untilMs } = on.read.admin.council(null)
    for (const name of ['ann', 'ben', 'cat', 'dan']) on.as(at(name)).admin.stand(null)
    for (const [name, value] of [
      ['h1', 500n],
      ['h2', 300n],
      ['h3', 400n],
    ] as const)
      on.as(at(name)).admin.stake(coins(value))
    for (const name of ['ann', 'ben', 'cat']) expect(back(on, 'h1', name).events).toEqual(['admin.backed'])
    back(on, 'h2', 'ben')
    back(on, 'h3', 'dan')
    expect(votes(on).slice(0, 1)).toEqual([['ben', 800n]])
    on.as(at('h3')).admin.stake(coins(200n))
    expect(votes(on).slice(0, 2)).toEqual([
      ['ben', 800n],
      ['dan', 600n],
    ])
    expect(on.as(at('h2')).admin.unstake(coins(300n)).code).toBeUndefined()
    on.as(at('h1')).admin.unback({ candidate: at('cat') })
    expect(votes(on)[0]).toEqual(['dan', 600n])
    on.advance({ blocks: Number((untilMs - on.timeMs) / 1_000n) - 1 })
    expect(seated(on).sort()).toEqual(council)
    on.advance({ blocks: 1 })
    expect(on.hookEvents).toEqual(['admin.elected'])
    expect([seated(on)[0], seated(on).sort()]).toEqual(['dan', ['ann', 'ben', 'dan']])
    expect(on.read.admin.council(null).untilMs).toBe(untilMs + OPTIONS.council.termMs)
  })

  test('stays while fewer than half of the seats could be filled', () => {
    const on = start()
    on.as(at('h1')).admin.stake(coins(500n))
    for (const name of ['ann', 'ben']) on.as(at(name)).admin.stand(null)
    back(on, 'h1', 'ann')
    endTerm(on)
    expect(seated(on)).toEqual(council.map((name) => name).sort((a, b) => (at(a) < at(b) ? -1 : 1)))
    back(on, 'h1', 'ben')
    expect(seated(on).sort()).toEqual(['ann', 'ben'])
  })

  test('has no seat for who is frozen or has stood down, whose backings are void when it stands again', () => {
    const on = start()
    on.as(at('h1')).admin.stake(coins(500n))
    for (const name of ['ann', 'ben', 'cat']) {
      on.as(at(name)).admin.stand(null)
      back(on, 'h1', name)
    }
    enact(on, { kind: 'freezeAccount', value: { account: at('ann'), frozen: true } })
    on.as(at('cat')).admin.standDown(null)
    on.as(at('cat')).admin.stand(null)
    expect(
      votes(on)
        .map(([name]) => name)
        .sort(),
    ).toEqual(['ann', 'ben'])
    expect(back(on, 'h1', 'ben').code).toBe('admin/ALREADY_BACKED')
    endTerm(on)
    expect(seated(on).sort()).toEqual(council)
    expect(back(on, 'h1', 'cat').code).toBeUndefined()
    expect(seated(on).sort()).toEqual(['ben', 'cat'])
  })

  test('refuses in order: who elects, whom, twice, too many', () => {
    const on = start()
    expect(back(on, 'h1', 'ann').code).toBe('admin/NO_ELECTOR')
    expect(act(on, 'c1', 'back', { candidate: at('ann') }).code).toBe('admin/NO_ELECTOR')
    on.as(at('h1')).admin.stake(coins(500n))
    expect(back(on, 'h1', 'ann').code).toBe('admin/NOT_A_CANDIDATE')
    for (const name of ['ann', 'ben', 'cat', 'dan']) on.as(at(name)).admin.stand(null)
    expect(on.as(at('ann')).admin.stand(null).code).toBe('admin/ALREADY_A_CANDIDATE')
    for (const name of ['ann', 'ben', 'cat']) back(on, 'h1', name)
    expect(back(on, 'h1', 'ann').code).toBe('admin/ALREADY_BACKED')
    expect(back(on, 'h1', 'dan').code).toBe('admin/TOO_MANY_BACKED')
    expect(on.as(at('h1')).admin.unback({ candidate: at('dan') }).code).toBe('admin/NOT_BACKED')
    on.as(at('dan')).admin.standDown(null)
    expect(on.as(at('dan')).admin.standDown(null).code).toBe('admin/NOT_A_CANDIDATE')
    expect(on.read.admin.backed({ elector: at('h1') })).toHaveLength(3)
  })

  test('is elected by organisations where the chain file says so, and loses the votes of one that leaves', () => {
    const rule = { ...OPTIONS.rule, participationPercent: 50 }
    const elected = testChain(
      defineChain({ id: 'harbour-2', slotMs: 1_000, consensus: solo() }).use(
        admin({ rule, council: { seats: 3, termMs: 20_000n, electors: 'organisations' } }),
        { grants: { kernel: ['setParameter', 'scheduleUpgrade', 'cancelUpgrade'] } },
      ),
      { admin: { organisations } },
    )
    const send = (name: string, kind: string, value: unknown) =>
      elected.as(at(name)).admin.act({ action: { kind, value } as never }).code
    for (const name of ['ann', 'ben']) elected.as(at(name)).admin.stand(null)
    expect(elected.as(at('ann')).admin.back({ candidate: at('ann') }).code).toBe('admin/NO_ELECTOR')
    for (const candidate of ['ann', 'ben'])
      expect(send('c1', 'back', { candidate: at(candidate) })).toBeUndefined()
    expect(send('b1', 'back', { candidate: at('ben') })).toBeUndefined()
    expect(elected.read.admin.candidates({ limit: 9 }).map((one) => one.votes)).toEqual([2n, 1n])
    expect(send('b1', 'disband', null)).toBeUndefined()
    expect(elected.read.admin.candidates({ limit: 9 }).map((one) => one.votes)).toEqual([1n, 1n])
    expect(send('c1', 'unback', { candidate: at('ann') })).toBeUndefined()
    expect(elected.read.admin.candidates({ limit: 9 }).map((one) => one.candidate)).toEqual([at('ben')])
  })
})

describe('a chain without', () => {
  const kernel = ['setParameter', 'scheduleUpgrade', 'cancelUpgrade'] as const
  const plain = () =>
    defineChain({ id: 'harbour-3', slotMs: 1_000, consensus: solo() }).use(admin({ rule: OPTIONS.rule }), {
      grants: { kernel },
    })

  test('council, stake or validators by proposals says so', () => {
    const on = testChain(plain(), { admin: { organisations } })
    const ann = on.as(at('ann')).admin
    const codes = [
      ...[
        ann.stand(null),
        ann.standDown(null),
        ann.back({ candidate: at('ben') }),
        ann.unback({ candidate: at('ben') }),
      ],
      ...[ann.stake(coins(1n)), ann.unstake(coins(1n))],
    ].map(({ code }) => code)
    expect(codes).toEqual(Array(6).fill('admin/NOT_ON_THIS_CHAIN'))
    const change = { kind: 'validators', value: { join: [], leave: [] } } as const
    expect(ann.propose({ title: 'alone', change, executeAt: null }).code).toBe('admin/NO_RIGHT_TO_PROPOSE')
    const action = { kind: 'propose', value: { title: 'ours', change, executeAt: null } } as const
    expect(on.as(at('c1')).admin.act({ action }).code).toBe('admin/NOT_ON_THIS_CHAIN')
  })

  test('anybody to decide is no chain', () => {
    expect(() => testChain(plain(), { admin: {} })).toThrow(
      /kind parameter could be decided any more: 0 of 0/,
    )
    const none = { ...documents.admin, council: [] }
    expect(() => testChain(chain, { ...documents, admin: none })).toThrow(/kind text could be decided/)
    const many = { ...documents.admin, council: ['k1', 'k2', 'k3', 'ann'].map(at) }
    expect(() => testChain(chain, { ...documents, admin: many })).toThrow(/has 4 members, but 3 seats/)
    expect(() => testChain(plain(), { admin: { organisations, council: [at('ann')] } })).toThrow(
      /has no council/,
    )
  })

  test('sound options is refused by name', () => {
    const { rule } = OPTIONS
    const wrong = [
      { rule: { ...rule, participationPercent: 0.5 } },
      { rule: { ...rule, winPercent: 49 } },
      { rule: { ...rule, votingHeights: 0 } },
      { rule: { ...rule, body: 'stake' as const } },
      { rule, rules: { text: { ...rule, body: 'council' as const } } },
      { rule, approvalHeights: 0 },
      { rule, council: { seats: 33, electors: 'organisations' as const } },
      { rule, council: { termMs: 0n, electors: 'organisations' as const } },
      { rule, council: { electors: 'stake' as const } },
      { rule, stake: { deposit: amount(0n) } },
    ]
    for (const options of wrong) expect(() => admin(options as never)).toThrow(/cannot be defined/)
  })

  test('a fixed administration but for its rules is refused', () => {
    const loose = defineChain({ id: 'harbour-4', consensus: solo() }).use(admin({ rule: OPTIONS.rule }), {
      ...{ grants: { kernel }, governable: ['approvalHeights'] },
    })
    expect(() => testChain(loose, { admin: { organisations } })).toThrow(/lets admin.approvalHeights change/)
  })
})
