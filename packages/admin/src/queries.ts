// What anybody may ask. Lists come in pages of at most 256 rows: `from` is the first key, `limit` how many.
import {
  address,
  amount,
  amountSum,
  bool,
  height,
  list,
  option,
  struct,
  u16,
  u64,
  unit,
} from '@mmtchain/codec'
import { ACTS_MAX } from './acts.ts'
import { linesFrom, linesOf, page } from './audit.ts'
import { isWon, tallyOf } from './bodies.ts'
import { APPROVERS_MAX, id, name, roleDefinition, title } from './change.ts'
import { diffOf } from './diff.ts'
import {
  action,
  auditLine,
  COMMAND_ROLES_MAX,
  choice,
  DIFF_LINES_MAX,
  diffLine,
  type nouns,
  ORGANISATIONS_MAX,
  organisationFields,
  PAGE_MAX,
  proposal,
  standing,
  status,
} from './nouns.ts'
import { isFrozen, membershipOf, organisationAddress } from './organisations.ts'
import { holds, may } from './roles.ts'
import { SEATS_MAX } from './rules.ts'

const pageOf = <F extends object>(from: F) => ({ ...from, limit: u16 })
const organisationShown = struct({ id, address, ...organisationFields })
const auditPage = list(struct({ number: u64, ...auditLine }), { max: PAGE_MAX })
const summary = struct({
  ...{ number: u64, title, kind: name, proposer: address, organisation: id, status },
  ...{ voteUntil: height, executeAt: height },
})

export const withQueries = (declared: ReturnType<typeof nouns>) =>
  declared
    .query('organisation', struct({ id }), option(organisationShown), ({ state }, input) => {
      const found = state.organisations.get(input.id)
      return found ? { id: input.id, address: organisationAddress(found.number), ...found } : null
    })
    .query('organisations', unit, list(organisationShown, { max: ORGANISATIONS_MAX }), ({ state }) =>
      [...state.organisations.entries()].map(([key, found]) => ({
        ...{ id: key, address: organisationAddress(found.number), ...found },
      })),
    )
    .query(
      'member',
      struct({ who: address }),
      option(struct({ organisation: id, standing, since: height })),
      (ctx, { who }) => (membershipOf(ctx, who) ? (ctx.state.members.get(who) ?? null) : null),
    )
    .query(
      'members',
      struct(pageOf({ organisation: id, from: option(address) })),
      list(struct({ who: address, standing, since: height }), { max: PAGE_MAX }),
      ({ state }, input) => {
        const found = state.organisations.get(input.organisation)
        if (!found) return []
        const { number } = found
        const start = input.from === null ? {} : { from: [number, input.from] as const }
        const rows = [...state.roster.entries({ prefix: [number], ...start, limit: page(input.limit) })]
        return rows.flatMap(([[, who]]) => {
          const row = state.members.get(who)
          return row?.of === number ? [{ who, standing: row.standing, since: row.since }] : []
        })
      },
    )
    .query(
      'invitation',
      struct({ organisation: id, who: address }),
      option(struct({ standing, until: height })),
      ({ state }, { organisation: of, who }) =>
        state.invitations.get([state.organisations.get(of)?.number ?? 0n, who]) ?? null,
    )
    .query(
      'acts',
      struct({ organisation: id }),
      list(struct({ action, approvals: list(address, { max: APPROVERS_MAX }), until: height }), {
        max: ACTS_MAX,
      }),
      ({ state }, { organisation: of }) =>
        [...state.acts.entries({ prefix: [state.organisations.get(of)?.number ?? 0n], limit: ACTS_MAX })].map(
          ([, row]) => row,
        ),
    )
    .query(
      'role',
      struct({ role: id }),
      option(roleDefinition),
      ({ state }, { role }) => state.roles.get(role) ?? null,
    )
    .query(
      'roles',
      struct(pageOf({ from: id })),
      list(roleDefinition, { max: PAGE_MAX }),
      ({ state }, { from, limit }) =>
        [...state.roles.entries({ from, limit: page(limit) })].map(([, row]) => row),
    )
    .query(
      'holders',
      struct(pageOf({ role: id, from: option(address) })),
      list(struct({ who: address, holds: bool, organisation: id, since: height }), { max: PAGE_MAX }),
      (ctx, { role, from, limit }) => {
        const start = from === null ? {} : { from: [role, from] as const }
        const rows = [...ctx.state.holders.entries({ prefix: [role], ...start, limit: page(limit) })]
        return rows.flatMap(([[, who]]) => {
          const grant = ctx.state.grants.get([who, role])
          return grant
            ? [{ who, holds: holds(ctx, who, role), organisation: grant.organisation, since: grant.since }]
            : []
        })
      },
    )
    .query(
      'permission',
      struct({ who: address, module: name, command: name }),
      struct({ allowed: bool, roles: list(id, { max: COMMAND_ROLES_MAX }) }),
      (ctx, input) => ({
        allowed: may(ctx, input),
        roles: ctx.state.gates.get([input.module, input.command]) ?? [],
      }),
    )
    .query('frozen', struct({ account: address }), bool, (ctx, { account }) => isFrozen(ctx, account))
    .query('frozenModules', unit, list(name, { max: PAGE_MAX }), ({ state }) =>
      [...state.frozenModules.entries({ limit: PAGE_MAX })].map(([module]) => module),
    )
    .query(
      'proposal',
      struct({ proposal: u64 }),
      option(
        struct({
          proposal,
          ...{ yes: amountSum, no: amountSum, abstain: amountSum, electorate: amountSum },
          /** Whether it would win if the vote ended now; for one that is over, whether it would win today. */
          wins: bool,
        }),
      ),
      (ctx, input) => {
        const found = ctx.state.proposals.get(input.proposal)
        if (!found) return null
        const tally = tallyOf(ctx, input.proposal, found)
        return { proposal: found, ...tally, wins: isWon(found.rule, tally) }
      },
    )
    .query(
      'proposals',
      struct(pageOf({ from: u64 })),
      list(summary, { max: PAGE_MAX }),
      ({ state }, { from, limit }) =>
        [...state.proposals.entries({ from, limit: page(limit) })].map(([number, row]) => ({
          number,
          title: row.title,
          kind: row.change.kind,
          proposer: row.proposer,
          organisation: row.organisation,
          voteUntil: row.voteUntil,
          executeAt: row.executeAt,
          status: row.status,
        })),
    )
    .query('diff', struct({ proposal: u64 }), list(diffLine, { max: DIFF_LINES_MAX }), (ctx, input) => {
      const found = ctx.state.proposals.get(input.proposal)
      return ctx.state.diffs.get(input.proposal) ?? (found ? diffOf(ctx, found.change) : [])
    })
    .query(
      'votes',
      struct(pageOf({ proposal: u64, from: option(address) })),
      list(struct({ voter: address, choice, weight: amount }), { max: PAGE_MAX }),
      ({ state }, { proposal: number, from, limit }) => {
        const start = from === null ? {} : { from: [number, from] as const }
        const rows = [...state.votes.entries({ prefix: [number], ...start, limit: page(limit) })]
        return rows.map(([[, voter], row]) => ({ voter, ...row }))
      },
    )
    .query(
      'stake',
      struct({ owner: address }),
      option(struct({ amount, until: height })),
      ({ state }, { owner }) => state.stakes.get(owner) ?? null,
    )
    .query(
      'council',
      unit,
      struct({ members: list(address, { max: SEATS_MAX }), untilMs: u64 }),
      ({ state }) => ({
        members: state.council.get(),
        untilMs: state.councilUntilMs.get(),
      }),
    )
    .query(
      'candidates',
      struct({ limit: u16 }),
      list(struct({ candidate: address, votes: u64 }), { max: PAGE_MAX }),
      ({ state }, { limit }) =>
        [...state.ranking.entries({ reverse: true, limit: page(limit) })].map(([[votes, candidate]]) => ({
          candidate,
          votes,
        })),
    )
    .query(
      'backed',
      struct({ elector: address }),
      list(struct({ candidate: address, weight: amount }), { max: SEATS_MAX }),
      ({ state }, { elector }) =>
        [...state.backings.entries({ prefix: [elector], limit: SEATS_MAX })].map(
          ([[, candidate], { weight }]) => ({
            candidate,
            weight,
          }),
        ),
    )
    .query(
      'silent',
      unit,
      list(struct({ validator: address, since: height }), { max: PAGE_MAX }),
      ({ state }) =>
        [...state.silent.entries({ limit: PAGE_MAX })].map(([validator, since]) => ({ validator, since })),
    )
    .query('audit', struct(pageOf({ from: u64 })), auditPage, (ctx, { from, limit }) =>
      linesFrom(ctx, from, limit),
    )
    .query('auditOf', struct(pageOf({ who: address, from: u64 })), auditPage, (ctx, { who, from, limit }) =>
      linesOf(ctx, who, from, limit),
    )
