import { prepareCrypto } from '@mmtchain/crypto'
import { createMachine } from '@mmtchain/kernel'
import { beginChain } from '@mmtchain/node-runtime'
import { isChainError } from '@mmtchain/primitives'
import { merkleStore } from '@mmtchain/storage-merkle'
import type { BeginReport } from './begin.ts'
import { loadBundle } from './chain-file.ts'
import { type Home, homeAt } from './home.ts'
import { readHomeGenesis } from './home-genesis.ts'

// The process that makes block 0 of a large genesis, for the node that started it and waits (begin.ts).

async function begin(home: Home): Promise<void> {
  // The store's lock first, so that of two nodes on one home one is refused at once.
  const store = await merkleStore({ path: home.data })
  try {
    await prepareCrypto()
    const { genesis, settle } = await readHomeGenesis(home, await loadBundle(home.chain))
    await beginChain(createMachine(genesis), store)
    await settle()
  } finally {
    await store.close()
  }
}

function reportOf(error: unknown): BeginReport {
  if (!isChainError(error))
    return { kind: 'failed', why: (error instanceof Error && error.stack) || String(error) }
  const { code, message, hint, values } = error
  return { kind: 'refused', error: { code, message, hint, values } }
}

process.once('disconnect', () => process.exit(1))
// Ctrl-C reaches both; the node decides what comes of it.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => undefined)
const report = await begin(homeAt(process.argv[2] as string)).then(
  (): BeginReport => ({ kind: 'begun' }),
  reportOf,
)
process.send?.(report, () => process.exit(0))
