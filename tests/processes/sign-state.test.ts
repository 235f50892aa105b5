import { existsSync } from 'node:fs'
import { cp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { inPlace, mmt, mmtDev, type Place, type RunningChain, startChain } from './chain-process.ts'

let place: Place
inPlace((made) => {
  place = made
})

const signState = () => join(place.home, 'sign-state')
const data = () => join(place.home, 'data')

/** `mmt start` of the home that a development chain has made. */
function mmtStart(more: readonly string[] = []): RunningChain {
  return startChain(place, ['apps/cli/dist/main.js', 'start', '--rpc-port', '0', ...more])
}

/** A home of a validator that has made some blocks and was killed. */
async function killedAfter(blocks: number): Promise<void> {
  const chain = mmtDev(place)
  await chain.printed(new RegExp(`^height ${blocks} `, 'm'))
  await chain.end('SIGKILL')
}

async function refusal(more: readonly string[] = []): Promise<string> {
  const chain = mmtStart(more)
  const [code] = await chain.printed(/node\/[A-Z_]+/)
  expect(await chain.ended).toBe(1)
  return code
}

async function doctor(): Promise<string> {
  const { out } = await mmt(place, ['doctor', '--home', place.home])
  return out
}

test('a validator that was killed goes on, and doctor finds its sign state well', async () => {
  await killedAfter(2)
  expect(await doctor()).toMatch(/✓ sign-state\s+this validator may have signed up to height \d+/)
  const chain = mmtStart()
  await chain.printed(/block committed/)
  expect(await chain.end('SIGTERM')).toBe(0)
})

test('a missing and a damaged sign state are refused by name, and after a loss the chain is observed first', async () => {
  await killedAfter(2)
  const content = await readFile(signState())
  await rename(signState(), `${signState()}.away`)
  expect(await refusal()).toBe('node/SIGN_STATE_MISSING')
  expect(await doctor()).toMatch(/✗ sign-state[\s\S]*--after-total-loss/)

  await writeFile(signState(), content.fill(0))
  expect(await refusal()).toBe('node/SIGN_STATE_DAMAGED')
  expect(await doctor()).toMatch(/✗ sign-state/)

  const chain = mmtStart(['--after-total-loss'])
  await chain.printed(/it observes the chain before it signs again/)
  await chain.end('SIGTERM')
  expect(chain.out()).not.toMatch(/block committed/)
  expect(await doctor()).toMatch(/observes before it signs again/)
})

test('an older copy of the sign state, and a data folder that is gone, are refused by name', async () => {
  await killedAfter(1)
  await cp(signState(), `${signState()}.old`)
  const chain = mmtDev(place)
  await chain.printed(/^height 5 /m)
  await chain.end('SIGKILL')
  const newest = await readFile(signState())
  await cp(`${signState()}.old`, signState())
  expect(await refusal()).toBe('node/SIGN_STATE_STALE')

  await writeFile(signState(), newest)
  await rm(data(), { recursive: true })
  expect(await refusal()).toBe('node/BLOCKS_LOST')
  expect(await doctor()).toMatch(/✗ sign-state[\s\S]*Blocks are lost/)
})

test('a development chain that was made without a sign state goes on with one, and a fresh one begins anew', async () => {
  await killedAfter(2)
  await rm(signState())
  const chain = mmtDev(place)
  await chain.printed(/^height [3-9] /m)
  await chain.end('SIGTERM')
  expect(existsSync(signState())).toBe(true)
  const fresh = mmtDev(place, ['--fresh'])
  await fresh.printed(/^height 1 /m)
  await fresh.end('SIGTERM')
})
