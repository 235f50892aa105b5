// What a change asks before it may be made, and how it is made. Nothing is written before all is checked: a hook that refuses
// half-way would leave half a change.
import { decode } from '@mmtchain/codec'
import { isChainError } from '@mmtchain/primitives'
import { checkBodies, rulesSet } from './bodies.ts'
import type { Change } from './change.ts'
import { unbackAll } from './council.ts'
import type { AdminContext } from './nouns.ts'
import { admit, bar, checkAdmission, isFrozen, known, organisationAddress } from './organisations.ts'
import { checkGrant, checkRevocation, checkRole, defineRole, grantRole, revokeRole } from './roles.ts'
import { faultOf, KINDS, rules } from './rules.ts'

type Of<K extends Change['kind']> = Extract<Change, { readonly kind: K }>['value']

/** Throws unless a change could be made now; `executeAt` is the height at which it will be. */
export function checkChange(ctx: AdminContext, { kind, value }: Change, executeAt: bigint): undefined {
  const { state, fail } = ctx
  switch (kind) {
    case 'parameter':
      return checkParameter(ctx, value)
    case 'role':
      return checkRole(ctx, value)
    case 'grantRole':
      return checkGrant(ctx, value.who, value.role)
    case 'revokeRole':
      return checkRevocation(ctx, value.who, value.role)
    case 'validators':
      return checkValidators(ctx, value)
    case 'upgrade':
      if (value === null && !ctx.needs.kernel.upgrade()) throw fail.NOTHING_TO_CHANGE()
      if (value && value.height <= executeAt) throw fail.UPGRADE_TOO_SOON({ height: value.height, executeAt })
      return
    case 'freezeAccount':
      if (isFrozen(ctx, value.account) === value.frozen) throw fail.NOTHING_TO_CHANGE()
      if (value.frozen) checkBodies(ctx, rulesSet(ctx), { account: value.account })
      return
    case 'freezeModule':
      if (!ctx.chain.commands.has(value.module)) throw fail.UNKNOWN_MODULE({ module: value.module })
      if (value.module === 'admin' || value.module === 'kernel')
        throw fail.CANNOT_FREEZE({ module: value.module })
      if (state.frozenModules.has(value.module) === value.frozen) throw fail.NOTHING_TO_CHANGE()
      return
    case 'admit':
      return checkAdmission(ctx, value)
    case 'exclude':
      return checkBodies(ctx, rulesSet(ctx), { organisation: known(ctx, value.id).number })
    case 'text':
      return
  }
}

/** Makes a change. Throws as `checkChange` does, and what kernel and validators refuse. */
export function applyChange(ctx: AdminContext, change: Change): undefined {
  checkChange(ctx, change, ctx.block.height)
  const { state, emit, needs } = ctx
  const { kind, value } = change
  switch (kind) {
    case 'parameter':
      return needs.kernel.setParameter(value)
    case 'role':
      return defineRole(ctx, value)
    case 'grantRole':
      return grantRole(ctx, value.who, value.role)
    case 'revokeRole':
      return revokeRole(ctx, value.who, value.role)
    case 'validators':
      return changeValidators(ctx, value)
    case 'upgrade':
      return value ? needs.kernel.scheduleUpgrade(value) : needs.kernel.cancelUpgrade()
    case 'freezeAccount':
      bar(ctx, value.account, { frozen: value.frozen })
      return emit.accountFrozen(value)
    case 'freezeModule':
      if (value.frozen) state.frozenModules.set(value.module, null)
      else state.frozenModules.delete(value.module)
      return emit.moduleFrozen(value)
    case 'admit':
      return admit(ctx, value)
    case 'exclude':
      removeOrganisation(ctx, value.id)
      return emit.excluded({ organisation: value.id })
    case 'text':
      return
  }
}

/** Its members are members no more, and what roles it granted is void, as nothing bears its number from then on. */
export function removeOrganisation(ctx: AdminContext, id: string): undefined {
  unbackAll(ctx, organisationAddress(known(ctx, id).number))
  ctx.state.organisations.delete(id)
}

function checkParameter(ctx: AdminContext, { module, name, value }: Of<'parameter'>): undefined {
  const { fail, chain, params } = ctx
  const parameter = `${module}.${name}`
  const found = chain.governable.get(parameter)
  if (!found) throw fail.NOT_GOVERNABLE({ parameter, governable: [...chain.governable.keys()].sort() })
  try {
    decode(found.codec, value)
  } catch (error) {
    if (!isChainError(error)) throw error
    throw fail.BAD_VALUE({ parameter, why: error.message })
  }
  if (parameter !== 'admin.rules') return
  const next = decode(rules, value)
  for (const kind of KINDS) {
    const why = faultOf(next[kind], { council: params.council !== null, stake: params.stake !== null })
    if (why) throw fail.BAD_RULES({ kind, why })
  }
  checkBodies(ctx, next)
}

/**
 * Of n validators ⌊(n − 1) / 3⌋ may be down. Who joins has not shown yet that it makes blocks, and who missed its last turn
 * is down: together they may not be more than that.
 */
function checkValidators(ctx: AdminContext, { join, leave }: Of<'validators'>): undefined {
  const { fail, state, params } = ctx
  if (!params.validators) throw fail.NOT_ON_THIS_CHAIN({ what: 'change of validators by proposals' })
  if (join.length + leave.length === 0) throw fail.NOTHING_TO_CHANGE()
  const next = new Set(ctx.needs.validators.next().map((one) => one.address))
  for (const validator of leave) if (!next.delete(validator)) throw fail.NOT_A_VALIDATOR({ validator })
  const silent = [...next].filter((one) => state.silent.has(one)).length
  for (const { validator } of join) {
    if (next.has(validator.address)) throw fail.ALREADY_A_VALIDATOR({ validator: validator.address })
    next.add(validator.address)
  }
  const tolerated = Math.floor((next.size - 1) / 3)
  if (join.length + silent > tolerated)
    throw fail.NO_QUORUM({ validators: next.size, tolerated, joining: join.length, silent })
}

function changeValidators(
  { state, block, needs }: AdminContext,
  { join, leave }: Of<'validators'>,
): undefined {
  needs.validators.change({ join: join.map(({ validator, proof }) => ({ ...validator, proof })), leave })
  for (const who of leave) state.silent.delete(who)
  for (const { validator } of join) state.silent.set(validator.address, block.height)
}

/** Keeps who is silent, for the changes to come. */
export function watchValidators({ state, block, params }: AdminContext): undefined {
  if (!params.validators) return
  for (const { proposer } of block.misses) state.silent.set(proposer, block.height)
  if (state.silent.has(block.proposer)) state.silent.delete(block.proposer)
}
