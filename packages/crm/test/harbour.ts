import { crm } from '@mmtchain/crm'
import { type Address, defineChain, type Hash, solo } from '@mmtchain/kernel'
import { hash } from '@mmtchain/primitives'
import { testAccount, testChain } from '@mmtchain/testkit'

export const at = (name: string): Address => testAccount(name).address
export const some = (n: number): Hash => hash(n.toString(16).padStart(64, '0'))
export const DAY_MS = 86_400_000n
const chain = defineChain({ id: 'harbour-1', slotMs: 1_000, consensus: solo() }).use(crm())
export const port = { organisation: 'port' }
export const first = { ...port, customer: 1n }
export const blank = { digest: some(1), account: null, indexes: [] as readonly Hash[] }
export const STAGES = ['lead', 'offer', 'won'] as const

/** The port with a clerk and three stages, and the bank. */
export function start() {
  const on = testChain(chain, {})
  on.as(at('owner')).crm.found(port)
  on.as(at('banker')).crm.found({ organisation: 'bank' })
  on.as(at('owner')).crm.setStaff({ ...port, who: at('clerk'), works: true })
  on.as(at('owner')).crm.setPipeline({ ...port, stages: STAGES })
  return on
}
export type Harbour = ReturnType<typeof start>
export const clerkOf = (on: Harbour) => on.as(at('clerk')).crm
