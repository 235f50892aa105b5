import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type EngineInput, hash, type SignPlace, solo, struct, u32 } from '@mmtchain/kernel'
import { type InputLog, inputLog, memoryFile, type RawFile, systemFile } from '@mmtchain/node-runtime'
import { isChainError } from '@mmtchain/primitives'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { soloNodes } from './nodes.ts'

const engine = { ...solo(), message: struct({ n: u32 }), logged: 'all' } as ReturnType<typeof solo>
const fingerprint = hash('7'.repeat(64))
const [tip, other] = [hash('1'.repeat(64)), hash('2'.repeat(64))]
const timer = (nowMs: bigint): EngineInput => ({ kind: 'timer', name: 'slot', nowMs })
const message = (n: number): EngineInput => ({ kind: 'message', from: 'peer', message: { n }, nowMs: 5n })
const at: SignPlace = { height: 3n, round: 2, step: 1 }

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mmt-inputs-'))
  path = join(folder, 'inputs')
})
afterEach(() => rmSync(folder, { recursive: true }))

async function withLog<T>(use: (log: InputLog) => Promise<T>, wrap = (file: RawFile) => file): Promise<T> {
  const log = inputLog({ file: wrap(await systemFile(path, 'create')), engine, fingerprint })
  return use(log).finally(() => log.close())
}

async function write(...batches: readonly (readonly EngineInput[])[]): Promise<void> {
  await withLog(async (log) => {
    log.begin(tip, 9n)
    for (const batch of batches) {
      for (const input of batch) log.append(input)
      await log.sync()
    }
  })
}

async function readAll(log: InputLog, of = tip) {
  const logged = await log.read(of)
  if (!logged) return undefined
  const inputs: EngineInput[] = []
  for await (const input of logged.inputs) inputs.push(input)
  return { nowMs: logged.nowMs, inputs }
}
const read = (of = tip) => withLog((log) => readAll(log, of))

test('every kind of input comes back as it was', async () => {
  const nodes = soloNodes()
  const node = await nodes.start('validator')
  await nodes.clock.advance(1_000n)
  const stored = await node.store.block({ height: node.tip.header.height })
  await nodes.stop()
  if (!stored) throw new Error('no block was made')
  const { block, seal } = stored
  const chain = nodes.model.genesis.fingerprint
  const inputs: EngineInput[] = [
    timer(1n),
    message(7),
    { kind: 'block', from: 'peer', block, id: stored.id, seal, nowMs: 3n },
    { kind: 'built', block, id: stored.id, nowMs: 4n },
    { kind: 'validated', id: stored.id, valid: true, nowMs: 5n },
    { kind: 'signed', at, signature: Uint8Array.of(1, 2, 3), nowMs: 6n },
  ]
  const file = memoryFile()
  const log = inputLog({ file, engine, fingerprint: chain })
  log.begin(tip, 9n)
  for (const input of inputs) log.append(input)
  await log.sync()
  expect(await readAll(inputLog({ file, engine, fingerprint: chain }))).toEqual({ nowMs: 9n, inputs })
})

test('what was not synced is not there, and nothing is written without inputs', async () => {
  await withLog(async (log) => {
    log.begin(tip, 9n)
    await log.sync()
    log.append(timer(1n))
  })
  expect(readFileSync(path).length).toBe(0)
  expect(await read()).toBeUndefined()
})

test('each sync is one write and one sync of the file, with all that waited', async () => {
  const calls: string[] = []
  await withLog(
    async (log) => {
      log.begin(tip, 9n)
      for (let n = 0; n < 5; n++) log.append(message(n))
      await log.sync()
      calls.length = 0
      for (let n = 0; n < 5; n++) log.append(message(n))
      await log.sync()
      await log.sync()
    },
    (file) => ({
      ...file,
      async write(place, bytes) {
        calls.push('write')
        await file.write(place, bytes)
      },
      async sync() {
        calls.push('sync')
        await file.sync()
      },
    }),
  )
  expect(calls).toEqual(['write', 'sync'])
})

test('a log goes on after it was read', async () => {
  await write([timer(1n)], [message(2)])
  await withLog(async (log) => {
    await readAll(log)
    log.append(timer(3n))
    await log.sync()
  })
  expect((await read())?.inputs).toEqual([timer(1n), message(2), timer(3n)])
})

test('a new tip cuts it, and the log of another tip is none', async () => {
  await write([timer(1n)], [message(2)])
  expect(await read(other)).toBeUndefined()
  await withLog(async (log) => {
    await readAll(log)
    log.begin(other, 20n)
    log.append(timer(21n))
    await log.sync()
  })
  expect(await read()).toBeUndefined()
  expect(await read(other)).toEqual({ nowMs: 20n, inputs: [timer(21n)] })
})

test('wherever the end is torn, what was synced before is there, and the rest is cut off', async () => {
  await write([timer(1n)], [message(2)], [message(3), timer(4n)])
  const whole = readFileSync(path)
  const ends = [await sizeAfter(1), await sizeAfter(2)] as const
  for (let length = 0; length < whole.length; length++) {
    writeFileSync(path, whole.subarray(0, length))
    const found = await read()
    const want = length < ends[0] ? [] : length < ends[1] ? [timer(1n)] : [timer(1n), message(2)]
    expect(found?.inputs ?? []).toEqual(want)
    if (length >= ends[0]) expect(readFileSync(path).length).toBeLessThanOrEqual(length)
  }
  // A torn write may also leave the length right and the content wrong.
  for (let byte = ends[1]; byte < whole.length; byte++) {
    const torn = Buffer.from(whole)
    torn.fill(0x55, byte)
    writeFileSync(path, torn)
    expect((await read())?.inputs).toEqual([timer(1n), message(2)])
  }

  async function sizeAfter(batches: number): Promise<number> {
    const saved = readFileSync(path)
    await withLog(async (log) => {
      log.begin(tip, 9n)
      for (const batch of [[timer(1n)], [message(2)]].slice(0, batches)) {
        for (const input of batch) log.append(input)
        await log.sync()
      }
    })
    const { length } = readFileSync(path)
    writeFileSync(path, saved)
    return length
  }
})

test('damage before the end is named, wherever it is', async () => {
  await write([timer(1n)], [message(2)], [message(3)])
  const whole = readFileSync(path)
  const lastAt = whole.lastIndexOf('mmtw')
  for (let byte = 0; byte < lastAt; byte++) {
    const damaged = Buffer.from(whole)
    damaged[byte] = (damaged[byte] as number) ^ 0x10
    writeFileSync(path, damaged)
    const error = await read().catch((thrown: unknown) => thrown)
    expect(isChainError(error) && error.code, `byte ${byte}`).toBe('node/INPUT_LOG_DAMAGED')
  }
  truncateSync(path, 0)
})

test('frames that lie where another log had them are not taken for its own', async () => {
  await write([timer(1n)], [message(2)])
  const old = readFileSync(path)
  await withLog(async (log) => {
    log.begin(other, 20n)
    log.append(timer(21n))
    await log.sync()
  })
  const young = readFileSync(path)
  // The file was cut and written anew, but the cut did not reach the disk.
  writeFileSync(path, Buffer.concat([young, old.subarray(young.length)]))
  expect((await read(other))?.inputs).toEqual([timer(21n)])
})

/** A file whose sync once fails as it does on Linux: what was to be written stays in memory, looks whole, and counts as written. */
function forgetfulFile() {
  const cache = memoryFile()
  const disk = memoryFile()
  let unsynced: (readonly [number, Uint8Array])[] = []
  let fails = false
  const file: RawFile = {
    ...cache,
    async write(place, bytes) {
      unsynced.push([place, bytes])
      await cache.write(place, bytes)
    },
    async sync() {
      const pages = unsynced
      unsynced = []
      if (fails) {
        fails = false
        throw new Error('EIO: i/o error, fsync')
      }
      for (const [place, bytes] of pages) await disk.write(place, bytes)
    },
  }
  return {
    file,
    disk,
    failOnce: () => {
      fails = true
    },
  }
}

test('a sync that failed leaves no hole that a power failure later shows', async () => {
  const { file, disk, failOnce } = forgetfulFile()
  const log = inputLog({ file, engine, fingerprint })
  log.begin(tip, 9n)
  log.append(message(1))
  await log.sync()
  log.append(message(2))
  failOnce()
  await expect(log.sync()).rejects.toThrow('EIO')
  const next = inputLog({ file, engine, fingerprint })
  expect((await readAll(next))?.inputs).toEqual([message(1), message(2)])
  next.append(message(3))
  await next.sync()
  const afterPower = await readAll(inputLog({ file: disk, engine, fingerprint }))
  expect(afterPower?.inputs).toEqual([message(1), message(2), message(3)])
})
