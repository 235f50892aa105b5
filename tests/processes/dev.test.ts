import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  inPlace,
  mmt,
  mmtDev,
  mmtJson,
  type Place,
  type RunningChain,
  root,
  startChain,
} from './chain-process.ts'

let place: Place
let chain: RunningChain

inPlace((made) => {
  place = made
})

const tokenChain = 'examples/01-token/chain.ts'

/** Runs `mmt dev`, which must refuse by itself, and answers what it said. */
async function refused(more: readonly string[]): Promise<string> {
  const attempt = mmtDev(place, more)
  expect(await attempt.ended).not.toBe(0)
  return attempt.out()
}

test('--fresh begins anew under the same keys, keeps foreign files, and touches no home in use', async () => {
  const inHome = (name: string) => join(place.home, name)
  chain = mmtDev(place)
  await chain.printed(/^height 1 /m)
  await mmtJson(place, ['keys', 'new', 'ann'])
  writeFileSync(inHome('notes.txt'), 'mine\n')
  const keys = () =>
    readdirSync(inHome('keys')).map((name) => [name, readFileSync(join(inHome('keys'), name))])
  const keysBefore = keys()
  const genesisBefore = readFileSync(inHome('genesis.json'), 'utf8')

  expect(await refused(['--fresh', '--rpc-port', '0'])).toContain('store/LOCKED')
  expect(readFileSync(inHome('genesis.json'), 'utf8')).toBe(genesisBefore)
  await chain.printed(/^height 2 /m)
  await chain.end('SIGINT')

  // What is wrong with the new chain is said before the old one goes.
  expect(await refused(['--fresh', '--document', 'token=no-such-file'])).toContain('home/BAD_FILE')
  expect(readFileSync(inHome('genesis.json'), 'utf8')).toBe(genesisBefore)

  chain = mmtDev(place, ['--fresh'])
  await chain.printed(/harbour-demo-1 begins/)
  await chain.printed(/^height 1 /m)
  expect(readFileSync(inHome('genesis.json'), 'utf8')).not.toBe(genesisBefore)
  expect(keys()).toEqual(keysBefore)
  expect(readFileSync(inHome('notes.txt'), 'utf8')).toBe('mine\n')
  expect(readdirSync(place.home).filter((name) => name.endsWith('.tmp'))).toEqual([])
})

test('an existing home takes over the same chain from a changed file, and refuses another chain and documents', async () => {
  const file = join(place.folder, 'chain.ts')
  const importing = `export { chain } from ${JSON.stringify(join(root, tokenChain))}\n`
  chain = mmtDev(place)
  await chain.printed(/^height 1 /m)
  await chain.end('SIGINT')

  writeFileSync(file, `${importing}export const note = 'a later edition'\n`)
  chain = mmtDev(place, ['--chain', file])
  await chain.printed(/has changed; the home has the new one now/)
  await chain.printed(/goes on from height/)
  await chain.end('SIGINT')
  const bundle = readFileSync(join(place.home, 'chain.mjs'), 'utf8')
  expect(bundle).toContain('a later edition')

  chain = mmtDev(place, ['--chain', file])
  await chain.printed(/goes on from height/)
  expect(chain.out()).not.toContain('has changed')
  await chain.end('SIGINT')

  const other = await refused(['--chain', 'examples/02-own-module/chain.ts'])
  expect(other).toMatch(/home\/OTHER_CHAIN: .*harbour-demo-1.*harbour-trade-1/)
  expect(other).toMatch(/--home.*--fresh/)
  expect(readFileSync(join(place.home, 'chain.mjs'), 'utf8')).toBe(bundle)

  writeFileSync(join(place.folder, 'part.json'), '{"balances":[]}')
  const document = ['--document', `token=${join(place.folder, 'part.json')}`]
  expect(await refused(['--chain', file, ...document])).toContain('home/ALREADY_BEGUN')
})

test('a port in use or out of range is refused by name, before anything is written', async () => {
  const server = createServer().listen(place.port, '127.0.0.1')
  await once(server, 'listening')
  try {
    const said = await refused([])
    expect(said).toContain(`home/PORT_IN_USE: Another program listens at 127.0.0.1:${place.port}`)
    expect(said).toContain('--rpc-port')
    expect(await refused(['--rpc-port', '70000'])).toContain('cli/BAD_ARGUMENT')
    expect(existsSync(place.home)).toBe(false)

    chain = mmtDev(place, ['--rpc-port', '0'])
    await chain.printed(/^height 1 /m)
    await chain.end('SIGINT')
    expect(await refused([])).toContain('home/PORT_IN_USE')
  } finally {
    server.close()
  }
})

test('a node that cannot go on says why, closes its RPC and ends with code 1', async () => {
  const port = ['--rpc-port', String(place.port)]
  chain = startChain(place, [
    ...['apps/cli/dist/main.js', 'dev', '--chain', 'tests/processes/faulty-chain.ts'],
    ...port,
  ])
  await chain.printed(/^height 2 /m)
  expect(await chain.ended).toBe(1)
  expect(chain.out()).toContain('the hook fails at height 3')

  for (const words of [['apps/cli/dist/main.js', 'start', ...port], ['apps/node/dist/main.js']]) {
    chain = startChain(place, words)
    expect(await chain.ended, words.join(' ')).toBe(1)
    expect(chain.out()).toContain('the hook fails at height 3')
  }
})

test('a chain whose output nobody reads any more stops cleanly', async () => {
  const dev = ['apps/cli/dist/main.js', 'dev', '--chain', tokenChain, '--rpc-port', String(place.port)]
  const child = spawn(process.execPath, dev, { cwd: root, env: place.env, stdio: ['ignore', 'pipe', 'pipe'] })
  let err = ''
  child.stderr.setEncoding('utf8').on('data', (piece: string) => {
    err += piece
  })
  await once(child.stdout, 'data')
  child.stdout.destroy()
  const [code] = await once(child, 'exit')
  expect([code, err]).toEqual([0, ''])
  // The store was closed, not torn: the chain goes on.
  chain = mmtDev(place)
  await chain.printed(/goes on from height \d+/)
})

test('a broken chain file is refused under the name that the user gave', async () => {
  mkdirSync(place.folder, { recursive: true })
  const file = join(place.folder, 'broken.ts')
  for (const text of [
    'throw new Error("broken on purpose")\n',
    'export const chain = 1\n',
    'export const chain = {\n',
  ]) {
    writeFileSync(file, text)
    const { code, err } = await mmt(place, ['dev', '--chain', file, '--rpc-port', '0'])
    expect(code).toBe(1)
    expect(err).toContain(`home/BAD_CHAIN_FILE: The chain file ${file} cannot be used`)
    expect(err).not.toContain('mmt-chain-')
  }
  expect(existsSync(place.home)).toBe(false)
})

// In a slot of an hour no block would come by the clock; of one of 10 ms many have gone by when the node is there.
test.each([3_600_000, 10])(
  'on demand a block is made for a transaction at once, and none without (slots of %i ms)',
  async (slotMs) => {
    const file = join(place.folder, 'chain.ts')
    writeFileSync(
      file,
      `import { defineChain, solo } from ${JSON.stringify(join(root, 'packages/kernel/dist/index.js'))}
import { token } from ${JSON.stringify(join(root, 'packages/token-rewards/dist/index.js'))}
export const chain = defineChain({ id: 'slow-1', slotMs: ${slotMs}, consensus: solo() }).use(token({ symbol: 'SLO', decimals: 2 }))
`,
    )
    chain = mmtDev(place, ['--chain', file, '--blocks', 'demand'])
    await chain.printed(/slow-1 begins/)
    for (const amount of ['1', '2', '3'])
      await mmtJson(place, [
        'tx',
        'token',
        'transfer',
        '--to',
        'demo2',
        '--amount',
        amount,
        '--from',
        'demo1',
      ])
    await chain.end('SIGINT')
    const lines = chain.out().match(/^height .*$/gm) ?? []
    expect(lines).toHaveLength(3)
    for (const line of lines) expect(line).toMatch(/ {2}1 transaction$/)
  },
)

test('a running chain takes over a chain file, and a file that it imports, when they change, and outlives broken ones', async () => {
  const file = (name: string) => join(place.folder, name)
  const importing = (from: string) =>
    `export { chain } from ${JSON.stringify(join(root, from))}\nexport { note } from './note.ts'\n`
  const restarts = () => chain.out().match(/goes on from height/g)?.length ?? 0
  writeFileSync(file('note.ts'), `export const note = 'first'\n`)
  writeFileSync(file('chain.ts'), importing(tokenChain))
  chain = mmtDev(place, ['--chain', file('chain.ts')])
  await chain.printed(/^height 1 /m)

  writeFileSync(file('note.ts'), `export const note = 'second edition'\n`)
  await chain.printed(/has changed; the home has the new one now[\s\S]*goes on from height/)
  expect(readFileSync(join(place.home, 'chain.mjs'), 'utf8')).toContain('second edition')

  writeFileSync(file('chain.ts'), 'export const chain = {\n')
  await chain.printed(/home\/BAD_CHAIN_FILE/)
  writeFileSync(file('chain.ts'), importing('examples/02-own-module/chain.ts'))
  await chain.printed(/home\/OTHER_CHAIN[\s\S]*The chain goes on as it was/)
  expect(restarts()).toBe(1)
  await mmtJson(place, ['status'])

  writeFileSync(file('chain.ts'), `${importing(tokenChain)}export const more = 'third edition'\n`)
  await expect.poll(restarts, { timeout: 60_000 }).toBe(2)
  expect(await mmtJson(place, ['status'])).toMatchObject({ chainId: 'harbour-demo-1' })
  expect(await chain.end('SIGINT')).toBe(0)
})

test('a change that comes at the end of a look at the chain file is not lost', async () => {
  const file = (name: string) => join(place.folder, name)
  const text = `import { existsSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { note } from './note.ts'
export { chain } from ${JSON.stringify(join(root, tokenChain))}

// A look removes the folder of its bundle last. The change comes while it cannot yet know that the folder is gone.
const folder = fileURLToPath(new URL('.', import.meta.url))
const change = (left) => {
  const until = Date.now() + 5
  while (Date.now() < until);
  if (!existsSync(folder)) writeFileSync(${JSON.stringify(file('note.ts'))}, "export const note = 'second edition'\\n")
  else if (left > 0) setImmediate(change, left - 1)
}
if (note === 'first' && existsSync(${JSON.stringify(file('now'))})) change(200)
`
  writeFileSync(file('note.ts'), `export const note = 'first'\n`)
  writeFileSync(file('chain.ts'), text)
  chain = mmtDev(place, ['--chain', file('chain.ts')])
  await chain.printed(/^height 2 /m)
  writeFileSync(file('now'), '')
  writeFileSync(file('chain.ts'), `${text}// touched\n`)
  await chain.printed(/has changed; the home has the new one now[\s\S]*goes on from height/)
  expect(readFileSync(join(place.home, 'chain.mjs'), 'utf8')).toContain('second edition')
  expect(await chain.end('SIGINT')).toBe(0)
})
