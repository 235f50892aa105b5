import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as milliseconds } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { merkleStore } from '@mmtchain/storage-merkle'
import { expect, test } from 'vitest'
import { inTempFolder } from './temp-store.ts'
import { expectWhole } from './whole-store.ts'

const loop = fileURLToPath(new URL('commit-loop.mjs', import.meta.url))
const kills = Math.max(3, Math.round(2 * Number(process.env.MMT_SOAK_SCALE ?? 1)))

test.each(['in turn', 'ahead'])(
  `a process that is killed ${kills} times while it commits %s leaves whole blocks each time`,
  async (how) => {
    await inTempFolder(async (path) => {
      let before = 0n
      for (let kill = 0; kill < kills; kill++) {
        const committed = await commitUntilKilled(path, { blocks: 1 + Math.floor(Math.random() * 60), how })
        const store = await merkleStore({ path })
        const tip = store.tip()?.header.height as bigint
        expect(tip, 'what was reported is on disk').toBeGreaterThanOrEqual(committed)
        expect(tip, 'a block is built when the second before it is on disk').toBeLessThanOrEqual(
          committed + 3n,
        )
        await expectWhole(store, { first: before })
        before = tip
        await store.close()
      }
      const store = await merkleStore({ path })
      await expectWhole(store)
      await store.close()
    })
  },
)

test('a disk that is full stops the store at a whole block', async () => {
  await inTempFolder(async (path) => {
    // No file may grow over some hundred kilobytes, which LevelDB meets as it would a full disk.
    const script = `ulimit -f 1000; exec "${process.execPath}" "${loop}" "${path}"`
    const lines = await linesOf(spawn('sh', ['-c', script]))
    const [refused, again, still] = lines.slice(-3)
    expect([refused, again]).toEqual(['store/WRITE_FAILED', 'the same refusal'])
    expect(still).toBe(`still at ${lines.at(-4)}`)
    const store = await merkleStore({ path })
    expect(store.tip()?.header.height).toBeGreaterThanOrEqual(BigInt(lines.at(-4) as string))
    await expectWhole(store)
    await store.close()
    expect(await commitUntilKilled(path, { blocks: 3 })).toBeGreaterThan(BigInt(lines.at(-4) as string))
  })
})

/** Kills the loop at a random moment after it has reported so many blocks; answers with the last one reported. */
async function commitUntilKilled(
  path: string,
  { blocks, how = 'in turn' }: { readonly blocks: number; readonly how?: string },
): Promise<bigint> {
  const child = spawn(process.execPath, [loop, path, how])
  let left = blocks
  let last = -1n
  const exited = once(child, 'close')
  for await (const line of createInterface({ input: child.stdout })) {
    last = BigInt(line)
    if (--left === 0) void milliseconds(Math.random() * 20).then(() => child.kill('SIGKILL'))
  }
  const [, signal] = await exited
  expect(signal).toBe('SIGKILL')
  return last
}

async function linesOf(child: ChildProcessWithoutNullStreams): Promise<readonly string[]> {
  const lines: string[] = []
  for await (const line of createInterface({ input: child.stdout })) lines.push(line)
  return lines
}
