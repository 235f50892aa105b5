import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildContract, inSource, readArtifact } from '@mmtchain/contract/build'
import { createSandbox } from '@mmtchain/vm-sandbox'
import { afterAll, expect, test } from 'vitest'

// Within the package, so that `@mmtchain/contract` is found from there.
const folder = realpathSync(mkdtempSync(join(dirname(fileURLToPath(import.meta.url)), '../dist/test-')))
afterAll(() => rmSync(folder, { recursive: true }))

function write(name: string, text: string): string {
  const path = join(folder, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
  return path
}
const refusal = async (path: string) => {
  try {
    await buildContract(path)
    return undefined
  } catch (error) {
    return error as { code: string; message: string }
  }
}
const simple = (body: string, imports = '') =>
  `import { defineContract, text, unit } from '@mmtchain/contract'\n${imports}\nexport const contract = defineContract().method('go', unit, text({ bytesMax: 200 }), () => {\n${body}\n})\n`

test('what needs Node.js is refused with the way by which it came in', async () => {
  write('node_modules/logs/package.json', '{"name":"logs","main":"index.js"}')
  write('node_modules/logs/index.js', `module.exports = require('./disk.js')`)
  write(
    'node_modules/logs/disk.js',
    `const fs = require('fs'); exports.write = () => fs.writeFileSync('/tmp/x', 'x')`,
  )
  const error = await refusal(write('disk.ts', simple('write(); return ""', `import { write } from 'logs'`)))
  expect(error?.code).toBe('kit/NEEDS_NODE')
  expect(error?.message).toMatch(
    /would need fs of Node.js: .*disk\.ts → .*logs\/index\.js → .*logs\/disk\.js → fs/,
  )
})

test('a library of pure JavaScript is bundled, in either kind of module', async () => {
  write('node_modules/shout/package.json', '{"name":"shout","main":"index.js"}')
  write('node_modules/shout/index.js', 'exports.shout = (text) => text.toUpperCase()')
  const { code } = await buildContract(
    write('shout.ts', simple(`return shout('ahoy')`, `import { shout } from 'shout'`)),
  )
  const sandbox = createSandbox({ host: {} })
  const outcome = sandbox.call({
    ...{
      program: sandbox.program(code),
      method: 'go',
      gasMax: 10n ** 9n,
      timeMs: 0n,
      seed: new Uint8Array(32),
    },
    ...{ args: [new Uint8Array(), '', '', 0n, 0n, 0n], context: undefined },
  })
  expect(outcome.ok && outcome.value).toEqual(Uint8Array.of(4, ...new TextEncoder().encode('AHOY')))
})

test('libraries have the text coders that they look for, and contracts without them do not pay for these', async () => {
  const plain = await buildContract(write('plain.ts', simple(`return ''`)))
  expect(plain.code).not.toContain('TextEncoder')
  const { code } = await buildContract(
    write('coders.ts', simple(`return new TextDecoder().decode(new TextEncoder().encode('é€😀'))`)),
  )
  const sandbox = createSandbox({ host: {} })
  const outcome = sandbox.call({
    ...{
      program: sandbox.program(code),
      method: 'go',
      gasMax: 10n ** 9n,
      timeMs: 0n,
      seed: new Uint8Array(32),
    },
    ...{ args: [new Uint8Array(), '', '', 0n, 0n, 0n], context: undefined },
  })
  expect(outcome.ok && outcome.value).toEqual(Uint8Array.of(9, ...new TextEncoder().encode('é€😀')))
})

test('an error shows the line of the author', async () => {
  const path = write(
    'throws.ts',
    simple(`  const depth: number = 3\n  if (depth > 2) throw new Error('aground')\n  return ''`),
  )
  const { code, sourceMap } = await buildContract(path)
  const sandbox = createSandbox({ host: {} })
  const outcome = sandbox.call({
    ...{
      program: sandbox.program(code),
      method: 'go',
      gasMax: 10n ** 9n,
      timeMs: 0n,
      seed: new Uint8Array(32),
    },
    ...{ args: [new Uint8Array(), '', '', 0n, 0n, 0n], context: undefined },
  })
  if (outcome.ok) throw new Error('it went well')
  const text = inSource(outcome.error.message, sourceMap)
  expect(text).toContain('aground')
  expect(text).toMatch(/throws\.ts:5:/)
})

test('what is no contract is refused, and what is no artifact', async () => {
  expect((await refusal(join(folder, 'none.ts')))?.code).toBe('kit/BUILD_FAILED')
  expect((await refusal(write('broken.ts', 'export const contract = (')))?.code).toBe('kit/BUILD_FAILED')
  expect((await refusal(write('empty.ts', 'export const other = 1')))?.code).toBe('kit/NO_CONTRACT')
  expect((await refusal(write('thrown.ts', 'throw new Error("no")')))?.code).toBe('kit/BUILD_FAILED')
  const artifact = await buildContract(write('good.ts', simple(`return ''`)))
  expect(readArtifact(JSON.stringify(artifact), 'good.json')).toEqual(artifact)
  for (const text of [
    '',
    '{}',
    JSON.stringify({ ...artifact, format: 'x' }),
    JSON.stringify({ ...artifact, interface: { methods: [{ input: 1 }], queries: [] } }),
  ])
    expect(() => readArtifact(text, 'bad.json')).toThrow('bad.json is no built contract')
})

test('the same file builds to the same code', async () => {
  const path = write('same.ts', simple(`return 'x'`))
  expect((await buildContract(path)).code).toBe((await buildContract(path)).code)
})
