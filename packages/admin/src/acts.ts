// What organisations do: an act is done once as many approvers have sent it as the organisation asks for.
import { encode, type Infer } from '@mmtchain/codec'
import { sha256 } from '@mmtchain/crypto'
import { type Address, hash, height } from '@mmtchain/primitives'
import { record, shown } from './audit.ts'
import { checkBodies, rulesSet } from './bodies.ts'
import { removeOrganisation } from './changes.ts'
import { back, unback } from './council.ts'
import { type AdminCommand, type AdminContext, action } from './nouns.ts'
import {
  expel,
  invite,
  isFrozen,
  type Membership,
  membershipOf,
  organisationAddress,
  setApprovalsNeeded,
  setStanding,
  withdrawInvitation,
} from './organisations.ts'
import { proposeFor, subjectOf, voteFor, voteSubject } from './proposals.ts'
import { grantRole, revokeRole } from './roles.ts'

export type Action = Infer<typeof action>

/** How many acts of an organisation wait for approvals at a time. */
export const ACTS_MAX = 32

/** The sender approves an action of its organisation, which is done when this was the last approval that it needed. */
export function act(ctx: AdminCommand, given: Action): undefined {
  const { state, sender: who, fail, block } = ctx
  const own = membershipOf(ctx, who)
  if (!own) throw fail.NOT_A_MEMBER({ who })
  const { id, organisation, standing } = own
  if (standing !== 'approver') throw fail.NOT_AN_APPROVER({ who, organisation: id })
  const digest = hash(sha256(encode(action, given)))
  const key = [organisation.number, digest] as const
  const waiting = state.acts.get(key)
  const isLive = waiting !== undefined && waiting.until >= block.height
  // An approval counts as long as who gave it may approve.
  const counts = (one: Address) => organisation.approvers.includes(one) && !isFrozen(ctx, one)
  const before = isLive ? waiting.approvals.filter(counts) : []
  const needed = organisation.approvalsNeeded
  if (before.includes(who)) throw fail.ALREADY_APPROVED({ who, approvals: before.length, needed })
  const approvals = [...before, who]
  const right = `approver of ${id}, ${approvals.length} of ${needed}`
  if (approvals.length >= needed) {
    state.acts.delete(key)
    const subject = perform(ctx, own, given)
    return record(ctx, { who, organisation: id, what: `admin.${given.kind}`, subject, right })
  }
  if (!waiting) makeRoom(ctx, own)
  const until = isLive ? waiting.until : height(block.height + BigInt(ctx.params.approvalHeights))
  state.acts.set(key, { action: given, approvals, until })
  ctx.emit.approved({ who, organisation: id, act: digest, approvals: approvals.length, needed })
  record(ctx, {
    who,
    organisation: id,
    what: 'admin.approve',
    subject: `${given.kind} ${digest.slice(0, 16)}`,
    right,
  })
}

/** Forgets the acts of an organisation that have run out, when there are as many as may wait. */
function makeRoom({ state, fail, block }: AdminContext, { id, organisation }: Membership): void {
  const waiting = [...state.acts.entries({ prefix: [organisation.number], limit: ACTS_MAX })]
  if (waiting.length < ACTS_MAX) return
  const over = waiting.filter(([, { until }]) => until < block.height)
  if (over.length === 0) throw fail.TOO_MANY_ACTS({ organisation: id, max: ACTS_MAX })
  for (const [key] of over) state.acts.delete(key)
}

/** Does it, and tells to what. */
function perform(ctx: AdminContext, own: Membership, { kind, value }: Action): string {
  const { id, organisation } = own
  const elector = { address: organisationAddress(organisation.number), by: 'organisations' } as const
  switch (kind) {
    case 'invite':
      invite(ctx, id, value.who, value.standing)
      return `${shown(ctx, value.who)} as ${value.standing.kind}`
    case 'withdrawInvitation':
      withdrawInvitation(ctx, id, value.who)
      return shown(ctx, value.who)
    case 'expel':
      expel(ctx, id, value.who)
      return shown(ctx, value.who)
    case 'setStanding':
      setStanding(ctx, id, value.who, value.standing)
      return `${shown(ctx, value.who)} to ${value.standing.kind}`
    case 'setApprovalsNeeded':
      setApprovalsNeeded(ctx, id, value)
      return String(value)
    case 'grantRole':
      grantRole(ctx, value.who, value.role, own)
      return `${value.role} to ${shown(ctx, value.who)}`
    case 'revokeRole':
      revokeRole(ctx, value.who, value.role, own)
      return `${value.role} of ${shown(ctx, value.who)}`
    case 'propose':
      return subjectOf(proposeFor(ctx, own, value), value.title)
    case 'vote':
      voteFor(ctx, own, value)
      return voteSubject(value)
    case 'back':
      back(ctx, elector, value.candidate)
      return shown(ctx, value.candidate)
    case 'unback':
      unback(ctx, elector, value.candidate)
      return shown(ctx, value.candidate)
    case 'disband':
      checkBodies(ctx, rulesSet(ctx), { organisation: organisation.number })
      removeOrganisation(ctx, id)
      ctx.emit.disbanded({ organisation: id })
      return id
  }
}
