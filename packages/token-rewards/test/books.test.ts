import { signEthereumText } from '@mmtchain/crypto'
import type { Address } from '@mmtchain/kernel'
import { fromHex } from '@mmtchain/primitives'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { golden } from './golden.ts'
import { alice, bob, books, carol, coins, FEE, harbour, keeper } from './harbour.ts'

// Random histories on the kernel and on plain numbers. testkit executes every block twice and checks the invariant after each.

const people = [alice, bob, carol, keeper] as const
const { vectors } = golden<{ vectors: { secret: string; holder: string }[] }>('claims.json')
const holders = vectors.map(({ secret, holder }) => ({ secret: fromHex(secret), holder: fromHex(holder) }))
const U64_MAX = (1n << 64n) - 1n

type Step =
  | { readonly kind: 'transfer' | 'move'; readonly by: number; readonly to: number; readonly amount: bigint }
  | { readonly kind: 'mint' | 'burn'; readonly by: number; readonly amount: bigint }
  | { readonly kind: 'claim'; readonly by: number; readonly to: number; readonly holder: number }

interface Model {
  readonly balances: bigint[]
  readonly unclaimed: bigint[]
  feePool: bigint
  supply: bigint
}

/** Makes a step happen, and tells the code with which it is refused. */
function happen(model: Model, step: Step): string | undefined {
  const { balances, unclaimed } = model
  const have = balances[step.by] as bigint
  switch (step.kind) {
    case 'transfer':
      if (have < FEE) return 'token/CANNOT_PAY_FEE'
      balances[step.by] = have - FEE
      model.feePool += FEE
      return pass(model, step)
    case 'move':
      return pass(model, step)
    case 'mint':
      if (model.supply + step.amount > U64_MAX) return 'token/SUPPLY_TOO_LARGE'
      model.supply += step.amount
      balances[step.by] = have + step.amount
      return undefined
    case 'burn':
      if (have < step.amount) return 'token/INSUFFICIENT_BALANCE'
      model.supply -= step.amount
      balances[step.by] = have - step.amount
      return undefined
    case 'claim': {
      const found = unclaimed[step.holder] as bigint
      if (found === 0n) return 'token/NOTHING_TO_CLAIM'
      unclaimed[step.holder] = 0n
      balances[step.to] = (balances[step.to] as bigint) + found
      return undefined
    }
  }
}

function pass({ balances }: Model, step: { by: number; to: number; amount: bigint }): string | undefined {
  if (step.amount === 0n) return 'token/ZERO_AMOUNT'
  if ((balances[step.by] as bigint) < step.amount) return 'token/INSUFFICIENT_BALANCE'
  balances[step.by] = (balances[step.by] as bigint) - step.amount
  balances[step.to] = (balances[step.to] as bigint) + step.amount
  return undefined
}

const who = fc.nat(people.length - 1)
const value = fc.oneof(
  { weight: 8, arbitrary: fc.bigInt({ min: 0n, max: 60n }) },
  fc.bigInt({ min: 0n, max: U64_MAX }),
)
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constantFrom('transfer' as const, 'move' as const), by: who, to: who, amount: value }),
  fc.record({ kind: fc.constantFrom('mint' as const, 'burn' as const), by: who, amount: value }),
  fc.record({ kind: fc.constant('claim' as const), by: who, to: who, holder: fc.nat(holders.length - 1) }),
)
const owned = fc.bigInt({ min: 1n, max: 100n })

test('any history of transfers, claims, mints and burns keeps the books as plain numbers do', () => {
  fc.assert(
    fc.property(
      fc.tuple(owned, owned, owned, owned),
      fc.tuple(owned, owned),
      fc.array(step, { maxLength: 25 }),
      (balances, unclaimed, steps) => {
        const on = harbour({
          balances: people.map((one, i) => [one, balances[i] as bigint]),
          unclaimed: holders.map(({ holder }, i) => [holder, unclaimed[i] as bigint]),
        })
        const supply = [...balances, ...unclaimed].reduce((sum, one) => sum + one, 0n)
        const model: Model = { balances: [...balances], unclaimed: [...unclaimed], feePool: 0n, supply }
        for (const one of steps) {
          const by = people[one.by] as Address
          const { token } = on.as(by)
          const { till } = on.as(keeper)
          const to = people['to' in one ? one.to : one.by] as Address
          const act = {
            transfer: (amount: bigint) => token.transfer({ to, amount: coins(amount) }),
            move: (amount: bigint) => till.move({ from: by, to, amount: coins(amount) }),
            mint: (amount: bigint) => till.mint({ to: by, amount: coins(amount) }),
            burn: (amount: bigint) => till.burn({ from: by, amount: coins(amount) }),
          }
          const outcome =
            one.kind === 'claim'
              ? token.claim({
                  to,
                  signature: signEthereumText({
                    text: on.read.token.claimText({ to }),
                    secret: holders[one.holder]?.secret as Uint8Array,
                  }),
                })
              : act[one.kind](one.amount)
          expect(outcome.code).toBe(happen(model, one))
        }
        expect(books(on)).toEqual({ balances: model.balances, feePool: model.feePool, supply: model.supply })
        expect(holders.map(({ holder }) => on.read.token.unclaimed({ holder }))).toEqual(model.unclaimed)
      },
    ),
    { numRuns: 40 },
  )
})
