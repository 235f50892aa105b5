import type { Files } from './scaffold.ts'
import { moduleFiles, moduleFolder, moduleLines } from './scaffold-module.ts'
import { projectReadme } from './scaffold-readme.ts'

/** The modules of this release that a new chain can have, in the order in which they need one another. */
export const CREATE_MODULES = ['token', 'rewards', 'admin'] as const
export type CreateModule = (typeof CREATE_MODULES)[number]

export const CREATE_ENGINES = ['solo', 'pbft'] as const
export type CreateEngine = (typeof CREATE_ENGINES)[number]

/** What a new project is to be. */
export interface ProjectPlan {
  readonly name: string
  readonly modules: readonly CreateModule[]
  readonly engine: CreateEngine
  /** The name of a module of its own. */
  readonly own?: string | undefined
  /** What stands in its package.json for a package: a range of versions, or `file:` and a folder. */
  readonly rangeOf: (name: string) => string
}

/** True for a name that a project can have: npm takes it, and the kernel takes `NAME-1` as the id of a chain. */
export function isProjectName(name: string): boolean {
  return /^[a-z][a-z0-9-]{0,61}$/.test(name)
}

/** Every file of a new project. */
export function projectFiles(plan: ProjectPlan): Files {
  const { own } = plan
  const ownFiles = Object.entries(own === undefined ? {} : moduleFiles(own))
  return {
    'package.json': `${JSON.stringify(manifest(plan), null, 2)}\n`,
    'tsconfig.json': `${JSON.stringify(TSCONFIG, null, 2)}\n`,
    '.gitignore': 'node_modules/\n.mmt/\n',
    'README.md': projectReadme(plan),
    'chain.ts': chainFile(plan),
    'test/chain.test.ts': chainTest(plan),
    ...Object.fromEntries(ownFiles.map(([path, text]) => [`${moduleFolder(own ?? '')}/${path}`, text])),
  }
}

const TSCONFIG = {
  compilerOptions: {
    ...{ target: 'ES2023', lib: ['ES2023', 'DOM'], module: 'NodeNext', moduleResolution: 'NodeNext' },
    ...{ strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true },
    ...{ verbatimModuleSyntax: true, skipLibCheck: true, allowImportingTsExtensions: true, noEmit: true },
    types: [],
  },
  include: ['chain.ts', 'modules', 'test'],
}

function manifest(plan: ProjectPlan) {
  const used = [...partsOf(plan).flatMap(({ imports }) => imports), ...engineOf(plan).imports]
  const packages = used.map(([from]) => from).filter((from) => from.startsWith('@'))
  const ranges = (names: readonly string[]) =>
    Object.fromEntries([...new Set(names)].sort().map((name) => [name, plan.rangeOf(name)]))
  return {
    ...{ name: plan.name, version: '0.1.0', private: true, type: 'module', engines: { node: '>=20.19' } },
    scripts: { dev: 'mmt dev', test: 'tsc && vitest run' },
    dependencies: ranges(['@mmtchain/cli', '@mmtchain/kernel', ...packages]),
    devDependencies: ranges(['@mmtchain/testkit', 'typescript', 'vitest']),
  }
}

/** A name and the module that exports it. */
type Import = readonly [from: string, name: string]

/** What a module adds to a chain file and to the test beside it. */
interface Part {
  readonly imports: readonly Import[]
  readonly use: string
  readonly testImports: readonly Import[]
  /** Its genesis document in the test; empty for a module without one. */
  readonly document: string
  readonly test: string
}

const KERNEL = '@mmtchain/kernel'
const TESTKIT = '@mmtchain/testkit'
const COINS = `/** Whole tokens of 8 decimals in the smallest unit. */
const coins = (tokens: bigint) => amount(tokens * 100_000_000n)
`

function partsOf({ name, modules, own }: ProjectPlan): readonly Part[] {
  const governs = modules.includes('admin')
  return [
    ...(modules.includes('token') ? [tokenPart(name, governs)] : []),
    ...(modules.includes('rewards') ? [REWARDS] : []),
    ...(governs ? [ADMIN] : []),
    ...(own === undefined ? [] : [ownPart(own)]),
  ]
}

const tokenPart = (name: string, governs: boolean): Part => ({
  imports: [['@mmtchain/token-rewards', 'token']],
  use: `    .use(token({ symbol: '${symbolOf(name)}', decimals: 8 })${governs ? ", { governable: ['commandFee'] }" : ''})`,
  testImports: [[KERNEL, 'amount']],
  document:
    '    token: { balances: [alice, bob, maker].map((owner) => ({ owner, amount: coins(2_000n) })) },',
  test: `test('a transfer moves the amount', () => {
  const on = start()

  expect(on.as(alice).token.transfer({ to: bob, amount: coins(5n) }).code).toBeUndefined()
  expect(on.read.token.balance({ owner: bob })).toBe(coins(2_005n))
})
`,
})

const REWARDS: Part = {
  imports: [
    ['@mmtchain/consensus-dpos', 'election'],
    ['@mmtchain/token-rewards', 'rewards'],
    ['@mmtchain/token-rewards', 'steps'],
    [KERNEL, 'amount'],
  ],
  use: `    // Holders of the token elect who makes the blocks.
    .use(election({ seats: 27 }), { grants: { token: ['lock', 'unlock', 'burn', 'move'] } })
    // Two tokens a block for its maker, one from the millionth block on.
    .use(rewards({ curve: steps({ every: 1_000_000n, amounts: [coins(2n), coins(1n)] }) }), {
      grants: { token: ['mint', 'move', 'takeFees'], election: ['share'] },
    })`,
  testImports: [
    ['@mmtchain/consensus-dpos', 'makeOnion'],
    [TESTKIT, 'testAccount'],
  ],
  document: `    election: {
      delegates: testAccount('maker').authority.keys.map((key) => ({
        ...{ delegate: maker, name: 'maker', url: '', key, deposit: coins(1_000n) },
        ...{ commitment: onion.commitment, layers: onion.layers },
      })),
    },`,
  test: `test('each block is rewarded', () => {
  const on = start()
  on.advance({ blocks: 3 })

  expect(on.read.rewards.books(null).made).toBe(coins(6n))
})
`,
}

const ADMIN: Part = {
  imports: [['@mmtchain/admin', 'admin']],
  use: `    // Organisations decide by votes of a minute; an alliance gives them days.
    .use(
      admin({
        rule: { body: 'organisations', participationPercent: 60, winPercent: 66, votingHeights: 60 },
      }),
      {
        grants: { kernel: ['setParameter', 'scheduleUpgrade', 'cancelUpgrade'] },
        governable: ['rules'],
      },
    )`,
  testImports: [],
  document:
    "    admin: { organisations: [{ id: 'port', name: 'Port authority', approvers: [alice], approvalsNeeded: 1 }] },",
  test: `test('the organisations of the genesis are there', () => {
  expect(start().read.admin.organisation({ id: 'port' })?.name).toBe('Port authority')
})
`,
}

const ownPart = (own: string): Part => ({
  imports: [[`./${moduleFolder(own)}/src/index.ts`, own]],
  use: `    ${moduleLines(own).use}`,
  testImports: [],
  document: '',
  test: `test('${own} is part of the chain', () => {
  const on = start()

  expect(on.as(alice).${own}.write({ key: 'a', note: 'first' }).events).toContain('${own}.written')
})
`,
})

const EMPTY_TEST = `test('blocks follow one another', () => {
  const on = start()
  on.advance({ blocks: 3 })

  expect(on.height).toBe(3n)
})
`

const engineOf = ({
  engine,
}: ProjectPlan): { readonly imports: readonly Import[]; readonly about: string } =>
  engine === 'solo'
    ? { imports: [[KERNEL, 'solo']], about: 'one validator makes the blocks' }
    : {
        imports: [['@mmtchain/consensus-pbft', 'pbft']],
        about: 'validators agree on each block, which is final at once',
      }

function chainFile(plan: ProjectPlan): string {
  const { name, engine } = plan
  const parts = partsOf(plan)
  const { imports, about } = engineOf(plan)
  const all = [...parts.flatMap((part) => part.imports), ...imports]
  const options = `{ id: '${name}-1', addressPrefix: '${prefixOf(name)}', slotMs: 1_000, consensus }`
  return `${importText([...all, [KERNEL, 'defineChain'], [KERNEL, 'type Engine']])}
${plan.modules.includes('rewards') ? `${COINS}\n` : ''}/** The whole chain. All of it is part of its fingerprint: a running chain changes by votes or by \`.upgrade(…)\`. */
export const alliance = (consensus: Engine) =>
${[`  defineChain(${options})`, ...parts.map(({ use }) => use)].join('\n')}

/** What nodes run: ${about}. */
export const chain = alliance(${engine}())
`
}

function chainTest(plan: ProjectPlan): string {
  const parts = partsOf(plan)
  const documents = parts.flatMap(({ document }) => (document === '' ? [] : [document]))
  const start = startText(documents, plan.modules.includes('rewards'))
  const tests = parts.length === 0 ? EMPTY_TEST : parts.map(({ test }) => test).join('\n')
  const accounts = ['alice', 'bob', 'maker'].filter((one) =>
    new RegExp(`\\b${one}\\b[^']`).test(`${start}\n${tests}`),
  )
  const imports: readonly Import[] = [
    ...parts.flatMap(({ testImports }) => testImports),
    ...(accounts.length > 0 ? [[TESTKIT, 'testAddresses'] as const] : []),
    ...[[KERNEL, 'solo'] as const, [TESTKIT, 'testChain'] as const],
    ...[['vitest', 'expect'] as const, ['vitest', 'test'] as const, ['../chain.ts', 'alliance'] as const],
  ]
  const quoted = accounts.map((one) => `'${one}'`)
  return [
    importText(imports),
    ...(plan.modules.includes('token') ? [COINS] : []),
    ...(accounts.length > 0 ? [`const [${accounts.join(', ')}] = testAddresses(${quoted.join(', ')})`] : []),
    ...(plan.modules.includes('rewards')
      ? [
          '/** What the maker of blocks reveals, one layer a block; a real one keeps the secret. */',
          "const onion = makeOnion({ secret: new TextEncoder().encode('maker'), layers: 1_000 })",
        ]
      : []),
    start,
    '',
    tests,
  ].join('\n')
}

/** The function of the test that begins the chain; a chain that elects has its maker of blocks among the documents. */
function startText(documents: readonly string[], elects: boolean): string {
  if (documents.length === 0) return 'const start = () => testChain(alliance(solo()), {})'
  const text = documents.join('\n')
  return elects
    ? `const start = () =>
  testChain(
    alliance(solo()),
    {
${text.replaceAll(/^/gm, '  ')}
    },
    { validators: [maker] },
  )`
    : `const start = () =>
  testChain(alliance(solo()), {
${text}
  })`
}

/** Import statements: packages first, then files, each in the order of their names. */
function importText(imports: readonly Import[]): string {
  const names = new Map<string, Set<string>>()
  for (const [from, name] of imports) names.set(from, (names.get(from) ?? new Set()).add(name))
  const isFile = (from: string) => from.startsWith('.')
  const plain = (name: string) => name.replace('type ', '').toLowerCase()
  const before = (a: string, b: string) => (a < b ? -1 : 1)
  return [...names]
    .sort(([a], [b]) => Number(isFile(a)) - Number(isFile(b)) || before(a, b))
    .map(([from, all]) => {
      const sorted = [...all].sort((a, b) => before(plain(a), plain(b)))
      return `import { ${sorted.join(', ')} } from '${from}'\n`
    })
    .join('')
}

/** The prefix of the chain's addresses: the letters of the first word of its name. */
function prefixOf(name: string): string {
  return name
    .replace(/-.*$/, '')
    .replaceAll(/[^a-z]/g, '')
    .slice(0, 16)
}

function symbolOf(name: string): string {
  return name
    .replaceAll(/[^a-z]/g, '')
    .slice(0, 3)
    .toUpperCase()
}
