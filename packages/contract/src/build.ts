// Makes what is deployed of an author's file: one module of JavaScript, with a description of what it offers.
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { builtinModules, SourceMap } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { codecFromSchema, type JsonSchema } from '@mmtchain/codec'
import { type BuildOptions, build, type Metafile, type Plugin } from 'esbuild'
import type { Contract, ContractSpec, ContractTypes } from './contract.ts'
import { kitFail } from './refusals.ts'
import { TEXT_CODERS } from './text-coders.ts'

export { kitRefusals } from './refusals.ts'
export { readTemplate, TEMPLATES, type Template, templateNames } from './templates.ts'

/** A method, as pages and command lines need it. */
export interface DescribedMethod {
  readonly name: string
  readonly input: JsonSchema
  readonly output: JsonSchema
}

/** What a built contract offers. */
export interface Interface {
  readonly methods: readonly DescribedMethod[]
  readonly queries: readonly DescribedMethod[]
  readonly events: readonly { readonly name: string; readonly data: JsonSchema }[]
  readonly errors: readonly string[]
}

/** A built contract: what is deployed, and what people need to use it. */
export interface Artifact {
  readonly format: 'mmt-contract-1'
  readonly code: string
  readonly interface: Interface
  /** From places in the code to the author's lines, Source Map 3. */
  readonly sourceMap: string
}

/** Builds a contract from its file. Throws `kit/BUILD_FAILED`, `kit/NO_CONTRACT`, `kit/NEEDS_NODE`. */
export async function buildContract(file: string): Promise<Artifact> {
  const path = resolve(file)
  if (!existsSync(path)) throw kitFail.BUILD_FAILED({ file, why: 'there is no such file.' })
  const spec = await declaredIn(file, path)
  const names = [...spec.methods, ...spec.queries].map(({ name }) => name)
  const entry = [
    `import { methodOf } from '@mmtchain/contract'`,
    `import { contract } from ${JSON.stringify(path)}`,
    ...names.map((name, i) => `const method${i} = methodOf(contract, ${JSON.stringify(name)})`),
    `export { ${names.map((name, i) => `method${i} as ${name}`).join(', ')} }`,
  ].join('\n')
  const options: BuildOptions = {
    plugins: [bareCodecs, nodeOutside],
    stdin: { contents: entry, resolveDir: dirname(path), sourcefile: 'entry.js' },
    minify: true,
    sourcemap: 'external',
    sourcesContent: true,
  }
  const plain = await bundle(file, path, options)
  // Libraries often want these two, and loading them is paid by every call.
  const wantsCoders = /Text(En|De)coder/.test(plain.code)
  const { code, sourceMap } = wantsCoders
    ? await bundle(file, path, { ...options, banner: { js: TEXT_CODERS } })
    : plain
  return { format: 'mmt-contract-1', code, interface: interfaceOf(spec), sourceMap }
}

/** What the author's file declares: it is run once, here, to know it. */
async function declaredIn(file: string, path: string): Promise<ContractSpec> {
  const { code } = await bundle(file, path, { entryPoints: [path] })
  const folder = await mkdtemp(join(tmpdir(), 'mmt-contract-'))
  try {
    const at = join(folder, 'contract.mjs')
    await writeFile(at, code)
    const loaded = (await import(pathToFileURL(at).href)) as { readonly contract?: Contract<ContractTypes> }
    if (!Array.isArray(loaded.contract?.spec?.methods)) throw kitFail.NO_CONTRACT({ file })
    return loaded.contract.spec
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'kit/NO_CONTRACT') throw error
    throw kitFail.BUILD_FAILED({ file, why: error instanceof Error ? error.message : String(error) })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const builtins = new Set(builtinModules)
const isBuiltin = (name: string) => name.startsWith('node:') || builtins.has(name.split('/', 1)[0] ?? '')

/** Puts the codecs without JSON in the place of those with it. */
const bareCodecs: Plugin = {
  name: 'bare-codecs',
  setup(build) {
    build.onResolve({ filter: /^@mmtchain\/codec$/ }, () => ({ path: BARE }))
  },
}
const BARE = fileURLToPath(new URL('./bare.js', import.meta.url))

/** Leaves what only Node.js has outside, so that it can be named when all is known. */
const nodeOutside: Plugin = {
  name: 'node-outside',
  setup(build) {
    build.onResolve({ filter: /.*/ }, ({ path }) => (isBuiltin(path) ? { path, external: true } : undefined))
  },
}

async function bundle(
  file: string,
  path: string,
  options: BuildOptions,
): Promise<{ readonly code: string; readonly sourceMap: string }> {
  let built: Awaited<ReturnType<typeof build>>
  try {
    built = await build({
      ...{ bundle: true, write: false, metafile: true, outfile: 'contract.js', absWorkingDir: dirname(path) },
      ...{ format: 'esm', platform: 'neutral', target: 'es2023', logLevel: 'silent', legalComments: 'none' },
      mainFields: ['module', 'main'],
      conditions: ['module', 'import', 'default'],
      define: { 'process.env.NODE_ENV': '"production"' },
      plugins: [nodeOutside],
      ...options,
    })
  } catch (error) {
    throw kitFail.BUILD_FAILED({ file, why: error instanceof Error ? error.message : String(error) })
  }
  const missing = outsideOf(built.metafile as Metafile)
  if (missing) throw kitFail.NEEDS_NODE(missing)
  const textOf = (end: string) => built.outputFiles?.find((one) => one.path.endsWith(end))?.text ?? ''
  return { code: textOf('.js'), sourceMap: textOf('.map') }
}

/** A module of Node.js that the bundle would need, and the files by which it comes to it. */
function outsideOf({ inputs, outputs }: Metafile) {
  const [output] = Object.values(outputs).filter(
    ({ entryPoint, imports }) => entryPoint !== undefined || imports.length > 0,
  )
  const missing = output?.imports.find(({ external }) => external === true)
  if (missing === undefined) return undefined
  const entry =
    Object.keys(inputs).find((name) => name === output?.entryPoint) ?? Object.keys(inputs).at(-1) ?? ''
  // Breadth first, so that the shortest way is told.
  const ways: (readonly string[])[] = [[entry]]
  const seen = new Set([entry])
  for (const way of ways) {
    for (const { path, external } of inputs[way.at(-1) ?? '']?.imports ?? []) {
      if (external === true && path === missing.path) return { module: path, chain: [...way, path] }
      if (seen.has(path)) continue
      seen.add(path)
      ways.push([...way, path])
    }
  }
  return { module: missing.path, chain: [missing.path] }
}

function interfaceOf(spec: ContractSpec): Interface {
  const described = ({ name, input, output }: ContractSpec['methods'][number]) => ({
    ...{ name, input: input.schema, output: output.schema },
  })
  return {
    methods: spec.methods.map(described),
    queries: spec.queries.map(described),
    events: Object.entries(spec.events).map(([name, { schema }]) => ({ name, data: schema })),
    errors: Object.keys(spec.errors),
  }
}

/** Reads a built contract from its text. Throws `kit/BAD_ARTIFACT`. */
export function readArtifact(text: string, file: string): Artifact {
  const refuse = (why: string) => kitFail.BAD_ARTIFACT({ file, why })
  let value: Partial<Artifact>
  try {
    value = JSON.parse(text)
  } catch {
    throw refuse('it is no JSON')
  }
  const { format, code, sourceMap, interface: offered } = value
  if (format !== 'mmt-contract-1' || typeof code !== 'string' || typeof sourceMap !== 'string' || !offered)
    throw refuse('it has another format')
  try {
    for (const { input, output } of [...offered.methods, ...offered.queries])
      for (const schema of [input, output]) codecFromSchema(schema)
  } catch {
    throw refuse('its description cannot be read')
  }
  return { format, code, sourceMap, interface: offered }
}

/** A text of an error with the author's lines in the place of those of the built code. */
export function inSource(text: string, sourceMap: string): string {
  if (sourceMap === '') return text
  const map = new SourceMap(JSON.parse(sourceMap))
  return text.replaceAll(/contract:(\d+):(\d+)/g, (place, line: string, column: string) => {
    const entry = map.findEntry(Number(line) - 1, Number(column) - 1)
    return 'originalSource' in entry
      ? `${entry.originalSource}:${entry.originalLine + 1}:${entry.originalColumn + 1}`
      : place
  })
}
