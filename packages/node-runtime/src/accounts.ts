// Which accounts a transaction concerns, for their histories: those that its events name.
import { type Codec, decode, type JsonSchema } from '@mmtchain/codec'
import {
  type ChainData,
  type Header,
  type Machine,
  type Receipts,
  releaseHash,
  type Store,
} from '@mmtchain/kernel'
import { type Address, isChainError } from '@mmtchain/primitives'

/** The most accounts of one transaction that its events bring into their histories. */
const EVENT_ACCOUNTS_MAX = 1_024

/** Hands every address within a value to `found`. */
type Walk = (value: never, found: (address: Address) => void) => void

/** For each transaction of a block the accounts that stand in its events as values of the type `address`. */
export function createAccountFinder({
  machine,
  store,
}: {
  readonly machine: Machine
  readonly store: Store
}): (block: { readonly header: Header; readonly receipts: Receipts }) => readonly (readonly Address[])[] {
  const { chain, fingerprint } = machine.genesis
  const releases = new Map([chain, ...chain.upgrades].map((code) => [releaseHash(fingerprint, code), code]))
  const known = new WeakMap<ChainData, ReadonlyMap<string, EventWalk>>()

  return ({ header, receipts }) => {
    // Governed parameters are in the hash too, so that it names the release only where there are none; the tip's comes next.
    const code = releases.get(header.protocolHash) ?? machine.release(store)
    const walks = known.get(code) ?? walksOf(code)
    known.set(code, walks)
    return receipts.transactions.map(({ events }) => {
      const accounts = new Set<Address>()
      for (const { module, name, data } of events) {
        const event = walks.get(`${module}.${name}`)
        if (event) collect(event, data, accounts)
      }
      return [...accounts]
    })
  }
}

interface EventWalk {
  readonly codec: Codec<unknown>
  readonly walk: Walk
}

function walksOf({ modules }: ChainData): ReadonlyMap<string, EventWalk> {
  const walks = new Map<string, EventWalk>()
  for (const { spec } of modules)
    for (const [name, codec] of Object.entries(spec.events)) {
      const walk = addressWalk(codec.schema)
      if (walk) walks.set(`${spec.name}.${name}`, { codec, walk })
    }
  return walks
}

function collect({ codec, walk }: EventWalk, data: Uint8Array, accounts: Set<Address>): void {
  let value: unknown
  try {
    value = decode(codec, data)
  } catch (error) {
    // The first block of a governed chain's new release may hold events that the release before it cannot read.
    if (isChainError(error)) return
    throw error
  }
  walk(value as never, (address) => {
    if (accounts.size < EVENT_ACCOUNTS_MAX) accounts.add(address)
  })
}

/** How to find the addresses in the values of a schema; undefined where there can be none. */
function addressWalk(schema: JsonSchema): Walk | undefined {
  const part = (keyword: string, i: number) => (schema[keyword] as readonly JsonSchema[])[i] as JsonSchema
  switch (schema['x-bcs']) {
    case 'address':
      return (value: Address, found) => found(value)
    case 'option':
      return optional(addressWalk(part('anyOf', 0)))
    case 'list':
    case 'set':
      return each(addressWalk(schema.items as JsonSchema))
    case 'map': {
      const [keys, values] = [schema['x-key'], schema['x-value']].map((one) =>
        each(addressWalk(one as JsonSchema)),
      )
      if (!keys && !values) return undefined
      return (value: ReadonlyMap<never, never>, found) => {
        keys?.([...value.keys()] as never, found)
        values?.([...value.values()] as never, found)
      }
    }
    case 'tuple':
      return members((schema.prefixItems as readonly JsonSchema[]).map((one, i) => [String(i), one]))
    case 'struct':
      return members(Object.entries(schema.properties as Record<string, JsonSchema>))
    case 'union':
      return variants(schema.oneOf as readonly { readonly properties: VariantSchema }[])
    default:
      return undefined
  }
}

interface VariantSchema {
  readonly kind: { readonly const: string }
  readonly value: JsonSchema
}

function optional(walk: Walk | undefined): Walk | undefined {
  return walk && ((value, found) => (value === null ? undefined : walk(value, found)))
}

function each(walk: Walk | undefined): Walk | undefined {
  return (
    walk &&
    ((values: readonly never[], found) => {
      for (const value of values) walk(value, found)
    })
  )
}

function members(schemas: readonly (readonly [name: string, schema: JsonSchema])[]): Walk | undefined {
  const walks = schemas.flatMap(([name, schema]) => {
    const walk = addressWalk(schema)
    return walk ? [[name, walk] as const] : []
  })
  if (walks.length === 0) return undefined
  return (value: { readonly [name: string]: never }, found) => {
    for (const [name, walk] of walks) walk(value[name] as never, found)
  }
}

function variants(schemas: readonly { readonly properties: VariantSchema }[]): Walk | undefined {
  const walks = new Map(schemas.map(({ properties: { kind, value } }) => [kind.const, addressWalk(value)]))
  if (![...walks.values()].some((walk) => walk)) return undefined
  return ({ kind, value }: { readonly kind: string; readonly value: never }, found) =>
    walks.get(kind)?.(value, found)
}
