import { type Suite, secp256k1 } from '@mmtchain/crypto'
import { defineChain, type Engine, type MemoryStore, memoryStore } from '@mmtchain/kernel'
import {
  createNode,
  localSigner,
  loseSignState,
  memoryFile,
  memoryNetwork,
  type Node,
  openSignState,
  type Passage,
  type RawFile,
  type Signed,
  silentLog,
  writeSignState,
} from '@mmtchain/node-runtime'
import { amount, toHex } from '@mmtchain/primitives'
import { manualClock, testAccount, testAddresses, testChain } from '@mmtchain/testkit'
import { token } from '@mmtchain/token-rewards'
import { secretSigner, signTransaction, type Transaction } from '@mmtchain/tx'
import { expect } from 'vitest'

const [alice, bob] = testAddresses('alice', 'bob')
export const names = ['v1', 'v2', 'v3', 'v4'] as const

/** A disk that keeps what was synced, and from a crash on refuses everything. */
function disk() {
  const durable = new Map<string, Uint8Array>()
  let syncs = 0
  let crashAt: { readonly sync: number; readonly isAfter: boolean } | undefined
  let isDead = false
  function alive(): void {
    if (isDead) throw new Error('the power has failed')
  }
  return {
    isDead: () => isDead,
    /** Lets the power fail at a sync from now on, before or after it has reached the disk. */
    crash(sync: number, isAfter: boolean) {
      crashAt = { sync: syncs + sync, isAfter }
    },
    revive() {
      isDead = false
      crashAt = undefined
    },
    open(name: string): RawFile {
      const file = memoryFile(name, durable.get(name))
      return {
        ...file,
        async write(at, bytes) {
          alive()
          await file.write(at, bytes)
        },
        async truncate(length) {
          alive()
          await file.truncate(length)
        },
        async sync() {
          alive()
          syncs += 1
          const isCrash = syncs === crashAt?.sync
          if (!isCrash || crashAt?.isAfter) durable.set(name, await file.read(0, await file.size()))
          isDead = isCrash
          alive()
        },
      }
    },
  }
}

export interface AllianceOptions {
  /** The suite as the node of this name has it, where tests look at what is verified. */
  readonly suiteOf?: (name: string) => Suite
  /** How each message fares; all come after 10 ms unless it is given. */
  readonly link?: (passage: Passage) => readonly number[]
}

/** Four validators with disks, on a manual clock and a network in memory. */
export function alliance(consensus: Engine, { suiteOf, link = () => [10] }: AllianceOptions = {}) {
  const accounts = names.map((name) => testAccount(name))
  const documents = {
    token: { balances: [alice, bob].map((owner) => ({ owner, amount: amount(100_000n) })), unclaimed: [] },
  }
  const chainWith = (suites: object) =>
    defineChain({ id: 'alliance', slotMs: 1_000, consensus, ...suites }).use(
      token({ symbol: 'TST', decimals: 2 }),
    )
  const chainOf = (name: string) => chainWith(suiteOf ? { suites: [suiteOf(name)] } : {})
  const chain = chainOf(names[0])
  const validators = accounts.map(({ address, authority }) => {
    const [key] = authority.keys
    if (!key) throw new Error('an authority has a key')
    return { address, key }
  })
  const clock = manualClock(() => new Promise((resolve) => setImmediate(resolve)))
  const begin = { timeMs: clock.nowMs(), validators, documents }
  const genesis = chain.genesis(begin)
  const model = testChain(chain, documents)
  const network = memoryNetwork({ clock, link })
  const nodes = new Map<string, Node>()
  const disks = new Map(names.map((name) => [name as string, disk()]))
  const stores = new Map<string, MemoryStore>(names.map((name) => [name, memoryStore()]))
  /** All that left the signers. */
  const signed: { readonly by: string; readonly at: Signed['at']; readonly message: Uint8Array }[] = []

  function ownerOf(name: string) {
    const { address, secret } = testAccount(name)
    const publicKey = { suite: secp256k1.code, key: secp256k1.publicKey(secret) }
    return { fingerprint: genesis.fingerprint, address, publicKey }
  }

  async function signerOf(name: string) {
    const { address, secret } = testAccount(name)
    const owner = ownerOf(name)
    const file = disks.get(name)?.open('sign-state') as RawFile
    if ((await file.size()) === 0) await writeSignState(file, { fingerprint: genesis.fingerprint, owner })
    const state = await openSignState({ file, owner, log: silentLog })
    const signer = localSigner({ key: { address, suite: secp256k1, secret }, state })
    return {
      ...signer,
      async sign(request: { readonly at: Signed['at']; readonly message: Uint8Array }) {
        const signature = await signer.sign(request)
        if (signature) signed.push({ by: name, ...request })
        return signature
      },
    }
  }

  return {
    clock,
    network,
    nodes,
    disks,
    signed,
    genesis,
    /** Alice or Bob pays a little to Bob. */
    async transfer(from: 'alice' | 'bob'): Promise<Transaction> {
      const { secret, address } = testAccount(from)
      const input = { to: bob, amount: amount(5n) }
      const body = model.body(address, [{ module: 'token', command: 'transfer', input }])
      const signer = secretSigner({ suite: secp256k1, secret })
      const { fingerprint } = genesis
      return (await signTransaction({ body: { ...body, fingerprint }, signer })).transaction
    },
    async start(name: string, isValidator = true) {
      const store = (stores.get(name) ?? memoryStore()).fork()
      stores.set(name, store)
      const node = await createNode({
        genesis: suiteOf ? chainOf(name).genesis(begin) : genesis,
        store,
        host: { ...clock, monotonicMs: () => Number(clock.nowMs()), log: silentLog },
        network: network.at(name),
        ...(isValidator && {
          validator: await signerOf(name),
          inputLog: disks.get(name)?.open('inputs') as RawFile,
        }),
      })
      nodes.set(name, node)
      return node
    },
    addressOf: (name: string) => testAccount(name).address,
    /** All blocks of a validator that is stopped are lost, and not what it remembers to have signed. */
    wipe(name: string) {
      stores.delete(name)
    },
    /** The operator says that what a validator had signed is lost. */
    async lose(name: string) {
      const file = disks.get(name)?.open('sign-state') as RawFile
      await file.write(0, new Uint8Array(await file.size()))
      await loseSignState(file, ownerOf(name), 0n)
    },
    async stop() {
      for (const node of nodes.values()) await node.stop()
    },
  }
}

/** No validator has signed two messages at one place. */
export function expectOneMessageAPlace(signed: ReturnType<typeof alliance>['signed']): void {
  const messages = new Map<string, string>()
  for (const { by, at, message } of signed) {
    const place = `${by} ${at.height} ${at.round} ${at.step}`
    expect(messages.get(place) ?? toHex(message), place).toBe(toHex(message))
    messages.set(place, toHex(message))
  }
}
