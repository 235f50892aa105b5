// Rows of a chain of which only the fingerprint is known: no chain file, no code of its modules (docs/adr/0082-names-across-chains.md).
import { bytes, decode } from '@mmtchain/codec'
import {
  follow,
  type LightBlock,
  type LightChain,
  type Trusted,
  verifyCertified,
} from '@mmtchain/consensus-pbft/light'
import { defaultSuites } from '@mmtchain/crypto'
import {
  blockId,
  type EngineChain,
  type GenesisValue,
  genesisCodec,
  genesisFingerprint,
  type Header,
  header as headerCodec,
  parentSeed,
  type StateKey,
  solo,
  type ValidatorSet,
  validatorSet,
  validatorsHash,
  ZERO_HASH,
} from '@mmtchain/kernel'
import type { Hash, Height } from '@mmtchain/primitives'
import { addRows, part, seal } from './prove.ts'
import { clientFail } from './refusals.ts'
import type { RequestOptions, Transport } from './transport.ts'

/** Rows of the state after a block, proven against the header whose seal has been checked. */
export interface CertifiedRows {
  readonly header: Header
  readonly id: Hash
  /** In the order of the keys; undefined where there is no such row. */
  readonly values: readonly (Uint8Array | undefined)[]
}

/** Reads rows from any node of one chain and believes none. */
export interface RowReader {
  /**
   * Asks a node for up to 64 rows of its newest state. Throws what is wrong with the answer: `client/…`, `light/…`, `consensus/BAD_SEAL`,
   * `store/BAD_PROOF`, `codec/…`, or what the transport throws.
   */
  read(request: Transport, keys: readonly StateKey[], options?: RequestOptions): Promise<CertifiedRows>
  /** The genesis that the fingerprint covers, asked of a node the first time. */
  genesis(request: Transport, options?: RequestOptions): Promise<GenesisValue>
  /** The newest block that was certified so far. */
  newest(): { readonly header: Header; readonly id: Hash } | undefined
}

export interface RowReaderOptions {
  readonly fingerprint: Hash
  /** The id of a block that is known to be of this chain, from which changes of validators are followed; the genesis unless it is given. */
  readonly checkpoint?: Hash | undefined
  /** See `LightChain`. */
  readonly unbondingMs?: bigint | undefined
  /** The time by which headers of the future are refused; the platform's clock by default. */
  readonly now?: (() => bigint) | undefined
}

/** How many sets of validators are believed for answers of nodes that are some blocks behind: the one in force and the one before it. */
const SETS_MAX = 2
const rawGenesis = bytes({ bytesMax: 4 * 1024 * 1024 })

/** Knows a chain by its fingerprint alone, under the engines `pbft` and `solo`. */
export function createRowReader(options: RowReaderOptions): RowReader {
  const { fingerprint, checkpoint, unbondingMs, now = () => BigInt(Date.now()) } = options
  let begun: Promise<Beginning> | undefined
  let trusted: Trusted | undefined
  /** Sets that ruled some heights, by their hashes. */
  const sets = new Map<Hash, ValidatorSet>()

  function begin(request: Transport, how: RequestOptions): Promise<Beginning> {
    begun ??= readBeginning(fingerprint, request, how)
    begun.catch(() => {
      begun = undefined
    })
    return begun
  }

  function trust(next: Trusted): Trusted {
    remember(next.nextValidators)
    if (!trusted || next.header.height > trusted.header.height) trusted = next
    return next
  }

  function remember(set: ValidatorSet): void {
    sets.set(validatorsHash(fingerprint, set), set)
    for (const oldest of [...sets.keys()].slice(0, -SETS_MAX)) sets.delete(oldest)
  }

  /** The header of an answer, if those who rule its height have certified it. */
  async function certify(asking: Asking, answer: unknown): Promise<{ header: Header; id: Hash }> {
    const { beginning } = asking
    const header = part(headerCodec, answer, 'header', beginning.value)
    const id = blockId(fingerprint, header)
    if (trusted?.id === id) return { header, id }
    const proof = part(seal, answer, 'seal')
    const { engine } = beginning.value
    if (engine.name === 'solo') {
      const [want, got] = [validatorsHash(fingerprint, beginning.validators), header.validatorsHash]
      if (got !== want) throw clientFail.OTHER_VALIDATORS({ height: header.height, want, got })
      solo().checkSeal({ chain: beginning.chain, header, id, seal: proof, validators: beginning.validators })
      trust({ header, id, nextValidators: beginning.validators })
      return { header, id }
    }
    if (engine.name !== 'pbft') throw clientFail.NO_VERIFIER({ engine: engine.name })
    const from = trusted ?? trust(await start(asking))
    const block = await withSets(asking, header, proof)
    const light = { ...beginning.chain, unbondingMs }
    if (header.height <= from.header.height) {
      // A node that is some blocks behind: those who sign must be a set that ruled.
      if (!sets.has(header.validatorsHash))
        throw clientFail.OTHER_VALIDATORS({
          height: header.height,
          want: from.header.validatorsHash,
          got: header.validatorsHash,
        })
      verifyCertified(light, block)
      return { header, id }
    }
    await followTo(light, asking, from, block)
    return { header, id }
  }

  /** Where following begins: at the block that the user knows, or at the genesis. */
  async function start(asking: Asking): Promise<Trusted> {
    const { beginning, request, how } = asking
    if (checkpoint === undefined) return beginning.trusted
    const answer = await request('chain_header', { id: checkpoint }, how)
    const header = part(headerCodec, answer, 'header', beginning.value)
    const got = blockId(fingerprint, header)
    if (got !== checkpoint) throw clientFail.WRONG_CHAIN({ want: checkpoint, got })
    return {
      header,
      id: got,
      nextValidators: await setOf(asking, header.height + 1n, header.nextValidatorsHash),
    }
  }

  async function followTo(light: LightChain, asking: Asking, from: Trusted, last: LightBlock): Promise<void> {
    const { request, how } = asking
    const fetch = async (height: bigint): Promise<LightBlock> => {
      if (height === last.header.height) return last
      const answer = await request('chain_certificate', { height: String(height) }, how)
      const header = part(headerCodec, answer, 'header', asking.beginning.value)
      return withSets(asking, header, part(seal, answer, 'seal'))
    }
    trust(await follow(light, { trusted: from, height: last.header.height, nowMs: now(), fetch }))
  }

  /** A block with who ruled it, which a node says and the hashes in the header check. */
  async function withSets(asking: Asking, header: Header, proof: Uint8Array): Promise<LightBlock> {
    const { height, validatorsHash: own, nextValidatorsHash: next } = header
    const validators = await setOf(asking, height, own)
    const nextValidators = next === own ? validators : await setOf(asking, height + 1n, next)
    return { header, seal: proof, validators, nextValidators }
  }

  async function setOf(
    { beginning, request, how }: Asking,
    height: bigint,
    want: Hash,
  ): Promise<ValidatorSet> {
    const known =
      sets.get(want) ?? (validatorsHash(fingerprint, beginning.validators) === want && beginning.validators)
    if (known) return known
    const answer = await request('chain_validators', { height: String(height) }, how)
    const set = part(validatorSet, answer, 'validators', beginning.value)
    const got = validatorsHash(fingerprint, set)
    if (got !== want) throw clientFail.OTHER_VALIDATORS({ height: height as Height, want, got })
    return set
  }

  return {
    async read(request, keys, how = {}) {
      const beginning = await begin(request, how)
      const answer = await request('chain_proof', { keys }, how)
      const at = await certify({ beginning, request, how }, answer)
      const state = { ...at, known: new Map<StateKey, Uint8Array | undefined>() }
      addRows(state, keys, answer)
      return { ...at, values: keys.map((key) => state.known.get(key)) }
    },
    genesis: async (request, how = {}) => (await begin(request, how)).value,
    newest: () =>
      trusted && trusted.header.height > 0n ? { header: trusted.header, id: trusted.id } : undefined,
  }
}

interface Asking {
  readonly beginning: Beginning
  readonly request: Transport
  readonly how: RequestOptions
}

interface Beginning {
  readonly value: GenesisValue
  readonly chain: EngineChain
  readonly validators: ValidatorSet
  /** What the genesis says of block 0: the light client reads nothing else of it. */
  readonly trusted: Trusted
}

/** What a fingerprint stands for, from a node whose word is checked by it. */
async function readBeginning(fingerprint: Hash, request: Transport, how: RequestOptions): Promise<Beginning> {
  const answer = await request('chain_genesisHead', {}, how)
  const value = decode(genesisCodec, part(rawGenesis, answer, 'bytes'))
  const got = genesisFingerprint(value)
  if (got !== fingerprint) throw clientFail.WRONG_CHAIN({ want: fingerprint, got })
  const known = new Map(defaultSuites.map((suite) => [suite.code, suite]))
  const suites = new Map(
    value.suites.flatMap((code) => known.get(code) ?? []).map((suite) => [suite.code, suite]),
  )
  const seed = parentSeed(fingerprint, ZERO_HASH)
  const validators = { epoch: 0n, epochStartTurn: 1n, seed, validators: value.validators }
  const ruled = validatorsHash(fingerprint, validators)
  const header = {
    ...{ version: 1, height: 0n as Height, parent: ZERO_HASH, timeMs: value.timeMs, round: 0 },
    ...{
      proposer: value.validators[0]?.address,
      protocolHash: ZERO_HASH,
      txRoot: ZERO_HASH,
      receiptRoot: ZERO_HASH,
    },
    ...{ stateRoot: ZERO_HASH, evidenceRoot: ZERO_HASH, validatorsHash: ruled, nextValidatorsHash: ruled },
    consensus: new Uint8Array(),
  } as Header
  return {
    ...{ value, validators, chain: { fingerprint, slotMs: BigInt(value.slotMs), suites } },
    trusted: { header, id: ZERO_HASH, nextValidators: validators },
  }
}
