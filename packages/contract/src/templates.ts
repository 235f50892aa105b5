// Contracts for people who do not program: they fill in a form, and the contract is made of it.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { JsonSchema } from '@mmtchain/codec'
import { type Artifact, buildContract } from './build.ts'

/** Where templates lie: a folder each, with `contract.ts` and `form.json`. Another folder of them is another collection. */
export const TEMPLATES: string = fileURLToPath(new URL('../templates', import.meta.url))

/** A template with the form of its parameters. */
export interface Template {
  readonly name: string
  readonly title: string
  readonly about: string
  /** The JSON Schema of what `init` takes, each field with a title and a description for people. */
  readonly form: JsonSchema
  readonly artifact: Artifact
}

interface Words {
  readonly title: string
  readonly about: string
  readonly fields: { readonly [name: string]: { readonly title: string; readonly description: string } }
}

/** The names of the templates of a folder. */
export async function templateNames(folder: string = TEMPLATES): Promise<readonly string[]> {
  const found = await readdir(folder, { withFileTypes: true })
  return found
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort()
}

/** Builds a template. Throws what `buildContract` refuses. */
export async function readTemplate(name: string, folder: string = TEMPLATES): Promise<Template> {
  const artifact = await buildContract(join(folder, name, 'contract.ts'))
  const words = JSON.parse(await readFile(join(folder, name, 'form.json'), 'utf8')) as Words
  const schema = artifact.interface.methods.find((method) => method.name === 'init')?.input ?? {}
  const fields = Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>)
  const properties = Object.fromEntries(
    fields.map(([field, one]) => [field, { ...one, ...words.fields[field] }]),
  )
  return { name, title: words.title, about: words.about, form: { ...schema, properties }, artifact }
}
