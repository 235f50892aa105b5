import {
  createClient,
  type DescribedChain,
  describeChain,
  type Proven,
  type ProveOptions,
} from '@mmtchain/client'
import { codecFromSchema, fromJson, type Json, toJson } from '@mmtchain/codec'
import { prepareCrypto } from '@mmtchain/crypto'
import { chainMetadata, type GenesisData } from '@mmtchain/kernel'
import { type AnyChain, isHome, loadChainFile } from '@mmtchain/node'
import { type Hash, isChainError, hash as toHash } from '@mmtchain/primitives'
import { type CommonOptions, genesisOf, homeOf, nodeHomeOf, transportOf } from './context.ts'
import { say } from './language.ts'
import { cliFail } from './refusals.ts'

// Queries whose answer is proven: all but the rows and their proofs is taken from the user, nothing from the node.

export interface ProvingOptions extends CommonOptions {
  readonly chain?: string
  readonly fingerprint?: string
}

/** A chain as its own code describes it, and a client that checks what a node says of it. */
export interface ProvingChain extends DescribedChain {
  prove(module: string, query: string, input: Json): Promise<Proven<Json>>
}

export const isProving = (chain: DescribedChain): chain is ProvingChain => 'prove' in chain

/** The chain of the home, or of `--chain` with `--fingerprint`. Throws `cli/NOTHING_TRUSTED` without either. */
export async function provingChain(options: ProvingOptions): Promise<ProvingChain> {
  const { chain, fingerprint, genesis } = await trusted(options)
  const client = createClient({ chain, fingerprint, genesis, transport: transportOf(options) })
  const queries = client.prove as unknown as {
    readonly [module: string]: {
      readonly [query: string]: (input: unknown, options?: ProveOptions) => Promise<Proven<unknown>>
    }
  }
  const metadata = chainMetadata({ chain, fingerprint })
  const described = await describeChain(async () => metadata)
  return {
    ...described,
    async prove(module, query, given) {
      const { input, output } = described.query(module, query)
      const value = fromJson(codecFromSchema(input), given, chain)
      const proven = await queries[module]?.[query]?.(value)
      if (!proven) throw new Error(`the client has no query ${module}.${query}`)
      return { ...proven, value: toJson(codecFromSchema(output), proven.value, chain) }
    },
  }
}

interface Trusted {
  readonly chain: AnyChain
  readonly fingerprint: Hash
  readonly genesis: GenesisData | undefined
}

async function trusted(options: ProvingOptions): Promise<Trusted> {
  if (options.chain !== undefined) {
    const fingerprint = fingerprintOf(options.fingerprint ?? '')
    await prepareCrypto()
    return { chain: (await loadChainFile(options.chain)).chain, fingerprint, genesis: undefined }
  }
  const home = nodeHomeOf(homeOf(options))
  if (!isHome(home)) throw cliFail.NOTHING_TRUSTED({ home: home.path })
  const genesis = await genesisOf(options)
  const wanted = options.fingerprint
  if (wanted !== undefined && fingerprintOf(wanted) !== genesis.fingerprint)
    throw cliFail.BAD_ARGUMENT({ name: '--fingerprint', value: wanted, want: genesis.fingerprint })
  return { chain: genesis.chain, fingerprint: genesis.fingerprint, genesis }
}

function fingerprintOf(text: string): Hash {
  try {
    return toHash(text)
  } catch (error) {
    if (!isChainError(error)) throw error
    throw cliFail.BAD_ARGUMENT({ name: '--fingerprint', value: text, want: say('field.hash') })
  }
}
