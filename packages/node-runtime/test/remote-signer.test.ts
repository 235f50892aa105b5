import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createConnection, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { secp256k1 } from '@mmtchain/crypto'
import { defineChain, type MemoryStore, memoryStore, solo } from '@mmtchain/kernel'
import {
  type ConsensusSigner,
  createNode,
  memorySigner,
  type Node,
  remoteSigner,
  type SignerLink,
  serveSigner,
  silentLog,
  systemHost,
} from '@mmtchain/node-runtime'
import { type Address, amount, type Hash } from '@mmtchain/primitives'
import { testAccount, testAddresses, testChain } from '@mmtchain/testkit'
import { token } from '@mmtchain/token-rewards'
import { afterEach, expect, test, vi } from 'vitest'

const [alice] = testAddresses('alice')
const chain = defineChain({ id: 'far-key', slotMs: 1_000, consensus: solo() }).use(
  token({ symbol: 'TST', decimals: 2 }),
)
const { genesis } = testChain(chain, {
  token: { balances: [{ owner: alice, amount: amount(100n) }], unclaimed: [] },
})
const { fingerprint } = genesis
/** All that the node knows of the key. */
const { address } = testAccount('validator')
const script = fileURLToPath(new URL('signer-process.mjs', import.meta.url))
const LONG = { timeout: 60_000, interval: 50 }

const undo: (() => unknown)[] = []
afterEach(async () => {
  for (const back of undo.splice(0).reverse()) await back()
})

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'mmt-signer-'))
  undo.push(() => rmSync(path, { recursive: true }))
  return path
}

async function startSigner(home: string): Promise<ChildProcess> {
  const args = [join(home, 'socket'), join(home, 'sign-state'), fingerprint]
  const child = fork(script, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  undo.push(() => child.kill('SIGKILL'))
  await once(child, 'message')
  return child
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL')
  await once(child, 'exit')
}

function linkOf(socket: Socket): SignerLink {
  socket.on('error', () => undefined)
  return {
    write: (bytes) => void socket.write(bytes),
    onBytes: (listener) => void socket.on('data', listener),
    onEnd: (listener) => void socket.on('close', listener),
    end: () => void socket.end(),
  }
}

async function connect(home: string): Promise<Socket> {
  const socket = createConnection(join(home, 'socket'))
  undo.push(() => socket.destroy())
  await once(socket, 'connect')
  return socket
}

async function signerAt(home: string, of: { readonly address?: Address; readonly fingerprint?: Hash } = {}) {
  return remoteSigner({ link: linkOf(await connect(home)), fingerprint, address, ...of })
}

async function startNode(store: MemoryStore, validator: ConsensusSigner): Promise<Node> {
  // The node closes its store when it stops; the next one has another with the same contents.
  const node = await createNode({
    genesis,
    store: store.fork(),
    host: systemHost(silentLog),
    validator,
  })
  undo.push(() => node.stop())
  return node
}

test('a node makes blocks with a key in another process, stops when that is killed, and goes on with the next one', async () => {
  const home = folder()
  const first = await startSigner(home)
  const node = await startNode(memoryStore(), await signerAt(home))
  await vi.waitFor(() => expect(node.tip.header.height).toBeGreaterThan(1n), LONG)
  const kept = (node.store as MemoryStore).fork()
  await kill(first)
  await expect(node.stopped).rejects.toMatchObject({ code: 'node/SIGNER_LOST' })

  await startSigner(home)
  const signer = await signerAt(home)
  // It remembers on its own what it signed before it was killed.
  expect(signer.signedUpTo()).toBeGreaterThanOrEqual(kept.tip()?.header.height ?? 0n)
  const again = await startNode(kept, signer)
  const from = again.tip.header.height
  await vi.waitFor(() => expect(again.tip.header.height).toBeGreaterThan(from), LONG)
})

test('places only go up, over any connection and after any restart of the signer', async () => {
  const home = folder()
  const first = await startSigner(home)
  const signer = await signerAt(home)
  const at = { height: 7n, round: 1, step: 2 }
  const message = Uint8Array.of(1, 2, 3)
  const signature = await signer.sign({ at, message })
  expect(signature).toBeInstanceOf(Uint8Array)
  expect(signer.last()).toEqual({ at, message, signature })
  await kill(first)
  await expect(signer.sign({ at, message })).rejects.toMatchObject({ code: 'node/SIGNER_LOST' })

  await startSigner(home)
  for (const next of [await signerAt(home), await signerAt(home)]) {
    expect(next.last()).toEqual({ at, message, signature })
    expect(await next.sign({ at, message })).toEqual(signature)
    expect(await next.sign({ at, message: Uint8Array.of(9) })).toBeUndefined()
    expect(await next.sign({ at: { ...at, height: 6n }, message })).toBeUndefined()
  }
})

test('a signer is for one validator of one chain, and lives through what does not decode', async () => {
  const home = folder()
  await startSigner(home)
  const foreign = [{ address: alice }, { fingerprint: 'a'.repeat(64) as Hash }]
  for (const of of foreign)
    await expect(signerAt(home, of)).rejects.toMatchObject({ code: 'node/SIGNER_LOST' })
  const rubbish = [
    [255, 255, 255, 255],
    [4, 0, 0, 0, 9, 9, 9, 9],
    // To sign before it is said for whom: height 1, round 0, step 0, no message.
    [15, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
  ]
  for (const bytes of rubbish) {
    const socket = await connect(home)
    socket.resume()
    socket.write(Uint8Array.from(bytes))
    await once(socket, 'close')
  }
  const signer = await signerAt(home)
  expect(signer.signedUpTo()).toBe(0n)
})

test('frames that come byte by byte, or many at once, are the same frames', async () => {
  const key = testAccount('validator')
  const local = memorySigner({ address, suite: secp256k1, secret: key.secret })
  const [near, far] = pairOfLinks((bytes) => [...bytes].map((byte) => Uint8Array.of(byte)))
  const served = serveSigner(local, { link: far, fingerprint })
  const signer = await remoteSigner({ link: near, fingerprint, address })
  const signed = await Promise.all(
    [1n, 2n, 3n].map((height) =>
      signer.sign({ at: { height, round: 0, step: 0 }, message: Uint8Array.of(Number(height)) }),
    ),
  )
  expect(signed.every((one) => one instanceof Uint8Array)).toBe(true)
  expect(signer.signedUpTo()).toBe(3n)
  await signer.close()
  await served
})

test('a link over which more is asked than waits for one node ends', async () => {
  const { secret } = testAccount('validator')
  const never: ConsensusSigner = {
    ...memorySigner({ address, suite: secp256k1, secret }),
    sign: () => new Promise(() => undefined),
  }
  const [near, far] = pairOfLinks((bytes) => [bytes])
  void serveSigner(never, { link: far, fingerprint })
  const signer = await remoteSigner({ link: near, fingerprint, address })
  const asked = Array.from({ length: 65 }, (_, i) =>
    signer.sign({ at: { height: BigInt(i), round: 0, step: 0 }, message: Uint8Array.of(i) }),
  )
  for (const one of await Promise.allSettled(asked))
    expect(one).toMatchObject({ status: 'rejected', reason: { code: 'node/SIGNER_LOST' } })
})

/** Two ends of a stream that cuts what is written into pieces. */
function pairOfLinks(cut: (bytes: Uint8Array) => readonly Uint8Array[]): readonly [SignerLink, SignerLink] {
  const bytesTo: ((bytes: Uint8Array) => void)[][] = [[], []]
  const ends: (() => void)[] = []
  const at = (here: 0 | 1): SignerLink => ({
    write: (bytes) => {
      const pieces = cut(bytes)
      queueMicrotask(() => {
        for (const piece of pieces) for (const take of bytesTo[1 - here] ?? []) take(piece)
      })
    },
    onBytes: (listener) => void bytesTo[here]?.push(listener),
    onEnd: (listener) => void ends.push(listener),
    end: () => {
      for (const end of ends.splice(0)) end()
    },
  })
  return [at(0), at(1)]
}
