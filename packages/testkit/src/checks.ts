// Checks that need no test runner.
import { isChainError, toHex } from '@mmtchain/primitives'

export function check(condition: boolean, why: string): void {
  if (!condition) throw new Error(why)
}

export function equal(got: unknown, want: unknown, what: string): void {
  const [gotText, wantText] = [textOf(got), textOf(want)]
  check(gotText === wantText, `${what}: want ${excerpt(wantText)}, got ${excerpt(gotText)}`)
}

/** Throws unless `use` throws, or its promise is rejected with, an error of this code. */
export async function refused(code: string, use: () => unknown): Promise<void> {
  let outcome = 'nothing was refused'
  try {
    await use()
  } catch (error) {
    if (isChainError(error) && error.code === code) return
    outcome = `got ${isChainError(error) ? error.code : String(error)}`
  }
  throw new Error(`want ${code}, ${outcome}`)
}

/** The same text for equal values only: fields in order of their names, bytes as hex, big integers marked. */
function textOf(value: unknown): string {
  return (
    JSON.stringify(value, (_key, part: unknown) => {
      if (typeof part === 'bigint') return `${part}n`
      if (part instanceof Uint8Array) return `0x${toHex(part)}`
      if (typeof part !== 'object' || part === null || Array.isArray(part)) return part
      return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
    }) ?? 'undefined'
  )
}

function excerpt(text: string): string {
  return text.length > 300 ? `${text.slice(0, 300)}…` : text
}
