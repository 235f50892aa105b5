import type { Suite } from '@mmtchain/crypto'
import type { SignPlace } from '@mmtchain/kernel'
import { type Address, equalBytes } from '@mmtchain/primitives'
import type { PublicKey } from '@mmtchain/tx'

/** The consensus key of a validator. */
export interface ValidatorKey {
  readonly address: Address
  readonly suite: Suite
  readonly secret: Uint8Array
}

/** A message that was signed, and the place at which. */
export interface Signed {
  readonly at: SignPlace
  readonly message: Uint8Array
  readonly signature: Uint8Array
}

/**
 * Signs for one validator: on this machine with `localSigner`, or elsewhere, so that the key need not lie on the node. It holds the
 * rule that keeps a validator honest through crashes: places only go up, and each place has one message.
 */
export interface ConsensusSigner {
  /** The account of the validator. */
  readonly address: Address
  readonly publicKey: PublicKey
  /**
   * The signature, which `last` will remember through any crash; the same message at the same place has the same one again. Undefined
   * when something else was signed at this place or anything after it. Rejects when it can sign no more; the node then stops.
   */
  sign(request: { readonly at: SignPlace; readonly message: Uint8Array }): Promise<Uint8Array | undefined>
  /** What was signed at the highest place. */
  last(): Signed | undefined
  close(): Promise<void>
}

/** Below zero when `a` comes before `b`. */
export function comparePlaces(a: SignPlace, b: SignPlace): number {
  if (a.height !== b.height) return a.height < b.height ? -1 : 1
  return a.round === b.round ? a.step - b.step : a.round - b.round
}

/** What answers a request when `last` was signed last: the same again, nothing, or a new signature. */
export function judge(
  last: Signed | undefined,
  { at, message }: { readonly at: SignPlace; readonly message: Uint8Array },
): 'again' | 'never' | 'new' {
  const order = last ? comparePlaces(at, last.at) : 1
  if (order > 0) return 'new'
  return last && order === 0 && equalBytes(last.message, message) ? 'again' : 'never'
}

/** A signer that remembers only as long as it lives: for tests, and for chains that do as well. Nothing keeps it honest after a restart. */
export function memorySigner({ address, suite, secret }: ValidatorKey): ConsensusSigner {
  let last: Signed | undefined
  return {
    address,
    publicKey: { suite: suite.code, key: suite.publicKey(secret) },
    async sign({ at, message }) {
      const verdict = judge(last, { at, message })
      if (verdict === 'new') last = { at, message, signature: suite.sign(message, secret) }
      return verdict === 'never' ? undefined : last?.signature
    },
    last: () => last,
    close: async () => undefined,
  }
}
