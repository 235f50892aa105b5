import { isChainError } from '@mmtchain/primitives'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  application,
  at,
  coins,
  DEPOSIT,
  FUNDS,
  field,
  type Harbour,
  LAYERS,
  onionOf,
  small,
} from './harbour.ts'
import {
  type Act,
  act,
  begin,
  end,
  lockedFor,
  owner,
  person,
  type Rules,
  ranking,
  votesOf,
  type World,
} from './oracle.ts'

// Random histories on the kernel and on the rules written a second time. MMT_SOAK_SCALE is the percentage of 10,000 histories;
// MMT_SEED repeats a run.
const HISTORIES = Math.ceil(100 * Number(process.env.MMT_SOAK_SCALE ?? '1'))
const SEED = Number(process.env.MMT_SEED ?? Date.now() % 2 ** 31)

const names = ['d0', 'd1', 'd2', 'd3', 'd4', 'c0', 'c1', 'x0', 'x1'] as const
/** The first four rule at genesis, the next three are candidates, the rest may register. */
const validators = names.slice(0, 4)
const candidates = names.slice(4, 7)

const rules = (weight: Rules['weight']) => ({
  ...{ seats: 4, weight, votesMax: small.votesMax, voteMin: small.voteMin, depositMin: DEPOSIT },
  ...{ registerFee: small.registerFee, commandFee: coins(5), unbondingHeights: 30, evidenceHeights: 15 },
  ...{ missesToSuspend: 2, awayEpochs: 1, jailEpochs: 2, cutPercent: 40, reporterPercent: 10 },
})

function worldOf(weight: Rules['weight'], on: Harbour): World {
  return {
    rules: rules(weight),
    people: names.map((name) => {
      const isDelegate = (names as readonly string[]).indexOf(name) < 7
      return {
        ...{ name, address: at(name).slice(2), balance: FUNDS - (isDelegate ? DEPOSIT : 0n), unbonding: [] },
        ...{ delegate: isDelegate ? 'candidate' : undefined, until: 0, deposit: isDelegate ? DEPOSIT : 0n },
        ...{ produced: 0, missed: 0, inRow: 0, anewAt: 0, punished: 0, charge: undefined },
      }
    }),
    ...{
      votes: [],
      height: 0,
      turn: 0,
      epoch: 0,
      epochStart: 1,
      rounds: [0],
      away: [],
      known: new Set<string>(),
      told: [],
    },
    ...{
      roster: [...validators],
      elected: [...validators],
      seed: on.genesis.validators.seed,
      burned: 0n,
      fees: 0n,
    },
  }
}

type Step =
  | Act
  | { readonly kind: 'blocks'; readonly count: number }
  /** Turns pass; their owners are charged in this block, in the next one, twice or not at all. */
  | { readonly kind: 'skip'; readonly round: number; readonly charge: 'now' | 'later' | 'twice' | 'never' }
  | { readonly kind: 'offence'; readonly name: string; readonly ago: number; readonly phase: string }

const someone = fc.constantFrom(...names)
// Few voters and few favourites, so that votes meet.
const voter = fc.oneof({ weight: 3, arbitrary: fc.constantFrom('x0' as const, 'x1' as const) }, someone)
const favourite = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('d0' as const, 'd3' as const, 'c0' as const) },
  someone,
)
const stake = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom(10n, 20n, 100n) },
  fc.bigInt({ min: 0n, max: 300n }),
)
const value = fc.oneof(
  fc.bigInt({ min: 0n, max: 30n }),
  fc.bigInt({ min: 10n, max: 3_000n }),
  fc.constantFrom(FUNDS, 10n, 100n),
)
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('register' as const, 'resign' as const, 'unjail' as const),
    by: someone,
  }),
  fc.record({ kind: fc.constant('withdraw' as const), by: someone }),
  fc.record({ kind: fc.constant('addDeposit' as const), by: someone, amount: value }),
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('vote' as const), by: voter, on: favourite, amount: stake }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('unvote' as const), by: voter, on: favourite, amount: stake }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('blocks' as const), count: fc.integer({ min: 1, max: 9 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('skip' as const),
      round: fc.integer({ min: 1, max: 5 }),
      charge: fc.constantFrom(
        'now' as const,
        'later' as const,
        'now' as const,
        'twice' as const,
        'never' as const,
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('offence' as const),
      ...{
        name: someone,
        ago: fc.integer({ min: -1, max: 17 }),
        phase: fc.constantFrom('PREPARE', 'COMMIT'),
      },
    }),
  },
)

/** One block on both sides: what is in it, and the act of one account at most. */
function block(
  on: Harbour,
  world: World,
  {
    round = 0,
    misses = [],
    offences = [],
  }: Partial<Pick<Parameters<typeof begin>[1], 'round' | 'misses' | 'offences'>>,
  doing?: Act,
): void {
  const proposer = person(world, owner(world, round))
  const plan = {
    round,
    misses,
    offences,
    reveal: onionOf(at(proposer.name)).reveal(LAYERS - proposer.produced),
  }
  const trial = structuredClone(world)
  const invalid = begin(trial, plan)
  if (invalid) {
    expect(codeOf(() => on.advance({ blocks: 1, ...onChain({ round, misses, offences }) }))).toBe(invalid)
    return
  }
  begin(world, plan)
  if (doing) {
    const want = act(world, doing)
    expect([doing, send(on, doing)]).toEqual([doing, want])
  } else on.advance({ blocks: 1, ...onChain({ round, misses, offences }) })
  end(world)
}

function onChain({
  round,
  misses,
  offences,
}: Pick<Parameters<typeof begin>[1], 'round' | 'misses' | 'offences'>) {
  return {
    round,
    misses: misses.map((one) => ({
      height: BigInt(one.height) as never,
      round: one.round,
      proposer: at(one.name),
    })),
    evidence: offences.map(({ height, name, kind }) => ({
      culprit: at(name),
      height: BigInt(height) as never,
      kind,
    })),
  }
}

function send(on: Harbour, doing: Act): string | undefined {
  const { election } = on.as(at(doing.by))
  switch (doing.kind) {
    case 'register':
      return election.register(application(on, at(doing.by))).code
    case 'addDeposit':
      return election.addDeposit({ amount: coins(doing.amount) }).code
    case 'vote':
    case 'unvote':
      return election[doing.kind]({ delegate: at(doing.on), amount: coins(doing.amount) }).code
    default:
      return election[doing.kind](null).code
  }
}

function codeOf(work: () => unknown): string | undefined {
  try {
    work()
  } catch (error) {
    if (isChainError(error)) return error.code
    throw error
  }
  return undefined
}

function follow(on: Harbour, world: World, step: Step): void {
  switch (step.kind) {
    case 'blocks':
      for (let i = 0; i < step.count; i++) block(on, world, {})
      return
    case 'skip': {
      const height = world.height + 1
      const misses = Array.from({ length: step.round }, (_, round) => ({
        height,
        round,
        name: owner(world, round),
      }))
      const now = step.charge === 'now' || step.charge === 'twice' ? misses : []
      block(on, world, { round: step.round, misses: now })
      if (step.charge === 'later') block(on, world, { misses })
      if (step.charge === 'twice') block(on, world, { misses: misses.slice(0, 1) })
      return
    }
    case 'offence': {
      const offence = { height: world.height + 1 - step.ago, name: step.name, kind: step.phase }
      if (offence.height > 0) block(on, world, { offences: [offence] })
      return
    }
    default:
      block(on, world, {}, step)
  }
}

function same(on: Harbour, world: World): void {
  const nameOf = new Map(names.map((name) => [at(name), name]))
  const named = (list: readonly { readonly address: string }[]) =>
    list.map((one) => nameOf.get(one.address as never))
  const epoch = on.read.election.epoch(null)
  expect(named(on.validators.validators)).toEqual(world.roster)
  expect({
    ...{ height: on.height, epoch: epoch.epoch, turn: epoch.turn, start: on.validators.epochStartTurn },
    ...{ seed: epoch.seed, elected: epoch.elected.map((one) => nameOf.get(one)) },
    ranking: on.read.election.ranking({ after: null, limit: 100 }).map((one) => nameOf.get(one.delegate)),
    away: epoch.away.map((one) => nameOf.get(one.delegate)).sort(),
    fees: on.read.token.feePool(null),
    supply: on.read.token.supply(null),
  }).toEqual({
    ...{ height: BigInt(world.height), epoch: BigInt(world.epoch), turn: BigInt(world.turn) },
    ...{ start: BigInt(world.epochStart), seed: world.seed, elected: world.elected, ranking: ranking(world) },
    ...{ away: world.away.map((one) => one.name).sort(), fees: world.fees },
    supply: FUNDS * BigInt(names.length + 4) - world.burned,
  })
  for (const [i, name] of ranking(world).entries())
    expect(on.read.election.rank({ delegate: at(name) })).toBe(i + 1)
  for (const one of world.people) {
    const [owned, stake] = [{ owner: at(one.name) }, { delegate: at(one.name) }]
    const found = on.read.election.delegate(stake)
    const { balance, locks } = on.read.token.holdings(owned)
    const voter = on.read.election.voter({ voter: at(one.name) })
    const unbonding = one.unbonding.reduce((sum, { amount }) => sum + amount, 0n)
    const wanted = {
      'election.votes': lockedFor(world, one.name) + unbonding,
      'election.deposit': one.deposit,
    }
    expect({
      ...{ name: one.name, balance, locked: voter.locked, standing: found?.profile.standing.kind },
      locks: Object.fromEntries(locks.map(({ purpose, amount }) => [purpose, amount])),
      unbonding: voter.unbonding.reduce((sum, { amount }) => sum + amount, 0n),
      duty: found && [found.duty.produced, found.duty.missed, found.duty.missedInRow],
      ...{ deposit: found?.profile.deposit, votes: found?.votes },
    }).toEqual({
      ...{ name: one.name, balance: one.balance, locked: lockedFor(world, one.name), standing: one.delegate },
      locks: Object.fromEntries(Object.entries(wanted).filter(([, amount]) => amount > 0n)),
      unbonding,
      duty: one.delegate ? [one.produced, one.missed, one.inRow].map(BigInt) : null,
      ...(one.delegate
        ? { deposit: one.deposit, votes: votesOf(world, one.name) }
        : { deposit: undefined, votes: undefined }),
    })
  }
}

test(`any history of commands, epochs, misses and evidence is as the rules say (seed ${SEED})`, {
  timeout: 6 * 3_600_000,
}, () => {
  const seen = { epochs: 0, suspended: 0, jailed: 0, back: 0, full: 0, vote: 0, unvote: 0 }
  const count = (world: World) => {
    seen.epochs += world.epoch
    seen.full += world.people.filter((one) => one.charge).length
    for (const words of world.told) if (words in seen) seen[words as keyof typeof seen] += 1
  }
  fc.assert(
    fc.property(
      fc.constantFrom('split' as const, 'full' as const, 'one' as const),
      fc.array(step, { minLength: 5, maxLength: 20 }),
      (weight, steps) => {
        const { commandFee: _, ...options } = rules(weight)
        const on = field({ options, validators, candidates, voters: names.slice(7) })
        const world = worldOf(weight, on)
        for (const one of steps) {
          const { epoch } = world
          follow(on, world, one)
          if (world.epoch !== epoch) same(on, world)
        }
        same(on, world)
        count(world)
      },
    ),
    { numRuns: HISTORIES, seed: SEED },
  )
  // Histories in which nothing happens would prove nothing. Few voters take back what they gave, in a hundred histories perhaps none.
  for (const [what, times] of Object.entries(seen))
    expect(times, what).toBeGreaterThanOrEqual(Math.floor(HISTORIES / (what === 'unvote' ? 200 : 50)))
})
