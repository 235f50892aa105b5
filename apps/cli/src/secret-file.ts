import { readFileSync } from 'node:fs'
import { cliFail } from './refusals.ts'

/** The text of a file, or of standard input for `-`. */
export async function readSecretFile(file: string): Promise<string> {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8')
  } catch (error) {
    throw cliFail.BAD_ARGUMENT({
      name: 'the file',
      value: file,
      want: `readable (${(error as { code?: string }).code ?? error})`,
    })
  }
}
