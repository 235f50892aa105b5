// What must and must not compile of a client, against the built declarations.
import {
  type ChainEvent,
  type Client,
  createClient,
  type Proven,
  type RefusalCode,
  type Sent,
} from '@mmtchain/client'
import {
  type Address,
  type Amount,
  address,
  amount,
  defineChain,
  defineModule,
  type Height,
  type ModulesOf,
  need,
  option,
  solo,
  struct,
  table,
  text,
  u64,
  unit,
} from '@mmtchain/kernel'
import type { Signer, TransactionCall } from '@mmtchain/tx'

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const is = <T extends true>(): T | undefined => undefined
declare const alice: Address
declare const signer: Signer

const token = () =>
  defineModule('token', {
    state: { balances: table(address, amount, amount(0n)) },
    events: { transferred: struct({ to: address, amount }), minted: u64 },
    errors: {
      INSUFFICIENT_BALANCE: (d: { have: Amount }) => ({ message: `There is ${d.have}.`, hint: 'Send less.' }),
    },
  })
    .command('transfer', struct({ to: address, amount }), () => undefined)
    .query('balance', struct({ owner: address }), amount, (ctx, { owner }) => ctx.state.balances.get(owner))
    .query('supply', unit, u64, () => 0n)
    .provides({ open: () => ({ pay: (_to: Address, _value: Amount): undefined => undefined }) })
const invoice = () =>
  defineModule('invoice', { needs: { token: need<{ pay(to: Address, value: Amount): undefined }>() } })
    .command('issue', struct({ id: text({ bytesMax: 64 }), buyer: address, amount }), () => undefined)
    .command('close', unit, () => undefined)
    .query('open', struct({ id: text({ bytesMax: 64 }) }), option(struct({ amount })), () => null)

const chain = defineChain({ id: 'harbour-1', consensus: solo() }).use(token()).use(invoice())
const client = createClient({ chain, signer })
is<Equal<typeof client, Client<ModulesOf<typeof chain>>>>()

// 1. Queries: input and answer are those of the module.

const balance = client.read.token.balance({ owner: alice })
is<Equal<typeof balance, Promise<Amount>>>()
const supply = client.read.token.supply()
is<Equal<typeof supply, Promise<bigint>>>()
const proven = client.prove.token.balance({ owner: alice })
is<Equal<typeof proven, Promise<Proven<Amount>>>>()
const provenSupply = client.prove.token.supply(null, { height: 7n as Height })
is<Equal<Awaited<typeof provenSupply>['value'], bigint>>()
// @ts-expect-error a command is not a query
client.prove.token.transfer({ to: alice, amount: amount(1n) })
// @ts-expect-error a height is branded
client.prove.token.supply(null, { height: 7n })
const open = client.read.invoice.open({ id: 'INV-1' })
is<Equal<typeof open, Promise<{ readonly amount: Amount } | null>>>()
const account = client.read.kernel.account({ address: alice })
is<Equal<Awaited<typeof account>['nonce'], bigint>>()
// @ts-expect-error an address is branded
client.read.token.balance({ owner: '0x00' })
// @ts-expect-error a field is missing
client.read.token.balance({})
// @ts-expect-error a field too much
client.read.token.balance({ owner: alice, at: 1n })
// @ts-expect-error an input is missing
client.read.token.balance()
// @ts-expect-error no such query
client.read.token.balanceOf
// @ts-expect-error a command is no query
client.read.token.transfer
// @ts-expect-error no such module
client.read.crm

// 2. Commands: sent as a transaction of their own.

const sent = client.send.token.transfer({ to: alice, amount: amount(5n) })
is<Equal<typeof sent, Promise<Sent>>>()
client.send.token.transfer(
  { to: alice, amount: amount(5n) },
  { signer, wait: 'included', feeMax: amount(1n), signal: AbortSignal.timeout(1) },
)
client.read.token.balance({ owner: alice }, { signal: AbortSignal.timeout(1) })
client.send.invoice.close(null)
client.send.kernel.rotate({ authority: signer.authority })
// @ts-expect-error an amount is branded
client.send.token.transfer({ to: alice, amount: 5n })
// @ts-expect-error an amount is not a number
client.send.token.transfer({ to: alice, amount: 5 })
// @ts-expect-error an address is branded
client.send.token.transfer({ to: 'mmt1q', amount: amount(5n) })
// @ts-expect-error a field is missing
client.send.token.transfer({ to: alice })
// @ts-expect-error a field too much
client.send.token.transfer({ to: alice, amount: amount(5n), memo: 'hello' })
// @ts-expect-error an input is missing
client.send.token.transfer()
// @ts-expect-error no such command
client.send.token.mint
// @ts-expect-error a capability is no command
client.send.token.pay
// @ts-expect-error a query is no command
client.send.token.balance
// @ts-expect-error no such module
client.send.crm
// @ts-expect-error no such wait
client.send.token.transfer({ to: alice, amount: amount(5n) }, { wait: 'soon' })
// @ts-expect-error a fee that is a plain bigint
client.send.token.transfer({ to: alice, amount: amount(5n) }, { feeMax: 5n })

// 3. Calls: several as one transaction.

const calls = [
  client.call.token.transfer({ to: alice, amount: amount(5n) }),
  client.call.invoice.issue({ id: 'INV-1', buyer: alice, amount: amount(5n) }),
]
is<Equal<typeof calls, TransactionCall[]>>()
client.sendAll(calls, { signer })
// @ts-expect-error a call is checked like a command
client.call.invoice.issue({ id: 7, buyer: alice, amount: amount(5n) })
// @ts-expect-error what is sent together are calls
client.sendAll([{ to: alice, amount: amount(5n) }])

// 4. The client of one chain is not that of another.

const other = createClient({ chain: defineChain({ id: 'harbour-2', consensus: solo() }).use(token()) })
// @ts-expect-error the other chain has no invoices
other.send.invoice
// @ts-expect-error a client knows its chain
createClient({ url: 'http://127.0.0.1:7200' })

// 5. Events: each with the type of its data.

async function follow() {
  for await (const event of client.events.token.transferred({ fromHeight: 1n })) {
    is<Equal<typeof event, ChainEvent<{ readonly to: Address; readonly amount: Amount }>>>()
    client.events.token.transferred({ after: event, signal: AbortSignal.timeout(1) })
  }
  for await (const { data } of client.events.token.minted()) is<Equal<typeof data, bigint>>()
  for await (const { header } of client.heads()) is<Equal<typeof header.proposer, Address>>()
}
// @ts-expect-error no such event
client.events.token.burned
// @ts-expect-error a module without events has none
client.events.invoice.issued
// @ts-expect-error a height is a bigint
client.events.token.minted({ fromHeight: 1 })
is<Equal<typeof follow, () => Promise<void>>>()

// 6. Refusals: by the codes of this very chain.

is<Equal<Extract<RefusalCode<ModulesOf<typeof chain>>, `token/${string}`>, 'token/INSUFFICIENT_BALANCE'>>()
declare const error: unknown
if (client.isRefusal(error, 'token/INSUFFICIENT_BALANCE')) {
  is<Equal<typeof error.code, 'token/INSUFFICIENT_BALANCE'>>()
  is<Equal<typeof error.hint, string>>()
}
// @ts-expect-error no such code
client.isRefusal(error, 'token/INSUFFICIENT_BALLANCE')
// @ts-expect-error no such module
client.isRefusal(error, 'crm/NOT_FOUND')

// 7. Nothing in it is any.

type IsAny<T> = 0 extends 1 & T ? true : false
type AnyWithin<T> = { [K in keyof T]: IsAny<T[K]> extends true ? K : never }[keyof T]
is<Equal<AnyWithin<typeof client>, never>>()
is<Equal<AnyWithin<(typeof client)['send']['token']>, never>>()
is<Equal<AnyWithin<(typeof client)['read']['token']>, never>>()
is<Equal<AnyWithin<Sent>, never>>()
is<Equal<AnyWithin<(typeof client)['events']['token']>, never>>()
is<Equal<AnyWithin<ChainEvent<bigint>>, never>>()
