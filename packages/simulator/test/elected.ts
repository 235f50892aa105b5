// Chains whose validators are elected, for the simulator: votes go to and fro, whoever stands may be elected, misses and evidence take seats.
import { encode } from '@mmtchain/codec'
import { dpos, election, makeOnion, type Onion } from '@mmtchain/consensus-dpos'
import { pbft } from '@mmtchain/consensus-pbft'
import { sha256 } from '@mmtchain/crypto'
import { address, amount, type Engine, struct } from '@mmtchain/kernel'
import { amount as toAmount, utf8 } from '@mmtchain/primitives'
import { CALM, type Fault, type Plan, planOf, type Setup } from '@mmtchain/simulator'
import { token } from '@mmtchain/token-rewards'
import { electionRules } from './election-rules.ts'

const LAYERS = 4_000
const DEPOSIT = toAmount(1_000n)
const FUNDS = toAmount(1_000_000n)
const BLOCK_WEIGHT = 20_000n
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
  /** The election itself, where it is not the right one. */
  readonly made?: typeof election
  /** Rules for a chain without branches. */
  readonly isJudged?: boolean
}): Setup {
  const { plan, name, made = election } = args
  const terms = {
    seats: plan.validators,
    missesToSuspend: 2,
    awayEpochs: 1,
    ...(args.dec && {
      dec: { seatsMin: Math.max(1, plan.validators - 3), idlePercent: 0, fullPercent: 1 },
    }),
  }
  const people: string[] = []
  return {
    name,
    isElected: true,
    engine: () => args.engine(plan.validators),
    blockWeightMax: BLOCK_WEIGHT,
    ...(args.isJudged && { judge: electionRules({ ...terms, weightMax: BLOCK_WEIGHT }) }),
    genesis({ base, timeMs, validators, people: standing, accounts, documents }) {
      people.splice(0, people.length, ...standing.map((one) => one.address))
      const chain = base.use(token({ symbol: 'SIM', decimals: 0, commandFee: toAmount(1n) })).use(
        made({
          ...terms,
          ...{
            depositMin: DEPOSIT,
            registerFee: toAmount(10n),
            voteMin: toAmount(1n),
          },
          ...{
            unbondingHeights: 400,
            evidenceHeights: 200,
            jailEpochs: 2,
          },
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
export const dsft = (
  plan: Plan,
  parts: { readonly pbft?: typeof pbft; readonly election?: typeof election } = {},
): Setup =>
  elected({
    ...{ name: 'dsft', plan, dec: plan.validators >= 7, isJudged: true },
    engine: (fullSeats) => (parts.pbft ?? pbft)({ fullSeats }),
    ...(parts.election && { made: parts.election }),
  })

/** DPoS alone, with votes in headers. */
export const dposElected = (plan: Plan): Setup =>
  elected({ name: 'dpos elected', plan, engine: () => dpos() })

export const dposFixed: Setup = { name: 'dpos', engine: () => dpos() }

/**
 * Nothing but nodes that are away. With an odd seed there are seven seats, which can follow congestion, and some nodes are away for a
 * while; with an even one there are four, and one node is away for a turn or so now and then, which is no reason to suspend it.
 */
export function electedPlan(seed: number): Plan {
  const validators = seed % 2 === 0 ? 4 : 7
  const away = (node: number, atMs: number, downMs: number): Fault => ({
    ...{ kind: 'crash', reaches: 1, power: false },
    ...{ node: node % validators, atMs, downMs },
  })
  const now = seed % 5
  const faults =
    validators === 4
      ? [0, 1, 2, 3, 4].map((i) => away(seed / 2, 2_000 + i * (8_000 + 200 * now), 3_200 + 100 * now))
      : [0, 1].map((i) => away(seed + 3 * i, 2_000 + i * (3_000 + 1_000 * now), 9_000 + 3_000 * now))
  return {
    ...planOf(seed, { validators, minutes: 0.75 }),
    ...{ observers: 2, weather: CALM, liars: [], faults, suite: 'mac', syncMs: 0, loadMs: 300 },
  }
}
