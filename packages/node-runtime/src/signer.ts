import type { Suite } from '@mmtchain/crypto'
import type { SignPlace } from '@mmtchain/kernel'
import { type Address, equalBytes } from '@mmtchain/primitives'
import type { PublicKey } from '@mmtchain/tx'
import type { SignState } from './sign-state.ts'

/** The consensus key of a validator. */
export interface ValidatorKey {
  readonly address: Address
  readonly suite: Suite
  readonly secret: Uint8Array
}

export interface SignRequest {
  readonly at: SignPlace
  readonly message: Uint8Array
}

/** A message that was signed, and the place at which. */
export interface Signed extends SignRequest {
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
  /** The greatest height at which it may have signed. */
  signedUpTo(): bigint
  /** False when a restart makes it forget, as only tests may want it. */
  readonly remembers: boolean
  /** True while it signs nothing, because what it had signed was lost. The node observes the chain then, and says when it has. */
  isObserving(): boolean
  /** The node has observed the chain for an epoch, up to a height: from now on it signs, above that. */
  observed(height: bigint): Promise<void>
  close(): Promise<void>
}

/** Below zero when `a` comes before `b`. */
export function comparePlaces(a: SignPlace, b: SignPlace): number {
  if (a.height !== b.height) return a.height < b.height ? -1 : 1
  return a.round === b.round ? a.step - b.step : a.round - b.round
}

/** What answers a request when `last` was signed last: the same again, nothing, or a new signature. */
export function judge(last: Signed | undefined, { at, message }: SignRequest): 'again' | 'never' | 'new' {
  const order = last ? comparePlaces(at, last.at) : 1
  if (order > 0) return 'new'
  return last && order === 0 && equalBytes(last.message, message) ? 'again' : 'never'
}

/** A signer whose key is in this process, and which remembers in a file. */
export function localSigner({
  key: { address, suite, secret },
  state,
}: {
  readonly key: ValidatorKey
  readonly state: SignState
}): ConsensusSigner {
  // Each request is judged when the one before it is on the disk.
  let work: Promise<unknown> = Promise.resolve()
  async function sign({ at, message }: SignRequest): Promise<Uint8Array | undefined> {
    if (state.isObserving) return undefined
    const verdict = judge(state.last, { at, message })
    if (verdict === 'again') return state.last?.signature
    if (verdict === 'never' || at.height <= state.floor) return undefined
    const signature = suite.sign(message, secret)
    await state.record({ at, message, signature })
    return signature
  }
  return {
    address,
    publicKey: { suite: suite.code, key: suite.publicKey(secret) },
    remembers: true,
    sign(request) {
      const answer = work.then(() => sign(request))
      work = answer.catch(() => undefined)
      return answer
    },
    last: () => state.last,
    signedUpTo: () => higher(state.floor, state.last?.at.height ?? 0n),
    isObserving: () => state.isObserving,
    observed: (height) => state.observed(height),
    async close() {
      await work
      await state.close()
    },
  }
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
    signedUpTo: () => last?.at.height ?? 0n,
    remembers: false,
    isObserving: () => false,
    observed: async () => undefined,
    close: async () => undefined,
  }
}

function higher(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}
