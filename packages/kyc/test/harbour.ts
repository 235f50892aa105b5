import { type Address, amount, defineChain, type Hash, solo } from '@mmtchain/kernel'
import { guard, kyc } from '@mmtchain/kyc'
import { hash } from '@mmtchain/primitives'
import { testAccount, testChain } from '@mmtchain/testkit'
import { token } from '@mmtchain/token-rewards'

export const at = (name: string): Address => testAccount(name).address
/** A commitment to anything, as registrars make them. */
export const commitment = (n: number): Hash => hash(n.toString(16).padStart(64, '0'))
export const DAY_MS = 86_400_000n
export const coins = token({ symbol: 'HKT', decimals: 2, commandFee: amount(0n) })

/** Everybody sends up to 100; level 1 up to 1,000 a day and 600 to one counterparty; level 2 what it likes. */
export const transferRule = guard(coins, 'transfer', {
  amount: 'amount',
  counterparty: 'to',
  tiers: [
    { level: 0, perCall: amount(100n), perDay: amount(250n) },
    {
      ...{ level: 1, perCall: amount(1_000n), perDay: amount(1_000n) },
      perCounterpartyPerDay: amount(600n),
    },
    { level: 2 },
  ],
})

export const options = {
  registrars: [at('registrar'), at('second')],
  regulators: [at('regulator')],
  rules: [transferRule],
}
export const chain = defineChain({ id: 'harbour-1', addressPrefix: 'hbr', slotMs: 1_000, consensus: solo() })
  .use(coins)
  .use(kyc(options))
export const people = ['ann', 'ben', 'cat', 'dan']
const all = [...people, 'registrar', 'second', 'regulator']
export const documents = {
  token: { balances: all.map((name) => ({ owner: at(name), amount: amount(1_000_000n) })) },
}
export const start = () => testChain(chain, documents)
export type Harbour = ReturnType<typeof start>

/** Has a registrar attest a level, for a year. */
export function attest(on: Harbour, holder: string, level: number, person = 1, registrar = 'registrar') {
  return on.as(at(registrar)).kyc.attest({
    ...{ holder: at(holder), level, digest: commitment(1_000 + person), person: commitment(person) },
    untilMs: on.timeMs + 365n * DAY_MS,
  })
}

export function pay(on: Harbour, from: string, value: bigint, to = 'ben') {
  return on.as(at(from)).token.transfer({ to: at(to), amount: amount(value) })
}
