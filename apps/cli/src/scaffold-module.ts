import * as kernel from '@mmtchain/kernel'
import type { Files } from './scaffold.ts'

/** Names of the language, which no constant of a module file may have (ECMA-262, 12.7.2). */
const KEYWORDS = [
  ...[
    'arguments',
    'await',
    'break',
    'case',
    'catch',
    'class',
    'const',
    'continue',
    'debugger',
    'default',
    'delete',
  ],
  ...[
    'do',
    'else',
    'enum',
    'eval',
    'export',
    'extends',
    'false',
    'finally',
    'for',
    'function',
    'if',
    'implements',
  ],
  ...[
    'import',
    'in',
    'instanceof',
    'interface',
    'let',
    'new',
    'null',
    'package',
    'private',
    'protected',
    'public',
  ],
  ...[
    'return',
    'static',
    'super',
    'switch',
    'this',
    'throw',
    'true',
    'try',
    'typeof',
    'undefined',
    'var',
    'void',
  ],
  ...['while', 'with', 'yield'],
]
/** Names that the written files use for something else. */
const USED = [
  ...[
    'kernel',
    'token',
    'election',
    'rewards',
    'admin',
    'pbft',
    'steps',
    'chain',
    'alliance',
    'coins',
    'onion',
  ],
  ...['alice', 'bob', 'maker', 'owner', 'entry', 'key', 'note', 'found', 'on', 'start', 'test', 'expect'],
  ...['makeOnion', 'withReader', 'testAccount', 'testAddresses', 'testChain'],
]

/** True for a name that a new module can have: the kernel's rule for names, and no name with another meaning in its files. */
export function isModuleName(name: string): boolean {
  return (
    /^[a-z][a-zA-Z0-9]{0,31}$/.test(name) && ![...KEYWORDS, ...USED, ...Object.keys(kernel)].includes(name)
  )
}

/** Where a module lies in a project. */
export const moduleFolder = (name: string): string => `modules/${name}`

/** The line of a chain file that imports a module, and the one that uses it. */
export const moduleLines = (name: string) => ({
  import: `import { ${name} } from './${moduleFolder(name)}/src/index.ts'`,
  use: `.use(${name}())`,
})

/** A module with everything that one has, small enough to be changed into another: notes by key, each with an owner. */
export function moduleFiles(name: string): Files {
  return {
    'README.md': readme(name),
    'src/index.ts': `export { type ${readsOf(name)}, ${name} } from './${name}.ts'\n`,
    [`src/${name}.ts`]: source(name),
    [`test/${name}.test.ts`]: behaviour(name),
    [`test/${name}.test-d.ts`]: types(name),
  }
}

const readsOf = (name: string) => `${name.charAt(0).toUpperCase()}${name.slice(1)}Reads`

const source = (name: string) => `import {
  type Address,
  address,
  cell,
  defineModule,
  option,
  struct,
  table,
  text,
  u32,
} from '@mmtchain/kernel'

const key = text({ bytesMax: 64 })
const note = text({ bytesMax: 256 })
const entry = struct({ owner: address, note })

/** What later modules may read, when they declare \`needs: { ${name}: need<{}, {}, ${readsOf(name)}>() }\`. */
export interface ${readsOf(name)} {
  ownerOf(key: string): Address | undefined
}

/** Notes by key. A key belongs to the account that wrote it first, which alone may change or remove it. */
export const ${name} = () =>
  defineModule('${name}', {
    state: { entries: table(key, entry), count: cell(u32, 0) },
    events: { written: struct({ key, by: address }), removed: struct({ key }) },
    errors: {
      EMPTY_KEY: () => ({ message: 'A key has at least one character.', hint: 'Choose a key.' }),
      NOT_OWNER: (d: { key: string; owner: Address }) => ({
        message: \`The key \${d.key} belongs to \${d.owner}.\`,
        hint: 'Choose another key, or sign with the key of its owner.',
      }),
      UNKNOWN_KEY: (d: { key: string }) => ({
        message: \`There is no entry \${d.key}.\`,
        hint: 'Ask for it with the query entry; it may have been removed.',
      }),
    },
  })
    .command('write', struct({ key, note }), (ctx, input) => {
      if (input.key === '') throw ctx.fail.EMPTY_KEY()
      const found = ctx.state.entries.get(input.key)
      if (found && found.owner !== ctx.sender)
        throw ctx.fail.NOT_OWNER({ key: input.key, owner: found.owner })
      ctx.state.entries.set(input.key, { owner: ctx.sender, note: input.note })
      if (!found) ctx.state.count.set(ctx.state.count.get() + 1)
      ctx.emit.written({ key: input.key, by: ctx.sender })
    })
    .command('remove', struct({ key }), (ctx, input) => {
      const found = ctx.state.entries.get(input.key)
      if (!found) throw ctx.fail.UNKNOWN_KEY({ key: input.key })
      if (found.owner !== ctx.sender) throw ctx.fail.NOT_OWNER({ key: input.key, owner: found.owner })
      ctx.state.entries.delete(input.key)
      ctx.state.count.set(ctx.state.count.get() - 1)
      ctx.emit.removed({ key: input.key })
    })
    .query('entry', struct({ key }), option(entry), (ctx, input) => ctx.state.entries.get(input.key) ?? null)
    .provides<{}, {}, ${readsOf(name)}>({
      reads: (ctx) => ({ ownerOf: (wanted) => ctx.state.entries.get(wanted)?.owner }),
    })
    .invariant('count is the number of entries', (ctx) => {
      return ctx.state.count.get() === [...ctx.state.entries.entries()].length
    })
`

const behaviour = (name: string) => `import { defineChain, solo } from '@mmtchain/kernel'
import { testAddresses, testChain } from '@mmtchain/testkit'
import { expect, test } from 'vitest'
import { ${name} } from '../src/index.ts'

const [alice, bob] = testAddresses('alice', 'bob')
const start = () => testChain(defineChain({ id: 'test-1', consensus: solo() }).use(${name}()), {})

test('who writes a key first owns it, and alone may change and remove it', () => {
  const on = start()

  expect(on.as(alice).${name}.write({ key: 'a', note: 'first' }).events).toEqual(['${name}.written'])
  expect(on.as(bob).${name}.write({ key: 'a', note: 'mine' }).code).toBe('${name}/NOT_OWNER')
  expect(on.as(bob).${name}.remove({ key: 'a' }).code).toBe('${name}/NOT_OWNER')
  expect(on.as(alice).${name}.write({ key: 'a', note: 'second' }).code).toBeUndefined()
  expect(on.read.${name}.entry({ key: 'a' })).toEqual({ owner: alice, note: 'second' })

  expect(on.as(alice).${name}.remove({ key: 'a' }).events).toEqual(['${name}.removed'])
  expect(on.read.${name}.entry({ key: 'a' })).toBe(null)
})

test('what is wrong with a command is refused by name, and leaves no trace', () => {
  const on = start()

  expect(on.as(alice).${name}.write({ key: '', note: 'x' }).code).toBe('${name}/EMPTY_KEY')
  expect(on.as(alice).${name}.remove({ key: 'a' }).code).toBe('${name}/UNKNOWN_KEY')
  expect(on.read.${name}.entry({ key: '' })).toBe(null)
})

test('a removed key can be written by anybody again', () => {
  const on = start()
  on.as(alice).${name}.write({ key: 'a', note: 'first' })
  on.as(alice).${name}.remove({ key: 'a' })

  expect(on.as(bob).${name}.write({ key: 'a', note: 'mine now' }).code).toBeUndefined()
  expect(on.read.${name}.entry({ key: 'a' })?.owner).toBe(bob)
})
`

const types = (
  name: string,
) => `// What must and must not compile of ${name}. Each \`@ts-expect-error\` is itself an error when its line compiles.
import { type Address, defineChain, defineModule, need, solo, unit } from '@mmtchain/kernel'
import { testAddresses, testChain } from '@mmtchain/testkit'
import { type ${readsOf(name)}, ${name} } from '../src/index.ts'

const [alice] = testAddresses('alice')
const on = testChain(defineChain({ id: 'test-1', consensus: solo() }).use(${name}()), {})
export const owner: Address | undefined = on.read.${name}.entry({ key: 'a' })?.owner

// @ts-expect-error: a note is a text
;() => on.as(alice).${name}.write({ key: 'a', note: 1 })
// @ts-expect-error: and must be there
;() => on.as(alice).${name}.write({ key: 'a' })
// @ts-expect-error: there is no such command
;() => on.as(alice).${name}.rename({ key: 'a' })

const withReader = () =>
  defineModule('reader', { needs: { ${name}: need<{}, {}, ${readsOf(name)}>() } }).command('look', unit, (ctx) => {
    ctx.needs.${name}.ownerOf('a')
  })
defineChain({ id: 'test-1', consensus: solo() }).use(${name}()).use(withReader())
// @ts-expect-error: a module comes after those that it needs
;() => defineChain({ id: 'test-1', consensus: solo() }).use(withReader())
`

const readme = (name: string) => `# ${name}

Notes by key, each owned by the account that wrote it first.

\`\`\`ts
import { defineChain, solo } from '@mmtchain/kernel'
import { ${name} } from './src/index.ts'

export const chain = defineChain({ id: 'test-1', consensus: solo() }).use(${name}())
\`\`\`

## State

| table | key | value | a missing row means |
| --- | --- | --- | --- |
| \`entries\` | key, at most 64 bytes | \`{ owner, note }\`, the note at most 256 bytes | there is no such entry |
| \`count\` | (cell) | how many entries there are | 0 |

## Commands, and when each refuses

| command | input | does | refuses, in this order |
| --- | --- | --- | --- |
| \`write\` | \`{ key, note }\` | writes the note; a new key then belongs to the sender | \`EMPTY_KEY\`, \`NOT_OWNER\` |
| \`remove\` | \`{ key }\` | removes the entry; anybody may write the key again | \`UNKNOWN_KEY\`, \`NOT_OWNER\` |

## Queries

\`entry { key }\` gives \`{ owner, note }\`, or \`null\`.

## Events

\`written { key, by }\`, \`removed { key }\`.

## For other modules

\`ownerOf(key)\`: the account that owns a key.

## Invariants

\`count\` is the number of entries.

## Limits

An entry stays until its owner removes it. What it costs to write one is the fee of the chain; without a token it costs nothing.
`
