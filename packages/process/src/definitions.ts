// Processes: published in versions by their owner, who appoints to their roles.
import type { Address } from '@mmtchain/primitives'
import { type Actor, type Definition, depthOf, faultsOf, finalsOf, type Value } from './definition.ts'
import type { ProcessCommand, ProcessContext, ProcessReader } from './nouns.ts'

/** How many faults a refusal names. */
const FAULTS_SHOWN = 3

export function publish(ctx: ProcessCommand, { definition }: { readonly definition: Definition }): undefined {
  const { state, fail, emit, sender, params } = ctx
  const { id: process } = definition
  const before = state.processes.get(process)
  if (before && before.owner !== sender) throw fail.NOT_THE_OWNER({ process, owner: before.owner })
  const sub = (name: string, version: number) => {
    const found = state.definitions.get([name, version])
    if (!found) return undefined
    // Else anybody could start what takes a role, by a process of its own that waits for it.
    const mayStart =
      found.definition.starters.kind === 'anyone' || state.processes.get(name)?.owner === sender
    return { finals: finalsOf(found.definition), depth: found.depth, mayStart }
  }
  const faults = faultsOf(definition, { effects: params.effects, sub })
  if (faults.length > 0) {
    const more = faults.length > FAULTS_SHOWN ? `; and ${faults.length - FAULTS_SHOWN} more` : ''
    throw fail.BAD_DEFINITION({ process, why: `${faults.slice(0, FAULTS_SHOWN).join('; ')}${more}` })
  }
  const version = (before?.newest ?? 0) + 1
  state.definitions.set([process, version], { definition, depth: depthOf(definition, sub) })
  state.processes.set(process, { owner: sender, newest: version, retired: false })
  emit.published({ process, version })
}

/** No more instances are started, of any version. */
export function retire(ctx: ProcessCommand, { process }: { readonly process: string }): undefined {
  const found = owned(ctx, process)
  if (found.retired) throw ctx.fail.RETIRED({ process })
  ctx.state.processes.set(process, { ...found, retired: true })
  ctx.emit.retired({ process })
}

interface Appointment {
  readonly process: string
  readonly role: string
  readonly who: Address
}

export function appoint(ctx: ProcessCommand, given: Appointment): undefined {
  const { state, fail } = ctx
  const { process, role, who } = given
  const { newest } = owned(ctx, process)
  const roles = state.definitions.get([process, newest])?.definition.roles ?? []
  if (!roles.some(({ id }) => id === role)) throw fail.UNKNOWN_ROLE({ process, role })
  if (state.holders.has([process, role, who])) throw fail.ALREADY_APPOINTED({ who, role })
  state.holders.set([process, role, who], null)
  ctx.emit.appointed(given)
}

export function dismiss(ctx: ProcessCommand, given: Appointment): undefined {
  const { state, fail } = ctx
  const { process, role, who } = given
  owned(ctx, process)
  if (!state.holders.has([process, role, who])) throw fail.NOT_APPOINTED({ who, role })
  state.holders.delete([process, role, who])
  ctx.emit.dismissed(given)
}

/** A process that must be there and the sender's own. */
function owned({ state, fail, sender }: ProcessCommand, process: string) {
  const found = state.processes.get(process)
  if (!found) throw fail.UNKNOWN_PROCESS({ process })
  if (found.owner !== sender) throw fail.NOT_THE_OWNER({ process, owner: found.owner })
  return found
}

/** Whether an account is who may act. */
export function isActor(
  { state }: ProcessReader | ProcessContext,
  who: Address,
  by: Actor,
  of: { readonly process: string; readonly starter: Address; field(name: string): Value | undefined },
): boolean {
  switch (by.kind) {
    case 'anyone':
      return true
    case 'starter':
      return who === of.starter
    case 'role':
      return state.holders.has([of.process, by.value, who])
    case 'field': {
      const found = of.field(by.value)
      return found?.kind === 'account' && found.value === who
    }
  }
}

export function actorShown(by: Actor): string {
  switch (by.kind) {
    case 'anyone':
      return 'anybody'
    case 'starter':
      return 'who started it'
    case 'role':
      return `the role ${by.value}`
    case 'field':
      return `the account in the field ${by.value}`
  }
}
