import { type ChainError, isChainError } from '@mmtchain/primitives'

/** The refusal that `run` throws. Anything else that it throws, or nothing at all, fails the test. */
export function refusalOf(run: () => unknown): ChainError {
  try {
    run()
  } catch (error) {
    if (!isChainError(error)) throw error
    return error
  }
  throw new Error('nothing was refused')
}
