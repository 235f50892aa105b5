// An author's way from nothing to a contract on a running chain, and on to its next version.
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { inPlace, mmt, mmtDev, mmtJson, type Place, root } from './chain-process.ts'

let place: Place
inPlace((here) => {
  place = here
})

const dist = (name: string) => JSON.stringify(join(root, `packages/${name}/dist/index.js`))

test('a contract is begun, built, tested, deployed, called, asked and upgraded', async () => {
  const file = join(place.folder, 'chain.ts')
  writeFileSync(
    file,
    `import { contracts } from ${dist('contracts')}
import { defineChain, solo } from ${dist('kernel')}
import { token } from ${dist('token-rewards')}
import { createSandbox } from ${dist('vm-sandbox')}
export const chain = defineChain({ id: 'workshop-1', slotMs: 1_000, consensus: solo() })
  .use(token({ symbol: 'WRK' }))
  .use(contracts({ sandbox: createSandbox }), { grants: { kernel: ['attempt'], token: ['move'] } })
`,
  )
  const chain = mmtDev(place, ['--chain', file, '--blocks', 'demand'])
  await chain.printed(/workshop-1 begins/)

  const folder = join(place.folder, 'counter')
  await mmtJson(place, ['contract', 'new', folder])
  // What npm install would bring.
  mkdirSync(join(folder, 'node_modules/@mmtchain'), { recursive: true })
  mkdirSync(join(folder, 'node_modules/.bin'))
  symlinkSync(join(root, 'packages/contract'), join(folder, 'node_modules/@mmtchain/contract'))
  symlinkSync(join(root, 'node_modules/vitest'), join(folder, 'node_modules/vitest'))
  symlinkSync(join(root, 'node_modules/vitest/vitest.mjs'), join(folder, 'node_modules/.bin/vitest'))
  const tested = await mmt(place, ['contract', 'test', folder])
  expect(tested.code, tested.out + tested.err).toBe(0)
  expect(tested.out).toMatch(/add: \d+ to \d+ gas in 1 calls/)

  const source = join(folder, 'contract.ts')
  const artifact = join(folder, 'contract.json')
  await mmtJson(place, ['contract', 'build', source, '--out', artifact])
  const from = ['--from', 'demo1']
  const deployed = (await mmtJson(place, ['contract', 'deploy', artifact, ...from])) as { contract: string }
  const { contract } = deployed
  expect(contract).toMatch(/^mmt1/)

  const added = await mmtJson(place, ['contract', 'call', artifact, contract, 'add', '--by', '4', ...from])
  expect(added).toMatchObject({ result: '4', final: true })
  expect(await mmtJson(place, ['contract', 'view', artifact, contract, 'count'])).toBe('4')
  const refused = await mmt(place, ['contract', 'call', artifact, contract, 'add', '--by', '11', ...from])
  expect([refused.code, refused.err]).toEqual([
    1,
    expect.stringContaining('contract/TOO_MUCH: At most ten at a time.'),
  ])

  // The next version counts double, and throws on a line of its own.
  const next = readFileSync(source, 'utf8')
    .replace('count.get() + by', 'count.get() + 2n * by')
    .replace('if (by > 10n)', "if (by === 9n) throw new Error('nine')\n    if (by > 10n)")
  writeFileSync(source, next)
  await mmtJson(place, ['contract', 'build', source, '--out', artifact])
  await mmtJson(place, ['contract', 'upgrade', artifact, contract, ...from])
  await mmtJson(place, ['contract', 'call', artifact, contract, 'add', '--by', '3', ...from])
  expect(await mmtJson(place, ['contract', 'view', artifact, contract, 'count'])).toBe('10')
  const nine = await mmt(place, ['contract', 'call', artifact, contract, 'add', '--by', '9', ...from])
  const line = next.split('\n').findIndex((text) => text.includes('nine')) + 1
  expect(nine.err).toContain('sandbox/THREW')
  expect(nine.err).toContain(`contract.ts:${line}:`)
  const other = await mmt(place, ['contract', 'upgrade', artifact, contract, '--from', 'demo2'])
  expect(other.err).toContain('contracts/NOT_ADMIN')
  await chain.end('SIGINT')
}, 600_000)

test('wrong words are refused by name', async () => {
  expect((await mmt(place, ['contract', 'new', place.folder, '--template', 'lottery'])).err).toContain(
    'crowdfunding / escrow / licence',
  )
  expect((await mmt(place, ['contract', 'build', join(place.folder, 'none.ts')])).err).toContain(
    'kit/BUILD_FAILED',
  )
})
