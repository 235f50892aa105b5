import { isChainError } from '@mmtchain/primitives'
import { explain, say } from './language.ts'
import type { Check } from './node-view.ts'

/** A check of something that throws what is wrong. A refusal brings its own cure. */
export async function attempt(name: string, run: () => Promise<string> | string): Promise<Check> {
  try {
    return { name, ok: true, found: await run(), cure: '' }
  } catch (error) {
    if (isChainError(error)) {
      const { message, hint } = explain(error)
      return { name, ok: false, found: message, cure: hint }
    }
    return { name, ok: false, found: String(error), cure: say('doctor.cure.look') }
  }
}
