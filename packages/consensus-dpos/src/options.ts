import { amount, type Infer, option, struct, text, u8, u16, u32 } from '@mmtchain/codec'
import { type Amount, amount as toAmount } from '@mmtchain/primitives'
import { electionFail } from './refusals.ts'
import type { SeatRule } from './seats.ts'

/** The most seats: what a validator set holds. */
export const SEATS_MAX = 1024
/** The most delegates for whom one voter votes. */
export const VOTES_MAX = 128

/** What a chain file says of its election. Amounts are in the smallest unit of the token. */
export interface ElectionOptions {
  /** How many rule: 108 advised, 27 the least for a public alliance, 1 for a development chain. */
  readonly seats: number
  /**
   * What a vote weighs: `split`: each vote locks its own amount, which counts once; `full`: the largest of a voter's votes is
   * locked, and each vote counts its amount in full; `one`: the same lock, but each vote counts one, whatever it locks, for
   * alliances that know their members. `split` by default.
   */
  readonly weight?: 'split' | 'full' | 'one'
  /** For how many delegates one voter may vote, 1 to 128; 10 by default. */
  readonly votesMax?: number
  /** The smallest vote; one token of 8 decimals by default. */
  readonly voteMin?: Amount
  /** What a delegate must have deposited to stand; 1,000 tokens of 8 decimals by default. */
  readonly depositMin?: Amount
  /** What it costs to register; 200 tokens of 8 decimals by default. */
  readonly registerFee?: Amount
  /** How long a vote that is taken back, or the deposit of a delegate who resigned, stays locked; 60,480 by default, a week of 10 s. */
  readonly unbondingHeights?: number
  /** How long an offence can be charged; half of `unbondingHeights` by default. */
  readonly evidenceHeights?: number
  /** How many misses in a row take the seat, 1 to 255; 3 by default. */
  readonly missesToSuspend?: number
  /** For how many epochs after the next a suspended delegate stays away; 2 by default. */
  readonly awayEpochs?: number
  /** For how many epochs after the next a jailed delegate cannot ask to come back; 100 by default. */
  readonly jailEpochs?: number
  /** How much of the deposit an offence costs, in per cent; 50 by default. */
  readonly cutPercent?: number
  /** How much of the cut goes to who brought the evidence, in per cent, the rest is burned; 5 by default. */
  readonly reporterPercent?: number
  /** Lets the number of seats follow congestion. Without it the number is fixed. */
  readonly dec?: Partial<SeatRule>
}

export const parameters = struct({
  seats: u16,
  weight: text({ bytesMax: 5 }),
  votesMax: u16,
  voteMin: amount,
  depositMin: amount,
  registerFee: amount,
  unbondingHeights: u32,
  evidenceHeights: u32,
  missesToSuspend: u8,
  awayEpochs: u32,
  jailEpochs: u32,
  cutPercent: u8,
  reporterPercent: u8,
  dec: option(struct({ seatsMin: u16, fullPercent: u8, idlePercent: u8 })),
})
export type Parameters = Infer<typeof parameters>

/** The options with their defaults. Throws `election/BAD_OPTIONS`. */
export function checkOptions(options: ElectionOptions): Parameters {
  const { seats, dec } = options
  const { unbondingHeights = 60_480 } = options
  const chosen: Parameters = {
    weight: 'split',
    votesMax: 10,
    voteMin: toAmount(100_000_000n),
    depositMin: toAmount(100_000_000_000n),
    registerFee: toAmount(20_000_000_000n),
    evidenceHeights: Math.floor(unbondingHeights / 2),
    missesToSuspend: 3,
    awayEpochs: 2,
    jailEpochs: 100,
    cutPercent: 50,
    reporterPercent: 5,
    ...options,
    unbondingHeights,
    dec: dec ? { seatsMin: publicSeatsMin(seats), fullPercent: 75, idlePercent: 25, ...dec } : null,
  }
  const within = (field: string, value: number, min: number, max: number) =>
    Number.isInteger(value) && value >= min && value <= max
      ? []
      : [`${field} is ${value}, not ${min} to ${max}`]
  const problems = [
    ...within('seats', seats, 1, SEATS_MAX),
    ...(['split', 'full', 'one'].includes(chosen.weight) ? [] : [`the weight ${chosen.weight} is not known`]),
    ...within('votesMax', chosen.votesMax, 1, VOTES_MAX),
    ...(chosen.voteMin > 0n ? [] : ['voteMin is 0']),
    ...within('missesToSuspend', chosen.missesToSuspend, 1, 255),
    ...within('awayEpochs', chosen.awayEpochs, 1, 1_000_000),
    ...within('jailEpochs', chosen.jailEpochs, chosen.awayEpochs, 1_000_000),
    ...within('cutPercent', chosen.cutPercent, 0, 100),
    // Who brings evidence against itself must lose by it, whoever else it pretends to be.
    ...within('reporterPercent', chosen.reporterPercent, 0, 50),
    ...within('evidenceHeights', chosen.evidenceHeights, 1, 100_000_000),
    // A delegate who resigns may rule for what is left of this epoch and the next; evidence of its last block must still find the deposit.
    ...within('unbondingHeights', unbondingHeights, chosen.evidenceHeights + 3 * seats, 200_000_000),
    ...(chosen.dec
      ? [
          ...within('dec.seatsMin', chosen.dec.seatsMin, 1, seats),
          ...within('dec.fullPercent', chosen.dec.fullPercent, chosen.dec.idlePercent + 1, 100),
          ...within('dec.idlePercent', chosen.dec.idlePercent, 0, 99),
        ]
      : []),
  ]
  if (problems[0] !== undefined) throw electionFail.BAD_OPTIONS({ why: problems[0] })
  return chosen
}

/** The fewest seats of a public chain: 27, and two thirds of all. */
function publicSeatsMin(seats: number): number {
  return Math.min(seats, Math.max(27, Math.ceil((2 * seats) / 3)))
}
