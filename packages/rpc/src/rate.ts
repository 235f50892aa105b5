import { isIPv4 } from 'node:net'

/** Fills at a steady pace and empties by one a request, or by the milliseconds of an answer; an empty one refuses. */
export interface Bucket {
  left: number
  atMs: number
}

/** Two seconds' worth may come at once. */
const BURST_SECONDS = 2

export function newBucket(rate: number, nowMs: number): Bucket {
  return { left: rate * BURST_SECONDS, atMs: nowMs }
}

/** Fills a bucket up to now. `rate` is in requests or milliseconds a second. */
export function refill(bucket: Bucket, rate: number, nowMs: number): Bucket {
  const since = Math.max(0, nowMs - bucket.atMs) / 1_000
  bucket.left = Math.min(rate * BURST_SECONDS, bucket.left + since * rate)
  bucket.atMs = nowMs
  return bucket
}

/** What is kept of one address: its requests, the work that they were, and how many connections it holds. */
export interface AddressEntry {
  readonly bucket: Bucket
  readonly work: Bucket
  connections: number
}

const ADDRESSES_MAX = 10_000

/** The addresses that called lately. Of more than 10,000 the one that was silent longest and holds no connection is forgotten. */
export function createAddressBook({ rate, workMs }: { readonly rate: number; readonly workMs: number }): {
  entry(address: string, nowMs: number): AddressEntry
} {
  const entries = new Map<string, AddressEntry>()
  return {
    entry(address, nowMs) {
      const key = networkOf(address)
      const found = entries.get(key) ?? {
        bucket: newBucket(rate, nowMs),
        work: newBucket(workMs, nowMs),
        connections: 0,
      }
      // Set again, so that the order of the map is that of the last calls.
      entries.delete(key)
      entries.set(key, found)
      if (entries.size > ADDRESSES_MAX) {
        for (const [other, { connections }] of entries) {
          if (connections > 0) continue
          entries.delete(other)
          break
        }
      }
      return found
    },
  }
}

/** What counts as one address: an IPv4 address, or the /64 network of an IPv6 address, all of which one host may use (RFC 6177). */
export function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '')
  if (isIPv4(plain)) return plain
  const [head = '', tail] = plain.split('%')[0]?.split('::') ?? []
  const groups = (part: string | undefined) => (part ? part.split(':') : [])
  const [before, after] = [groups(head), groups(tail)]
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length
  return [...before, ...Array<string>(Math.max(0, zeros)).fill('0'), ...after].slice(0, 4).join(':')
}

/** True for an address of this machine. */
export function isLoopback(address: string): boolean {
  return address === '::1' || /^(::ffff:)?127\./i.test(address)
}
