import { expect, test } from 'vitest'
import { at, blank, clerkOf, first, port, some, start } from './harbour.ts'

// What a command reads and writes is counted, hence exact: with many records it is what it is with few. MMT_SOAK_SCALE at 250 makes 100,000.
const MANY = 400 * Math.ceil(Number(process.env.MMT_SOAK_SCALE ?? '1'))
const BLOCK = 500

test(`a command visits as many rows with ${MANY} customers as with ten`, () => {
  const on = start()
  on.as(at('owner')).crm.openProgramme({
    ...port,
    programme: 'club',
    tiers: [{ id: 'blue', from: 0n }],
    validDays: 9,
  })
  const call = (command: string, input: object) => ({
    ...{ sender: at('clerk'), module: 'crm', command },
    input: { ...port, ...input },
  })
  // One index is each customer's own, the other is that of all.
  const add = (n: number) => call('addCustomer', { ...blank, indexes: [some(n + 1_000), some(7)] })
  const rows = () => {
    const dueMs = on.timeMs + 1_000_000n
    const commands = [
      ...[
        add(MANY + 1),
        call('changeCustomer', { ...first, ...blank }),
        call('moveTo', { ...first, stage: 'won' }),
      ],
      ...[call('addInteraction', { ...first, kind: 'call', digest: some(1) }), call('forgetCustomer', first)],
      ...[call('addTask', { ...first, assignee: at('clerk'), digest: some(1), dueMs })],
      call('earn', { programme: 'club', customer: 1n, points: 1n }),
    ]
    return commands.map((one) => [one.command, on.rows(one)])
  }
  for (let n = 0; n < 10; n++) clerkOf(on).addCustomer(add(n).input as never)
  const few = rows()
  for (let n = 10; n < MANY; n += BLOCK)
    on.block(Array.from({ length: Math.min(BLOCK, MANY - n) }, (_, i) => add(n + i)))
  expect(on.read.crm.pipeline(port)[0]?.customers).toBe(BigInt(MANY))
  expect(rows()).toEqual(few)
})
