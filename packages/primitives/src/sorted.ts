/** The first index of ascending keys whose key is not below `bound`; their count when all are. */
export function firstNotBelow<T extends string>(keys: readonly T[], bound: T): number {
  let low = 0
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((keys[middle] as T) < bound) low = middle + 1
    else high = middle
  }
  return low
}
