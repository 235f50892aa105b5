import { secp256k1 } from '@mmtchain/crypto'
import {
  type AnyChain,
  balancesPart,
  type DocumentPart,
  ensureOnion,
  type Home,
  readKey,
  type StoredKey,
} from '@mmtchain/node'
import { type Amount, formatAddress, toHex } from '@mmtchain/primitives'

/** How many funded keys a chain on one machine has: `demo1` and on. */
export const DEMO_KEYS = 10
/** Units that each demo key owns: a million of a token with 8 decimals. */
const DEMO_UNITS = 100_000_000_000_000n as Amount
/** So many times the least deposit of a chain that elects is what a validator begins with: it deposits and votes a tenth each. */
const VALIDATOR_SHARE = 10n
/** So many organisations a governed chain on one machine begins with. */
const DEMO_ORGANISATIONS = 3

/** The validator `name`, whose key is in `home`. */
export interface RulingKey {
  readonly home: Home
  readonly name: string
}

/**
 * What a chain on one machine begins with, beside the documents of its user: money for the demo keys, the validators standing for
 * election, and, unless such a document says who is there, an organisation for each of the first demo keys.
 */
export async function demoParts(args: {
  readonly chain: AnyChain
  readonly funded: readonly StoredKey[]
  readonly ruling: readonly RulingKey[]
  readonly given: readonly DocumentPart[]
}): Promise<readonly DocumentPart[]> {
  const { chain, funded, ruling, given } = args
  const has = (module: string) => chain.modules.some(({ spec }) => spec.name === module)
  const isGoverned = has('admin') && !given.some(({ module }) => module === 'admin')
  return [
    ...(has('token') ? [balancesPart(chain, funded, DEMO_UNITS)] : []),
    ...(has('election') ? await electionParts(chain, ruling) : []),
    ...(isGoverned ? [organisationsPart(chain, funded.slice(0, DEMO_ORGANISATIONS))] : []),
    ...given,
  ]
}

/** Has each validator stand, with an onion of its own, and vote for itself. */
async function electionParts(
  chain: AnyChain,
  ruling: readonly RulingKey[],
): Promise<readonly DocumentPart[]> {
  const params = chain.modules.find(({ spec }) => spec.name === 'election')?.spec.params
  const { depositMin, voteMin } = Object(params?.value) as { depositMin: bigint; voteMin: bigint }
  const amount = depositMin > voteMin ? depositMin : voteMin
  const delegates = []
  const votes = []
  const keys: StoredKey[] = []
  for (const { home, name } of ruling) {
    const key = readKey(home.keys, name)
    const { commitment, layers } = await ensureOnion(home, name)
    const delegate = formatAddress(key.address, { prefix: chain.addressPrefix })
    const publicKey = { suite: secp256k1.code, key: toHex(key.publicKey) }
    const deposit = amount.toString()
    delegates.push({ delegate, name, url: '', key: publicKey, commitment, layers, deposit })
    votes.push({ voter: delegate, delegate, amount: deposit })
    keys.push(key)
  }
  return [
    balancesPart(chain, keys, (amount * VALIDATOR_SHARE) as Amount),
    { module: 'election', document: { delegates, votes } },
  ]
}

/** Organisations of one approver each, named as its key. */
function organisationsPart({ addressPrefix }: AnyChain, keys: readonly StoredKey[]): DocumentPart {
  const organisations = keys.map(({ name, address }) => ({
    ...{ id: name, name, approvalsNeeded: 1 },
    approvers: [formatAddress(address, { prefix: addressPrefix })],
  }))
  return { module: 'admin', document: { organisations } }
}
