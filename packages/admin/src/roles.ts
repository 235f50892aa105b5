// Roles, who holds them, and the check before every command.
import type { Call } from '@mmtchain/kernel'
import type { Address } from '@mmtchain/primitives'
import { record } from './audit.ts'
import type { RoleDefinition } from './change.ts'
import { type AdminContext, type AdminReader, COMMAND_ROLES_MAX } from './nouns.ts'
import { checkId, known, type Membership, memberOf, membershipOf } from './organisations.ts'

/** What a regulator may send all the same: nothing of it changes the business of the chain. */
const READERS_COMMANDS = new Set(['kernel.rotate', 'admin.leave', 'admin.decline'])
/** Modules whose commands have rules of their own: a role on them could lock everybody out. */
const OWN_RULES = new Set(['kernel', 'admin'])

/** Refuses the commands of who is frozen, of regulators, of frozen modules, and of who lacks the role that a command takes. */
export function guard(ctx: AdminContext, { sender: who, module, command }: Call): undefined {
  const { state, fail } = ctx
  const barred = state.barred.get(who)
  if (barred?.frozen) throw fail.FROZEN({ who })
  if (barred?.regulator && !READERS_COMMANDS.has(`${module}.${command}`)) {
    const own = membershipOf(ctx, who)
    if (own?.standing === 'regulator') throw fail.READ_ONLY({ who, organisation: own.id })
  }
  if (state.frozenModules.has(module)) throw fail.MODULE_FROZEN({ module })
  const roles = state.gates.get([module, command])
  if (!roles) return
  const role = roles.find((one) => holds(ctx, who, one))
  if (role === undefined) {
    const grantors = new Set(roles.flatMap((one) => state.roles.get(one)?.grantors ?? []))
    throw fail.NOT_PERMITTED({
      ...{ who, command: `${module}.${command}`, roles, grantors: [...grantors].sort() },
      body: ctx.params.rules.role.body.kind,
    })
  }
  const by = state.grants.get([who, role])?.organisation
  const right = `role ${role}, granted by ${by || 'a proposal'}`
  record(ctx, { who, organisation: membershipOf(ctx, who)?.id, what: `${module}.${command}`, right })
}

/** Whether an account has a role now. */
export function holds(ctx: AdminReader, who: Address, role: string): boolean {
  const grant = ctx.state.grants.get([who, role])
  if (!grant) return false
  return grant.membership === 0n || membershipOf(ctx, who)?.number === grant.membership
}

/** Whether an account may send a command, as far as this module can tell. */
export function may(
  ctx: AdminReader,
  { who, module, command }: { who: Address; module: string; command: string },
) {
  const { state } = ctx
  const barred = state.barred.get(who)
  if (barred?.frozen || state.frozenModules.has(module)) return false
  const isReader = barred?.regulator && membershipOf(ctx, who)?.standing === 'regulator'
  if (isReader && !READERS_COMMANDS.has(`${module}.${command}`)) return false
  return state.gates.get([module, command])?.some((role) => holds(ctx, who, role)) ?? true
}

/** Throws unless a role can be defined so. */
export function checkRole(ctx: AdminContext, { role, commands, grantors }: RoleDefinition): undefined {
  const { state, fail, chain } = ctx
  checkId(ctx, role)
  for (const { module, command } of commands) {
    const named = `${module}.${command}`
    if (!chain.commands.get(module)?.includes(command)) throw fail.UNKNOWN_COMMAND({ command: named })
    if (OWN_RULES.has(module)) throw fail.CANNOT_RESTRICT({ command: named })
    const others = (state.gates.get([module, command]) ?? []).filter((one) => one !== role)
    if (others.length >= COMMAND_ROLES_MAX)
      throw fail.TOO_MANY_ROLES({ command: named, max: COMMAND_ROLES_MAX })
  }
  for (const id of grantors) known(ctx, id)
}

/** Defines a role, or defines it anew; who holds it goes on holding it. */
export function defineRole(ctx: AdminContext, definition: RoleDefinition): undefined {
  checkRole(ctx, definition)
  const { state } = ctx
  const { role } = definition
  for (const { module, command } of state.roles.get(role)?.commands ?? []) {
    const others = (state.gates.get([module, command]) ?? []).filter((one) => one !== role)
    if (others.length > 0) state.gates.set([module, command], others)
    else state.gates.delete([module, command])
  }
  for (const { module, command } of definition.commands)
    state.gates.set([module, command], [...(state.gates.get([module, command]) ?? []), role].sort())
  state.roles.set(role, definition)
  ctx.emit.roleDefined({ role })
}

/** Throws unless the role can be granted, by a proposal or by the organisation of `by`. */
export function checkGrant(ctx: AdminContext, who: Address, role: string, by?: Membership): undefined {
  const { state, fail } = ctx
  const definition = state.roles.get(role)
  if (!definition) throw fail.UNKNOWN_ROLE({ role })
  if (by && !definition.grantors.includes(by.id))
    throw fail.NOT_A_GRANTOR({ organisation: by.id, role, grantors: definition.grantors })
  if (by) memberOf(ctx, by.id, who)
  if (holds(ctx, who, role)) throw fail.ROLE_HELD({ who, role })
}

export function grantRole(ctx: AdminContext, who: Address, role: string, by?: Membership): undefined {
  checkGrant(ctx, who, role, by)
  const membership = by ? (membershipOf(ctx, who)?.number ?? 0n) : 0n
  ctx.state.grants.set([who, role], { membership, organisation: by?.id ?? '', since: ctx.block.height })
  ctx.state.holders.set([role, who], null)
  ctx.emit.roleGranted({ who, role })
}

/** Throws unless the role can be revoked: an organisation takes back what it granted, a proposal whatever was. */
export function checkRevocation(ctx: AdminContext, who: Address, role: string, by?: Membership): undefined {
  const { state, fail } = ctx
  const definition = state.roles.get(role)
  if (!definition) throw fail.UNKNOWN_ROLE({ role })
  if (by && !definition.grantors.includes(by.id))
    throw fail.NOT_A_GRANTOR({ organisation: by.id, role, grantors: definition.grantors })
  const grant = state.grants.get([who, role])
  if (!grant || (by && (grant.membership === 0n || grant.organisation !== by.id)))
    throw fail.ROLE_NOT_HELD({ who, role })
}

export function revokeRole(ctx: AdminContext, who: Address, role: string, by?: Membership): undefined {
  checkRevocation(ctx, who, role, by)
  ctx.state.grants.delete([who, role])
  ctx.state.holders.delete([role, who])
  ctx.emit.roleRevoked({ who, role })
}
