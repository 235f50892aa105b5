// Runs in a browser: see names.test.ts.
import { createResolver } from '@mmtchain/named-router/resolve'
import type { Hash } from '@mmtchain/primitives'

declare const page: {
  readonly name: string
  readonly fingerprint: Hash
  readonly nodes: readonly { readonly rpc: string; readonly p2p: string }[]
  done(result: object): void
}

async function run(): Promise<object> {
  const roots = { harbour: { fingerprint: page.fingerprint, endpoints: page.nodes } }
  const resolver = createResolver({ roots, lagMax: 120, timeoutMs: 20_000 })
  const { owner, records, header, id } = await resolver.resolve(page.name)
  const { body } = await resolver.get(page.name)
  return {
    owner,
    records,
    id,
    height: String(header?.height),
    status: JSON.parse(new TextDecoder().decode(body)),
  }
}

run().then(page.done, (error) => page.done({ error: String(error?.stack ?? error) }))
