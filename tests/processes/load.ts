// Transfers for a chain of `mmt dev`, signed here, sent over its RPC as fast as it answers.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { encode } from '@mmtchain/codec'
import { secp256k1 } from '@mmtchain/crypto'
import { createMachine, height, readGenesis } from '@mmtchain/kernel'
import { openKey } from '@mmtchain/node'
import { amount, toHex } from '@mmtchain/primitives'
import {
  type Signer,
  secretSigner,
  signTransaction,
  type Transaction,
  type TransactionBody,
  transaction as transactionCodec,
} from '@mmtchain/tx'
import { chain } from '../../examples/01-token/chain.ts'
import type { Place } from './chain-process.ts'

/** Asks the node of a place. Rejects when it is not reachable. */
export async function ask<T>(place: Place, method: string, params: object): Promise<T> {
  const response = await fetch(`http://127.0.0.1:${place.port}/rpc`, {
    method: 'POST',
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    headers: { 'content-type': 'application/json' },
  })
  const { result, error } = (await response.json()) as { result: T; error?: { message: string } }
  if (error) throw new Error(error.message)
  return result
}

/** A transfer of one unit that is ready to be sent. */
export interface Transfer {
  readonly id: string
  readonly bytes: string
}

/** Makes transfers of the demo keys of a home, each with the nonce after its last. */
export async function transfersOf(
  place: Place,
  names: readonly string[],
): Promise<{ next(): Promise<Transfer> }> {
  const keys = join(place.home, 'keys')
  const noPassphrase = () => Promise.reject(new Error('demo keys have their passphrase beside them'))
  const signers: Signer[] = []
  for (const name of names)
    signers.push(secretSigner({ suite: secp256k1, secret: await openKey(keys, name, noPassphrase) }))
  const genesis = readGenesis(chain, JSON.parse(readFileSync(join(place.home, 'genesis.json'), 'utf8')))
  const machine = createMachine(genesis)
  const transfer = chain.modules.find(({ spec }) => spec.name === 'token')?.spec.commands.get('transfer')
  if (!transfer) throw new Error('the chain has transfers')
  const nonces = new Map<Signer, bigint>()
  let turn = 0
  return {
    async next() {
      const signer = signers[turn++ % signers.length] as Signer
      const nonce = nonces.get(signer) ?? 0n
      nonces.set(signer, nonce + 1n)
      const draft: TransactionBody = {
        fingerprint: genesis.fingerprint,
        sender: signer.address,
        authority: signer.authority,
        nonce,
        validUntil: height(5_000n),
        fee: amount(0n),
        weightMax: 0n,
        payer: null,
        calls: [
          {
            module: 'token',
            command: 'transfer',
            input: encode(transfer.input, { to: signer.address, amount: amount(1n) }),
          },
        ],
      }
      const unsigned: Transaction = { body: draft, signatures: [], payerConsent: null }
      const { fee, weight } = machine.quote(unsigned)
      const { id, transaction } = await signTransaction({
        body: { ...draft, fee, weightMax: weight },
        signer,
      })
      return { id, bytes: toHex(encode(transactionCodec, transaction)) }
    },
  }
}

/** Submits a transfer until the pool has a place for it. Rejects when the node is gone. */
export async function submit(place: Place, { bytes }: Transfer): Promise<void> {
  for (;;) {
    try {
      await ask(place, 'tx_submit', { bytes })
      return
    } catch (error) {
      if (!/waiting transactions|too far ahead/.test(String(error))) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}
