// Trust in a new header from an old one, without the blocks between (docs/spec/consensus.md, section 11). It needs nothing of Node.js.
import { decode } from '@mmtchain/codec'
import { blockId, type Header, type Validator, type ValidatorSet, validatorsHash } from '@mmtchain/kernel'
import { equalBytes, type Hash, isChainError } from '@mmtchain/primitives'
import type { Suites } from '@mmtchain/tx'
import { verifiedSeats } from './certificates.ts'
import { type Certificate, certificate } from './messages.ts'
import { honestMin } from './quorum.ts'
import { lightFail } from './refusals.ts'

export { lightRefusals } from './refusals.ts'

/** What a light client knows of its chain before it asks anybody. */
export interface LightChain {
  readonly fingerprint: Hash
  readonly suites: Suites
  /**
   * For how long those who sign a header can be punished for it: the time of unbonding. A header is trusted for half of it. Absent on
   * chains without bonds, where only those who rule a height are believed: each change of the set costs a header.
   */
  readonly unbondingMs?: bigint | undefined
}

/** What a node says of a height. Nothing of it is believed before it is checked. */
export interface LightBlock {
  readonly header: Header
  readonly seal: Uint8Array
  /** Who ruled this height. */
  readonly validators: ValidatorSet
  /** Who rules the next height; may be left out where it is the same set. */
  readonly nextValidators?: ValidatorSet | undefined
}

/** A header that is trusted, and who rules the height after it. Block 0 is trusted by the genesis. */
export interface Trusted {
  readonly header: Header
  readonly id: Hash
  readonly nextValidators: ValidatorSet
}

/** How far the clock of an honest proposer may be ahead of this machine's. */
const CLOCK_AHEAD_MS = 10_000n
/** Why a header between the two is to be trusted first. */
const NEEDS_A_STEP: ReadonlySet<string> = new Set(['light/SET_CHANGED', 'light/TOO_FEW_TRUSTED'])

/**
 * Checks that q of the validators named in it signed the header, whoever they are. Throws `light/BAD_HEADER`. What trust it deserves,
 * `advance` says.
 */
export function verifyCertified(chain: LightChain, block: LightBlock): Trusted {
  return certified(chain, block).trusted
}

/**
 * Trusts a header because of an older one: its certificate holds, and either the set that rules it is the one that follows the trusted
 * header, or f + 1 of that set are among those who signed it. Throws `light/NOT_AFTER`, `light/TRUST_EXPIRED`, `light/FROM_FUTURE`,
 * `light/BAD_HEADER`, `light/SET_CHANGED`, `light/TOO_FEW_TRUSTED`.
 */
export function advance(
  chain: LightChain,
  {
    trusted,
    block,
    nowMs,
  }: { readonly trusted: Trusted; readonly block: LightBlock; readonly nowMs: bigint },
): Trusted {
  const { header } = block
  if (header.height <= trusted.header.height)
    throw lightFail.NOT_AFTER({ trusted: trusted.header.height, got: header.height })
  checkTimes(chain, trusted, header, nowMs)
  const { trusted: next, signers } = certified(chain, block)
  if (header.validatorsHash === trusted.header.nextValidatorsHash) return next
  if (header.height === trusted.header.height + 1n) throw bad('another set rules it than its parent says')
  const known = trusted.nextValidators.validators
  // Without bonds nobody answers for what it signs after its time, so only those who rule a height are believed.
  if (chain.unbondingMs === undefined)
    throw lightFail.SET_CHANGED({ trusted: trusted.header.height, got: header.height })
  const want = honestMin(known.length)
  const got = known.filter((one) => signers.some((signer) => isSame(one, signer))).length
  if (got < want) throw lightFail.TOO_FEW_TRUSTED({ want, got })
  return next
}

/**
 * Goes from a trusted header to that of a height, in as few steps as the changes of the set allow: first at once, then by halves. `fetch`
 * asks a node; it may lie. Throws what `advance` throws.
 */
export async function follow(
  chain: LightChain,
  args: {
    readonly trusted: Trusted
    readonly height: bigint
    readonly nowMs: bigint
    readonly fetch: (height: bigint) => Promise<LightBlock>
  },
): Promise<Trusted> {
  const { height, nowMs, fetch } = args
  let { trusted } = args
  /** Headers that could not be trusted yet, the nearest last. */
  const waiting: LightBlock[] = []
  const ask = async (at: bigint) => {
    const block = await fetch(at)
    if (block.header.height !== at) throw bad(`it has height ${block.header.height}, not ${at}`)
    return block
  }
  if (height > trusted.header.height) waiting.push(await ask(height))
  for (let block = waiting.at(-1); block; block = waiting.at(-1)) {
    try {
      trusted = advance(chain, { trusted, block, nowMs })
      waiting.pop()
    } catch (error) {
      if (!isChainError(error) || !NEEDS_A_STEP.has(error.code)) throw error
      waiting.push(await ask((trusted.header.height + block.header.height) / 2n))
    }
  }
  return trusted
}

/** Throws `light/CONFLICT` when two certified headers of one height differ: proof that more than f validators lied. */
export function compareWitness(
  chain: LightChain,
  { trusted, witness }: { readonly trusted: Trusted; readonly witness: LightBlock },
): undefined {
  const other = verifyCertified(chain, witness)
  if (other.header.height !== trusted.header.height || other.id === trusted.id) return
  // Only a set that is the trusted one's counts: anybody can name validators of its own.
  if (other.header.validatorsHash !== trusted.header.validatorsHash) return
  throw lightFail.CONFLICT({ height: trusted.header.height, ids: [trusted.id, other.id] })
}

function checkTimes(
  chain: LightChain,
  { header: old }: Trusted,
  { timeMs }: Header,
  nowMs: bigint,
): undefined {
  const { unbondingMs } = chain
  if (unbondingMs !== undefined && nowMs >= old.timeMs + unbondingMs / 2n) {
    const untilMs = old.timeMs + unbondingMs / 2n
    throw lightFail.TRUST_EXPIRED({ trustedMs: old.timeMs, untilMs, nowMs })
  }
  if (timeMs <= old.timeMs) throw bad('it is not later than the trusted one')
  if (timeMs > nowMs + CLOCK_AHEAD_MS) throw lightFail.FROM_FUTURE({ timeMs, nowMs })
}

function certified(chain: LightChain, block: LightBlock) {
  const { header, seal, validators, nextValidators = validators } = block
  const { fingerprint } = chain
  if (validatorsHash(fingerprint, validators) !== header.validatorsHash)
    throw bad('its set is not the one given')
  if (validatorsHash(fingerprint, nextValidators) !== header.nextValidatorsHash)
    throw bad('the set that follows is not the one given')
  if (new Set(validators.validators.map((one) => one.address)).size < validators.validators.length)
    throw bad('its set has a validator twice')
  const id = blockId(fingerprint, header)
  const cert = readCertificate(seal)
  if (cert.height !== header.height || cert.blockId !== id || cert.round < header.round)
    throw bad('its certificate is another block’s')
  const seats = verifiedSeats(
    chain,
    { set: validators, hash: header.validatorsHash },
    { kind: 'commit', ...cert },
  )
  if (!seats) throw bad('its certificate does not hold')
  const signers = seats.map((seat) => validators.validators[seat] as Validator)
  return { trusted: { header, id, nextValidators }, signers }
}

function readCertificate(seal: Uint8Array): Certificate {
  try {
    return decode(certificate, seal)
  } catch (error) {
    if (!isChainError(error)) throw error
    throw bad('its seal is no certificate')
  }
}

/** The same validator with the same key: with another one it may be somebody else's now. */
function isSame(a: Validator, b: Validator): boolean {
  return a.address === b.address && a.key.suite === b.key.suite && equalBytes(a.key.key, b.key.key)
}

function bad(why: string) {
  return lightFail.BAD_HEADER({ why })
}
