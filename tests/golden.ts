import { readFileSync } from 'node:fs'

/** A file of docs/spec/vectors as it is, with `{ repeat, count }` written out and lists of hex parts joined. */
export function golden<T>(file: string): T {
  const url = new URL(`../docs/spec/vectors/${file}`, import.meta.url)
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

/** A golden vector: what it shows, and whatever else its file holds for it. */
export type Vector<T> = T & { readonly name: string }

/** One list of such a file, which is not empty. */
export function goldenList<T>(file: string, list = 'vectors'): readonly Vector<T>[] {
  const found = golden<Record<string, unknown>>(file)[list]
  if (!Array.isArray(found) || found.length === 0) throw new Error(`${file} has no ${list}.`)
  return found
}
