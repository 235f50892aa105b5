import { readFileSync } from 'node:fs'

/** A file of docs/spec/vectors as it is, with `{ repeat, count }` written out and lists of hex parts joined. */
export function golden<T>(file: string): T {
  const url = new URL(`../../../docs/spec/vectors/${file}`, import.meta.url)
  return JSON.parse(readFileSync(url, 'utf8'), (_, value) => {
    if (typeof value?.repeat === 'string') return value.repeat.repeat(value.count)
    const isParts =
      Array.isArray(value) && value.length > 1 && value.every((part) => typeof part === 'string')
    return isParts && value.some((part: string) => part.length > 2000) ? value.join('') : value
  })
}

/** A key of the vectors, with its secret. */
export interface GoldenKey {
  readonly name: string
  readonly suite: number
  readonly secret: string
  readonly public: string
}
