import type { Json } from '@mmtchain/codec'
import type { Method } from './method.ts'
import { paramsOf } from './params.ts'

/** The OpenRPC document (spec.open-rpc.org, version 1.3.2) of a table of methods. `x-role` is the role that a method needs. */
export function openRpcDocument(
  methods: Iterable<Method>,
  info: { readonly title: string; readonly version: string; readonly description: string },
): Json {
  return {
    openrpc: '1.3.2',
    info: { ...info, license: { name: 'Apache-2.0' } },
    methods: [...methods].map(({ name, summary, role, params, result }) => ({
      name,
      summary,
      paramStructure: 'either',
      params: paramsOf(params) as unknown as Json,
      result: { name: 'result', schema: result as Json },
      'x-role': role,
    })),
  }
}
