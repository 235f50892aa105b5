import { fromJson, type Json, type JsonSchema } from '@mmtchain/codec'
import { secp256k1 } from '@mmtchain/crypto'
import type { GenesisData } from '@mmtchain/kernel'
import { type Amount, formatAddress, isChainError } from '@mmtchain/primitives'
import type { AnyChain } from './chain-file.ts'
import { readJson } from './home.ts'
import type { StoredKey } from './keyring.ts'
import { homeFail } from './refusals.ts'

/** A genesis document in JSON, or a part of one. */
export interface DocumentPart {
  readonly module: string
  readonly document: Readonly<Record<string, Json>>
}

/** Reads `MODULE=FILE`. Throws `home/BAD_FILE`. */
export function readDocumentPart(argument: string): DocumentPart {
  const at = argument.indexOf('=')
  const file = argument.slice(at + 1)
  if (at < 1 || file === '') throw homeFail.BAD_FILE({ file: argument, why: 'write MODULE=FILE.' })
  const document = readJson(file)
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw homeFail.BAD_FILE({ file, why: 'it is not a JSON object.' })
  }
  return { module: argument.slice(0, at), document: document as DocumentPart['document'] }
}

/** A part of the token's document that gives each key `amount` units. */
export function balancesPart(chain: AnyChain, keys: readonly StoredKey[], amount: Amount): DocumentPart {
  const balances = keys.map(({ address }) => ({
    owner: formatAddress(address, { prefix: chain.addressPrefix }),
    amount: amount.toString(),
  }))
  return { module: 'token', document: { balances } }
}

/**
 * Puts documents together and builds the genesis. Parts of one module are merged: lists are joined, a list that no part
 * has is empty. Throws `home/DOCUMENT_NEEDED` and the kernel's `kernel/BAD_GENESIS`.
 */
export function buildGenesis(args: {
  readonly chain: AnyChain
  readonly timeMs: bigint
  readonly validators: readonly StoredKey[]
  readonly parts: readonly DocumentPart[]
}): GenesisData {
  const { chain, timeMs, parts } = args
  const known = new Set(chain.modules.map(({ spec }) => spec.name))
  const stray = parts.find(({ module }) => !known.has(module))
  if (stray)
    throw homeFail.BAD_FILE({
      file: `the document for ${stray.module}`,
      why: 'the chain has no such module.',
    })
  const documents: [string, unknown][] = []
  for (const { spec } of chain.modules) {
    if (!spec.genesis) continue
    const own = parts.filter(({ module }) => module === spec.name).map(({ document }) => document)
    const json = merged(spec.genesis.document.schema, own)
    if (own.length === 0 && Object.keys(json).length === 0)
      throw homeFail.DOCUMENT_NEEDED({ module: spec.name })
    try {
      documents.push([spec.name, fromJson(spec.genesis.document, json, chain)])
    } catch (error) {
      if (!isChainError(error)) throw error
      throw homeFail.BAD_FILE({ file: `the genesis document of ${spec.name}`, why: error.message })
    }
  }
  const validators = args.validators.map(({ address, publicKey }) => ({
    address,
    key: { suite: secp256k1.code, key: publicKey },
  }))
  return chain.genesis({ timeMs, validators, documents: Object.fromEntries(documents) as never })
}

function merged(
  schema: JsonSchema,
  parts: readonly DocumentPart['document'][],
): Readonly<Record<string, unknown>> {
  const properties = Object(schema.properties) as Record<string, { readonly 'x-bcs'?: string }>
  const whole: Record<string, unknown> = {}
  for (const [name, property] of Object.entries(properties))
    if (['list', 'set'].includes(property['x-bcs'] ?? '')) whole[name] = []
  for (const part of parts) {
    for (const [name, value] of Object.entries(part)) {
      const before = whole[name]
      whole[name] = Array.isArray(before) && Array.isArray(value) ? [...before, ...value] : value
    }
  }
  return whole
}
