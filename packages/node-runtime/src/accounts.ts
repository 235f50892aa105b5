// Which accounts a transaction concerns, for their histories: those that its events name.
import { address, type Codec, decode, type JsonSchema } from '@mmtchain/codec'
import {
  type ChainData,
  type Header,
  type Machine,
  type Receipt,
  type Receipts,
  releaseHash,
  type Store,
} from '@mmtchain/kernel'
import { type Address, isChainError } from '@mmtchain/primitives'

/** The most accounts of one transaction that its events bring into their histories. */
const EVENT_ACCOUNTS_MAX = 1_024
/** Up to so many are compared one by one, in less time than a Set of them takes. */
const COMPARED_MAX = 8

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
  const known = new WeakMap<ChainData, EventWalks>()
  let accounts: Address[] = []
  /** The same, once there are many. */
  const many = new Set<Address>()

  function add(account: Address): void {
    if (accounts.length >= EVENT_ACCOUNTS_MAX) return
    if (accounts.length < COMPARED_MAX ? accounts.includes(account) : many.has(account)) return
    accounts.push(account)
    if (accounts.length === COMPARED_MAX) for (const one of accounts) many.add(one)
    else if (accounts.length > COMPARED_MAX) many.add(account)
  }

  function accountsIn({ events }: Receipt, walks: EventWalks): readonly Address[] {
    accounts = []
    if (many.size > 0) many.clear()
    for (const { module, name, data } of events) {
      const event = walks.get(module)?.get(name)
      if (event) collect(event, data, add)
    }
    return accounts
  }

  return ({ header, receipts }) => {
    // Governed parameters are in the hash too, so that it names the release only where there are none; the tip's comes next.
    const code = releases.get(header.protocolHash) ?? machine.release(store)
    const walks = known.get(code) ?? walksOf(code)
    known.set(code, walks)
    const all: (readonly Address[])[] = []
    for (const receipt of receipts.transactions) all.push(accountsIn(receipt, walks))
    return all
  }
}

interface EventWalk {
  readonly codec: Codec<unknown>
  readonly walk: Walk
  readonly fixed: Fixed | undefined
}

/** By module and name. */
type EventWalks = ReadonlyMap<string, ReadonlyMap<string, EventWalk>>

function walksOf({ modules }: ChainData): EventWalks {
  return new Map(
    modules.map(({ spec }) => {
      const walks = Object.entries(spec.events).flatMap(([name, codec]) => {
        const walk = addressWalk(codec.schema)
        return walk ? [[name, { codec, walk, fixed: fixedOf(codec) }] as const] : []
      })
      return [spec.name, new Map(walks)]
    }),
  )
}

function collect(
  { codec, walk, fixed }: EventWalk,
  data: Uint8Array,
  found: (address: Address) => void,
): void {
  if (fixed) {
    if (data.length !== fixed.length) return
    const source = { bytes: data, at: 0, end: data.length }
    for (const at of fixed.addresses) {
      source.at = at
      found(address.read(source))
    }
    return
  }
  let value: unknown
  try {
    value = decode(codec, data)
  } catch (error) {
    // The first block of a governed chain's new release may hold events that the release before it cannot read.
    if (isChainError(error)) return
    throw error
  }
  walk(value as never, found)
}

/**
 * Values of parts that have a fixed length each, and for which any bytes stand: all bytes of the whole length are one, so that its addresses are read
 * without the rest.
 */
interface Fixed {
  readonly length: number
  /** Where they begin, in the order of the values. */
  readonly addresses: readonly number[]
}

const LENGTHS = new Map<string, number>([
  ...([
    ['u8', 1],
    ['u16', 2],
    ['u32', 4],
    ['u64', 8],
    ['u128', 16],
  ] as const),
  ...([
    ['amount', 8],
    ['amountSum', 16],
    ['hash', 32],
    ['unit', 0],
  ] as const),
])

function fixedOf({ schema, bytesMin, bytesMax }: Codec<unknown>): Fixed | undefined {
  const fixed = fixedIn(schema)
  return fixed?.length === bytesMin && bytesMin === bytesMax ? fixed : undefined
}

/** Undefined for any other schema. */
function fixedIn(schema: JsonSchema): Fixed | undefined {
  const name = String(schema['x-bcs'])
  if (name === 'address') return { length: 32, addresses: [0] }
  if (name === 'fixedBytes') return { length: Number(schema['x-bytes']), addresses: [] }
  if (name === 'tuple') return joined(schema.prefixItems as readonly JsonSchema[])
  if (name === 'struct') return joined(Object.values(schema.properties as Record<string, JsonSchema>))
  const length = LENGTHS.get(name)
  return length === undefined ? undefined : { length, addresses: [] }
}

function joined(schemas: readonly JsonSchema[]): Fixed | undefined {
  let length = 0
  const addresses: number[] = []
  for (const schema of schemas) {
    const part = fixedIn(schema)
    if (!part) return undefined
    for (const at of part.addresses) addresses.push(length + at)
    length += part.length
  }
  return { length, addresses }
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
