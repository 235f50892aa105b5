/** A bounded map that forgets what was not asked for lately. */
export interface Cache<K, V> {
  get(key: K): V | undefined
  /** `bytes` is about the memory that the entry takes. */
  set(key: K, value: V, bytes: number): void
  delete(key: K): void
  clear(): void
}

/**
 * Two generations of a map: what is read moves to the young one; when that is half full, it becomes the old one, and what was
 * in the old one is forgotten. It costs two look-ups at most, and no list to keep in order.
 */
export function cacheOf<K, V>(bytesMax: number): Cache<K, V> {
  type Held = { readonly value: V; readonly bytes: number }
  let young = new Map<K, Held>()
  let old = new Map<K, Held>()
  let youngBytes = 0
  const put = (key: K, held: Held) => {
    youngBytes += held.bytes - (young.get(key)?.bytes ?? 0)
    young.set(key, held)
    if (youngBytes * 2 <= bytesMax) return
    old = young
    young = new Map()
    youngBytes = 0
  }
  return {
    get(key) {
      const held = young.get(key)
      if (held) return held.value
      const aged = old.get(key)
      if (!aged) return undefined
      old.delete(key)
      put(key, aged)
      return aged.value
    },
    set(key, value, bytes) {
      old.delete(key)
      put(key, { value, bytes })
    },
    delete(key) {
      youngBytes -= young.get(key)?.bytes ?? 0
      young.delete(key)
      old.delete(key)
    },
    clear() {
      young.clear()
      old.clear()
      youngBytes = 0
    },
  }
}
