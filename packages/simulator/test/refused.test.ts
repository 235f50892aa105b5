import { pbft } from '@mmtchain/consensus-pbft'
import { defineModule } from '@mmtchain/kernel'
import { planOf, runPlan, type Setup } from '@mmtchain/simulator'
import { expect, test } from 'vitest'

const CALM = { delayMs: [1, 30], lost: 0, doubled: 0, late: 0, lateMs: 0, replayed: 0 } as const

/** Refuses the blocks of one validator, as a chain with reveals refuses those of a validator that lost its onion. */
const picky = defineModule('picky', {
  errors: {
    NOT_THIS_ONE: (_: object) => ({ message: 'Not this one.', hint: 'Let another validator build.' }),
  },
}).beginBlock((ctx) => {
  const { proposer, validators, height } = ctx.block
  const [, , refused] = validators.validators
  if (height > 0n && proposer === refused?.address) throw ctx.fail.NOT_THIS_ONE({})
})

test('a validator whose blocks the chain refuses loses its turns, and nothing else', async () => {
  const setup: Setup = {
    name: 'picky',
    engine: () => pbft(),
    genesis: ({ base, ...args }) => base.use(picky).genesis(args as Parameters<typeof base.genesis>[0]),
  }
  const plan = {
    ...planOf(1, { validators: 4, minutes: 0.4 }),
    weather: CALM,
    liars: [],
    faults: [],
    observers: 0,
  }
  const { violation, height, timeline } = await runPlan({ plan: { ...plan, syncMs: 0 }, setup, record: true })
  expect(violation).toBeUndefined()
  expect(height).toBeGreaterThan(10n)
  expect(timeline.some(({ what }) => what.includes('refuses the block of this validator'))).toBe(true)
  expect(timeline.filter(({ what }) => what.startsWith('ends by itself'))).toEqual([])
})
