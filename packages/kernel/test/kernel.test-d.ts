// What must and what must not compile against the built declarations. Each `@ts-expect-error` is itself an error when its
// line compiles.
import {
  type Address,
  type Amount,
  address,
  amount,
  type CommandContext,
  cell,
  defineChain,
  defineModule,
  type Genesis,
  type GivenDocument,
  list,
  type ModulesOf,
  map,
  need,
  option,
  params,
  set,
  solo,
  struct,
  type TypesOf,
  table,
  text,
  tuple,
  u8,
  u32,
  u64,
  unit,
  type WriteOf,
} from '@mmtchain/kernel'

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const is = <T extends true>(): T | undefined => undefined
declare const alice: Address
declare const timeMs: bigint
const one = amount(1n)

// 1. A module: nouns, then verbs.

const short = text({ bytesMax: 32 })
const bank = defineModule('bank', {
  params: params(struct({ symbol: short }), { symbol: 'HKT' }),
  state: {
    balances: table(address, amount, amount(0n)),
    owners: table(tuple(u32, address), struct({ since: u64 })),
    supply: cell(u64, 0n),
    last: cell(address),
  },
  events: { moved: struct({ to: address, amount }), closed: unit },
  errors: { POOR: (d: { have: Amount; want: Amount }) => ({ message: `${d.have} of ${d.want}`, hint: '' }) },
})
  .genesis(list(struct({ owner: address, amount }), { max: 9 }), (ctx, rows) => {
    for (const { owner, amount: value } of rows) ctx.state.balances.set(owner, value)
  })
  .command(
    'move',
    struct({ to: address, amount }),
    { weight: 9n, fee: (input) => input.amount },
    (ctx, input) => {
      is<Equal<typeof input, { readonly to: Address; readonly amount: Amount }>>()
      is<Equal<typeof ctx.sender, Address>>()
      is<Equal<typeof ctx.params, { readonly symbol: string }>>()
      const have = ctx.state.balances.get(ctx.sender)
      is<Equal<typeof have, Amount>>()
      if (have < input.amount) throw ctx.fail.POOR({ have, want: input.amount })
      ctx.emit.moved(input)
      ctx.emit.closed(null)
      is<Equal<ReturnType<typeof ctx.state.last.get>, Address | undefined>>()
      const row = ctx.state.owners.get([7, alice])
      is<Equal<typeof row, { readonly since: bigint } | undefined>>()
      for (const [key, value] of ctx.state.owners.entries({
        prefix: [7],
        from: [7, alice],
        limit: 3,
        reverse: true,
      })) {
        is<Equal<typeof key, readonly [number, Address]>>()
        is<Equal<typeof value, { readonly since: bigint }>>()
      }
    },
  )
  .query('balance', address, amount, (ctx, who) => ctx.state.balances.get(who))
  .provides({
    open: (ctx) => ({
      pay: (to: Address, value: Amount): undefined => void [ctx.sender, to, value] as undefined,
    }),
    granted: (ctx) => ({
      mint: (value: Amount): undefined => ctx.state.supply.set(value),
      burn: (value: Amount): undefined => ctx.state.supply.set(value),
    }),
  })

bank.command('a', u8, (ctx) => {
  // @ts-expect-error an unknown table
  ctx.state.nope
  // @ts-expect-error an unknown event
  ctx.emit.nope
  // @ts-expect-error an event with a wrong field
  ctx.emit.moved({ too: alice, amount: one })
  // @ts-expect-error an event with a missing field
  ctx.emit.moved({ to: alice })
  // @ts-expect-error an event with an amount that is a plain bigint
  ctx.emit.moved({ to: alice, amount: 1n })
  // @ts-expect-error an unknown refusal
  ctx.fail.RICH
  // @ts-expect-error a refusal with a wrong detail
  ctx.fail.POOR({ have: one, wants: one })
  // @ts-expect-error a key of another type
  ctx.state.balances.get(7)
  // @ts-expect-error a key that is a plain text
  ctx.state.balances.get('0x00')
  // @ts-expect-error a value of another type
  ctx.state.balances.set(alice, 'much')
  // @ts-expect-error a value that is a plain bigint
  ctx.state.balances.set(alice, 5n)
  // @ts-expect-error a cell has no keys
  ctx.state.supply.get(alice)
  // @ts-expect-error a cell has no entries
  ctx.state.supply.entries
  // @ts-expect-error a prefix of the wrong type
  ctx.state.owners.entries({ prefix: [alice] })
  // @ts-expect-error a row is read-only
  ctx.state.owners.get([1, alice]).since = 1n
  // @ts-expect-error a parameter is read-only
  ctx.params.symbol = 'X'
  // @ts-expect-error the block is read-only
  ctx.block.height = 1n
  // @ts-expect-error there is no clock but the block's
  ctx.now
  // @ts-expect-error a need that the module does not have
  ctx.needs.bank
})

const plain = defineModule('plain', { errors: { NOTHING: () => ({ message: 'm', hint: 'h' }) } })
plain.command('none', unit, (ctx) => {
  // @ts-expect-error a refusal without values takes none
  ctx.fail.NOTHING({ values: 1 })
  throw ctx.fail.NOTHING()
})

// 2. Handlers are synchronous and return nothing.

// @ts-expect-error an async command
bank.command('b', u8, async (ctx) => {
  ctx.state.supply.set(1n)
})
// @ts-expect-error a command that returns something
bank.command('c', u8, (ctx) => ctx.state.supply.get())
// @ts-expect-error an async command with options
bank.command('d', u8, { weight: 1n }, async () => undefined)
// @ts-expect-error an async hook
bank.beginBlock(async () => undefined)
// @ts-expect-error an async hook
bank.endBlock(async () => undefined)
// @ts-expect-error an async guard
bank.beforeCommand(async () => undefined)
// @ts-expect-error an async query
bank.query('e', u8, amount, async () => one)
// @ts-expect-error an async genesis
defineModule('f').genesis(u8, async () => undefined)
// @ts-expect-error an async migration
bank.migrate(1, async () => undefined)
// @ts-expect-error an async invariant
bank.invariant('all is well', async () => true)
// @ts-expect-error an async reserve
bank.feePolicy({ commandFee: one, reserve: async () => undefined, settle: () => undefined })

// 3. Queries and invariants read.

bank.query('g', address, amount, (ctx, who) => {
  // @ts-expect-error a query cannot set
  ctx.state.balances.set(who, one)
  return one
})
bank.query('h', address, amount, (ctx, who) => {
  // @ts-expect-error a query cannot delete
  ctx.state.balances.delete(who)
  return one
})
bank.query('i', unit, u64, (ctx) => {
  // @ts-expect-error a query cannot set a cell
  ctx.state.supply.set(1n)
  return 1n
})
bank.query('j', unit, u64, (ctx) => {
  // @ts-expect-error a query emits nothing
  ctx.emit.closed(null)
  return 1n
})
bank.query('k', unit, u64, (ctx) => {
  // @ts-expect-error a query has no capabilities but those that are only read
  ctx.needs.bank
  return 1n
})
// @ts-expect-error a query has no sender
bank.query('l', unit, address, (ctx) => ctx.sender)
// @ts-expect-error an absent row is undefined, which the output does not allow
bank.query('m', tuple(u32, address), struct({ since: u64 }), (ctx, key) => ctx.state.owners.get(key))
// @ts-expect-error an output of another type
bank.query('n', unit, amount, () => 'much')
// @ts-expect-error an output that is a plain bigint
bank.query('o', unit, amount, () => 1n)
bank.invariant('all is well', (ctx) => {
  // @ts-expect-error an invariant cannot write
  ctx.state.supply.set(1n)
  return true
})
bank.query(
  'p',
  tuple(u32, address),
  option(struct({ since: u64 })),
  (ctx, key) => ctx.state.owners.get(key) ?? null,
)

// 4. Commands know their sender; hooks, genesis and guards do not.

bank.beforeCommand((ctx, call) => {
  is<Equal<typeof call.sender, Address>>()
  // @ts-expect-error a guard gets the call beside its context
  ctx.sender
})
bank.endBlock((ctx) => {
  // @ts-expect-error a hook has no sender
  ctx.sender
})
defineModule('q').genesis(u8, (ctx) => {
  // @ts-expect-error genesis has no sender
  ctx.sender
})
// @ts-expect-error a fee is an amount
bank.command('r', u8, { fee: 5n }, () => undefined)
// @ts-expect-error a fee from the input is an amount
bank.command('s', u8, { fee: (n) => BigInt(n) }, () => undefined)
// @ts-expect-error what stands for an absent row is a value of the table
table(address, amount, 'none')
// @ts-expect-error what stands for an absent row is a value of the table
table(address, amount, 0n)
// @ts-expect-error a struct cannot be a key
table(struct({ a: u8 }), amount)
// @ts-expect-error an option cannot be a key
table(option(u8), amount)
// @ts-expect-error parameters are of their codec's type
params(struct({ symbol: short }), { symbol: 7 })

// 5. Needs and grants.

bank.command('e', u8, (ctx) => {
  is<Equal<typeof ctx.self, Address>>()
})

interface Payments {
  pay(to: Address, value: Amount): undefined
}
interface Minting {
  mint(value: Amount): undefined
}
const shop = () =>
  defineModule('shop', { needs: { bank: need<Payments>() } }).command('buy', u8, (ctx) =>
    ctx.needs.bank.pay(alice, one),
  )
const fund = () =>
  defineModule('fund', { needs: { bank: need<Payments, Minting>() } })
    .command('found', u8, (ctx) => {
      ctx.needs.bank.mint(one)
      ctx.needs.bank.pay(alice, one)
      // @ts-expect-error what the need does not name is not there
      ctx.needs.bank.burn(one)
    })
    .endBlock((ctx) => {
      ctx.needs.bank.mint(one)
      // @ts-expect-error an open capability acts for a sender, hence is not there in hooks
      ctx.needs.bank.pay(alice, one)
    })
    .beforeCommand((ctx) => {
      // @ts-expect-error nor before commands
      ctx.needs.bank.pay(alice, one)
    })

interface Supplies {
  supply(): bigint
}
const reader = () =>
  defineModule('reader', { needs: { source: need<{}, {}, Supplies>() } })
    .query('share', u8, u64, (ctx) => ctx.needs.source.supply())
    .invariant('there is something', (ctx) => ctx.needs.source.supply() > 0n)
    .endBlock((ctx) => void ctx.needs.source.supply() as undefined)
    .command('look', u8, (ctx) => void ctx.needs.source.supply() as undefined)

const base = defineChain({ id: 'harbour-1', consensus: solo() })
const source = defineModule('source', { state: { total: cell(u64, 5n) } }).provides({
  reads: (ctx) => {
    // @ts-expect-error what is only read cannot write
    ctx.state.total.set(6n)
    return { supply: () => ctx.state.total.get() }
  },
})
base.use(source).use(reader())
// @ts-expect-error a module that provides nothing to read
base.use(defineModule('source')).use(reader())
// @ts-expect-error what is only read is not granted
base.use(source).use(reader(), { grants: { source: ['supply'] } })
const banked = base.use(bank)
// @ts-expect-error shop needs bank first
base.use(shop())
// @ts-expect-error the same module twice
banked.use(bank)
// @ts-expect-error another module of the same name
banked.use(defineModule('bank'))
// @ts-expect-error the kernel is there already
base.use(defineModule('kernel'))
banked.use(shop())
// @ts-expect-error a capability that is needed but not granted
banked.use(fund())
// @ts-expect-error another capability granted than the one that is needed
banked.use(fund(), { grants: { bank: ['burn'] } })
banked.use(fund(), { grants: { bank: ['mint'] } })
banked.use(fund(), { grants: { bank: ['burn', 'mint'] } })
// @ts-expect-error a grant of a capability that is not there
banked.use(fund(), { grants: { bank: ['mint', 'fly'] } })
// @ts-expect-error an open capability is not granted
banked.use(fund(), { grants: { bank: ['mint', 'pay'] } })
// @ts-expect-error a grant of a module that is not there
banked.use(shop(), { grants: { mint: ['mint'] } })
// @ts-expect-error a grant of a module that grants nothing
banked.use(shop(), { grants: { kernel: ['mint'] } })
// @ts-expect-error the bank does not provide what the need names
banked.use(defineModule('inn', { needs: { bank: need<{ lend(value: Amount): undefined }>() } }))
// @ts-expect-error the bank provides it with other arguments
banked.use(defineModule('inn', { needs: { bank: need<{ pay: (to: string) => undefined }>() } }))
// @ts-expect-error the bank provides it with another result
banked.use(defineModule('inn', { needs: { bank: need<{ pay(to: Address, value: Amount): Amount }>() } }))
// @ts-expect-error a fee on a command that is not there
banked.use(shop(), { fees: { sell: one } })
// @ts-expect-error a fee is an amount
banked.use(shop(), { fees: { buy: 5n } })
banked.use(shop(), { fees: { buy: one } })

// 6. Genesis.

const chain = banked.use(shop()).use(fund(), { grants: { bank: ['mint'] } })
const validators = [{ address: alice, key: { suite: 1, key: new Uint8Array(33) } }]
const bankDocument = [{ owner: alice, amount: one }]
const genesis = chain.genesis({ timeMs, validators, documents: { bank: bankDocument } })
is<Equal<typeof genesis, Genesis<ModulesOf<typeof chain>>>>()
const withoutRows: GivenDocument<{ readonly rows: readonly string[]; readonly n: 1 }> = { n: 1 }
// @ts-expect-error only lists may be left out
const withoutPair: GivenDocument<{ readonly pair: readonly [1, 2] }> = {}
void [withoutRows, withoutPair]
// @ts-expect-error a document is missing
chain.genesis({ timeMs, validators, documents: {} })
// @ts-expect-error a document of a module that takes none
chain.genesis({ timeMs, validators, documents: { bank: bankDocument, shop: 1 } })
// @ts-expect-error a document of another shape
chain.genesis({ timeMs, validators, documents: { bank: [{ owner: alice }] } })
// @ts-expect-error an amount in a document that is a plain bigint
chain.genesis({ timeMs, validators, documents: { bank: [{ owner: alice, amount: 1n }] } })
// @ts-expect-error an address in a document that is a plain text
chain.genesis({ timeMs, validators, documents: { bank: [{ owner: '0x', amount: one }] } })
base.genesis({ timeMs, validators, documents: {} })

// 7. The types of modules reach everyone who has the chain, and none of them is any.

type Modules = ModulesOf<typeof chain>
is<Equal<keyof Modules, 'kernel' | 'bank' | 'shop' | 'fund'>>()
is<Equal<Modules['bank']['commands'], { move: { readonly to: Address; readonly amount: Amount } }>>()
is<Equal<Modules['bank']['queries'], { balance: { input: Address; output: Amount } }>>()
is<Equal<Modules['shop']['commands'], { buy: number }>>()
is<Equal<keyof Modules['kernel']['commands'], 'rotate'>>()
is<Equal<TypesOf<typeof bank>['params'], { readonly symbol: string }>>()

type IsAny<T> = 0 extends 1 & T ? true : false
type AnyWithin<T> = { [K in keyof T]: IsAny<T[K]> extends true ? K : never }[keyof T]
is<Equal<AnyWithin<Modules['bank']>, never>>()
is<Equal<AnyWithin<Modules['bank']['events']>, never>>()
is<Equal<AnyWithin<CommandContext<Modules['fund']>>, never>>()
is<Equal<AnyWithin<CommandContext<Modules['fund']>['needs']['bank']>, never>>()
is<Equal<AnyWithin<WriteOf<typeof bank>['state']>, never>>()
is<Equal<IsAny<ReturnType<WriteOf<typeof bank>['state']['last']['get']>>, false>>()

// 8. Codecs carry their types.

defineModule('t').command(
  'all',
  struct({ a: set(u8, { max: 2 }), b: map(u8, short, { max: 2 }), c: option(u64) }),
  (_, input) => {
    is<
      Equal<
        typeof input,
        { readonly a: readonly number[]; readonly b: ReadonlyMap<number, string>; readonly c: bigint | null }
      >
    >()
  },
)
