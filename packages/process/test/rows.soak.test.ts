import { expect, test } from 'vitest'
import { account, at, open, text } from './permit.ts'

// What a command reads and writes is counted, hence exact: with many instances it is what it is with few. MMT_SOAK_SCALE at 500 makes 100,000.
const MANY = 200 * Math.ceil(Number(process.env.MMT_SOAK_SCALE ?? '1'))
const BLOCK = 250

test(`a command visits as many rows with ${MANY} instances as with ten`, () => {
  const on = open()
  const begin = {
    ...{ sender: at('ann'), module: 'process', command: 'start' },
    input: { process: 'permit', set: [text('name', 'North quay')] },
  }
  const act = (sender: string, transition: string, set: readonly object[] = []) => ({
    ...{ sender: at(sender), module: 'process', command: 'act' },
    input: { instance: 1n, transition, set, attachments: [] },
  })
  const rows = () =>
    [begin, act('clerk', 'assign', [account('examiner', 'examiner')]), act('ann', 'withdraw')].map((one) =>
      on.rows(one),
    )
  on.block(Array.from({ length: 10 }, () => begin))
  const few = rows()
  for (let n = 10; n < MANY; n += BLOCK)
    on.block(Array.from({ length: Math.min(BLOCK, MANY - n) }, () => begin))
  expect(on.read.process.instance({ instance: BigInt(MANY) })?.state).toBe('filed')
  expect(rows()).toEqual(few)
})
