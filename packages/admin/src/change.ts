// What a proposal changes, as data.
import {
  address,
  bool,
  bytes,
  hash,
  height,
  type Infer,
  list,
  option,
  set,
  struct,
  text,
  union,
} from '@mmtchain/codec'
import { validator } from '@mmtchain/kernel'
import type { Kind } from './rules.ts'
import { count } from './rules.ts'

/** Approvers of an organisation. */
export const APPROVERS_MAX = 16
/** How many commands a role permits, and how many organisations may grant it. */
export const ROLE_COMMANDS_MAX = 64
export const GRANTORS_MAX = 16
/** The most bytes of a parameter that a proposal may set. */
export const VALUE_BYTES_MAX = 8_192
/** How many validators join, and leave, by one proposal. */
export const JOIN_MAX = 8
export const LEAVE_MAX = 64

/** The name of an organisation or a role among their like: lower-case letters, digits and hyphens. */
export const id = text({ bytesMax: 32 })
export const title = text({ bytesMax: 128 })
/** A module, command or parameter. */
export const name = text({ bytesMax: 32 })
export const commandName = struct({ module: name, command: name })

/** An organisation as it is admitted. */
export const admission = struct({
  id,
  name: text({ bytesMax: 64 }),
  approvers: set(address, { min: 1, max: APPROVERS_MAX }),
  /** How many of the approvers it takes to act for the organisation. */
  approvalsNeeded: count,
})

/** A role as it is defined: what it permits, and which organisations may grant it to their members. */
export const roleDefinition = struct({
  role: id,
  commands: set(commandName, { max: ROLE_COMMANDS_MAX }),
  grantors: set(id, { max: GRANTORS_MAX }),
})

export const change = union({
  /** `value` is the BCS of the parameter. */
  parameter: struct({ module: name, name, value: bytes({ bytesMax: VALUE_BYTES_MAX }) }),
  role: roleDefinition,
  grantRole: struct({ who: address, role: id }),
  revokeRole: struct({ who: address, role: id }),
  /** `proof` shows that who joins holds its consensus key. */
  validators: struct({
    join: list(struct({ validator, proof: bytes({ bytesMax: 4_096 }) }), { max: JOIN_MAX }),
    leave: set(address, { max: LEAVE_MAX }),
  }),
  /** A later release from a height on; `null` takes back the one that is scheduled. */
  upgrade: option(struct({ height, release: hash })),
  freezeAccount: struct({ account: address, frozen: bool }),
  freezeModule: struct({ module: name, frozen: bool }),
  admit: admission,
  exclude: struct({ id }),
  text: text({ bytesMax: 4_096 }),
})
/** What a proposal changes. */
export type Change = Infer<typeof change>
export type Admission = Infer<typeof admission>
export type RoleDefinition = Infer<typeof roleDefinition>

const KIND_OF: { readonly [K in Change['kind']]: Kind } = {
  parameter: 'parameter',
  role: 'role',
  grantRole: 'role',
  revokeRole: 'role',
  validators: 'validators',
  upgrade: 'upgrade',
  freezeAccount: 'freeze',
  freezeModule: 'freeze',
  admit: 'membership',
  exclude: 'membership',
  text: 'text',
}

/** By which rule a change is decided. */
export function kindOf({ kind }: Change): Kind {
  return KIND_OF[kind]
}
