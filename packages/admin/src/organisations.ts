// Organisations and their members: admission, invitations, joining, leaving.
import type { Infer } from '@mmtchain/codec'
import { moduleAddress } from '@mmtchain/crypto'
import { type Address, height, utf8 } from '@mmtchain/primitives'
import { record } from './audit.ts'
import { type Admission, APPROVERS_MAX } from './change.ts'
import {
  type AdminCommand,
  type AdminContext,
  type AdminReader,
  nextNumber,
  ORGANISATIONS_MAX,
  type organisation,
  type standing,
} from './nouns.ts'

export type Standing = Infer<typeof standing>
export type Organisation = Infer<typeof organisation>

/** An account's place in an organisation. */
export interface Membership {
  readonly id: string
  readonly organisation: Organisation
  readonly standing: Standing['kind']
  /** Of this membership alone: one that is begun again has another. */
  readonly number: bigint
}

/** The account that stands for an organisation where accounts vote. No key belongs to it. */
export function organisationAddress(number: bigint): Address {
  return moduleAddress('admin', utf8(`organisation ${number}`))
}

export function membershipOf({ state }: AdminReader, who: Address): Membership | undefined {
  const row = state.members.get(who)
  const found = row && state.organisations.get(row.organisation)
  if (!row || found?.number !== row.of) return undefined
  return { id: row.organisation, organisation: found, standing: row.standing.kind, number: row.number }
}

export function isFrozen({ state }: AdminReader, who: Address): boolean {
  return state.barred.get(who)?.frozen ?? false
}

/** How many approvers of an organisation can act now. */
export function ableApprovers(
  ctx: AdminReader,
  { approvers }: Pick<Organisation, 'approvers'>,
  without?: Address,
): number {
  return approvers.filter((one) => one !== without && !isFrozen(ctx, one)).length
}

/** Throws unless somebody could be admitted so. */
export function checkAdmission(ctx: AdminContext, { id, approvers, approvalsNeeded }: Admission): undefined {
  const { state, fail } = ctx
  checkId(ctx, id)
  if (state.organisations.has(id)) throw fail.ORGANISATION_EXISTS({ id })
  if ([...state.organisations.entries({ limit: ORGANISATIONS_MAX })].length === ORGANISATIONS_MAX)
    throw fail.TOO_MANY_ORGANISATIONS({ max: ORGANISATIONS_MAX })
  for (const who of approvers) checkNewcomer(ctx, who)
  const have = ableApprovers(ctx, { approvers })
  if (approvalsNeeded < 1 || have < approvalsNeeded)
    throw fail.TOO_FEW_APPROVERS({ organisation: id, have, want: Math.max(1, approvalsNeeded) })
}

export function checkId({ fail }: AdminContext, id: string): void {
  if (!/^[a-z0-9][a-z0-9-]{0,31}$/.test(id)) throw fail.BAD_ID({ id })
}

export function admit(ctx: AdminContext, admission: Admission): undefined {
  checkAdmission(ctx, admission)
  const { id, name, approvers, approvalsNeeded } = admission
  ctx.state.organisations.set(id, {
    number: nextNumber(ctx, 'identity'),
    name,
    approvers: [],
    approvalsNeeded,
  })
  ctx.emit.admitted({ organisation: id })
  for (const who of approvers) enrol(ctx, id, who, { kind: 'approver', value: null })
}

function checkNewcomer(ctx: AdminContext, who: Address): void {
  const own = membershipOf(ctx, who)
  if (own) throw ctx.fail.ALREADY_A_MEMBER({ who, organisation: own.id })
}

/** Makes an account a member. */
function enrol(ctx: AdminContext, id: string, who: Address, given: Standing): void {
  const { state, block } = ctx
  const { number: of } = known(ctx, id)
  const number = nextNumber(ctx, 'identity')
  state.members.set(who, { organisation: id, of, number, standing: MEMBER, since: block.height })
  state.roster.set([of, who], null)
  ctx.emit.joined({ who, organisation: id })
  place(ctx, id, who, given)
}

/** Gives a member a standing, and keeps what follows from it. */
function place(ctx: AdminContext, id: string, who: Address, given: Standing): void {
  const { state, fail } = ctx
  const row = state.members.get(who)
  const found = known(ctx, id)
  if (!row) return
  const others = found.approvers.filter((one) => one !== who)
  const approvers = given.kind === 'approver' ? [...others, who] : others
  if (approvers.length > APPROVERS_MAX)
    throw fail.TOO_MANY_APPROVERS({ organisation: id, max: APPROVERS_MAX })
  state.members.set(who, { ...row, standing: given })
  state.organisations.set(id, { ...found, approvers })
  bar(ctx, who, { regulator: given.kind === 'regulator' })
}

const MEMBER: Standing = { kind: 'member', value: null }

/** Marks what an account may not do, and forgets one that may do all. */
export function bar(
  { state }: AdminContext,
  who: Address,
  marks: { readonly frozen?: boolean; readonly regulator?: boolean },
): void {
  const next = { ...(state.barred.get(who) ?? { frozen: false, regulator: false }), ...marks }
  if (next.frozen || next.regulator) state.barred.set(who, next)
  else state.barred.delete(who)
}

/** An organisation that must be there. Throws `admin/UNKNOWN_ORGANISATION`. */
export function known({ state, fail }: AdminContext, id: string): Organisation {
  const found = state.organisations.get(id)
  if (!found) throw fail.UNKNOWN_ORGANISATION({ id })
  return found
}

export function invite(ctx: AdminContext, id: string, who: Address, given: Standing): void {
  checkNewcomer(ctx, who)
  const until = height(ctx.block.height + BigInt(ctx.params.approvalHeights))
  ctx.state.invitations.set([known(ctx, id).number, who], { standing: given, until })
  ctx.emit.invited({ who, organisation: id })
}

export function withdrawInvitation(ctx: AdminContext, id: string, who: Address): void {
  takeInvitation(ctx, id, who)
  ctx.emit.invitationWithdrawn({ who, organisation: id })
}

/** Throws unless there is an invitation that has not run out. */
function takeInvitation(ctx: AdminContext, id: string, who: Address): Standing {
  const key = [known(ctx, id).number, who] as const
  const found = ctx.state.invitations.get(key)
  if (!found || found.until < ctx.block.height) throw ctx.fail.NOT_INVITED({ who, organisation: id })
  ctx.state.invitations.delete(key)
  return found.standing
}

/** The sender accepts an invitation. */
export function join(ctx: AdminCommand, { organisation: id }: { readonly organisation: string }): undefined {
  const { sender: who } = ctx
  known(ctx, id)
  checkNewcomer(ctx, who)
  const given = takeInvitation(ctx, id, who)
  enrol(ctx, id, who, given)
  record(ctx, {
    who,
    organisation: id,
    what: 'admin.join',
    subject: given.kind,
    right: `invitation of ${id}`,
  })
}

export function decline(
  ctx: AdminCommand,
  { organisation: id }: { readonly organisation: string },
): undefined {
  const { sender: who } = ctx
  takeInvitation(ctx, id, who)
  ctx.emit.declined({ who, organisation: id })
}

/** The sender leaves its organisation. */
export function leave(ctx: AdminCommand): undefined {
  const { sender: who } = ctx
  const own = membershipOf(ctx, who)
  if (!own) throw ctx.fail.NOT_A_MEMBER({ who })
  checkDeparture(ctx, own, who)
  strike(ctx, own, who)
  ctx.emit.left({ who, organisation: own.id })
  record(ctx, { who, organisation: own.id, what: 'admin.leave', right: `member of ${own.id}` })
}

export function expel(ctx: AdminContext, id: string, who: Address): void {
  const own = memberOf(ctx, id, who)
  checkDeparture(ctx, own, who)
  strike(ctx, own, who)
  ctx.emit.expelled({ who, organisation: id })
}

export function setStanding(ctx: AdminContext, id: string, who: Address, given: Standing): void {
  const own = memberOf(ctx, id, who)
  if (own.standing === given.kind) throw ctx.fail.NOTHING_TO_CHANGE()
  if (own.standing === 'approver') checkDeparture(ctx, own, who)
  place(ctx, id, who, given)
  ctx.emit.standingSet({ who, organisation: id, standing: given })
}

export function setApprovalsNeeded(ctx: AdminContext, id: string, approvalsNeeded: number): void {
  const found = known(ctx, id)
  if (found.approvalsNeeded === approvalsNeeded) throw ctx.fail.NOTHING_TO_CHANGE()
  const have = ableApprovers(ctx, found)
  if (approvalsNeeded < 1 || approvalsNeeded > have)
    throw ctx.fail.TOO_FEW_APPROVERS({ organisation: id, have, want: Math.max(1, approvalsNeeded) })
  ctx.state.organisations.set(id, { ...found, approvalsNeeded })
  ctx.emit.approvalsNeededSet({ organisation: id, approvalsNeeded })
}

/** A member of this organisation. Throws `admin/NOT_OF_ORGANISATION`. */
export function memberOf(ctx: AdminContext, id: string, who: Address): Membership {
  const own = membershipOf(ctx, who)
  if (own?.id !== id) throw ctx.fail.NOT_OF_ORGANISATION({ who, organisation: id })
  return own
}

/** Throws where an approver goes without whom the organisation could not act. */
function checkDeparture(
  ctx: AdminContext,
  { id, organisation: found, standing: was }: Membership,
  who: Address,
): void {
  if (was !== 'approver') return
  const have = ableApprovers(ctx, found, who)
  if (have < found.approvalsNeeded)
    throw ctx.fail.TOO_FEW_APPROVERS({ organisation: id, have, want: found.approvalsNeeded })
}

/** Its roles go with its membership, whose number no grant has from then on. */
function strike(ctx: AdminContext, { id, organisation: found }: Membership, who: Address): void {
  place(ctx, id, who, MEMBER)
  ctx.state.members.delete(who)
  ctx.state.roster.delete([found.number, who])
}
