// Evidence: two statements of one validator that no honest one signs both (docs/spec/consensus.md, section 8).
import { address, decode, encode, hash, type Infer, struct, u64 } from '@mmtchain/codec'
import type { EngineChain, EngineContext, ValidatorSet } from '@mmtchain/kernel'
import { type Address, compareBytes, type Hash, isChainError } from '@mmtchain/primitives'
import { type Statement, signatureBytes, signMessage, statement } from './messages.ts'
import { areValid } from './verified.ts'

const half = struct({ statement, validatorsHash: hash, signature: signatureBytes })
/** The epoch says in which set the culprit's key is found. */
export const evidence = struct({ epoch: u64, culprit: address, first: half, second: half })
export type Evidence = Infer<typeof evidence>
export type EvidenceHalf = Infer<typeof half>

/** What a chain is told of an offence. A validator is charged once for each height and kind. */
export type Offence = EngineContext['evidence'][number]

/** The evidence that two statements make, in its one order. */
export function evidenceOf(
  fingerprint: Hash,
  who: { readonly epoch: bigint; readonly culprit: Address },
  halves: readonly [EvidenceHalf, EvidenceHalf],
): Uint8Array {
  const [a, b] = halves
  const isOrdered = compareBytes(signedBytes(fingerprint, a), signedBytes(fingerprint, b)) < 0
  return encode(evidence, { ...who, first: isOrdered ? a : b, second: isOrdered ? b : a })
}

/** What bytes that are evidence say; undefined for other bytes. Nothing is checked. */
export function readEvidence(bytes: Uint8Array): Evidence | undefined {
  try {
    return decode(evidence, bytes)
  } catch (error) {
    if (!isChainError(error)) throw error
    return undefined
  }
}

/** The offence that evidence claims. */
export function offenceOf({ culprit, first }: Evidence): Offence {
  return { culprit, height: first.statement.value.height, kind: first.statement.kind }
}

/** Why evidence proves nothing; undefined when it proves its offence. `set` is the set of its epoch. */
export function evidenceFault(
  chain: Pick<EngineChain, 'fingerprint' | 'suites'>,
  { culprit, first, second }: Evidence,
  set: ValidatorSet | undefined,
): string | undefined {
  const key = set?.validators.find((one) => one.address === culprit)?.key
  if (!key) return 'evidence names nobody of its epoch'
  if (!samePlace(first.statement, second.statement)) return 'the two statements of evidence have two places'
  const messages = [signedBytes(chain.fingerprint, first), signedBytes(chain.fingerprint, second)] as const
  if (compareBytes(...messages) >= 0) return 'the statements of evidence are the same, or not in order'
  const suite = chain.suites.get(key.suite)
  const claims = [first, second].flatMap(({ signature }, i) =>
    suite ? [{ suite, key: key.key, message: messages[i] as Uint8Array, signature }] : [],
  )
  const isSigned = claims.length === 2 && areValid(chain.suites, claims)
  return isSigned ? undefined : 'evidence has a signature that is not valid'
}

/** Whether two statements have the same height, round and kind, so that an honest validator signs only one of them. */
export function samePlace(a: Statement, b: Statement): boolean {
  return a.kind === b.kind && a.value.height === b.value.height && a.value.round === b.value.round
}

export function sameOffence(a: Offence, b: Offence): boolean {
  return a.culprit === b.culprit && a.height === b.height && a.kind === b.kind
}

function signedBytes(fingerprint: Hash, { statement: said, validatorsHash }: EvidenceHalf): Uint8Array {
  return signMessage({ fingerprint, validatorsHash, statement: said })
}
