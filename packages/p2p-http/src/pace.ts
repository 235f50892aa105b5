import { plainAddress } from './address.ts'

/** Fills at a steady pace; each event takes one out. */
export interface Bucket {
  left: number
  atMs: number
}

/** How a bucket fills: so much a second, up to so much. */
export interface Pace {
  readonly perSecond: number
  readonly most: number
}

export function newBucket({ most }: Pace, nowMs: number): Bucket {
  return { left: most, atMs: nowMs }
}

/** Takes one out, below zero if need be. Answers after how many milliseconds none is owed. */
export function take(bucket: Bucket, { perSecond, most }: Pace, nowMs: number): number {
  bucket.left = Math.min(most, bucket.left + (Math.max(0, nowMs - bucket.atMs) / 1_000) * perSecond) - 1
  bucket.atMs = nowMs
  return bucket.left >= 0 ? 0 : Math.ceil((-bucket.left / perSecond) * 1_000)
}

/** A map that forgets who was set longest ago when it has grown over `max`. */
export function boundedMap<Value>(max: number): {
  get(key: string): Value | undefined
  set(key: string, value: Value): void
  delete(key: string): void
  entries(): IterableIterator<[string, Value]>
} {
  const map = new Map<string, Value>()
  return {
    get: (key) => map.get(key),
    delete: (key) => void map.delete(key),
    entries: () => map.entries(),
    set(key, value) {
      map.delete(key)
      map.set(key, value)
      if (map.size > max) for (const oldest of [...map.keys()].slice(0, map.size - max)) map.delete(oldest)
    },
  }
}

/** Counts by address, so that one machine cannot take what is for all. */
export function addressPaces(pace: Pace): { take(address: string, nowMs: number): number } {
  const buckets = boundedMap<Bucket>(10_000)
  return {
    take(address, nowMs) {
      const key = plainAddress(address)
      const bucket = buckets.get(key) ?? newBucket(pace, nowMs)
      buckets.set(key, bucket)
      const waitMs = take(bucket, pace, nowMs)
      // Who goes on asking does not owe for ever.
      bucket.left = Math.max(bucket.left, -pace.most)
      return waitMs
    },
  }
}
