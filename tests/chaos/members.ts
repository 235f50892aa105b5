// Validators that join a running network and leave it.
import { writeFileSync } from 'node:fs'
import { possessionMessage } from '@mmtchain/consensus-dpos'
import { secp256k1 } from '@mmtchain/crypto'
import { ensureOnion, homeAt, makeDemoKeys, readConfig } from '@mmtchain/node'
import { amount } from '@mmtchain/primitives'
import type { Clients } from './clients.ts'
import type { ChaosNetwork, ChaosNode } from './nodes.ts'

const FUNDS = amount(500_000_000_000n)
const DEPOSIT = amount(100_000_000_000n)

/** Gives an observer a key and an onion, and lets it register: two epochs later it has a seat. */
export async function join(args: {
  readonly network: ChaosNetwork
  readonly node: ChaosNode
  readonly clients: Clients
  readonly funder: string
  readonly wallet: string
}): Promise<void> {
  const { network, node, clients } = args
  const home = homeAt(node.home)
  const { name } = node
  const { fingerprint, chain } = clients.machine.genesis
  await makeDemoKeys(home.keys, { names: [name], addressPrefix: chain.addressPrefix })
  const { commitment, layers } = await ensureOnion(home, name)
  const config = readConfig(home)
  await network.end(node, 'SIGTERM')
  writeFileSync(home.config, JSON.stringify({ ...config, validator: name }, null, 2))
  network.start(node)
  const signer = await clients.signerOf(home.path, name)
  const funder = await clients.signerOf(args.wallet, args.funder)
  await clients.sendFinal(funder, [clients.call('token', 'transfer', { to: signer.address, amount: FUNDS })])
  const secret = await clients.secretOf(home.path, name)
  const key = { suite: secp256k1.code, key: secp256k1.publicKey(secret) }
  const proof = secp256k1.sign(possessionMessage({ fingerprint, delegate: signer.address, key }), secret)
  const application = { name, url: '', key, proof, commitment, layers, deposit: DEPOSIT }
  await clients.sendFinal(signer, [clients.call('election', 'register', application)])
}

/** Lets a validator resign: it keeps its seat for the rest of this epoch and the next. */
export async function leave(args: { readonly node: ChaosNode; readonly clients: Clients }): Promise<void> {
  const { node, clients } = args
  const signer = await clients.signerOf(homeAt(node.home).path, node.name)
  await clients.sendFinal(signer, [clients.call('election', 'resign', null)])
}
