import { readFileSync } from 'node:fs'

/** The vectors of one file of this folder; each file names its source. */
export function vectors<T>(file: string): readonly T[] {
  const document = JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8')) as { vectors: T[] }
  return document.vectors
}
