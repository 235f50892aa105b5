// Sentences that hold after every block.
import { tallyOf } from './bodies.ts'
import { DEPOSIT, STAKE } from './council.ts'
import type { AdminReader } from './nouns.ts'
import { membershipOf } from './organisations.ts'

interface Invariant {
  readonly sentence: string
  readonly holdsNow: (ctx: AdminReader) => boolean
}

export const invariants: readonly Invariant[] = [
  {
    sentence: 'every organisation has as many approvers as it needs approvals, each its own member',
    holdsNow: (ctx) =>
      [...ctx.state.organisations.entries()].every(
        ([id, { approvers, approvalsNeeded }]) =>
          approvalsNeeded >= 1 &&
          approvers.length >= approvalsNeeded &&
          new Set(approvers).size === approvers.length &&
          approvers.every((who) => {
            const own = membershipOf(ctx, who)
            return own?.id === id && own.standing === 'approver'
          }),
      ),
  },
  {
    sentence: 'the roster of an organisation lists its members, and those who approve are its approvers',
    holdsNow: (ctx) =>
      [...ctx.state.members.entries()].every(([who, { of, organisation, standing }]) => {
        const found = ctx.state.organisations.get(organisation)
        if (found?.number !== of) return true
        return (
          ctx.state.roster.has([of, who]) && found.approvers.includes(who) === (standing.kind === 'approver')
        )
      }),
  },
  {
    sentence: 'a command takes exactly the roles that permit it',
    holdsNow: ({ state }) => {
      const wanted = new Map<string, string[]>()
      for (const [role, { commands }] of state.roles.entries())
        for (const { module, command } of commands) {
          const named = `${module}.${command}`
          wanted.set(named, [...(wanted.get(named) ?? []), role])
        }
      const gates = [...state.gates.entries()]
      return (
        gates.length === wanted.size &&
        gates.every(
          ([[module, command], roles]) => roles.join() === wanted.get(`${module}.${command}`)?.join(),
        )
      )
    },
  },
  {
    sentence: 'who holds a role is listed under the role',
    holdsNow: ({ state }) => {
      const grants = [...state.grants.entries()]
      return (
        grants.length === size(state.holders) &&
        grants.every(([[who, role]]) => state.holders.has([role, who]))
      )
    },
  },
  {
    sentence: 'neither admin nor kernel is frozen or takes a role',
    holdsNow: ({ state }) =>
      ['admin', 'kernel'].every(
        (module) =>
          !state.frozenModules.has(module) &&
          [...state.gates.entries({ prefix: [module], limit: 1 })].length === 0,
      ),
  },
  {
    sentence: 'every open or accepted proposal is due exactly once and counted for its proposer, no other is',
    holdsNow: ({ state }) => {
      const alive = [...state.proposals.entries()].filter(([, { status }]) =>
        ['open', 'accepted'].includes(status.kind),
      )
      const open = new Map<string, number>()
      for (const [, { proposer }] of alive) open.set(proposer, (open.get(proposer) ?? 0) + 1)
      const counted = [...state.open.entries()]
      return (
        size(state.due) === alive.length &&
        alive.every(([number, { status, voteUntil, executeAt }]) =>
          state.due.has([status.kind === 'open' ? voteUntil : executeAt, number]),
        ) &&
        counted.length === open.size &&
        counted.every(([who, many]) => open.get(who) === many)
      )
    },
  },
  {
    sentence: 'the coins behind each choice are those of the votes',
    holdsNow: (ctx) =>
      [...ctx.state.proposals.entries()].every(([number, found]) => {
        if (found.rule.body.kind !== 'stake') return true
        const sums = { yes: 0n, no: 0n, abstain: 0n }
        for (const [, { choice, weight }] of ctx.state.votes.entries({ prefix: [number] }))
          sums[choice.kind] += weight
        const { yes, no, abstain } = tallyOf(ctx, number, found)
        return sums.yes === yes && sums.no === no && sums.abstain === abstain
      }),
  },
  {
    sentence: 'every stake and every deposit is locked',
    holdsNow: ({ state, params, needs }) => {
      if (!params.stake) return size(state.stakes) === 0
      const deposits = new Map<string, bigint>()
      for (const [, { proposer, deposit, status }] of state.proposals.entries())
        if (['open', 'accepted'].includes(status.kind) && deposit > 0n)
          deposits.set(proposer, (deposits.get(proposer) ?? 0n) + deposit)
      const staked = [...state.stakes.entries()].every(
        ([owner, { amount }]) => amount > 0n && needs.token.locked({ owner, purpose: STAKE }) === amount,
      )
      return (
        staked &&
        [...deposits].every(
          ([owner, sum]) => needs.token.locked({ owner: owner as never, purpose: DEPOSIT }) === sum,
        )
      )
    },
  },
  {
    sentence: 'the votes of a candidate are those of its backers, by which it is ranked',
    holdsNow: ({ state }) => {
      const votes = new Map<string, bigint>()
      for (const [[, candidate], { candidacy, weight }] of state.backings.entries())
        votes.set(`${candidate} ${candidacy}`, (votes.get(`${candidate} ${candidacy}`) ?? 0n) + weight)
      const candidates = [...state.candidates.entries()]
      const ranked = candidates.filter(([, row]) => row.votes > 0n)
      return (
        ranked.length === size(state.ranking) &&
        ranked.every(([who, row]) => state.ranking.has([row.votes, who])) &&
        candidates.every(([who, row]) => (votes.get(`${who} ${row.candidacy}`) ?? 0n) === row.votes)
      )
    },
  },
  {
    sentence: 'the audit log has every number once, and each line is listed under who did it',
    holdsNow: ({ state }) => {
      const last = state.numbers.get().line - 1n
      return BigInt(size(state.audit)) === last && size(state.auditOf) === Number(last)
    },
  },
]

function size(table: { entries(): Iterable<unknown> }): number {
  let many = 0
  for (const _ of table.entries()) many++
  return many
}
