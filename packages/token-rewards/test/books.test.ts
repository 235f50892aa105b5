import { signEthereumText } from '@mmtchain/crypto'
import type { Address } from '@mmtchain/kernel'
import { fromHex } from '@mmtchain/primitives'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { golden } from '../../../tests/golden.ts'
import { alice, bob, books, carol, coins, FEE, harbour, keeper, type Waiting } from './harbour.ts'

// Random histories on the kernel and on plain numbers. testkit executes every block twice and checks the invariant after each.

const people = [alice, bob, carol, keeper] as const
const { vectors } = golden<{ vectors: { secret: string; holder: string }[] }>('claims.json')
const holders = vectors.map(({ secret, holder }) => ({ secret: fromHex(secret), holder: fromHex(holder) }))
const U64_MAX = (1n << 64n) - 1n

type Step =
  | { readonly kind: 'transfer' | 'move'; readonly by: number; readonly to: number; readonly amount: bigint }
  | {
      readonly kind: 'mint' | 'burn' | 'lock' | 'unlock'
      readonly by: number
      readonly amount: bigint
    }
  | { readonly kind: 'claim'; readonly by: number; readonly to: number; readonly holder: number }

interface Model {
  readonly balances: bigint[]
  readonly unclaimed: bigint[]
  readonly locks: bigint[]
  feePool: bigint
  supply: bigint
}

/** Makes a step happen, and tells the code with which it is refused. */
function happen(model: Model, step: Step): string | undefined {
  const { balances, unclaimed, locks } = model
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
    case 'lock':
      if (step.amount === 0n) return 'token/ZERO_AMOUNT'
      if (have < step.amount) return 'token/INSUFFICIENT_BALANCE'
      balances[step.by] = have - step.amount
      locks[step.by] = (locks[step.by] as bigint) + step.amount
      return undefined
    case 'unlock':
      if (step.amount === 0n) return 'token/ZERO_AMOUNT'
      if ((locks[step.by] as bigint) < step.amount) return 'token/INSUFFICIENT_LOCK'
      balances[step.by] = have + step.amount
      locks[step.by] = (locks[step.by] as bigint) - step.amount
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
  fc.record({ kind: fc.constantFrom('lock' as const, 'unlock' as const), by: who, amount: value }),
  fc.record({ kind: fc.constant('claim' as const), by: who, to: who, holder: fc.nat(holders.length - 1) }),
)
const owned = fc.bigInt({ min: 1n, max: 100n })
const waiting = fc.record({ amount: owned, span: fc.bigInt(1n, 20n), start: fc.bigInt(-5n, 10n) })

/** What has unlocked by a slot, in whole units. */
function unlocked({ amount, span, start = 0n }: Waiting, slot: bigint): bigint {
  const gone = slot - start
  return gone <= 0n ? 0n : gone >= span ? amount : (amount * gone) / span
}

test('any history of transfers, claims, mints, burns, locks and unlocking by time keeps the books as plain numbers do', () => {
  fc.assert(
    fc.property(
      fc.tuple(owned, owned, owned, owned),
      fc.tuple(owned, owned),
      fc.tuple(waiting, waiting, waiting, waiting),
      fc.array(step, { maxLength: 25 }),
      (balances, unclaimed, vesting, steps) => {
        const on = harbour({
          balances: people.map((one, i) => [one, balances[i] as bigint]),
          unclaimed: holders.map(({ holder }, i) => [holder, unclaimed[i] as bigint]),
          vesting: people.map((one, i) => [one, vesting[i] as Waiting]),
        })
        const all = [...balances, ...unclaimed, ...vesting.map(({ amount }) => amount)]
        const supply = all.reduce((sum, one) => sum + one, 0n)
        const model: Model = {
          balances: balances.map((one, i) => one + unlocked(vesting[i] as Waiting, 0n)),
          unclaimed: [...unclaimed],
          locks: people.map(() => 0n),
          feePool: 0n,
          supply,
        }
        for (const [i, one] of steps.entries()) {
          const slot = BigInt(i) + 1n
          // One block, hence one slot, a step.
          for (const [at, row] of vesting.entries())
            model.balances[at] =
              (model.balances[at] as bigint) + unlocked(row, slot) - unlocked(row, slot - 1n)
          const by = people[one.by] as Address
          const { token } = on.as(by)
          const { till } = on.as(keeper)
          const to = people['to' in one ? one.to : one.by] as Address
          const act = {
            transfer: (amount: bigint) => token.transfer({ to, amount: coins(amount) }),
            move: (amount: bigint) => till.move({ from: by, to, amount: coins(amount) }),
            mint: (amount: bigint) => till.mint({ to: by, amount: coins(amount) }),
            burn: (amount: bigint) => till.burn({ from: by, amount: coins(amount) }),
            lock: (amount: bigint) => till.lock({ owner: by, purpose: 'vote', amount: coins(amount) }),
            unlock: (amount: bigint) => till.unlock({ owner: by, purpose: 'vote', amount: coins(amount) }),
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
        expect(
          people.map((owner) => on.read.token.holdings({ owner }).locks.map(({ amount }) => amount)),
        ).toEqual(model.locks.map((one) => (one === 0n ? [] : [one])))
        expect(holders.map(({ holder }) => on.read.token.unclaimed({ holder }))).toEqual(model.unclaimed)
      },
    ),
    { numRuns: 40 },
  )
})
