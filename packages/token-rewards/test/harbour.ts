import { type Codec, decode } from '@mmtchain/codec'
import {
  type Address,
  type Amount,
  address,
  amount,
  defineChain,
  defineModule,
  need,
  solo,
  struct,
  text,
  u64,
  unit,
} from '@mmtchain/kernel'
import { type Outcome, testAddresses, testChain } from '@mmtchain/testkit'
import { type TokenGranted, type TokenOpen, type TokenReads, token } from '@mmtchain/token-rewards'

export const [alice, bob, carol, keeper] = testAddresses('alice', 'bob', 'carol', 'keeper')
export const FEE = 10n

const moving = struct({ from: address, to: address, amount })
const giving = struct({ to: address, amount })
const taking = struct({ from: address, amount })
const locking = struct({ owner: address, purpose: text({ bytesMax: 40 }), amount })

/** A module that passes on what the token provides, open and granted, free of charge. */
const till = () => {
  const free = { fee: amount(0n) }
  return defineModule('till', {
    needs: { token: need<TokenOpen, Omit<TokenGranted, 'takeFees'>, TokenReads>() },
    errors: { REGRET: (_: object) => ({ message: 'Better not.', hint: 'Think first.' }) },
  })
    .command('pay', giving, free, (ctx, { to, amount: value }) => ctx.needs.token.pay(to, value))
    .command('move', moving, free, (ctx, input) => ctx.needs.token.move(input))
    .command('mint', giving, free, (ctx, input) => ctx.needs.token.mint(input))
    .command('burn', taking, free, (ctx, input) => ctx.needs.token.burn(input))
    .command('payAndRegret', giving, free, (ctx, { to, amount: value }) => {
      ctx.needs.token.pay(to, value)
      throw ctx.fail.REGRET({})
    })
    .command('doubleIfPoor', giving, free, (ctx, { to, amount: value }) => {
      if (ctx.needs.token.balance(to) < value) ctx.needs.token.mint({ to, amount: value })
    })
    .command('lock', locking, free, (ctx, input) => ctx.needs.token.lock(input))
    .command('unlock', locking, free, (ctx, input) => ctx.needs.token.unlock(input))
    .command('unlockAll', struct({ owner: address, purpose: text({ bytesMax: 40 }) }), free, (ctx, input) =>
      ctx.needs.token.unlock({ ...input, amount: ctx.needs.token.locked(input) }),
    )
    .command('rest', unit, free, () => undefined)
    .query(
      'share',
      struct({ owner: address }),
      struct({ balance: amount, supply: u64 }),
      (ctx, { owner }) => ({
        balance: ctx.needs.token.balance(owner),
        supply: ctx.needs.token.supply(),
      }),
    )
}

export const chain = defineChain({ id: 'harbour-1', addressPrefix: 'hbr', slotMs: 1_000, consensus: solo() })
  .use(token({ symbol: 'HKT', decimals: 2, commandFee: amount(FEE) }))
  .use(till(), { grants: { token: ['mint', 'burn', 'move', 'lock', 'unlock'] } })

/** An amount that unlocks evenly over `span` slots from slot `start` on; from block 0 on without a start. */
export interface Waiting {
  readonly amount: bigint
  readonly span: bigint
  readonly start?: bigint
}

interface Holdings {
  readonly balances?: readonly (readonly [Address, bigint])[]
  readonly unclaimed?: readonly (readonly [Uint8Array, bigint])[]
  readonly vesting?: readonly (readonly [Address, Waiting])[]
  readonly unclaimedVesting?: readonly (readonly [Uint8Array, Waiting])[]
}

/** The time of block 0 of every test chain, and how long a slot is here. */
export const GENESIS_MS = 1_700_000_000_000n
export const SLOT_MS = 1_000n

/** The chain with these holdings at genesis. */
export function harbour({
  balances = [],
  unclaimed = [],
  vesting = [],
  unclaimedVesting = [],
}: Holdings = {}) {
  const row = ({ amount: value, span, start }: Waiting) => ({
    amount: amount(value),
    startMs: start === undefined ? null : GENESIS_MS + start * SLOT_MS,
    spanMs: span * SLOT_MS,
  })
  return testChain(chain, {
    token: {
      balances: balances.map(([owner, value]) => ({ owner, amount: amount(value) })),
      unclaimed: unclaimed.map(([holder, value]) => ({ holder, amount: amount(value) })),
      vesting: vesting.map(([owner, waiting]) => ({ owner, ...row(waiting) })),
      unclaimedVesting: unclaimedVesting.map(([holder, waiting]) => ({ holder, ...row(waiting) })),
    },
  })
}
export type Harbour = ReturnType<typeof harbour>

export const coins = (value: bigint): Amount => amount(value)

/** What a transaction said: each event with its data. */
export function said({ receipt }: Outcome): readonly unknown[] {
  return (receipt?.events ?? []).map(({ module, name, data }) => {
    const spec = chain.modules.find((used) => used.spec.name === module)?.spec
    return [`${module}.${name}`, decode(spec?.events[name] as Codec<unknown>, data)]
  })
}

/** All that the token keeps, as its queries tell. */
export function books(on: Harbour, owners: readonly Address[] = [alice, bob, carol, keeper]) {
  return {
    balances: owners.map((owner) => on.read.token.balance({ owner })),
    feePool: on.read.token.feePool(null),
    supply: on.read.token.supply(null),
  }
}
