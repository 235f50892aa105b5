import { type Address, amount, defineChain, type Hash, need, solo } from '@mmtchain/kernel'
import { hash } from '@mmtchain/primitives'
import { type Definition, process, type State, type Transition, type Value } from '@mmtchain/process'
import { testAccount, testChain } from '@mmtchain/testkit'
import { token } from '@mmtchain/token-rewards'

export const at = (name: string): Address => testAccount(name).address
export const document = (n: number): Hash => hash(n.toString(16).padStart(64, '0'))
const nothing = null
export const kinds = {
  text: { kind: 'text', value: nothing },
  number: { kind: 'number', value: nothing },
  account: { kind: 'account', value: nothing },
} as const
export const byRole = (value: string) => ({ kind: 'role', value }) as const
export const anyone = { kind: 'anyone', value: nothing } as const
export const number = (field: string, value: bigint) => ({ field, value: { kind: 'number', value } }) as const
export const text = (field: string, value: string) => ({ field, value: { kind: 'text', value } }) as const
export const account = (field: string, name: string) =>
  ({ field, value: { kind: 'account', value: at(name) } }) as const

export const state = (id: string, more: Partial<State> = {}): State => ({
  id,
  final: false,
  deadline: null,
  sub: null,
  ...more,
})
export const end = (id: string) => state(id, { final: true })
export const step = (id: string, from: string, to: string, more: Partial<Transition> = {}): Transition => ({
  ...{
    id,
    title: id,
    from: [from],
    to,
    by: byRole('clerk'),
    approvals: 1,
    otherThan: [],
    sets: [],
    needs: [],
  },
  ...{ guards: [], attachments: [], effect: null },
  ...more,
})

/** A permit: filed, examined, agreed on by two of the board, paid out; or refused, or lapsed after a day. */
export const permit: Definition = {
  ...{ id: 'permit', title: 'Permit of a quay', starters: anyone, sets: ['name'], start: 'filed' },
  roles: [
    { id: 'clerk', title: 'Clerk' },
    { id: 'board', title: 'Board' },
  ],
  fields: [
    { id: 'length', kind: kinds.number },
    { id: 'name', kind: kinds.text },
    { id: 'examiner', kind: kinds.account },
  ],
  states: [
    state('filed', { deadline: { afterMs: 86_400_000n, to: 'lapsed' } }),
    state('assigned'),
    state('examined'),
    ...['granted', 'refused', 'lapsed'].map(end),
  ],
  transitions: [
    step('assign', 'filed', 'assigned', { sets: ['examiner', 'length'], needs: ['examiner', 'name'] }),
    step('examine', 'assigned', 'examined', {
      ...{
        by: { kind: 'field', value: 'examiner' },
        sets: ['length'],
        attachments: ['plan'],
        otherThan: ['assign'],
      },
      guards: [
        {
          field: 'length',
          comparison: { kind: 'atMost', value: null },
          value: { kind: 'number', value: 50n },
        },
      ],
    }),
    step('grant', 'examined', 'granted', {
      by: byRole('board'),
      approvals: 2,
      otherThan: ['examine'],
      effect: 'payOut',
    }),
    step('refuse', 'examined', 'refused', { by: byRole('board') }),
    step('withdraw', 'filed', 'refused', { by: { kind: 'starter', value: null } }),
  ],
}

interface Move {
  move(args: {
    readonly from: Address
    readonly to: Address
    readonly amount: ReturnType<typeof amount>
  }): undefined
}
export const chain = defineChain({ id: 'harbour-1', addressPrefix: 'hbr', slotMs: 1_000, consensus: solo() })
  .use(token({ symbol: 'HKT', commandFee: amount(0n) }))
  .use(
    process({
      needs: { token: need<{}, Move>() },
      effects: {
        payOut: ({ needs, self, starter, field }) => {
          const length = field('length') as Extract<Value, { kind: 'number' }>
          needs.token.move({ from: self, to: starter, amount: amount(length.value) })
        },
      },
    }),
    { grants: { token: ['move'] } },
  )
export const people = ['owner', 'clerk', 'examiner', 'b1', 'b2', 'b3', 'ann']
const balances = people.map((name) => ({ owner: at(name), amount: amount(1_000n) }))
export const start = () => testChain(chain, { token: { balances } })
export type Office = ReturnType<typeof start>

/** The permit is published and its roles are filled. */
export function open(on = start()) {
  const { process: own } = on.as(at('owner'))
  const published = own.publish({ definition: permit })
  if (published.code) throw new Error(published.refusal?.message)
  const roles = { clerk: ['clerk', 'examiner'], board: ['b1', 'b2', 'b3', 'examiner'] }
  for (const [role, names] of Object.entries(roles))
    for (const name of names) own.appoint({ process: 'permit', role, who: at(name) })
  return on
}

export const act = (
  on: Office,
  name: string,
  instance: bigint,
  transition: string,
  set: readonly ReturnType<typeof number | typeof text | typeof account>[] = [],
  attachments: readonly { readonly name: string; readonly hash: Hash }[] = [],
) => on.as(at(name)).process.act({ instance, transition, set, attachments })
