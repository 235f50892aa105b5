/** A stream of choices that follows from its seed alone. */
export interface Chance {
  /** A whole number from 0 to `count` − 1. */
  below(count: number): number
  /** A whole number from `least` to `most`, both possible. */
  between(least: number, most: number): number
  /** True so many times in a thousand. */
  perMille(share: number): boolean
  pick<T>(items: readonly [T, ...T[]]): T
  pick<T>(items: readonly T[]): T | undefined
  /** The same items in another order. */
  shuffle<T>(items: readonly T[]): readonly T[]
  /** A stream of its own, so that what one part draws changes nothing for another. */
  fork(name: string): Chance
}

/** The stream of a seed: the generator sfc32 by Chris Doty-Humphrey (PractRand), from the seed's mixed bits. */
export function chance(seed: number | string): Chance {
  const mixed = digest()
  mixed.add(String(seed))
  let [a, b] = mixed.words()
  let c = 0x9e3779b9
  let d = 1
  function next(): number {
    const sum = (a + b + d) | 0
    d = (d + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum
    c |= 0
    return sum >>> 0
  }
  for (let i = 0; i < 12; i++) next()
  const below = (count: number) => (count < 2 ? 0 : next() % count)
  return {
    below,
    between: (least, most) => least + below(most - least + 1),
    perMille: (share) => share > 0 && below(1_000) < share,
    pick: <T>(items: readonly T[]) => items[below(items.length)] as T,
    shuffle(items) {
      const mixedUp = [...items]
      for (let i = mixedUp.length - 1; i > 0; i--) {
        const j = below(i + 1)
        const one = mixedUp[i] as (typeof mixedUp)[number]
        mixedUp[i] = mixedUp[j] as (typeof mixedUp)[number]
        mixedUp[j] = one
      }
      return mixedUp
    },
    fork: (name) => chance(`${seed}/${name}`),
  }
}

/** A running hash of what happened, to compare two runs. It is quick, and no defence against anybody. */
export interface Digest {
  add(what: string): void
  addNumber(what: number): void
  /** The first bytes of what may be long, and its length. */
  addBytes(bytes: Uint8Array): void
  words(): readonly [number, number]
  hex(): string
}

const BYTES_LOOKED_AT = 96

export function digest(): Digest {
  let [a, b] = [0x811c9dc5, 0x2545f491]
  function addNumber(what: number): void {
    a = Math.imul(a ^ what, 0x01000193)
    b = Math.imul(b ^ (what + (a >>> 15)), 0x5bd1e995)
    b ^= b >>> 13
  }
  return {
    addNumber,
    add(what) {
      for (let i = 0; i < what.length; i++) addNumber(what.charCodeAt(i))
      addNumber(what.length)
    },
    addBytes(bytes) {
      const end = Math.min(bytes.length, BYTES_LOOKED_AT)
      for (let i = 0; i < end; i++) addNumber(bytes[i] as number)
      addNumber(bytes.length)
    },
    words: () => [a | 0, b | 0],
    hex: () => [a, b].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join(''),
  }
}
