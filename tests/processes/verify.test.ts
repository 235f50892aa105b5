import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { ClassicLevel } from 'classic-level'
import { expect, test } from 'vitest'
import { inPlace, mmt, mmtDev, mmtJson, type Place, type RunningChain } from './chain-process.ts'

/** Keys of people cost a second of scrypt each time; on a busy machine that adds up. */
const SLOW = { timeout: 400_000 }

let place: Place
let chain: RunningChain

inPlace((made) => {
  place = made
})

/** Changes one byte of the first record that `choose` wants, and gives it the checksum of its new content if asked to. */
async function damage(
  choose: (key: Buffer, value: Buffer) => number,
  { checksum }: { readonly checksum: boolean },
): Promise<() => Promise<void>> {
  const open = async () => {
    const level = new ClassicLevel<Buffer, Buffer>(join(place.home, 'data'), {
      keyEncoding: 'buffer',
      valueEncoding: 'buffer',
    })
    await level.open()
    return level
  }
  const level = await open()
  try {
    for await (const [key, value] of level.iterator()) {
      const at = choose(key, value)
      if (at < 0) continue
      const before = Buffer.from(value)
      value[at] = (value[at] as number) ^ 1
      const body = value.subarray(0, -4)
      if (checksum) value.writeUInt32BE(crc32(body, crc32(key)), body.length)
      await level.put(key, value)
      return async () => {
        const again = await open()
        await again.put(key, before)
        await again.close()
      }
    }
  } finally {
    await level.close()
  }
  throw new Error('no record to damage')
}

interface Block {
  readonly header: { readonly stateRoot: string; readonly receiptRoot: string }
}

test(
  'verify executes every block again: a home that is well passes, one in use is refused, and a byte that differs is found',
  SLOW,
  async () => {
    chain = mmtDev(place)
    const transfer = ['tx', 'token', 'transfer', '--to', 'demo2', '--amount', '1', '--from', 'demo1']
    const { height } = await mmtJson<{ height: string }>(
      place,
      await chain.printed(/^height 1 /m).then(() => transfer),
    )
    await chain.printed(new RegExp(`^height ${Number(height) + 2} `, 'm'))
    const { header } = await mmtJson<Block>(place, ['show', 'block', height])
    const locked = await mmt(place, ['verify'])
    expect([locked.code, locked.err.includes('store/LOCKED')]).toEqual([1, true])
    expect(await chain.end('SIGINT')).toBe(0)
    const [, stoppedAt] = /stopped at height (\d+)/.exec(chain.out()) ?? []
    expect(await mmtJson(place, ['verify'])).toMatchObject({ ok: true, height: stoppedAt, transactions: 1 })

    const stateRoot = Buffer.from(header.stateRoot, 'hex')
    const receiptRoot = Buffer.from(header.receiptRoot, 'hex')
    const cases = [
      // A record that has rotted.
      { choose: (_: Buffer, value: Buffer) => value.indexOf(receiptRoot), checksum: false, field: 'record' },
      // Records that somebody has changed with care.
      {
        choose: (_: Buffer, value: Buffer) => value.indexOf(receiptRoot),
        checksum: true,
        field: 'receiptRoot',
      },
      {
        choose: (_: Buffer, value: Buffer) => (value.includes(receiptRoot) ? value.indexOf(stateRoot) : -1),
        checksum: true,
        field: 'stateRoot',
      },
      // A balance, which no root covers where queries read it.
      {
        choose: (key: Buffer, value: Buffer) =>
          // A row of now: its kind and path, then its height, the length of its key, its key and its value.
          key.length === 33 && value.indexOf('token\0balances\0') === 10 ? value.length - 5 : -1,
        checksum: true,
        field: 'row',
        at: stoppedAt,
      },
    ]
    for (const { choose, checksum, field, at = height } of cases) {
      const mend = await damage(choose, { checksum })
      const { code, out, err } = await mmt(place, ['verify', '--json'])
      expect([code, out], `${field}\n${err}`).toEqual([1, ''])
      const { error } = JSON.parse(err) as { error: { code: string; values: Record<string, string> } }
      expect(error.code, err).toBe('cli/VERIFY_FAILED')
      expect(error.values.height, err).toBe(at)
      expect(error.values.field?.split(' ')[0], err).toBe(field)
      await mend()
    }
    expect(await mmtJson(place, ['verify'])).toMatchObject({ ok: true })
  },
)
