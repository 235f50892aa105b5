import { execFile, execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { inPlace, mmt, mmtDev, mmtJson, type Place, type RunningChain, root } from './chain-process.ts'

let place: Place
let chain: RunningChain

inPlace((made) => {
  place = made
})

interface ImportJson {
  readonly rows: number
  readonly input: string
  readonly issued: string
  readonly remainder: string
}

/** The secret of a holder that make-holders.mjs put on the list. */
const holderSecret = (n: number) => createHash('sha256').update(`mmt example holder ${n}`).digest('hex')

test('10,000 holders become unclaimed balances to the unit, and a holder claims on the running chain', {
  timeout: 120_000,
}, async () => {
  const file = (name: string) => join(place.folder, name)
  execFileSync(process.execPath, [join(root, 'examples/03-erc20-migration/make-holders.mjs'), place.folder])
  const imported = await mmtJson<ImportJson>(place, [
    'genesis',
    'import-erc20',
    file('holders.csv'),
    '--out',
    file('unclaimed.json'),
  ])
  expect(imported.rows).toBe(10_000)
  expect(imported.input).toBe(String(2_000_000_000n * 10n ** 18n))
  // 20 old tokens of 10^18 units for one new token of 10^8 units.
  expect(BigInt(imported.issued) * 20n * 10n ** 10n + BigInt(imported.remainder)).toBe(BigInt(imported.input))
  const { unclaimed } = JSON.parse(readFileSync(file('unclaimed.json'), 'utf8')) as {
    unclaimed: { holder: string; amount: string }[]
  }
  expect(unclaimed.reduce((sum, { amount }) => sum + BigInt(amount), 0n)).toBe(BigInt(imported.issued))

  chain = mmtDev(place, ['--document', `token=${file('unclaimed.json')}`])
  await chain.printed(/^height 1 /m)
  const demo = 10n * 1_000_000n * 100_000_000n
  expect(await mmtJson(place, ['query', 'token', 'supply'])).toBe(String(demo + BigInt(imported.issued)))

  await mmtJson(place, ['keys', 'new', 'ann'])
  writeFileSync(file('holder.key'), `0x${holderSecret(1)}\n`)
  const signed = await mmtJson<{ text: string; signature: string }>(place, [
    'sign-claim',
    '--to',
    'ann',
    '--secret',
    file('holder.key'),
  ])
  expect(signed.text).toMatch(/^MMT claim\n[0-9a-f]{64}\nharbour1[a-z0-9]{58}$/)
  const claim = ['tx', 'token', 'claim', '--to', 'ann', '--from', 'ann', '--signature', signed.signature]
  const sent = await mmtJson<{
    fee: string
    final: boolean
    events: { name: string; data: { holder: string; amount: string } }[]
  }>(place, claim)
  expect([sent.fee, sent.final, sent.events.map(({ name }) => name)]).toEqual(['0', true, ['claimed']])
  const claimed = sent.events[0]?.data as { holder: string; amount: string }
  expect(unclaimed).toContainEqual(claimed.holder && { holder: claimed.holder, amount: claimed.amount })
  expect(await mmtJson(place, ['query', 'token', 'balance', '--owner', 'ann'])).toBe(claimed.amount)
  expect(await mmtJson(place, ['query', 'token', 'unclaimed', '--holder', claimed.holder])).toBe('0')

  const again = await mmt(place, claim)
  expect([again.code, again.err]).toEqual([1, expect.stringContaining('token/NOTHING_TO_CLAIM')])
  writeFileSync(file('stranger.key'), holderSecret(99))
  const stranger = await mmtJson<{ signature: string }>(place, [
    'sign-claim',
    '--to',
    'ann',
    '--secret',
    file('stranger.key'),
  ])
  const refused = await mmt(place, [
    'tx',
    'token',
    'claim',
    '--to',
    'ann',
    '--from',
    'ann',
    '--signature',
    stranger.signature,
  ])
  expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('token/NOTHING_TO_CLAIM')])
})

const run = promisify(execFile)

test('the same files give the same bytes in any time zone and language', { timeout: 120_000 }, async () => {
  const file = (name: string) => join(place.folder, name)
  execFileSync(process.execPath, [join(root, 'examples/03-erc20-migration/make-holders.mjs'), place.folder])
  const allocation = JSON.parse(readFileSync(file('allocation.json'), 'utf8')) as {
    classes: Record<string, object>
  }
  Object.assign(allocation.classes.angels as object, { unlock: { days: 30, start: '2026-07-01T00:00:00Z' } })
  writeFileSync(file('allocation.json'), JSON.stringify(allocation))
  const bytesIn = async (name: string, env: Record<string, string>) => {
    const outs = ['json', 'txt', 'csv'].map((end) => file(`${name}.${end}`))
    const [out = '', report = '', rows = ''] = outs
    const flags = ['--allocation', file('allocation.json'), '--out', out, '--report', report, '--rows', rows]
    const args = ['genesis', 'import-erc20', file('holders.csv'), ...flags]
    const { stderr } = await run(process.execPath, [join(root, 'apps/cli/bin/mmt.mjs'), ...args], {
      env: { ...process.env, ...env },
    })
    // No progress where nobody looks on.
    expect(stderr).toBe('')
    return outs.map((one) => createHash('sha256').update(readFileSync(one)).digest('hex'))
  }
  const here = await bytesIn('one', { TZ: 'UTC', LANG: 'C', LC_ALL: 'C' })
  expect(await bytesIn('two', { TZ: 'Asia/Kolkata', LANG: 'ar_EG.UTF-8', LC_ALL: 'ar_EG.UTF-8' })).toEqual(
    here,
  )
  expect(
    await bytesIn('three', { TZ: 'America/St_Johns', LANG: 'de_DE.UTF-8', LC_ALL: 'de_DE.UTF-8' }),
  ).toEqual(here)
  expect(readFileSync(file('one.txt'), 'utf8')).toContain('30 days from 2026-07-01T00:00:00Z')
  const again = await mmt(place, ['genesis', 'import-erc20', file('holders.csv'), '--out', file('one.json')])
  expect([again.code, again.err]).toEqual([1, expect.stringContaining('cli/NOT_EMPTY')])
})

test('the team claims what unlocks over five years, and sees it grow', { timeout: 120_000 }, async () => {
  const file = (name: string) => join(place.folder, name)
  execFileSync(process.execPath, [join(root, 'examples/03-erc20-migration/make-holders.mjs'), place.folder])
  const imported = await mmtJson<ImportJson & { locked: string }>(place, [
    'genesis',
    'import-erc20',
    file('holders.csv'),
    '--allocation',
    file('allocation.json'),
    '--out',
    file('unclaimed.json'),
  ])
  expect(BigInt(imported.locked)).toBe(749_999_999_999_993n)
  chain = mmtDev(place, ['--document', `token=${file('unclaimed.json')}`])
  await chain.printed(/^height 1 /m)
  await mmtJson(place, ['keys', 'new', 'ben'])
  const secret = ['--secret', file('holder-4.key')]
  const { signature } = await mmtJson<{ signature: string }>(place, ['sign-claim', '--to', 'ben', ...secret])
  await mmtJson(place, ['tx', 'token', 'claim', '--to', 'ben', '--from', 'ben', '--signature', signature])
  const holdings = () =>
    mmtJson<{
      balance: string
      total: string
      vesting: { amount: string; unlocked: string; startMs: string; endMs: string }[]
    }>(place, ['query', 'token', 'holdings', '--owner', 'ben'])
  const first = await holdings()
  const [waiting] = first.vesting as [(typeof first.vesting)[number]]
  expect(first.total).toBe(waiting.amount)
  expect(first.balance).toBe(waiting.unlocked)
  expect(BigInt(waiting.endMs) - BigInt(waiting.startMs)).toBe(5n * 365n * 86_400_000n)
  await expect
    .poll(async () => BigInt((await holdings()).balance), { timeout: 30_000, interval: 500 })
    .toBeGreaterThan(BigInt(first.balance))
})

test('bad rows are refused together, by line, and nothing is written', async () => {
  const csv = join(place.folder, 'bad.csv')
  const out = join(place.folder, 'out.json')
  writeFileSync(
    csv,
    `address,balance\n0x12,5\n0x${'ab'.repeat(20)},minus one\n0x${'cd'.repeat(20)},7\n0x${'cd'.repeat(20)},7\n`,
  )
  const { code, err } = await mmt(place, ['genesis', 'import-erc20', csv, '--out', out, '--json'])
  expect(code).toBe(1)
  const { error } = JSON.parse(err) as {
    error: { code: string; values: { rows: { line: number; code: string }[] } }
  }
  expect(error.code).toBe('cli/ERC20_BAD_ROWS')
  expect(error.values.rows.map(({ line, code: why }) => [line, why])).toEqual([
    [2, 'BAD_ADDRESS'],
    [3, 'BAD_BALANCE'],
    [5, 'DUPLICATE_ADDRESS'],
  ])
  expect(() => readFileSync(out)).toThrow('ENOENT')
})
