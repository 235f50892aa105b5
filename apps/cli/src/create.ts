import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, relative, resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { languageOption, withExample } from './context.ts'
import { say } from './language.ts'
import { look, print } from './output.ts'
import { cliFail } from './refusals.ts'
import { checkEmpty, writeFiles } from './scaffold.ts'
import {
  CREATE_ENGINES,
  CREATE_MODULES,
  type CreateEngine,
  type CreateModule,
  isProjectName,
  type ProjectPlan,
  projectFiles,
} from './scaffold-chain.ts'
import { isModuleName, moduleFiles, moduleFolder, moduleLines } from './scaffold-module.ts'

/** What the words of `mmt create` say; the rest is asked on a terminal, and as it stands in `DEFAULTS` elsewhere. */
export interface CreateOptions {
  readonly name?: string
  readonly modules?: string
  readonly own?: string
  readonly engine?: CreateEngine
  readonly yes?: boolean
  readonly json?: boolean
}

/** What a project is to be, before it is known where its packages come from. */
export type CreateAnswers = Omit<ProjectPlan, 'rangeOf'> & { readonly folder: string }

export const DEFAULTS = { modules: ['token'], own: 'guestbook', engine: 'solo' } as const

/** `mmt create`: a project of one chain that passes its own tests. */
export function addCreate(program: Command): void {
  withExample(
    program
      .command('create')
      .argument(`[${say('arg.folder')}]`)
      .description(say('create.about')),
    'mmt create harbour --modules token,admin --own invoices --engine pbft',
  )
    .option('--name <name>', say('create.name'))
    .option('--modules <names>', say('create.modules', { names: CREATE_MODULES.join(', ') }))
    .option('--own <module>', say('create.own'))
    .addOption(new Option('--engine <engine>', say('create.engine')).choices(CREATE_ENGINES))
    .option('--yes', say('create.yes'))
    .option('--json', say('option.json'))
    .addOption(languageOption())
    .action(create)
}

/** `mmt module new`: one more module for a project. */
export function addModule(program: Command): void {
  const module = withExample(
    program.command('module').description(say('module.about')),
    'mmt module new invoices',
  )
  withExample(
    module
      .command('new')
      .argument(`<${say('arg.name')}>`)
      .description(say('module.new.about')),
    'mmt module new invoices',
  )
    .option('--json', say('option.json'))
    .addOption(languageOption())
    .action(newModule)
}

async function create(given: string | undefined, options: CreateOptions): Promise<void> {
  const fixed = {
    ...(options.name !== undefined && { name: projectName(options.name) }),
    ...(options.modules !== undefined && { modules: modulesOf(options.modules) }),
    ...(options.own !== undefined && { own: moduleName('--own', options.own) }),
    ...(options.engine !== undefined && { engine: options.engine }),
  }
  if (given !== undefined) checkEmpty(given)
  const asks = process.stdin.isTTY === true && !options.yes && !options.json
  const { folder, ...answers } = asks
    ? await (await import('./create-questions.ts')).askProject(given, fixed)
    : project(given, fixed)
  const files = projectFiles({ ...answers, rangeOf })
  await writeFiles(folder, files)
  const there = relative(process.cwd(), resolve(folder))
  const next = [...(there === '' ? [] : [`cd ${there}`]), 'npm install', 'npm test', 'npx mmt dev']
  print(options, { folder: resolve(folder), name: answers.name, files: Object.keys(files) }, [
    look(say('create.done', { folder }), 'good'),
    ...next.map((command) => `  ${command}`),
  ])
}

/** The project that the words alone describe. Throws `cli/USAGE` without a folder. */
function project(folder: string | undefined, fixed: Partial<CreateAnswers>): CreateAnswers {
  if (folder === undefined)
    throw cliFail.USAGE({ message: say('usage.missingArgument', { what: say('arg.folder') }) })
  const { modules = DEFAULTS.modules, engine = DEFAULTS.engine } = fixed
  // Who names the modules has named all of them.
  const own = fixed.own ?? (fixed.modules === undefined ? DEFAULTS.own : undefined)
  return { folder, name: fixed.name ?? projectName(basename(resolve(folder))), modules, engine, own }
}

async function newModule(given: string, options: { readonly json?: boolean }): Promise<void> {
  const name = moduleName(say('arg.name'), given)
  if (!existsSync('package.json')) throw cliFail.NO_PACKAGE({ folder: process.cwd() })
  const folder = moduleFolder(name)
  const files = moduleFiles(name)
  await writeFiles(folder, files)
  const lines = moduleLines(name)
  print(options, { folder: resolve(folder), name, files: Object.keys(files), ...lines }, [
    look(say('module.new.done', { folder }), 'good'),
    `  ${lines.import}`,
    `  ${lines.use}`,
  ])
}

function projectName(value: string): string {
  if (!isProjectName(value))
    throw cliFail.BAD_ARGUMENT({ name: '--name', value, want: say('want.projectName') })
  return value
}

function moduleName(name: string, value: string): string {
  if (!isModuleName(value)) throw cliFail.BAD_ARGUMENT({ name, value, want: say('want.moduleName') })
  return value
}

/** The modules of a list such as `token,admin`; what rewards need comes with them. Throws `cli/BAD_ARGUMENT`. */
function modulesOf(value: string): readonly CreateModule[] {
  const names = value.split(',').map((name) => name.trim())
  if (!names.every((name) => name === '' || (CREATE_MODULES as readonly string[]).includes(name)))
    throw cliFail.BAD_ARGUMENT({
      ...{ name: '--modules', value },
      want: say('want.modules', { names: CREATE_MODULES.join(', ') }),
    })
  return withNeeded(names as readonly CreateModule[])
}

/** The same modules and those that they need, in the order of a chain file. */
export function withNeeded(names: readonly CreateModule[]): readonly CreateModule[] {
  return CREATE_MODULES.filter(
    (name) => names.includes(name) || (name === 'token' && names.includes('rewards')),
  )
}

const require = createRequire(import.meta.url)
const own = require('../package.json') as {
  readonly name: string
  readonly version: string
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
}

/**
 * What a project asks for of a package: what this release was tested with. In a checkout the packages are not of any registry;
 * there it is their folder.
 */
function rangeOf(name: string): string {
  const range = { ...own.dependencies, ...own.devDependencies, [own.name]: `^${own.version}` }[name]
  if (range === undefined) throw new Error(`this package does not know ${name}`)
  const isCheckout = Object.values(own.dependencies).some((one) => one.startsWith('workspace:'))
  if (!isCheckout || !name.startsWith('@mmtchain/')) return range
  const file = name === own.name ? '../package.json' : `${name}/package.json`
  return `file:${dirname(require.resolve(file))}`
}
