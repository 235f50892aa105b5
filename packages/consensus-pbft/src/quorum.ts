// All arithmetic of counts. Every count is of distinct validators of the height's set, never of messages.

/** f: how many of n validators may lie. */
export function faultsMax(validators: number): number {
  return Math.floor((validators - 1) / 3)
}

/**
 * How many must agree. Two sets of so many validators always share at least f + 1, hence one that is honest. It equals 2f + 1 only
 * where n = 3f + 1; for 108 validators 2f + 1 = 71 would be unsafe.
 */
export function quorum(validators: number): number {
  return Math.floor((2 * validators) / 3) + 1
}

/** f + 1: among so many validators at least one is honest. */
export function honestMin(validators: number): number {
  return faultsMax(validators) + 1
}
