import {
  bytes,
  type Codec,
  encodeKey,
  fromJson,
  hash,
  height,
  type Json,
  list,
  option,
  struct,
  text,
} from '@mmtchain/codec'
import {
  type ChainData,
  type ProofRequest,
  type StateKey,
  type Store,
  type StoredBlock,
  tablePrefix,
} from '@mmtchain/kernel'
import { isChainError, toHex } from '@mmtchain/primitives'
import { type Method, method } from './method.ts'
import { presentHeader } from './present.ts'
import { rpcFail } from './refusals.ts'
import { array, header, hexBytes, nullable, object, string } from './schemas.ts'
import type { View } from './view.ts'

const KEY_BYTES_MAX = 4096
/** The most rows of one `chain_proof`: fewer than the store could prove at once, so that no call keeps the node busy for long. */
const ROWS_MAX = 64

/** A value whose form depends on what stands beside it. It is JSON alone and has no bytes. */
const anyJson: Codec<Json> = {
  schema: { description: 'The key as chain_metadata describes it; null for a table of one row.' },
  bytesMin: 1,
  bytesMax: 1,
  write: noBytes,
  read: noBytes,
  toJson: (value) => value,
  fromJson: (json) => (json === undefined ? null : (json as Json)),
  '~standard': { version: 1, vendor: 'mmtchain', validate: (value) => ({ value: value as Json }) },
}

function noBytes(): never {
  throw new Error('a parameter that is only JSON was asked for bytes')
}

const name = text({ bytesMax: 32 })
const rowName = struct({ module: name, table: name, key: anyJson })
const many = { min: 1, max: ROWS_MAX }

/** The method that proves what the state says. */
export function proofMethods({ node, code }: View): readonly Method[] {
  const { store } = node
  return [
    method({
      name: 'chain_proof',
      summary: `Up to ${ROWS_MAX} rows of the state after a block, with their proof, its header and the seal that certifies it`,
      role: 'read',
      params: struct({
        keys: option(list(bytes({ bytesMax: KEY_BYTES_MAX }), many)),
        rows: option(list(rowName, many)),
        height: option(height),
      }),
      result: object({
        id: hash.schema,
        header,
        engine: string,
        seal: hexBytes,
        rows: array(object({ key: hexBytes, value: nullable(hexBytes) })),
        proof: hexBytes,
        ics23: nullable(hexBytes),
      }),
      async run({ keys: raw, rows, height: wanted }) {
        if ((raw === null) === (rows === null)) throw rpcFail.AMBIGUOUS_PARAMS({ want: 'keys, rows' })
        const keys = raw?.map(toHex) ?? (rows ?? []).map((row) => stateKey(code, row))
        // One height for all three, whatever is committed meanwhile.
        const request = { keys, height: wanted ?? node.tip.header.height }
        const { values, proof } = await store.prove(request)
        const ics23 = await ics23Of(store, request)
        const { id, block, seal } = (await store.block({ height: request.height })) as StoredBlock
        return {
          id,
          header: presentHeader(code, block.header),
          engine: code.engine.name,
          seal: toHex(seal),
          rows: keys.map((key, i) => {
            const value = values[i]
            return { key, value: value ? toHex(value) : null }
          }),
          proof: toHex(proof),
          ics23,
        }
      },
    }),
  ]
}

/** Throws `rpc/UNKNOWN_TABLE`, or `codec/BAD_JSON` for a key of another form than the table's. */
function stateKey(
  code: ChainData,
  { module, table, key }: { readonly module: string; readonly table: string; readonly key: Json },
): StateKey {
  const state = code.modules.find(({ spec }) => spec.name === module)?.spec.state ?? {}
  const declared = Object.hasOwn(state, table) ? state[table] : undefined
  if (!declared) {
    const known = Object.keys(state).map((one) => `${module}.${one}`)
    throw rpcFail.UNKNOWN_TABLE({ module, table, known })
  }
  const prefix = tablePrefix(module, table)
  if (declared.cell === true) {
    if (key !== null) throw rpcFail.KEY_OF_CELL({ module, table })
    return prefix
  }
  return prefix + encodeKey(declared.key, fromJson(declared.key, key, code))
}

/** Null where the store has no such export, or ICS-23 no proof for a key. */
async function ics23Of(store: Store, request: ProofRequest): Promise<string | null> {
  try {
    const proof = await store.proveIcs23?.(request)
    return proof ? toHex(proof) : null
  } catch (error) {
    if (isChainError(error) && error.code === 'store/NO_ICS23') return null
    throw error
  }
}
