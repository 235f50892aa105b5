// Clients that send transfers without a pause and remember what was final.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { encode } from '@mmtchain/codec'
import { secp256k1 } from '@mmtchain/crypto'
import { createMachine, height, type Machine, readGenesis } from '@mmtchain/kernel'
import { type AnyChain, homeAt, openKey } from '@mmtchain/node'
import { amount, formatAddress, toHex } from '@mmtchain/primitives'
import {
  type Signer,
  secretSigner,
  signTransaction,
  type TransactionBody,
  type TransactionCall,
  transaction as transactionCodec,
} from '@mmtchain/tx'
import type { Chance } from './chance.ts'
import type { ChaosNode } from './nodes.ts'

const POLL_MS = 400
/** So many polls pass before the same bytes are sent again: whoever had them may be gone. */
const POLLS_TO_RESEND = 10
const VALID_HEIGHTS = 4_000n

/** What a client knows of a transaction that was final when it asked. */
export interface Final {
  readonly id: string
  readonly height: string
}

export interface Clients {
  readonly finals: readonly Final[]
  /** Why clients gave up. */
  readonly failures: readonly string[]
  readonly submitted: number
  /** Sends calls of an account and waits until they are final. Throws the refusal of the node that was asked last. */
  sendFinal(signer: Signer, calls: readonly TransactionCall[]): Promise<Final>
  call(module: string, command: string, input: unknown): TransactionCall
  readonly machine: Machine
  signerOf(home: string, name: string): Promise<Signer>
  secretOf(home: string, name: string): Promise<Uint8Array>
  /** Begins to send, one transaction after the other for each demo key. */
  begin(names: readonly string[]): Promise<void>
  stop(): Promise<void>
}

export function createClients(args: {
  readonly chain: AnyChain
  readonly dir: string
  readonly nodes: readonly ChaosNode[]
  readonly chance: Chance
}): Clients {
  const { chain, dir, nodes, chance } = args
  const genesis = readGenesis(chain, JSON.parse(readFileSync(join(dir, 'node0', 'genesis.json'), 'utf8')))
  const machine = createMachine(genesis)
  const finals: Final[] = []
  /** The next nonce of each account, as far as its transactions were final: a node that is behind would name an older one. */
  const nonces = new Map<string, bigint>()
  const failures: string[] = []
  let submitted = 0
  let isStopped = false
  const loops: Promise<void>[] = []
  const later = () => new Promise((resolve) => setTimeout(resolve, POLL_MS))

  /** Asks nodes until one answers. A refusal is an answer. */
  async function askAny<T>(method: string, params: object): Promise<T> {
    for (;;) {
      const node = chance.pick(nodes)
      try {
        if (node.process && !node.isPaused) return (await node.ask(method, params)) as T
      } catch (error) {
        if (!/^client\//.test(String(Object(error).code))) throw error
      }
      await later()
    }
  }

  function call(module: string, command: string, input: unknown): TransactionCall {
    const found = chain.modules.find(({ spec }) => spec.name === module)?.spec.commands.get(command)
    if (!found) throw new Error(`the chain has no ${module}.${command}`)
    return { module, command, input: encode(found.input, input as never) }
  }

  async function sendFinal(signer: Signer, calls: readonly TransactionCall[]): Promise<Final> {
    const address = formatAddress(signer.address, { prefix: chain.addressPrefix })
    const { nonce: told } = await askAny<{ nonce: string }>('account_get', { address })
    const known = nonces.get(address) ?? 0n
    const nonce = BigInt(told) > known ? BigInt(told) : known
    const { height: now } = await askAny<{ height: string }>('chain_status', {})
    const draft: TransactionBody = {
      ...{ fingerprint: genesis.fingerprint, sender: signer.address, authority: signer.authority },
      ...{ nonce, validUntil: height(BigInt(now) + VALID_HEIGHTS) },
      ...{ fee: amount(0n), weightMax: 0n, payer: null, calls },
    }
    const { fee, weight } = machine.quote({ body: draft, signatures: [], payerConsent: null })
    const body = { ...draft, fee, weightMax: weight }
    const { id, transaction } = await signTransaction({ body, signer })
    const bytes = toHex(encode(transactionCodec, transaction))
    submitted += 1
    for (let polls = 0; ; polls++) {
      if (isStopped) throw new Error('stopped')
      try {
        if (polls % POLLS_TO_RESEND === 0) await askAny('tx_submit', { bytes })
        const found = await askAny<{ height?: string; final: boolean }>('chain_transaction', { id })
        if (found.final) {
          const final = { id, height: String(found.height) }
          finals.push(final)
          nonces.set(address, nonce + 1n)
          return final
        }
      } catch (error) {
        // A node that is behind does not know the account's newest nonce, or the transaction.
        if (polls > 100 * POLLS_TO_RESEND) throw error
      }
      await later()
    }
  }

  function secretOf(home: string, name: string): Promise<Uint8Array> {
    const none = () => Promise.reject(new Error('demo keys have their passphrase beside them'))
    return openKey(homeAt(home).keys, name, none)
  }

  async function signerOf(home: string, name: string): Promise<Signer> {
    return secretSigner({ suite: secp256k1, secret: await secretOf(home, name) })
  }

  return {
    finals,
    failures,
    get submitted() {
      return submitted
    },
    sendFinal,
    call,
    machine,
    signerOf,
    secretOf,
    async begin(names) {
      for (const name of names) {
        const signer = await signerOf(dir, name)
        const pay = call('token', 'transfer', { to: signer.address, amount: amount(1n) })
        const loop = async () => {
          while (!isStopped) await sendFinal(signer, [pay])
        }
        loops.push(
          loop().catch((error) => {
            if (!isStopped) failures.push(`the client of ${name} stopped: ${error}`)
          }),
        )
      }
    },
    async stop() {
      isStopped = true
      await Promise.all(loops)
    },
  }
}
