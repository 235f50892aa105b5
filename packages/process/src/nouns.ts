import {
  address,
  bool,
  hash,
  height,
  list,
  option,
  struct,
  tuple,
  u8,
  u16,
  u32,
  u64,
  unit,
} from '@mmtchain/codec'
import {
  type CommandContext,
  cell,
  defineModule,
  type GrantedOf,
  type Needs,
  params,
  type Read,
  type ReadsOf,
  type TypesOf,
  table,
  type WriteOf,
} from '@mmtchain/kernel'
import type { Address } from '@mmtchain/primitives'
import {
  APPROVALS_MAX,
  ATTACHMENTS_MAX,
  definition,
  FIELDS_MAX,
  id,
  type Value,
  value,
} from './definition.ts'
import { processRefusals } from './refusals.ts'

/** How many rows a query lists at most. */
export const PAGE_MAX = 256
/** How many effects a chain file offers at most. */
export const EFFECTS_MAX = 32

/** What an effect knows of the transition that has it. */
export interface EffectCall<N extends Needs> {
  /** The powers that the chain file grants the module `process`. */
  readonly needs: { readonly [K in keyof N]: GrantedOf<N[K]> & ReadsOf<N[K]> }
  readonly instance: bigint
  readonly process: string
  readonly transition: string
  /** Who gave the last approval. */
  readonly actor: Address
  readonly starter: Address
  /** The account of the module, which holds what is paid in for its instances. */
  readonly self: Address
  field(name: string): Value | undefined
}
/** What a transition does in another module; whatever refuses there, refuses the transition. */
export type Effect<N extends Needs> = (call: EffectCall<N>) => undefined

export interface ProcessOptions<N extends Needs = {}> {
  /** The modules that effects call. Grant by name what they need. */
  readonly needs?: N
  readonly effects?: { readonly [name: string]: Effect<N> }
}

export const setting = struct({ field: id, value })
export const attachment = struct({ name: id, hash })
export const settings = list(setting, { max: FIELDS_MAX })
export const attachments = list(attachment, { max: ATTACHMENTS_MAX })

export const instanceFields = {
  process: id,
  version: u32,
  state: id,
  /** How many lines its history has. */
  steps: u64,
  starter: address,
  /** The instance that waits for it. */
  parent: option(u64),
  /** When its deadline fires. */
  dueMs: option(u64),
  fields: settings,
}
export const instance = struct(instanceFields)
/** One line of a history: what happened, who did it, and what was given. */
export const stepFields = {
  at: height,
  timeMs: u64,
  /** `start`, a transition, `deadline`, or `sub` where a process that it waited for ended. */
  what: id,
  from: id,
  to: id,
  actors: list(address, { max: APPROVALS_MAX }),
  set: settings,
  attachments,
}
const moved = { instance: u64, process: id, what: id, from: id, to: id }

/** What process owns, says and refuses. */
export function nouns<N extends Needs>(options: ProcessOptions<N>) {
  const names = Object.keys(options.effects ?? {}).sort()
  return defineModule('process', {
    params: params(struct({ effects: list(id, { max: EFFECTS_MAX }) }), { effects: names }),
    needs: (options.needs ?? {}) as N,
    state: {
      processes: table(id, struct({ owner: address, newest: u32, retired: bool })),
      definitions: table(tuple(id, u32), struct({ definition, depth: u8 })),
      holders: table(tuple(id, id, address), unit),
      instances: table(u64, instance),
      ofProcess: table(tuple(id, u64), unit),
      history: table(tuple(u64, u64), struct(stepFields)),
      /** Who did which transition of an instance. */
      did: table(tuple(u64, id, address), unit),
      /** By instance, transition and the hash of the input; good while the instance has not moved on from that step. */
      approvals: table(
        tuple(u64, id, hash),
        struct({ step: u64, approvers: list(address, { max: APPROVALS_MAX }) }),
      ),
      due: table(tuple(u64, u64), unit),
      nextInstance: cell(u64, 1n),
    },
    events: {
      published: struct({ process: id, version: u32 }),
      retired: struct({ process: id }),
      appointed: struct({ process: id, role: id, who: address }),
      dismissed: struct({ process: id, role: id, who: address }),
      started: struct({ instance: u64, process: id, version: u32, starter: address }),
      approved: struct({ instance: u64, transition: id, who: address, approvals: u16, needed: u16 }),
      moved: struct(moved),
      ended: struct({ instance: u64, process: id, state: id }),
    },
    errors: processRefusals,
  })
}

type Nouns = ReturnType<typeof nouns<{}>>
export type ProcessContext = WriteOf<Nouns>
export type ProcessReader = Read<TypesOf<Nouns>>
export type ProcessCommand = CommandContext<TypesOf<Nouns>>
export const pageOf = <F extends object>(from: F) => ({ ...from, limit: u16 })
export const page = (limit: number): number => Math.min(limit, PAGE_MAX)
