import { type Codec, fromJson, type JsonSchema } from '@mmtchain/codec'
import { rpcFail } from './refusals.ts'

/** One parameter of a method, as OpenRPC describes it. */
export interface Param {
  readonly name: string
  readonly required: boolean
  readonly schema: JsonSchema
}

/**
 * The parameters of a method in their order: none for `unit`, the fields for a struct, and for any other type one that is
 * called `input`. Those that are options may be left out.
 */
export function paramsOf(codec: Codec<unknown>): readonly Param[] {
  const found = known.get(codec) ?? paramsIn(codec)
  known.set(codec, found)
  return found
}

const known = new WeakMap<Codec<unknown>, readonly Param[]>()

function paramsIn({ schema }: Codec<unknown>): readonly Param[] {
  if (schema['x-bcs'] === 'unit') return []
  const fields =
    schema['x-bcs'] === 'struct' ? (schema.properties as Record<string, JsonSchema>) : { input: schema }
  return Object.entries(fields).map(([name, field]) => ({
    name,
    required: field['x-bcs'] !== 'option',
    schema: field,
  }))
}

/**
 * Reads parameters by name or by position. Throws `codec/BAD_JSON`, naming the parameter, or `rpc/TOO_MANY_PARAMS`.
 */
export function readParams(
  codec: Codec<unknown>,
  given: unknown,
  context: { readonly addressPrefix: string },
): unknown {
  const params = paramsOf(codec)
  const named = Array.isArray(given) ? byPosition(params, given) : { ...(given as object | null | undefined) }
  const wanted = codec.schema['x-bcs']
  if (wanted === 'unit') {
    const got = Object.keys(named).length
    if (got > 0) throw rpcFail.TOO_MANY_PARAMS({ max: 0, got })
    return null
  }
  for (const { name, required } of params) if (!required && !Object.hasOwn(named, name)) named[name] = null
  if (wanted === 'struct') return fromJson(codec, named, context)
  const others = Object.keys(named).length - (Object.hasOwn(named, 'input') ? 1 : 0)
  if (others > 0) throw rpcFail.TOO_MANY_PARAMS({ max: 1, got: others + 1 })
  return fromJson(codec, named.input, context)
}

function byPosition(params: readonly Param[], values: readonly unknown[]): Record<string, unknown> {
  if (values.length > params.length) throw rpcFail.TOO_MANY_PARAMS({ max: params.length, got: values.length })
  return Object.fromEntries(values.map((value, i) => [(params[i] as Param).name, value]))
}
