import { amount, defineChain, solo } from '@mmtchain/kernel'
import { commitmentOf, type NameRecord, names } from '@mmtchain/named-router'
import type { Address } from '@mmtchain/primitives'
import { testAddresses, testChain } from '@mmtchain/testkit'
import { token } from '@mmtchain/token-rewards'

export const people = ['lab', 'port', 'thief', 'treasury'] as const
const addresses = testAddresses(...people)
export const at = (who: (typeof people)[number]): Address => addresses[people.indexOf(who)] as Address

export const PRICES = [1_000n, 500n, 100n, 10n].map(amount)
export const SUBNAME = amount(2n)
export const FEE = amount(1n)
const SLOT_MS = 1_000
/** A term of 100 blocks, a grace of 20, reveals after 2 to 10 blocks. */
export const TIMES = { termMs: 100_000n, graceMs: 20_000n, revealAfterHeights: 2, revealWithinHeights: 10 }
export const fees = { terms: PRICES, subname: SUBNAME, to: at('treasury') }

export const base = () =>
  defineChain({
    id: 'harbour-1',
    slotMs: SLOT_MS,
    consensus: solo(),
    limits: { upgradeNoticeHeights: 2 },
  }).use(token({ symbol: 'HKT', commandFee: FEE }))
export const chain = base().use(names({ root: 'harbour', ...TIMES, fees }))

export const documents = {
  token: { balances: people.map((who) => ({ owner: at(who), amount: amount(100_000n) })) },
}
export const start = () => testChain(chain, documents as never)
export type Harbour = ReturnType<typeof start>

export const secret = new Uint8Array(32).fill(7)

/** What somebody commits to. */
export function commitment(
  on: Harbour,
  {
    sender,
    label,
    owner = sender,
  }: { readonly sender: Address; readonly label: string; readonly owner?: Address },
) {
  return commitmentOf({ fingerprint: on.genesis.fingerprint, sender, label, owner, secret })
}

/** Commits, waits, registers. */
export function register(on: Harbour, sender: Address, label: string, terms = 1, owner = sender) {
  const names = on.as(sender).names
  const { code } = names.commit({ commitment: commitment(on, { sender, label, owner }) })
  // An earlier try that was refused has left its commitment.
  if (code && code !== 'names/ALREADY_COMMITTED') return { code }
  on.advance({ blocks: 1 })
  return names.register({ label, owner, terms, secret })
}

export const text = (key: string, value: string): NameRecord => ({ kind: 'text', value: { key, value } })
export const account = (value: Address): NameRecord => ({ kind: 'account', value })
export const fingerprint = '11'.repeat(32)
