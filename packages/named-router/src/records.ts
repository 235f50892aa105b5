// What a name holds: at most one record of each kind, and texts by key.
import { address, hash, type Infer, list, option, struct, text, union, unit } from '@mmtchain/codec'
import { faultOfName, name } from './labels.ts'

/** How many places one record names. */
export const PLACES_MAX = 8
/** How many texts a name holds. */
export const TEXTS_MAX = 16
export const ENDPOINTS_MAX = 16

const place = text({ bytesMax: 256 })
const places = list(place, { min: 1, max: PLACES_MAX })
/** A node: where it answers JSON-RPC, and where its peers reach it. */
export const endpoint = struct({ rpc: place, p2p: option(place) })
const endpoints = list(endpoint, { min: 1, max: ENDPOINTS_MAX })

export const record = union({
  /** An account of this chain. */
  account: address,
  /** An asset, by the module that keeps it and its id there. */
  asset: struct({ module: text({ bytesMax: 32 }), id: text({ bytesMax: 128 }) }),
  /** A chain, and nodes that know of others. */
  chain: struct({ fingerprint: hash, endpoints }),
  /** Content by its CID, and where it lies: addresses, or paths that every node of this chain serves. */
  data: struct({ cid: text({ bytesMax: 128 }), places }),
  /** A resource, by addresses that serve the same, or paths that every node of this chain serves. */
  url: struct({ places }),
  text: struct({ key: text({ bytesMax: 64 }), value: text({ bytesMax: 512 }) }),
  /** All names below this one are those of another chain's router below `under`; empty is its root. */
  delegation: struct({ fingerprint: hash, under: name, endpoints }),
})
export type NameRecord = Infer<typeof record>
export type Which = Infer<typeof which>
export type Endpoint = Infer<typeof endpoint>

export const KINDS = ['account', 'asset', 'chain', 'data', 'url', 'text', 'delegation'] as const
export const records = list(record, { max: KINDS.length - 1 + TEXTS_MAX })
const kind = union({
  account: unit,
  asset: unit,
  chain: unit,
  data: unit,
  url: unit,
  text: unit,
  delegation: unit,
})
/** Which record of a name; `key` is that of a text, and empty for all others. */
export const which = struct({ kind, key: text({ bytesMax: 64 }) })

const PRINTABLE = /^[\x21-\x7e]+$/
const WEB = /^https?:\/\/[^/?#@]+([/?#]|$)/
const NAME_OF_TEXT = /^[a-z0-9][a-z0-9._-]*$/

/** Why a record cannot be used by anybody, if so. */
export function faultOfRecord({ kind: of, value }: NameRecord): string | undefined {
  switch (of) {
    case 'account':
      return undefined
    case 'asset':
      return value.module === '' || value.id === '' ? 'an asset has a module and an id' : undefined
    case 'chain':
      return faultOfEndpoints(value.endpoints)
    case 'delegation':
      return (
        faultOfEndpoints(value.endpoints) ?? (value.under === '' ? undefined : faultOfName(value.under, ''))
      )
    case 'data':
      return /^[A-Za-z0-9]{8,}$/.test(value.cid) ? faultOfPlaces(value.places) : `"${value.cid}" is no CID`
    case 'url':
      return faultOfPlaces(value.places)
    case 'text':
      return NAME_OF_TEXT.test(value.key)
        ? undefined
        : 'the key of a text is lower-case letters, digits, dots, hyphens and underscores'
  }
}

const isWeb = (given: string) => PRINTABLE.test(given) && WEB.test(given)
const isPath = (given: string) => PRINTABLE.test(given) && given.startsWith('/') && !given.startsWith('//')

function faultOfPlaces(given: readonly string[]): string | undefined {
  const bad = given.find((one) => !isWeb(one) && !isPath(one))
  return bad === undefined ? undefined : `"${bad}" is no http address, nor a path that begins with /`
}

function faultOfEndpoints(given: readonly Endpoint[]): string | undefined {
  const bad = given
    .flatMap(({ rpc, p2p }) => [rpc, ...(p2p === null ? [] : [p2p])])
    .find((one) => !isWeb(one))
  return bad === undefined ? undefined : `"${bad}" is no http address`
}

const keyOfRecord = ({ kind: of, value }: NameRecord): string => (of === 'text' ? value.key : '')
const placeOf = (given: NameRecord): string => `${KINDS.indexOf(given.kind)} ${keyOfRecord(given)}`

/** The records with one more, in the place of the one of its kind and key, in the order of kinds and keys. */
export function withRecord(given: readonly NameRecord[], one: NameRecord): readonly NameRecord[] {
  const others = given.filter((other) => placeOf(other) !== placeOf(one))
  // Kinds have one digit and keys are ASCII, so the order of the texts is that of their bytes.
  return [...others, one].sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1))
}

/** The records without one; undefined where it is not among them. */
export function withoutRecord(
  given: readonly NameRecord[],
  { kind: of, key }: Which,
): readonly NameRecord[] | undefined {
  const left = given.filter((one) => one.kind !== of.kind || keyOfRecord(one) !== key)
  return left.length < given.length ? left : undefined
}
