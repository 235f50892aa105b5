/** What was set lately: the last `max / 2` entries surely, never more than `max`. */
export interface Recent<K, V> {
  get(key: K): V | undefined
  set(key: K, value: V): void
}

/**
 * Two generations of a map: when the young one is full, the old one is forgotten as a whole. To drop the oldest entry of one map
 * each time would cost a walk over all that were dropped before it, since a map keeps their places until it grows.
 */
export function recentOf<K, V>(max: number): Recent<K, V> {
  let young = new Map<K, V>()
  let old = new Map<K, V>()
  return {
    get: (key) => young.get(key) ?? old.get(key),
    set(key, value) {
      if (2 * young.size >= max) {
        old = young
        young = new Map()
      }
      young.set(key, value)
    },
  }
}
