import { codecFromSchema, encode, fromJson, type Json, toJson } from '@mmtchain/codec'
import type { ChainMetadata, ModuleMetadata } from '@mmtchain/kernel'
import type { TransactionCall } from '@mmtchain/tx'
import { paramsFor } from './params.ts'
import { clientFail } from './refusals.ts'
import type { Transport } from './transport.ts'

/** A chain as its node describes it, for tools that do not have its code: values go in and come out as JSON. */
export interface DescribedChain {
  readonly metadata: ChainMetadata
  module(name: string): ModuleMetadata
  /** The description of one command. Throws `client/UNKNOWN_NAME`. */
  command(module: string, command: string): ModuleMetadata['commands'][number]
  query(module: string, query: string): ModuleMetadata['queries'][number]
  /** A call with its input in JSON form. Throws `codec/BAD_JSON`, naming the field. */
  call(module: string, command: string, input: Json): TransactionCall
  /** The answer of a query, checked against its schema. */
  read(module: string, query: string, input: Json): Promise<Json>
}

/** Asks a node what chain it runs. */
export async function describeChain(request: Transport): Promise<DescribedChain> {
  const metadata = (await request('chain_metadata')) as ChainMetadata
  const { addressPrefix } = metadata

  const module = (name: string) => named('module', metadata.modules, name)
  const command = (of: string, name: string) => named(`command of ${of}`, module(of).commands, name)
  const query = (of: string, name: string) => named(`query of ${of}`, module(of).queries, name)
  return {
    metadata,
    module,
    command,
    query,
    call(of, name, input) {
      const codec = codecFromSchema(command(of, name).input)
      return { module: of, command: name, input: encode(codec, fromJson(codec, input, { addressPrefix })) }
    },
    async read(of, name, input) {
      const { input: inputSchema, output } = query(of, name)
      const inputCodec = codecFromSchema(inputSchema)
      const given = toJson(inputCodec, fromJson(inputCodec, input, { addressPrefix }), { addressPrefix })
      const answer = await request(`${of}_${name}`, paramsFor(inputCodec, given), { repeatable: true })
      const outputCodec = codecFromSchema(output)
      return toJson(outputCodec, fromJson(outputCodec, answer, { addressPrefix }), { addressPrefix })
    },
  }
}

function named<T extends { readonly name: string }>(kind: string, all: readonly T[], name: string): T {
  const found = all.find((one) => one.name === name)
  if (!found) throw clientFail.UNKNOWN_NAME({ kind, name, known: all.map((one) => one.name) })
  return found
}
