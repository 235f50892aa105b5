// How many seats there are: whole numbers in, whole numbers out.

/** The most of n validators that may be faulty while all others agree. */
export function faultsMax(n: number): number {
  return Math.max(0, Math.floor((n - 1) / 3))
}

/** How the number of seats follows congestion. */
export interface SeatRule {
  /** The fewest seats. On a public chain at least 27 and two thirds of the seats: fewer would make a flood a way to weaken it. */
  readonly seatsMin: number
  /** An epoch whose blocks are filled to this many per cent of their weight, or more, is full. */
  readonly fullPercent: number
  /** One whose blocks are filled to this many per cent or less, and that passed over at most a tenth of its turns, is idle. */
  readonly idlePercent: number
}

/** Seats now, and for how many epochs in a row there was reason to change them. */
export interface SeatState {
  readonly seats: number
  readonly fullEpochs: number
  readonly idleEpochs: number
}

/** What one epoch was like. */
export interface Load {
  readonly weight: bigint
  /** What its blocks could have held. */
  readonly capacity: bigint
  readonly blocks: bigint
  readonly turns: bigint
}

/** How many epochs in a row must be full, or idle, before seats change: three seats in two epochs at most. */
const EPOCHS_TO_CHANGE = 2
const STEP = 3

/**
 * The seats after an epoch: three fewer after two full epochs in a row, three more after two idle ones, between `seatsMin` and
 * `seatsMax`; within those three, a number n with n mod 3 = 1 where there is one, because only those make the most of n.
 */
export function seatsAfter(
  rule: SeatRule & { readonly seatsMax: number },
  state: SeatState,
  { weight, capacity, blocks, turns }: Load,
): SeatState {
  const isFull = weight * 100n >= BigInt(rule.fullPercent) * capacity
  const isIdle = weight * 100n <= BigInt(rule.idlePercent) * capacity && (turns - blocks) * 10n <= turns
  const fullEpochs = isFull ? state.fullEpochs + 1 : 0
  const idleEpochs = isIdle ? state.idleEpochs + 1 : 0
  if (fullEpochs === EPOCHS_TO_CHANGE) return { seats: fewer(state.seats, rule.seatsMin), ...CALM }
  if (idleEpochs === EPOCHS_TO_CHANGE) return { seats: more(state.seats, rule.seatsMax), ...CALM }
  return { seats: state.seats, fullEpochs, idleEpochs }
}

const CALM = { fullEpochs: 0, idleEpochs: 0 }

function fewer(seats: number, min: number): number {
  const least = Math.min(seats, Math.max(min, seats - STEP))
  for (let n = least; n < seats; n++) if (n % 3 === 1) return n
  return least
}

function more(seats: number, max: number): number {
  const most = Math.max(seats, Math.min(max, seats + STEP))
  for (let n = most; n > seats; n--) if (n % 3 === 1) return n
  return most
}
