import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { secp256k1 } from '@mmtchain/crypto'
import { hash } from '@mmtchain/kernel'
import {
  localSigner,
  loseSignState,
  openSignState,
  type RawFile,
  type SignStateOwner,
  silentLog,
  systemFile,
  writeSignState,
} from '@mmtchain/node-runtime'
import { utf8 } from '@mmtchain/primitives'
import { testAccount } from '@mmtchain/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const { address, secret } = testAccount('validator')
const key = { address, suite: secp256k1, secret }
const owner: SignStateOwner = {
  fingerprint: hash('7'.repeat(64)),
  address,
  publicKey: { suite: secp256k1.code, key: secp256k1.publicKey(secret) },
}
const COPY_BYTES = 65_536
const at = (height: bigint, round = 0, step = 0) => ({ height, round, step })
const [one, two] = [utf8('one'), utf8('two')]

let folder: string
let path: string
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mmt-sign-'))
  path = join(folder, 'sign-state')
  const file = await systemFile(path, 'new')
  await writeSignState(file, { fingerprint: owner.fingerprint, owner })
  await file.close()
})
afterEach(() => rmSync(folder, { recursive: true }))

/** A signer on the file, as a start of the node opens it. */
async function open(wrap: (file: RawFile) => RawFile = (file) => file, of = owner) {
  const file = wrap(await systemFile(path, 'existing'))
  return localSigner({ key, state: await openSignState({ file, owner: of, log: silentLog }) })
}

/** Signs and closes again. */
async function signOnce(place: ReturnType<typeof at>, message: Uint8Array) {
  const signer = await open()
  const signature = await signer.sign({ at: place, message })
  await signer.close()
  return signature
}

/** A file whose process dies before a sync, and whose machine loses what was written since the last one but for its first bytes. */
function volatileFile() {
  let durable = new Uint8Array()
  let bytes = new Uint8Array()
  let unsynced: { readonly at: number; readonly bytes: Uint8Array }[] = []
  let syncsLeft = Number.POSITIVE_INFINITY
  const put = (to: Uint8Array, place: number, what: Uint8Array) => {
    const all = new Uint8Array(Math.max(to.length, place + what.length))
    all.set(to)
    all.set(what, place)
    return all
  }
  const file: RawFile = {
    name: 'sign-state',
    size: async () => bytes.length,
    read: async (from, length) => bytes.slice(from, from + length),
    async write(place, what) {
      if (syncsLeft === 0) throw new Error('the process is dead')
      bytes = put(bytes, place, what)
      unsynced.push({ at: place, bytes: what.slice() })
    },
    truncate: async () => undefined,
    async sync() {
      syncsLeft -= 1
      if (syncsLeft <= 0) {
        syncsLeft = 0
        throw new Error('the process is dead')
      }
      for (const { at: place, bytes: what } of unsynced) durable = put(durable, place, what)
      unsynced = []
    },
    close: async () => undefined,
  }
  return {
    file,
    /** A process begins that dies at its n-th sync. */
    dieAt(sync: number) {
      syncsLeft = sync
    },
    losePower(tornBytes: number) {
      for (const { at: place, bytes: what } of unsynced)
        durable = put(durable, place, what.subarray(0, tornBytes))
      unsynced = []
      bytes = durable.slice()
      syncsLeft = Number.POSITIVE_INFINITY
    },
  }
}

function spoil(from: number, bytes: number): void {
  const content = readFileSync(path)
  for (let i = from; i < from + bytes; i++) content[i] = (content[i] as number) ^ 0x55
  writeFileSync(path, content)
}

describe('places only go up', () => {
  test('the same message at the same place has the same signature again, also after a restart', async () => {
    const first = await signOnce(at(5n, 1, 2), one)
    expect(first).toEqual(secp256k1.sign(one, secret))
    expect(await signOnce(at(5n, 1, 2), one)).toEqual(first)
  })

  test('another message at the same place has none', async () => {
    await signOnce(at(5n, 1, 2), one)
    expect(await signOnce(at(5n, 1, 2), two)).toBeUndefined()
  })

  test('a lower step, round or height has none, whatever the message', async () => {
    await signOnce(at(5n, 1, 2), one)
    for (const lower of [at(5n, 1, 1), at(5n, 0, 9), at(4n, 9, 9)])
      for (const message of [one, two]) expect(await signOnce(lower, message)).toBeUndefined()
  })

  test('higher ones are signed', async () => {
    for (const place of [at(5n, 1, 2), at(5n, 1, 3), at(5n, 2, 0), at(6n)])
      expect(await signOnce(place, two)).toBeDefined()
  })

  test('requests that come together are judged one after the other', async () => {
    const signer = await open()
    const answers = await Promise.all([one, two, one].map((message) => signer.sign({ at: at(1n), message })))
    expect(answers.map((answer) => answer !== undefined)).toEqual([true, false, true])
    await signer.close()
  })
})

describe('the file', () => {
  test('a torn write of a signature that nobody has costs nothing', async () => {
    await signOnce(at(5n), one)
    const kept = readFileSync(path)
    await signOnce(at(6n), two)
    const torn = readFileSync(path)
    // The power fails within the first copy of the second signature; the second copy is still of the first one.
    kept.copy(torn, 60, 60, COPY_BYTES)
    kept.copy(torn, COPY_BYTES, COPY_BYTES)
    writeFileSync(path, torn)
    expect(await signOnce(at(5n), two)).toBeUndefined()
    expect(await signOnce(at(6n), one)).toBeDefined()
  })

  test('a torn second copy costs nothing', async () => {
    await signOnce(at(5n), one)
    spoil(COPY_BYTES + 70, 30)
    expect(await signOnce(at(5n), two)).toBeUndefined()
    expect(await signOnce(at(5n), one)).toBeDefined()
  })

  test('what a process that was killed left in memory alone is on the disk before anybody counts on it', async () => {
    // One process is killed at a sync and the power of the next one fails at a sync; what was not synced is lost or torn.
    for (let killedAt = 1; killedAt <= 5; killedAt++) {
      for (let powerAt = 1; powerAt <= 5; powerAt++) {
        for (const tornBytes of [0, 60, 200]) {
          const disk = volatileFile()
          await writeSignState(disk.file, { fingerprint: owner.fingerprint, owner })
          const given: bigint[] = []
          const live = async (heights: readonly bigint[]) => {
            const state = await openSignState({ file: disk.file, owner, log: silentLog })
            const signer = localSigner({ key, state })
            for (const height of heights)
              if (await signer.sign({ at: at(height), message: one })) given.push(height)
            await signer.close()
          }
          await live([5n])
          disk.dieAt(killedAt)
          await live([6n, 7n]).catch(() => undefined)
          disk.dieAt(powerAt)
          await live([7n, 8n]).catch(() => undefined)
          disk.losePower(tornBytes)
          const state = await openSignState({ file: disk.file, owner, log: silentLog })
          const after = localSigner({ key, state })
          for (const height of given)
            expect(await after.sign({ at: at(height), message: two })).toBeUndefined()
          expect(await after.sign({ at: at(9n), message: two })).toBeDefined()
        }
      }
    }
  })

  test('rot in either copy is mended from the other', async () => {
    await signOnce(at(5n), one)
    for (const copy of [0, 1]) {
      for (let byte = 0; byte < 200; byte += 13) {
        spoil(copy * COPY_BYTES + byte, 1)
        expect(await signOnce(at(5n), two)).toBeUndefined()
      }
    }
  })

  test('a stale copy never wins over the newer one', async () => {
    await signOnce(at(5n), one)
    const before = readFileSync(path)
    await signOnce(at(6n), one)
    for (const copy of [0, 1]) {
      const mixed = readFileSync(path)
      before.copy(mixed, copy * COPY_BYTES, copy * COPY_BYTES, (copy + 1) * COPY_BYTES)
      writeFileSync(path, mixed)
      expect(await signOnce(at(6n), two)).toBeUndefined()
    }
  })

  test('damage to both copies, an empty file and some other file are refused', async () => {
    await signOnce(at(5n), one)
    spoil(20, 200)
    spoil(COPY_BYTES + 20, 200)
    await expect(open()).rejects.toMatchObject({ code: 'node/SIGN_STATE_DAMAGED' })
    truncateSync(path, 0)
    await expect(open()).rejects.toMatchObject({ code: 'node/SIGN_STATE_DAMAGED' })
    writeFileSync(path, 'something else')
    await expect(open()).rejects.toMatchObject({ code: 'node/SIGN_STATE_DAMAGED' })
  })

  test('another chain’s and another key’s are refused', async () => {
    const chain = { ...owner, fingerprint: hash('8'.repeat(64)) }
    await expect(open(undefined, chain)).rejects.toMatchObject({ code: 'node/SIGN_STATE_FOREIGN' })
    const other = { ...owner, publicKey: { ...owner.publicKey, key: new Uint8Array(33) } }
    await expect(open(undefined, other)).rejects.toMatchObject({ code: 'node/SIGN_STATE_FOREIGN' })
  })

  test('on a full disk no signature leaves, then or later', async () => {
    let isFull = false
    const signer = await open((file) => ({
      ...file,
      write: (...args) => (isFull ? Promise.reject(new Error('ENOSPC')) : file.write(...args)),
    }))
    expect(await signer.sign({ at: at(1n), message: one })).toBeDefined()
    isFull = true
    const refused = { code: 'node/SIGN_STATE_FAILED' }
    await expect(signer.sign({ at: at(2n), message: one })).rejects.toMatchObject(refused)
    isFull = false
    await expect(signer.sign({ at: at(2n), message: two })).rejects.toMatchObject(refused)
    await signer.close()
  })

  test('when a sync fails no signature leaves, then or later', async () => {
    let syncs = 0
    const signer = await open((file) => ({
      ...file,
      // Two when it opens, and then the second copy of the first signature.
      sync: () => (++syncs === 4 ? Promise.reject(new Error('EIO')) : file.sync()),
    }))
    expect(await signer.sign({ at: at(1n), message: one })).toBeDefined()
    for (const message of [one, two])
      await expect(signer.sign({ at: at(2n), message })).rejects.toMatchObject({
        code: 'node/SIGN_STATE_FAILED',
      })
    await signer.close()
  })

  test('it is on the disk before the signature leaves, and the other copy before the next one is written', async () => {
    const calls: string[] = []
    const signer = await open((file) => ({
      ...file,
      async write(place, bytes) {
        calls.push(`write ${place / COPY_BYTES}`)
        await file.write(place, bytes)
      },
      async sync() {
        await file.sync()
        calls.push('sync')
      },
    }))
    // What may be in memory alone is written when it is opened.
    expect(calls).toEqual(['write 0', 'sync', 'write 1', 'sync'])
    calls.length = 0
    await signer.sign({ at: at(1n), message: one })
    calls.push('left')
    await signer.sign({ at: at(2n), message: one })
    expect(calls.filter((call) => call !== 'write 1').slice(0, 2)).toEqual(['write 0', 'sync'])
    expect(calls.indexOf('left')).toBeGreaterThan(calls.indexOf('sync'))
    expect(calls.slice(calls.lastIndexOf('write 0') - 2, calls.lastIndexOf('write 0'))).toContain('sync')
    await signer.close()
  })

  test('nobody but its owner can read it', async () => {
    const { mode } = statSync(path)
    if (process.platform !== 'win32') expect(mode & 0o077).toBe(0)
  })
})

describe('after a loss', () => {
  async function lose() {
    const file = await systemFile(path, 'create')
    await loseSignState(file, owner, 1_700_000_000_000n)
    await file.close()
  }

  test('nothing is signed until the chain was observed, then only above it', async () => {
    await signOnce(at(5n), one)
    spoil(0, 200)
    spoil(COPY_BYTES, 200)
    await lose()
    const signer = await open()
    expect(signer.isObserving()).toBe(true)
    expect(await signer.sign({ at: at(100n), message: one })).toBeUndefined()
    await signer.observed(120n)
    expect(signer.isObserving()).toBe(false)
    expect(await signer.sign({ at: at(120n), message: one })).toBeUndefined()
    expect(await signer.sign({ at: at(121n), message: one })).toBeDefined()
    await signer.close()
    expect(await signOnce(at(120n, 5), two)).toBeUndefined()
  })

  test('what can still be read stays true', async () => {
    await signOnce(at(5n), one)
    await lose()
    const signer = await open()
    await signer.observed(3n)
    expect(await signer.sign({ at: at(5n), message: two })).toBeUndefined()
    await signer.close()
  })

  test('it is told of at every later start', async () => {
    await lose()
    await lose()
    const told: object[] = []
    const log = { ...silentLog, warn: (fields: object) => void told.push(fields) }
    const state = await openSignState({ file: await systemFile(path, 'existing'), owner, log })
    expect(told).toMatchObject([{ losses: 2, last: '1700000000000' }])
    await state.close()
  })
})
