// Reads that need not trust the node: a query runs here, over rows that the node proves (docs/adr/0040-proven-reads.md).
import { bytes, type Codec, fromJson, list, option, struct } from '@mmtchain/codec'
import {
  blockId,
  createMachine,
  type GenesisData,
  type Header,
  header as headerCodec,
  type Machine,
  PROOF_KEYS_MAX,
  type StateKey,
  type StateReader,
  type Tip,
  tablePrefix,
  validatorsHash,
} from '@mmtchain/kernel'
import { type Amount, type Hash, type Height, toHex } from '@mmtchain/primitives'
import { verifyStateProof } from '@mmtchain/storage-merkle/verify'
import type { Transaction } from '@mmtchain/tx'
import { clientFail } from './refusals.ts'
import type { Transport } from './transport.ts'

/** An answer with the header of the block whose state gave it. The caller judges by its time whether that is new enough. */
export interface Proven<T> {
  readonly value: T
  readonly header: Header
  readonly id: Hash
}

/** How a proven read is made. */
export interface ProveOptions {
  /** After which block; the node's newest unless it is given. */
  readonly height?: Height | undefined
  readonly signal?: AbortSignal | undefined
}

/** The most rows of one read: each costs a request. */
const ROWS_MAX = 256
const ROW_BYTES_MAX = 16 * 1024 * 1024

/** The rows with which the kernel begins every query. */
const FIRST_KEYS: readonly StateKey[] = [
  tablePrefix('kernel', 'validators'),
  tablePrefix('kernel', 'release'),
]

const rows = list(
  struct({ key: bytes({ bytesMax: 4096 }), value: option(bytes({ bytesMax: ROW_BYTES_MAX })) }),
  {
    max: PROOF_KEYS_MAX,
  },
)
export const seal = bytes({ bytesMax: ROW_BYTES_MAX })
const proof = bytes({ bytesMax: ROW_BYTES_MAX })

/** A state whose root is certified, and what was proven of it so far. */
export interface CertifiedState {
  readonly header: Header
  readonly id: Hash
  readonly known: Map<StateKey, Uint8Array | undefined>
}

/** Computes over rows that a node proves. Throws the computation's own refusal, or what is wrong with a proof. */
export interface Prover {
  /** Answers a module's query. */
  query(
    args: { readonly module: string; readonly query: string; readonly input: unknown },
    options: ProveOptions,
  ): Promise<Proven<unknown>>
  /** What a transaction costs in the next block, by the release and the parameters in force. */
  fee(transaction: Transaction, options: ProveOptions): Promise<Proven<Amount>>
}

/** Trusts the genesis and its validators, and nothing that the node says. */
export function createProver(request: Transport, genesis: GenesisData): Prover {
  const machine = createMachine(genesis)

  /** Runs until every row that the run reads is proven. `name` is of what is computed. */
  async function over<T>(
    name: string,
    { height, signal }: ProveOptions,
    run: (reader: StateReader, tip: () => Tip) => T,
  ): Promise<Proven<T>> {
    const ask = (keys: readonly StateKey[], at: Height | undefined) =>
      request('chain_proof', { keys, ...(at !== undefined && { height: String(at) }) }, { signal })
    const state = certify(machine, FIRST_KEYS, await ask(FIRST_KEYS, height), height)
    for (let reads = state.known.size; ; reads++) {
      const attempt = tryOver(state, (reader) =>
        run(reader, () => machine.tipOf({ ...reader, tip: () => state }) as Tip),
      )
      if (attempt.kind === 'done') return { value: attempt.value, header: state.header, id: state.id }
      if (attempt.kind === 'range') throw clientFail.NOT_PROVABLE({ query: name })
      if (reads === ROWS_MAX) throw clientFail.TOO_MANY_ROWS({ max: ROWS_MAX })
      addRows(state, [attempt.key], await ask([attempt.key], state.header.height))
    }
  }
  return {
    query: (args, options) =>
      over(`${args.module}.${args.query}`, options, (reader, tip) => machine.query(reader, tip(), args)),
    fee: (transaction, options) =>
      over('The price of calls', options, (reader) => machine.quote(transaction, reader).fee),
  }
}

/** Why a run had to end early: it came to a row that is not known, or to a range of rows. */
type Need = { readonly kind: 'row'; readonly key: StateKey } | { readonly kind: 'range' }

/**
 * Runs over the rows that are known. What the run makes of others is forgotten, also if it caught what the reader threw: it has to
 * run again when they are there. Throws what the run throws.
 */
function tryOver<T>(
  { known }: CertifiedState,
  run: (reader: StateReader) => T,
): Need | { readonly kind: 'done'; readonly value: T } {
  const needs: Need[] = []
  const stopFor = (need: Need): never => {
    needs.push(need)
    throw new Error('this read needs rows that are not there yet')
  }
  const reader: StateReader = {
    get: (key) => (known.has(key) ? known.get(key)?.slice() : stopFor({ kind: 'row', key })),
    entries: () => stopFor({ kind: 'range' }),
  }
  let value: T | undefined
  try {
    value = run(reader)
  } catch (error) {
    if (needs.length === 0) throw error
  }
  return needs[0] ?? { kind: 'done', value: value as T }
}

/** The state of the header in an answer, if its seal is that of the validators of the genesis. */
function certify(
  { genesis, engineChain }: Machine,
  keys: readonly StateKey[],
  answer: unknown,
  wanted: Height | undefined,
): CertifiedState {
  const { chain, fingerprint, validators } = genesis
  const header = part(headerCodec, answer, 'header', chain)
  const id = blockId(fingerprint, header)
  if (wanted !== undefined && header.height !== wanted)
    throw clientFail.OTHER_HEIGHT({ want: wanted, got: header.height })
  if (header.height === 0n) throw clientFail.NO_SEAL({ id })
  const [want, got] = [validatorsHash(fingerprint, validators), header.validatorsHash]
  if (got !== want) throw clientFail.OTHER_VALIDATORS({ height: header.height, want, got })
  chain.engine.checkSeal({ chain: engineChain, header, id, seal: part(seal, answer, 'seal'), validators })
  const state: CertifiedState = { header, id, known: new Map() }
  addRows(state, keys, answer)
  return state
}

/** Takes rows over from an answer, if its proof leads to the root of this state, whatever else the answer says. */
export function addRows({ header, known }: CertifiedState, keys: readonly StateKey[], answer: unknown): void {
  const given = part(rows, answer, 'rows')
  const asked = keys.map((key, i) => {
    const row = given[i]
    if (!row || toHex(row.key) !== key) throw clientFail.OTHER_ROWS({ key })
    return { key, value: row.value ?? undefined }
  })
  verifyStateProof({ root: header.stateRoot, rows: asked, proof: part(proof, answer, 'proof') })
  for (const { key, value } of asked) known.set(key, value)
}

/** One member of an answer. Throws `codec/BAD_JSON`. */
export function part<T>(
  codec: Codec<T>,
  answer: unknown,
  name: string,
  chain?: { readonly addressPrefix: string },
): T {
  return fromJson(codec, (Object(answer) as { readonly [name: string]: unknown })[name], chain)
}
