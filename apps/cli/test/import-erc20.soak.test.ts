import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { finished } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

// MMT_SOAK_SCALE is the percentage of a million holders.
const HOLDERS = Math.ceil(10_000 * Number(process.env.MMT_SOAK_SCALE ?? '1'))
/** A million holders fit in it with the program, which takes about 30 MB; all rows as objects would not. */
const HEAP_MB = 220

const run = promisify(execFile)
const mmt = fileURLToPath(new URL('../bin/mmt.mjs', import.meta.url))

/** Holder n owns n + 1 whole tokens and n of the smallest units. */
async function writeHolders(file: string): Promise<void> {
  const out = createWriteStream(file)
  out.write('"HolderAddress","Balance","PendingBalanceUpdate"\n')
  for (let n = 0; n < HOLDERS; n++) {
    const address = createHash('sha256').update(`holder ${n}`).digest('hex').slice(0, 40)
    const line = `"0x${address}","${n + 1}.${String(n).padStart(18, '0')}","No"\n`
    if (!out.write(line)) await once(out, 'drain')
  }
  out.end()
  await finished(out)
}

test(`${HOLDERS} holders are imported to the unit within ${HEAP_MB} MB of heap`, {
  timeout: 1_800_000,
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mmt-erc20-soak-'))
  try {
    const file = (name: string) => join(folder, name)
    await writeHolders(file('holders.csv'))
    const args = ['genesis', 'import-erc20', file('holders.csv'), '--ratio', '1000:1', '--json']
    const outs = ['--out', file('out.json'), '--rows', file('rows.csv')]
    const heap = `--max-old-space-size=${HEAP_MB}`
    const { stdout } = await run(process.execPath, [heap, mmt, ...args, ...outs])
    const all = BigInt(HOLDERS)
    const input = (all * (all + 1n) * 10n ** 18n + all * (all - 1n)) / 2n
    const told = JSON.parse(stdout) as { rows: number; input: string; issued: string; remainder: string }
    expect([told.rows, told.input]).toEqual([HOLDERS, String(input)])
    // 1000 old tokens of 10^18 units for one new token of 10^8 units.
    expect(BigInt(told.issued) * 10n ** 13n + BigInt(told.remainder)).toBe(input)

    const { unclaimed } = JSON.parse(await readFile(file('out.json'), 'utf8')) as {
      unclaimed: { holder: string; amount: string }[]
    }
    expect(unclaimed).toHaveLength(HOLDERS)
    expect(unclaimed.reduce((sum, { amount }) => sum + BigInt(amount), 0n)).toBe(BigInt(told.issued))
    expect(unclaimed.every(({ holder }, at) => at === 0 || (unclaimed[at - 1]?.holder ?? '') < holder)).toBe(
      true,
    )
    let lines = 0
    for await (const _ of createInterface({ input: createReadStream(file('rows.csv')) })) lines++
    expect(lines).toBe(HOLDERS + 1)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
