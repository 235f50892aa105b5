// Runs in a browser: see browser.test.ts.
import { createClient } from '@mmtchain/client'
import { secp256k1 } from '@mmtchain/crypto'
import { type Amount, defineChain, type Hash, solo } from '@mmtchain/kernel'
import { token } from '@mmtchain/token-rewards'
import { secretSigner } from '@mmtchain/tx'

declare const page: {
  readonly url: string
  readonly fingerprint: Hash
  readonly secret: number[]
  readonly toSecret: number[]
  done(result: object): void
}

/** The chain file, as a page has it. */
const chain = defineChain({ id: 'client-test', slotMs: 20, consensus: solo() }).use(
  token({ symbol: 'TST', decimals: 2 }),
)

async function run(): Promise<object> {
  const signer = secretSigner({ suite: secp256k1, secret: Uint8Array.from(page.secret) })
  const to = secretSigner({ suite: secp256k1, secret: Uint8Array.from(page.toSecret) }).address
  const client = createClient({ chain, url: page.url, fingerprint: page.fingerprint, signer })
  const before = await client.read.token.balance({ owner: to })
  const next = client.events.token.transferred({ fromHeight: 0n }).next()
  const sent = await client.send.token.transfer({ to, amount: 70n as Amount })
  const event = (await next).value
  const refused = await client.send.token
    .transfer({ to, amount: 99_999_999_999n as Amount })
    .catch((error) => error.code)
  const after = await client.read.token.balance({ owner: to })
  const proven = await client.prove.token.balance({ owner: to })
  return {
    gained: String(after - before),
    proven: String(proven.value - before),
    final: sent.final,
    amount: String(event?.data.amount),
    refused,
  }
}

run().then(page.done, (error) => page.done({ error: String(error?.stack ?? error) }))
