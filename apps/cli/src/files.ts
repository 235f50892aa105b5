import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { say } from './language.ts'
import { cliFail } from './refusals.ts'

/** The content of a file that the user names, or of standard input for `-`. Throws `cli/BAD_ARGUMENT`. */
export function readGiven(file: string): Buffer {
  try {
    return readFileSync(file === '-' ? 0 : file)
  } catch (error) {
    const why = (error as { code?: string }).code ?? String(error)
    throw cliFail.BAD_ARGUMENT({ name: say('name.file'), value: file, want: say('want.readable', { why }) })
  }
}

/** Writes a file that does not exist yet, readable by its owner alone. Throws `cli/NOT_EMPTY` and `cli/CANNOT_WRITE`. */
export async function writeNew(file: string, content: string | Uint8Array | Iterable<string>): Promise<void> {
  try {
    await writeFile(file, content, { mode: 0o600, flag: 'wx' })
  } catch (error) {
    const { code } = error as { code?: string }
    if (code === 'EEXIST') throw cliFail.NOT_EMPTY({ file })
    throw cliFail.CANNOT_WRITE({ file, why: code ?? String(error) })
  }
}
