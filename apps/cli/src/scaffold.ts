import { existsSync, readdirSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { makeFolder } from '@mmtchain/node'
import { cliFail } from './refusals.ts'

/** Files to write: path below a folder, with forward slashes → text. */
export type Files = Readonly<Record<string, string>>

/** What may stand in a folder that counts as empty: `git init` comes before `mmt create .` as often as after it. */
const FOREIGN = ['.git']

/** Throws `cli/FOLDER_NOT_EMPTY`, or `cli/CANNOT_WRITE` for what is no folder. */
export function checkEmpty(folder: string): void {
  if (!existsSync(folder)) return
  let names: readonly string[]
  try {
    names = readdirSync(folder)
  } catch (error) {
    throw cannotWrite(folder, error)
  }
  const [found] = names.filter((name) => !FOREIGN.includes(name)).sort()
  if (found !== undefined) throw cliFail.FOLDER_NOT_EMPTY({ folder, found })
}

/** Writes files into an empty or new folder, all or, when one cannot be written, none. Throws as `checkEmpty` does. */
export async function writeFiles(folder: string, files: Files): Promise<void> {
  checkEmpty(folder)
  const made: string[] = []
  try {
    for (const [path, text] of Object.entries(files)) {
      const file = join(folder, path)
      // The first folder that was made goes with all below it.
      const first = await makeFolder(dirname(resolve(file)))
      if (first !== undefined) made.push(first)
      made.push(file)
      await writeFile(file, text, { flag: 'wx' })
    }
  } catch (error) {
    for (const path of made.reverse()) await rm(path, { recursive: true, force: true })
    throw cannotWrite(folder, error)
  }
}

function cannotWrite(file: string, error: unknown) {
  const { code } = Object(error) as { code?: string }
  return cliFail.CANNOT_WRITE({ file, why: code ?? String(error) })
}
