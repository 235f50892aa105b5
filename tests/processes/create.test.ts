import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Finished, inPlace, type Place, root, startChain } from './chain-process.ts'

let place: Place

inPlace((made) => {
  place = made
})

interface Manifest {
  readonly name: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

const manifestOf = (folder: string) =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest

/** Runs a program in a folder to its end. */
function run(folder: string, [program = '', ...words]: readonly string[], env: NodeJS.ProcessEnv = {}) {
  return new Promise<Finished>((resolve) => {
    const options = { cwd: folder, env: { ...place.env, ...env }, maxBuffer: 64 * 1024 * 1024 }
    const child = execFile(program, words, options, (error, out, err) =>
      resolve({ code: error ? Number(error.code ?? -1) : 0, out, err }),
    )
    child.stdin?.end()
  })
}

async function must(folder: string, words: readonly string[], env?: NodeJS.ProcessEnv): Promise<string> {
  const { code, out, err } = await run(folder, words, env)
  if (code !== 0) throw new Error(`${words.join(' ')} ended with ${code}:\n${out}\n${err}`)
  return out
}

const mmt = (folder: string, words: readonly string[]) =>
  run(folder, [process.execPath, join(root, 'apps/cli/bin/mmt.mjs'), ...words])

/** pnpm: the one that runs these tests, or that of the repository by npx. */
function pnpm(words: readonly string[]): readonly string[] {
  const own = process.env.npm_execpath ?? ''
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const program = /pnpm\.c?js$/.test(own) ? [process.execPath, own] : ['npx', '-y', packageManager as string]
  return [...program, ...words]
}

/** Where each package of the workspace is, and what it takes from others. */
function workspacePackages() {
  return ['packages', 'apps'].flatMap((parent) =>
    readdirSync(join(root, parent))
      .map((folder) => join(root, parent, folder))
      .filter((folder) => existsSync(join(folder, 'package.json')))
      .map((folder) => ({ folder, manifest: manifestOf(folder) })),
  )
}

/** Packs every package as it is published, and answers what stands for each in an install without any registry. */
async function packAll(to: string): Promise<Readonly<Record<string, string>>> {
  mkdirSync(to)
  const each = ['-r', '--filter', './packages/*', '--filter', './apps/*', 'pack', '--pack-destination', to]
  await must(root, pnpm(each))
  const packages = workspacePackages()
  const tarballs = packages.map(({ manifest: { name } }) => {
    const file = readdirSync(to).find(
      (one) => one.replace(/-\d.*/, '') === name.replace('@', '').replace('/', '-'),
    )
    return [name, `file:${join(to, file ?? name)}`] as const
  })
  // What others have made is linked from this workspace, whose installation has brought it.
  const foreign = packages.flatMap(({ folder, manifest }) =>
    Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies })
      .filter((name) => !name.startsWith('@mmtchain/') && existsSync(join(folder, 'node_modules', name)))
      .map((name) => [name, `link:${realpathSync(join(folder, 'node_modules', name))}`] as const),
  )
  const tools = ['typescript', 'vitest'].map(
    (name) => [name, `link:${realpathSync(join(root, 'node_modules', name))}`] as const,
  )
  return Object.fromEntries([...tarballs, ...foreign, ...tools])
}

/** Installs what a package.json asks for, without any network. */
async function install(folder: string, overrides: Readonly<Record<string, string>>): Promise<void> {
  const file = join(folder, 'package.json')
  const before = readFileSync(file, 'utf8')
  writeFileSync(file, JSON.stringify({ ...JSON.parse(before), pnpm: { overrides } }))
  await must(folder, pnpm(['install', '--offline', '--ignore-scripts', '--no-frozen-lockfile']))
  writeFileSync(file, before)
}

test('a project of npm create, and a module in it, pass their own tests and run, all from packed packages', {
  timeout: 900_000,
}, async () => {
  const overrides = await packAll(join(place.folder, 'packed'))
  const tool = join(place.folder, 'tool')
  mkdirSync(tool)
  writeFileSync(join(tool, 'package.json'), '{"private":true,"dependencies":{"create-mmt-chain":"*"}}')
  await install(tool, overrides)
  const npmCreate = join(tool, 'node_modules/.bin/create-mmt-chain')

  const said = await must(place.folder, [
    npmCreate,
    'harbour',
    '--modules',
    'rewards,admin',
    '--engine',
    'pbft',
  ])
  expect(said.split('\n').slice(1, 5)).toEqual([
    '  cd harbour',
    '  npm install',
    '  npm test',
    '  npx mmt dev',
  ])
  const project = join(place.folder, 'harbour')
  expect(manifestOf(project).dependencies).toMatchObject({
    '@mmtchain/cli': expect.stringMatching(/^\^\d/),
    '@mmtchain/token-rewards': expect.stringMatching(/^\^\d/),
  })
  await install(project, overrides)

  const npx = (words: readonly string[]) => ['npx', '--no-install', 'mmt', ...words]
  const made = JSON.parse(await must(project, npx(['module', 'new', 'invoices', '--json'])))
  expect(made).toMatchObject({ name: 'invoices', folder: join(realpathSync(project), 'modules/invoices') })
  const chainFile = join(project, 'chain.ts')
  const chain = readFileSync(chainFile, 'utf8')
  const ended = chain.replace('    )\n\n', `    )\n    ${made.use}\n\n`)
  expect(ended).not.toBe(chain)
  writeFileSync(chainFile, `${made.import}\n${ended}`)

  const tested = await must(project, ['npm', 'test'])
  expect(tested).toMatch(/Tests {2}6 passed/)

  const rpc = `http://127.0.0.1:${place.port}`
  const env = { MMT_HOME: join(project, '.mmt'), MMT_RPC: rpc }
  const words = ['node_modules/@mmtchain/cli/bin/mmt.mjs', 'dev', '--rpc-port', String(place.port)]
  const running = startChain({ ...place, env: { ...place.env, ...env } }, words, { folder: project })
  await running.printed(/^height 1 /m)
  const write = ['tx', 'invoices', 'write', '--key', 'hello', '--note', 'first light', '--from', 'demo1']
  expect(await must(project, npx(write), env)).toContain('invoices.written')
  const entry = await must(project, npx(['query', 'invoices', 'entry', '--key', 'hello', '--json']), env)
  expect(JSON.parse(entry)).toMatchObject({ note: 'first light' })
  expect(await running.end('SIGINT')).toBe(0)
})

test('mmt create refuses a folder that is not empty, names that nothing can have, and what it cannot write', {
  timeout: 300_000,
}, async () => {
  const file = (...path: readonly string[]) => join(place.folder, ...path)
  mkdirSync(file('full'))
  writeFileSync(file('full', 'notes.txt'), 'mine\n')
  const refused = async (words: readonly string[], code: string, exit: number) => {
    const { err, code: ended } = await mmt(place.folder, words)
    expect(err, words.join(' ')).toContain(code)
    expect(ended, words.join(' ')).toBe(exit)
  }
  await refused(['create', 'full'], 'cli/FOLDER_NOT_EMPTY: full is not empty: it holds notes.txt', 1)
  await refused(['create', 'full/notes.txt'], 'cli/CANNOT_WRITE', 1)
  await refused(['create', 'full/notes.txt/below'], 'cli/CANNOT_WRITE', 1)
  await refused(['create', 'new', '--name', 'Harbour'], 'cli/BAD_ARGUMENT', 2)
  await refused(['create', 'New'], 'cli/BAD_ARGUMENT: --name is "New"', 2)
  await refused(['create', 'new', '--modules', 'tokn'], 'cli/BAD_ARGUMENT: --modules', 2)
  await refused(['create', 'new', '--own', 'class'], 'cli/BAD_ARGUMENT: --own', 2)
  await refused(['create', 'new', '--engine', 'raft'], 'cli/USAGE', 2)
  await refused(['create'], 'cli/USAGE', 2)
  await refused(['module', 'new', 'invoices'], 'cli/NO_PACKAGE', 1)
  expect(readdirSync(place.folder).sort()).toEqual(['full', 'passphrase'])
  expect(readdirSync(file('full'))).toEqual(['notes.txt'])

  mkdirSync(file('begun', '.git'), { recursive: true })
  expect((await mmt(file('begun'), ['create', '.', '--modules', 'token'])).code).toBe(0)
  expect(readdirSync(file('begun'))).not.toContain('modules')
  expect((await mmt(file('begun'), ['module', 'new', 'invoices'])).code).toBe(0)
  const again = await mmt(file('begun'), ['module', 'new', 'invoices'])
  expect(again.err).toContain('cli/FOLDER_NOT_EMPTY')
  const bad = await mmt(file('begun'), ['module', 'new', 'struct', '--json'])
  expect(JSON.parse(bad.err).error.code).toBe('cli/BAD_ARGUMENT')
})
