// Chains whose validators are elected, for the simulator: votes go to and fro, whoever stands may be elected, misses and evidence take seats.
import { encode } from '@mmtchain/codec'
import { dpos, election, makeOnion, type Onion } from '@mmtchain/consensus-dpos'
import { pbft } from '@mmtchain/consensus-pbft'
import { sha256 } from '@mmtchain/crypto'
import { address, amount, type Engine, struct } from '@mmtchain/kernel'
import { amount as toAmount, utf8 } from '@mmtchain/primitives'
import type { Plan, Setup } from '@mmtchain/simulator'
import { token } from '@mmtchain/token-rewards'

const LAYERS = 4_000
const DEPOSIT = toAmount(1_000n)
const FUNDS = toAmount(1_000_000n)
const VOTE = struct({ delegate: address, amount })

const onions = new Map<string, Onion>()
function onionOf(who: string): Onion {
  const onion = onions.get(who) ?? makeOnion({ secret: sha256(utf8(`onion ${who}`)), layers: LAYERS })
  onions.set(who, onion)
  return onion
}

/** What is elected: so many seats as the plan has validators, all nodes stand, and few misses take a seat. */
export function elected(args: {
  readonly name: string
  readonly engine: (seats: number) => Engine
  readonly plan: Plan
  /** Seats follow congestion: an epoch with a vote a block is full, one without transactions idle. */
  readonly dec?: boolean
}): Setup {
  const { plan, name } = args
  const people: string[] = []
  return {
    name,
    isElected: true,
    engine: () => args.engine(plan.validators),
    blockWeightMax: 20_000n,
    genesis({ base, timeMs, validators, people: standing, accounts, documents }) {
      people.splice(0, people.length, ...standing.map((one) => one.address))
      const chain = base.use(token({ symbol: 'SIM', decimals: 0, commandFee: toAmount(1n) })).use(
        election({
          ...{
            seats: plan.validators,
            depositMin: DEPOSIT,
            registerFee: toAmount(10n),
            voteMin: toAmount(1n),
          },
          ...{
            unbondingHeights: 400,
            evidenceHeights: 200,
            missesToSuspend: 2,
            awayEpochs: 1,
            jailEpochs: 2,
          },
          ...(args.dec && {
            dec: { seatsMin: Math.max(1, plan.validators - 3), idlePercent: 0, fullPercent: 1 },
          }),
        }),
        { grants: { token: ['lock', 'unlock', 'burn', 'move'] } },
      )
      return chain.genesis({
        ...{ timeMs, validators },
        documents: {
          ...documents,
          token: {
            balances: [...standing.map((one) => one.address), ...accounts].map((owner) => ({
              owner,
              amount: FUNDS,
            })),
            unclaimed: [],
          },
          election: {
            delegates: standing.map(({ address: delegate, key }, i) => ({
              ...{ delegate, name: `d${i}`, url: '', key, deposit: DEPOSIT },
              ...{ commitment: onionOf(delegate).commitment, layers: LAYERS },
            })),
            votes: standing
              .slice(0, plan.validators)
              .map(({ address: delegate }) => ({ voter: delegate, delegate, amount: toAmount(50n) })),
          },
        },
      })
    },
    reveal({ address: who, machine, store, tip }) {
      const input = { delegate: who }
      const found = machine.query(store, tip, { module: 'election', query: 'delegate', input })
      const { left } = (found as { duty: { onion: { left: number } } }).duty.onion
      return left > 0 ? onionOf(who).reveal(left) : undefined
    },
    call(chance, { validators, observers }) {
      const all = validators + observers
      const nameOf = (node: number) => (node < validators ? `v${node}` : `o${node - validators}`)
      const delegate = chance.pick(people)
      if (delegate === undefined) return undefined
      const command = chance.perMille(700) ? 'vote' : 'unvote'
      const input = encode(VOTE, {
        delegate: delegate as never,
        amount: toAmount(BigInt(1 + chance.below(80))),
      })
      return { from: nameOf(chance.below(all)), module: 'election', command, input }
    },
  }
}

/** DPoS elects, PBFT makes final. */
export const dsft = (plan: Plan): Setup =>
  elected({ name: 'dsft', plan, engine: (fullSeats) => pbft({ fullSeats }), dec: plan.validators >= 7 })

/** DPoS alone, with votes in headers. */
export const dposElected = (plan: Plan): Setup =>
  elected({ name: 'dpos elected', plan, engine: () => dpos() })

export const dposFixed: Setup = { name: 'dpos', engine: () => dpos() }
