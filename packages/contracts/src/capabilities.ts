import { type Codec, decode, encode } from '@mmtchain/codec'
import type { Need } from '@mmtchain/kernel'
import type { Address } from '@mmtchain/primitives'

/** Something of a module of the chain that contracts may use: one function, with the bytes that cross. */
export interface Capability {
  /** What it costs beside what crossing costs: what its work takes at most, 1,000 for a microsecond. */
  readonly gas: number
  /** Queries cannot use what changes something. */
  readonly changes: boolean
  /** `api` is what the chain file grants this module of the other. */
  readonly run: (api: never, call: { readonly contract: Address; readonly input: Uint8Array }) => Uint8Array
}

/** What contracts may use of one module. */
export interface Offer<Granted extends object, Reads extends object> {
  readonly need: Need<{}, Granted, Reads>
  readonly capabilities: { readonly [name: string]: Capability }
}

export interface CapabilitySpec<I, O, Api> {
  readonly takes: Codec<I>
  readonly gives: Codec<O>
  readonly gas: number
  readonly changes?: boolean
  /** `contract` is who asks. A ChainError becomes an error of its code. */
  run(api: Api, call: { readonly contract: Address; readonly input: NoInfer<I> }): NoInfer<O>
}

/**
 * Offers functions of a module to contracts. `Granted` is what the chain file must grant `contracts` of that module, `Reads` what the
 * module lets everybody ask:
 * `offers: { kyc: offer<{}, KycReads>((capability) => ({ isKnown: capability({ takes: address, gives: bool, gas: 20_000, run: … }) })) }`.
 */
export function offer<Granted extends object = {}, Reads extends object = {}>(
  make: (
    capability: <I, O>(spec: CapabilitySpec<I, O, Granted & Reads>) => Capability,
  ) => Offer<Granted, Reads>['capabilities'],
): Offer<Granted, Reads> {
  const capability = <I, O>({
    takes,
    gives,
    gas,
    changes = false,
    run,
  }: CapabilitySpec<I, O, Granted & Reads>) => ({
    gas,
    changes,
    run: (api: never, { contract, input }: { readonly contract: Address; readonly input: Uint8Array }) =>
      encode(gives, run(api, { contract, input: decode(takes, input) })),
  })
  return { need: {}, capabilities: make(capability) }
}

/** All capabilities that a chain offers, by `module.name`. */
export function capabilitiesOf(offers: {
  readonly [module: string]: Offer<object, object>
}): ReadonlyMap<string, Capability> {
  return new Map(
    Object.entries(offers).flatMap(([module, { capabilities }]) =>
      Object.entries(capabilities).map(([name, capability]) => [`${module}.${name}`, capability] as const),
    ),
  )
}
