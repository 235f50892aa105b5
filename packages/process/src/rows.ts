// The rows of a history as they stand in the state, for those who check a proof of one without a node.
import { encodeKey, struct, tuple, u64 } from '@mmtchain/codec'
import { type StateKey, tablePrefix } from '@mmtchain/kernel'
import { stepFields } from './nouns.ts'

/** One line of a history, as its row holds it. */
export const historyStep = struct(stepFields)

/** The state key of a line of a history. */
export function historyKey({
  instance,
  step,
}: {
  readonly instance: bigint
  readonly step: bigint
}): StateKey {
  return tablePrefix('process', 'history') + encodeKey(tuple(u64, u64), [instance, step])
}
