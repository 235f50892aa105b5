import { hash, type JsonSchema, u8 } from '@mmtchain/codec'
import { header as headerCodec, validatorSet } from '@mmtchain/kernel'
import { callName, envelope, signing } from './present.ts'

// JSON Schemas (draft 2020-12) of what methods answer with, where it is more than one codec's value.

/** An object with exactly these members; those in `optional` may be absent. */
export function object(
  members: { readonly [name: string]: JsonSchema },
  optional: { readonly [name: string]: JsonSchema } = {},
): JsonSchema {
  return {
    type: 'object',
    properties: { ...members, ...optional },
    required: Object.keys(members),
    additionalProperties: false,
  }
}

export const array = (items: JsonSchema): JsonSchema => ({ type: 'array', items })
export const nullable = (schema: JsonSchema): JsonSchema => ({ anyOf: [schema, { type: 'null' }] })
export const string: JsonSchema = { type: 'string' }
export const boolean: JsonSchema = { type: 'boolean' }
export const count: JsonSchema = { type: 'integer', minimum: 0 }
/** A 64-bit integer: a decimal string. */
export const decimal: JsonSchema = { type: 'string', pattern: '^(0|[1-9][0-9]*)$' }
export const hexBytes: JsonSchema = { type: 'string', pattern: '^([0-9a-f]{2})*$' }
/** Whatever the codec of a module says, or `{ bytes }` where this node cannot read it. */
const moduleValue: JsonSchema = { description: 'In the form that chain_metadata describes, or { bytes }.' }

export const blockAt = { height: decimal, id: hash.schema, timeMs: decimal }
export const header = headerCodec.schema
export const validators = validatorSet.schema

/** Why something was refused, in words. */
export const refusal = object({ code: string, message: string, hint: string })

/** The same with the values behind it. */
export const simulatedRefusal = object({
  code: string,
  message: string,
  hint: string,
  values: { type: 'object' },
})

export const event = object({ module: string, name: string, data: moduleValue })

export const receipt = object({
  error: nullable(object({ code: string, call: u8.schema })),
  fee: decimal,
  weight: decimal,
  events: array(event),
})

const properties = (schema: JsonSchema) => schema.properties as { readonly [name: string]: JsonSchema }
const transactionMembers = {
  id: hash.schema,
  ...properties(envelope.schema),
  calls: array(object({ ...properties(callName.schema), input: moduleValue })),
  ...properties(signing.schema),
}
export const transaction = object(transactionMembers)

export const block = object({
  id: hash.schema,
  header,
  transactions: array(object({ ...transactionMembers, receipt, refusal: nullable(refusal) })),
  begin: array(event),
  end: array(event),
  evidence: array(hexBytes),
  missProofs: array(hexBytes),
  seal: hexBytes,
})

/** Where a transaction is: it waits, was dropped, or stands in a block. */
export const transactionState: JsonSchema = {
  oneOf: [
    object({
      id: hash.schema,
      pending: boolean,
      dropped: nullable(refusal),
      final: { const: false },
      confirmations: { const: 0 },
      confirmation: { const: 'pending' },
    }),
    object({
      id: hash.schema,
      pending: { const: false },
      final: boolean,
      confirmations: count,
      /** `confirmed` is a label for a number of blocks on top, and promises nothing. */
      confirmation: { enum: ['pending', 'confirmed', 'final'] },
      height: decimal,
      index: count,
      blockId: hash.schema,
      timeMs: decimal,
      transaction,
      receipt,
      refusal: nullable(refusal),
    }),
  ],
}

export const health = object({
  ready: boolean,
  checks: array(
    object({
      name: string,
      ok: boolean,
      code: string,
      values: { type: 'object' },
      found: string,
      cure: string,
    }),
  ),
})

const jsonSchema: JsonSchema = { type: 'object' }

/** See `ChainMetadata` of the kernel. */
export const metadata = object({
  chainId: string,
  fingerprint: hash.schema,
  addressPrefix: string,
  slotMs: count,
  engine: string,
  suites: array(object({ code: count, name: string, weight: count })),
  modules: array(
    object({
      name: string,
      version: count,
      params: nullable(object({ schema: jsonSchema, value: {}, inForce: {}, governable: array(string) })),
      commands: array(
        object({ name: string, input: jsonSchema, fee: nullable(decimal), weight: nullable(decimal) }),
      ),
      queries: array(object({ name: string, input: jsonSchema, output: jsonSchema })),
      tables: array(object({ name: string, key: nullable(jsonSchema), value: jsonSchema })),
      events: array(object({ name: string, data: jsonSchema })),
      errors: array(refusal),
    }),
  ),
})
