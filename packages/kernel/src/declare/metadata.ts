import { codecFromSchema, decode, type JsonSchema, toJson } from '@mmtchain/codec'
import type { Refusal } from '@mmtchain/primitives'
import { parameterInForce } from '../parameters.ts'
import type { StateReader } from '../ports.ts'
import { type ChainData, parameterSchema, type UsedModule } from './chain.ts'
import { commandFeeOf } from './fees.ts'
import type { GenesisData } from './genesis.ts'

/** A module as tools see it: everything that they need to make its transactions and read its answers. */
export interface ModuleMetadata {
  readonly name: string
  readonly version: number
  /** The parameters as the chain file has them and as they are in force, and the names of those that governance may change. */
  readonly params: {
    readonly schema: JsonSchema
    readonly value: unknown
    readonly inForce: unknown
    readonly governable: readonly string[]
  } | null
  readonly commands: readonly {
    readonly name: string
    readonly input: JsonSchema
    /** The fee in the smallest unit under the parameters in force, or null when it depends on the input. So is the weight. */
    readonly fee: string | null
    readonly weight: string | null
  }[]
  readonly queries: readonly {
    readonly name: string
    readonly input: JsonSchema
    readonly output: JsonSchema
  }[]
  /** What the state holds: rows by key, or one row where `key` is null. */
  readonly tables: readonly {
    readonly name: string
    readonly key: JsonSchema | null
    readonly value: JsonSchema
  }[]
  readonly events: readonly { readonly name: string; readonly data: JsonSchema }[]
  readonly errors: readonly { readonly code: string; readonly message: string; readonly hint: string }[]
}

/** A whole chain as tools see it. */
export interface ChainMetadata {
  readonly chainId: string
  readonly fingerprint: string
  readonly addressPrefix: string
  readonly slotMs: number
  readonly engine: string
  readonly suites: readonly { readonly code: number; readonly name: string; readonly weight: number }[]
  readonly modules: readonly ModuleMetadata[]
}

/**
 * Describes a chain, or a later release of it, with JSON Schemas, from the modules' own declarations. The parameters in force are
 * those of `state`, or the chain file's without one.
 */
export function chainMetadata(
  { chain: first, fingerprint }: Pick<GenesisData, 'chain' | 'fingerprint'>,
  chain: ChainData = first,
  state?: StateReader,
): ChainMetadata {
  const policy = chain.modules.find(({ spec }) => spec.feePolicy)
  const commandFee = policy ? commandFeeOf(policy.spec, inForce(policy, state)) : 0n
  return {
    chainId: chain.id,
    fingerprint,
    addressPrefix: chain.addressPrefix,
    slotMs: chain.slotMs,
    engine: chain.engine.name,
    suites: [...chain.suites.values()].map(({ code, name, weight }) => ({ code, name, weight })),
    modules: chain.modules.map((used) => describeModule(used, { chain, commandFee, state })),
  }
}

function describeModule(
  used: UsedModule,
  args: { readonly chain: ChainData; readonly commandFee: bigint; readonly state: StateReader | undefined },
): ModuleMetadata {
  const { spec, fees, governable } = used
  const { chain, commandFee, state } = args
  return {
    name: spec.name,
    version: spec.version,
    params: spec.params
      ? {
          schema: spec.params.codec.schema,
          value: toJson(spec.params.codec, spec.params.value, chain),
          inForce: toJson(spec.params.codec, inForce(used, state), chain),
          governable,
        }
      : null,
    commands: [...spec.commands].map(([name, { input, fee: declared, weight }]) => {
      const fee = fees[name] ?? declared ?? commandFee
      return {
        name,
        input: input.schema,
        fee: typeof fee === 'function' ? null : String(fee),
        weight: typeof weight === 'function' ? null : String(weight),
      }
    }),
    queries: [...spec.queries].map(([name, { input, output }]) => ({
      name,
      input: input.schema,
      output: output.schema,
    })),
    tables: Object.entries(spec.state).map(([name, declared]) => ({
      name,
      key: declared.cell === true ? null : declared.key.schema,
      value: declared.value.schema,
    })),
    events: Object.entries(spec.events).map(([name, { schema }]) => ({ name, data: schema })),
    errors: errorCatalogue(spec.name, spec.errors),
  }
}

/** A module's parameters with those that governance has changed. */
function inForce({ spec, governable }: UsedModule, state: StateReader | undefined): unknown {
  const changed = governable.flatMap((name) => {
    const row = state && parameterInForce(state, spec.name, name)
    return row ? [[name, decode(codecFromSchema(parameterSchema(spec, name)), row)] as const] : []
  })
  const { value } = spec.params ?? {}
  return changed.length === 0 ? value : { ...Object(value), ...Object.fromEntries(changed) }
}

/** The codes and texts of a namespace of refusals, with `<name>` where a value goes. */
export function errorCatalogue(
  namespace: string,
  refusals: object,
): readonly { readonly code: string; readonly message: string; readonly hint: string }[] {
  return Object.entries(refusals as Record<string, Refusal<object>>).map(([key, refusal]) => {
    const code = `${namespace}/${key}`
    try {
      const { message, hint } = refusal(placeholders)
      return { code, message: message.replaceAll('NaN', '…'), hint: hint.replaceAll('NaN', '…') }
    } catch {
      // A text that computes with its values (a date, a part of a number) cannot be shown without them.
      return { code, message: code, hint: 'The refusal itself says more.' }
    }
  })
}

/** Stands for any value of a refusal: it prints as its own name. */
const placeholders: object = new Proxy({}, { get: (_, name) => placeholder(String(name)) })

function placeholder(name: string): unknown {
  const text = `<${name}>`
  // Stands for a number's digits, as `formatAmount` cuts them: all of them come before the point.
  const digits = {
    length: 1_000,
    padStart: () => digits,
    slice: (from = 0) => (from === 0 ? text : ''),
    [Symbol.toPrimitive]: () => text,
  }
  return Object.assign([text], {
    toString: () => digits,
    slice: () => text,
    [Symbol.toPrimitive]: () => text,
  })
}
