import { type Codec, decode } from '@mmtchain/codec'
import {
  type ElectionGranted,
  type ElectionOptions,
  type ElectionReads,
  election,
  makeOnion,
  type Onion,
  possessionMessage,
} from '@mmtchain/consensus-dpos'
import { secp256k1, sha256 } from '@mmtchain/crypto'
import {
  type Address,
  type Amount,
  address,
  amount as amountCodec,
  defineChain,
  defineModule,
  type Hash,
  need,
  struct,
  u64,
} from '@mmtchain/kernel'
import { amount, utf8 } from '@mmtchain/primitives'
import { type Outcome, testAccount, testAccountAt, testAddresses, testChain, turns } from '@mmtchain/testkit'
import { token } from '@mmtchain/token-rewards'

export const [ann, ben, cat, dan] = testAddresses('ann', 'ben', 'cat', 'dan')
export const coins = (value: number | bigint): Amount => amount(BigInt(value))
export const LAYERS = 3_000
export const DEPOSIT = coins(1_000)
export const FUNDS = coins(1_000_000)

const onions = new Map<string, Onion>()
/** The onion of a test account; `number` counts those that it has had. */
export function onionOf(who: Address, number = 0): Onion {
  const name = `${testAccountAt(who).name} onion ${number}`
  const known = onions.get(name)
  if (known) return known
  const whole = makeOnion({ secret: sha256(utf8(name)), layers: LAYERS })
  // Long histories peel the same layers again and again.
  const peeled = new Map<number, Uint8Array>()
  const reveal = (left: number) => {
    const layer = peeled.get(left) ?? whole.reveal(left)
    peeled.set(left, layer)
    return layer
  }
  const onion = { ...whole, reveal }
  onions.set(name, onion)
  return onion
}

export const keyOf = (name: string) => {
  const secret = sha256(utf8(`consensus key ${name}`))
  return { secret, key: { suite: secp256k1.code, key: secp256k1.publicKey(secret) } }
}

export const accountKey = (who: Address) => {
  const [key] = testAccountAt(who).authority.keys
  if (!key) throw new Error('an authority has a key')
  return key
}

/** Small numbers, so that tests can count by hand. */
export const small = {
  voteMin: coins(10),
  depositMin: DEPOSIT,
  registerFee: coins(200),
  unbondingHeights: 100,
  evidenceHeights: 50,
  votesMax: 3,
}

/** Lets anyone share an amount among the voters of a delegate, as a module does that rewards them. */
const patron = defineModule('patron', { needs: { election: need<{}, ElectionGranted, ElectionReads>() } })
  .command('give', struct({ delegate: address, amount: amountCodec }), (ctx, { delegate, amount: value }) =>
    ctx.needs.election.share({ from: ctx.sender, delegate, amount: value }),
  )
  .query('votes', address, u64, (ctx, delegate) => ctx.needs.election.votes(delegate))

export const chainOf = (options: ElectionOptions) =>
  defineChain({ id: 'harbour-1', addressPrefix: 'hbr', slotMs: 1_000, consensus: turns() })
    .use(token({ symbol: 'HKT', decimals: 2, commandFee: coins(5) }))
    .use(election({ ...small, ...options }), { grants: { token: ['lock', 'unlock', 'burn', 'move'] } })
    .use(patron, { grants: { election: ['share'] } })

interface Field {
  readonly options: ElectionOptions
  /** The validators of the genesis, by name. */
  readonly validators: readonly string[]
  /** Further delegates of the genesis. */
  readonly candidates?: readonly string[]
  readonly voters?: readonly string[]
  readonly votes?: readonly (readonly [voter: string, delegate: string, amount: number | bigint])[]
  /** The chain, where it has more modules than others. */
  readonly chain?: typeof chainOf
  /** How many layers the delegates of the genesis say that their onions have. */
  readonly layers?: number
  /** What proposers reveal; the onion of their account unless given. */
  readonly reveals?: 'none' | ((proposer: Address, duty: Duty) => Uint8Array)
}
interface Duty {
  readonly onion: { readonly layer: Hash; readonly left: number }
}

const addresses = new Map<string, Address>()
export function at(name: string): Address {
  const known = addresses.get(name) ?? testAccount(name).address
  addresses.set(name, known)
  return known
}

/** A chain with these people, each rich. */
export function field({
  options,
  validators,
  candidates = [],
  voters = [],
  votes = [],
  layers = LAYERS,
  chain = chainOf,
  reveals,
}: Field) {
  const delegates = [...validators, ...candidates]
  const people = [...new Set([...delegates, ...voters, 'ann', 'ben', 'cat', 'dan'])]
  return testChain(
    chain(options),
    {
      token: { balances: people.map((name) => ({ owner: at(name), amount: FUNDS })), unclaimed: [] },
      election: {
        delegates: delegates.map((name) => ({
          ...{ delegate: at(name), name, url: '', key: accountKey(at(name)), deposit: DEPOSIT },
          ...{ commitment: onionOf(at(name)).commitment, layers },
        })),
        votes: votes.map(([voter, delegate, value]) => ({
          ...{ voter: at(voter), delegate: at(delegate), amount: coins(value) },
        })),
      },
    },
    {
      validators: validators.map(at),
      ...(reveals === 'none'
        ? {}
        : {
            reveal: (proposer, read) => {
              const found = read.election.delegate({ delegate: proposer })
              if (!found) throw new Error(`${proposer} proposes and is no delegate`)
              const { epoch } = read.election.epoch(null)
              const { onion, nextOnion } = found.duty
              const due = nextOnion && epoch >= nextOnion.from ? nextOnion.onion : onion
              if (reveals) return reveals(proposer, { onion: due })
              if (nextOnion && due === nextOnion.onion) return onionOf(proposer, 1).reveal(due.left)
              return onionOf(proposer).reveal(due.left + LAYERS - layers)
            },
          }),
    },
  )
}
export type Harbour = ReturnType<typeof field>

/** What somebody says who registers, as it should be. */
export function application(
  on: Harbour,
  who: Address,
  change: { readonly name?: string; readonly key?: string } = {},
) {
  const { name = testAccountAt(who).name } = change
  const { secret, key } = keyOf(change.key ?? name)
  const { fingerprint } = on.genesis
  return {
    ...{ name, url: 'https://harbour.example', key, deposit: DEPOSIT },
    ...{ commitment: onionOf(who).commitment, layers: LAYERS },
    proof: secp256k1.sign(possessionMessage({ fingerprint, delegate: who, key }), secret),
  }
}

/** What a transaction said: each event with its data. */
export function said(on: Harbour, { receipt }: Outcome): readonly (readonly [string, unknown])[] {
  return (receipt?.events ?? []).map(({ module, name, data }) => {
    const spec = on.genesis.chain.modules.find((used) => used.spec.name === module)?.spec
    return [`${module}.${name}`, decode(spec?.events[name] as Codec<unknown>, data)] as const
  })
}

/** The names of those who rule the next height, sorted. */
export const ruling = (on: Harbour): string[] =>
  on.validators.validators.map((one) => testAccountAt(one.address).name).sort()

/** Empty blocks until the epoch has ended so many times. */
export function epochs(on: Harbour, count: number): void {
  for (const end = on.validators.epoch + BigInt(count); on.validators.epoch < end; ) on.advance({ blocks: 1 })
}
export const standing = (on: Harbour, name: string) =>
  on.read.election.delegate({ delegate: at(name) })?.profile.standing.kind
