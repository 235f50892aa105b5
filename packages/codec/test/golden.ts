import { readFileSync } from 'node:fs'

/** A golden vector: what it shows, and whatever else its file holds for it. */
export type Vector<T> = T & { readonly name: string }

/** One list of a file of docs/spec/vectors, made by the independent reference.py. */
export function golden<T>(file: string, list = 'vectors'): readonly Vector<T>[] {
  const url = new URL(`../../../docs/spec/vectors/${file}`, import.meta.url)
  const found: unknown = JSON.parse(readFileSync(url, 'utf8'))[list]
  if (!Array.isArray(found) || found.length === 0) throw new Error(`${file} has no ${list}.`)
  return found
}
