import { type Engine, solo } from '@mmtchain/kernel'
import { engineCompliance } from '@mmtchain/testkit'
import { describe, expect, test } from 'vitest'

describe('solo', () => {
  for (const { name, run } of engineCompliance({ name: 'solo', make: solo })) test(name, run)
})

/** The titles of the cases that an engine fails. */
async function failures(make: () => Engine): Promise<readonly string[]> {
  const failed: string[] = []
  for (const { name, run } of engineCompliance({ name: 'it', make })) {
    await run().catch(() => failed.push(name))
  }
  return failed
}

describe('the suite finds an engine that', () => {
  const broken = (change: Partial<Engine>) => (): Engine => ({ ...solo(), ...change })

  test('takes blocks of anybody', async () => {
    const anybody = broken({
      context: (args) =>
        solo().context({
          ...args,
          block: {
            ...args.block,
            header: {
              ...args.block.header,
              proposer: args.parent.validators.validators[0]?.address as never,
            },
          },
        }),
    })
    expect(await failures(anybody)).toEqual([expect.stringContaining('refuses a block of another proposer')])
  })

  test('takes any seal', async () => {
    expect(await failures(broken({ checkSeal: () => undefined }))).toEqual([
      expect.stringContaining('another block’s seal'),
    ])
  })

  test('keeps something outside its state', async () => {
    let count = 0
    const impure = broken({
      step: (state, input) => {
        const { state: next, effects } = solo().step(state, input)
        return { state: { ...next, count: count++ }, effects }
      },
    })
    expect(await failures(impure)).toEqual([expect.stringContaining('the same step')])
  })

  test('makes no blocks', async () => {
    const idle = broken({ step: (state) => ({ state, effects: [] }) })
    expect((await failures(idle)).length).toBeGreaterThanOrEqual(4)
  })
})
