import { testChain, turns } from '@mmtchain/testkit'
import { rewardsUpTo } from '@mmtchain/token-rewards'
import { expect, test } from 'vitest'
import { coins } from './allocation.ts'
import { at, firstDelegates, onionOf, purses, validators } from './first-delegates.ts'
import { mmt, mmtCurve } from './mmt.ts'

test('ten years of rewards by execution are what the closed form says, to the smallest unit', {
  timeout: 6 * 3_600_000,
}, () => {
  // Ten years of blocks, and the steps with them, shortened alike: 20,000 times in `pnpm test`, 200 times in the long run.
  const shorter = BigInt(Math.ceil(20_000 / Math.max(1, Number(process.env.MMT_SOAK_SCALE ?? '1'))))
  const [step, blocks] = [2_877_120n / shorter, 31_536_000n / shorter]
  const on = testChain(
    mmt(turns(), { step }),
    {
      token: { balances: [{ owner: at('holders'), amount: coins(100_000_000n) }, ...purses] },
      election: { delegates: firstDelegates() },
    },
    {
      validators,
      reveal: (who, read) =>
        onionOf(who).reveal(read.election.delegate({ delegate: who })?.duty.onion.left ?? 0),
    },
  )
  const genesis = on.read.token.supply(null)
  const curve = mmtCurve(step)
  for (const part of [1n, 2n, 3n, 4n, 5n, 7n, 10n]) {
    on.advance({ blocks: Number((blocks * part) / 10n - on.height) })
    const made = rewardsUpTo(curve, on.height)
    expect(on.read.token.supply(null)).toBe(genesis + made)
    expect(on.read.rewards.books(null)).toMatchObject({ made, paid: made, fees: 0n, pool: 0n })
    const gained = validators.map((owner) => on.read.token.balance({ owner }))
    expect(gained.reduce((sum, one) => sum + one, 0n)).toBe(made)
  }
  expect(on.height).toBe(blocks)
})
