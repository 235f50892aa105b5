import { readFileSync } from 'node:fs'
import { type RefusalWalk, refusalsInReadme, refusalsOnTheWay } from '@mmtchain/testkit'
import { expect, test } from 'vitest'
import { at, blank, clerkOf, DAY_MS, first, type Harbour, port, STAGES, some, start } from './harbour.ts'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
const table = refusalsInReadme(readme)
const OF_OWNERS = ['setStaff', 'setPipeline', 'openProgramme']
const ALONE = ['found', 'consent']
const [owner, clerk, thief, ann] = ['owner', 'clerk', 'thief', 'ann'].map(at)

/** What the README says that a command refuses, with what it says of all commands. */
function wanted(command: string): readonly string[] {
  const { codes } = table.find(({ commands }) => commands.includes(command)) ?? { codes: [] }
  if (ALONE.includes(command)) return codes
  return ['UNKNOWN_ORGANISATION', OF_OWNERS.includes(command) ? 'NOT_THE_OWNER' : 'NOT_STAFF', ...codes]
}

const tiers = [{ id: 'blue', from: 0n }]
const club = { programme: 'club', tiers, validDays: 10 }
const late = start().timeMs + 100n * DAY_MS
const nowhere = { organisation: 'x', customer: 9n }
const toPort = { input: port }
const customer = { input: { customer: 1n } }
const byClerk = { by: clerk }
const first2 = [toPort, byClerk]
const consented = (on: Harbour) => () =>
  clerkOf(on).consent({ ...first, purpose: 'loan', given: true, untilMs: late, evidence: some(1) })

/** Each command with all its faults at once, healed one by one. Some refusals exclude each other, so some have two. */
const walks = (on: Harbour): readonly RefusalWalk[] =>
  (
    [
      ['found', { organisation: 'A b' }, [toPort, { input: { organisation: 'new' } }]],
      [
        'setStaff',
        { organisation: 'x', who: clerk, works: true },
        [toPort, { by: owner }, { input: { works: false } }],
      ],
      [
        'setPipeline',
        { organisation: 'x', stages: ['A b', 'A b'] },
        [
          toPort,
          { by: owner },
          { input: { stages: ['A b'] } },
          { input: { stages: ['won'] } },
          { input: { stages: STAGES } },
        ],
      ],
      ['addCustomer', { organisation: 'x', ...blank }, first2],
      [
        'changeCustomer',
        { ...nowhere, ...blank, customer: 9n },
        [...first2, { input: { customer: 2n } }, { input: { account: ann } }],
      ],
      [
        'forgetCustomer',
        nowhere,
        [
          ...[...first2, customer],
          {
            first: () => clerkOf(on).closeTask({ ...port, task: 1n, outcome: { kind: 'done', value: null } }),
          },
        ],
      ],
      [
        'moveTo',
        { ...nowhere, stage: 'x' },
        [...first2, customer, { input: { stage: 'lead' } }, { input: { stage: 'won' } }],
      ],
      ['addContact', { ...nowhere, digest: some(1) }, [...first2, customer]],
      [
        'addInteraction',
        { ...nowhere, digest: some(1), kind: 'A call' },
        [...first2, customer, { input: { kind: 'call' } }],
      ],
      [
        'addTask',
        { ...nowhere, assignee: thief, digest: some(1), dueMs: 0n },
        [...first2, customer, { input: { assignee: clerk } }, { input: { dueMs: late } }],
      ],
      [
        'closeTask',
        { organisation: 'x', task: 9n, outcome: { kind: 'done', value: null } },
        [...first2, { input: { task: 1n } }],
      ],
      [
        'consent',
        { ...nowhere, purpose: 'A b', given: true, untilMs: 0n, evidence: some(1) },
        [toPort, customer, byClerk, { input: { purpose: 'loan' } }, { input: { untilMs: late } }],
      ],
      [
        'consent',
        { ...nowhere, purpose: 'A b', given: true, untilMs: 0n, evidence: some(1) },
        [
          toPort,
          { input: { customer: 2n } },
          { by: ann },
          { input: { purpose: 'loan' } },
          { input: { untilMs: late } },
        ],
      ],
      [
        'share',
        { ...nowhere, reader: 'x', purpose: 'loan', untilMs: 0n },
        [
          ...first2,
          customer,
          { input: { reader: 'bank' } },
          { input: { untilMs: late } },
          { first: consented(on) },
        ],
      ],
      ['endShare', { ...nowhere, reader: 'port' }, [...first2, { input: { customer: 1n, reader: 'bank' } }]],
      [
        'openProgramme',
        { organisation: 'x', ...club, programme: 'A b', validDays: 0 },
        [
          ...[toPort, { by: owner }, { input: { programme: 'club' } }, { input: { programme: 'new' } }],
          { input: { validDays: 1 } },
        ],
      ],
      [
        'earn',
        { ...nowhere, programme: 'x', points: 0n },
        [
          ...[...first2, { input: { programme: 'club' } }, customer, { input: { points: 2n ** 64n - 1n } }],
          { input: { points: 5n } },
        ],
      ],
      [
        'spend',
        { ...nowhere, programme: 'x', points: 0n },
        [
          ...first2,
          { input: { programme: 'club' } },
          customer,
          { input: { points: 50n } },
          { input: { points: 5n } },
        ],
      ],
    ] as const
  ).map(([command, input, cures]) => ({ command, by: thief as never, input, cures: cures as never }))

/** A customer with a task, one with an account, a programme with points, and a record that is shared for something else. */
function furnished(): Harbour {
  const on = start()
  const by = clerkOf(on)
  for (const account of [null, at('ann')]) by.addCustomer({ ...port, ...blank, account })
  by.addTask({ ...first, assignee: at('clerk'), digest: some(1), dueMs: late })
  on.as(at('owner')).crm.openProgramme({ ...port, ...club })
  by.earn({ ...port, programme: 'club', customer: 1n, points: 9n })
  by.consent({ ...first, purpose: 'help', given: true, untilMs: late, evidence: some(1) })
  by.share({ ...first, reader: 'bank', purpose: 'help', untilMs: late })
  return on
}

const COMMANDS = walks(start())

test.each(table)('$commands refuse in the order of the README', ({ commands, codes }) => {
  const met = new Set<string>()
  for (const [at, { command }] of COMMANDS.entries()) {
    if (!commands.includes(command)) continue
    const on = furnished()
    const walk = walks(on)[at] as RefusalWalk
    let from = 0
    for (const code of refusalsOnTheWay(on, 'crm', walk)) {
      const found = wanted(walk.command).indexOf(code, from)
      expect([code, found >= from, wanted(walk.command)]).toEqual([code, true, wanted(walk.command)])
      from = found + 1
      met.add(code)
    }
  }
  expect(codes.filter((code) => !met.has(code))).toEqual([])
})
