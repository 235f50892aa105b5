import {
  address,
  amount,
  amountSum,
  bool,
  hash,
  height,
  list,
  option,
  struct,
  text,
  tuple,
  u8,
  u16,
  u32,
  u64,
  u128,
  union,
  unit,
} from '@mmtchain/codec'
import {
  cell,
  counted,
  defineModule,
  need,
  params,
  type Read,
  type TypesOf,
  table,
  validator,
  validatorSet,
  type WriteOf,
} from '@mmtchain/kernel'
import { type Address, type Amount, amount as toAmount, hash as toHash } from '@mmtchain/primitives'
import { publicKey } from '@mmtchain/tx'
import { checkOptions, type ElectionOptions, parameters, SEATS_MAX } from './options.ts'
import { electionRefusals } from './refusals.ts'

/** All that the election asks of a token, by the chain file's grants. */
export interface Stakes {
  /** Takes an amount out of its owner's balance; it stays the owner's, and nobody can spend it until `unlock`. */
  lock(args: Stake): undefined
  unlock(args: Stake): undefined
  burn(args: { readonly from: Address; readonly amount: Amount }): undefined
  move(args: { readonly from: Address; readonly to: Address; readonly amount: Amount }): undefined
}
/** An amount of an account, and what it is locked for. */
export interface Stake {
  readonly owner: Address
  readonly purpose: string
  readonly amount: Amount
}

/** For what amounts are locked: votes, also those that are being taken back, and deposits. */
export const VOTES = 'election.votes'
export const DEPOSIT = 'election.deposit'

export const name = text({ bytesMax: 20 })
export const url = text({ bytesMax: 128 })

/** Where a delegate stands. Only candidates are ranked. */
export const standing = union({
  candidate: unit,
  /** Comes back by itself, for the election that rules this epoch. */
  suspended: struct({ until: u64 }),
  /** May ask to come back from this epoch on. */
  jailed: struct({ until: u64 }),
  /** For ever; the deposit is free from this height on. */
  resigned: struct({ free: height }),
})

export const delegate = struct({
  name,
  url,
  key: publicKey,
  registered: height,
  deposit: amount,
  standing,
  /** The height up to which its offences are punished; older ones that come to light cost nothing more. */
  punished: height,
})

/** What a delegate was given: votes, and rewards for those who gave them. */
export const tally = struct({
  votes: u64,
  ranked: bool,
  /** Rewards for one vote since the beginning, in units of 2^-40. */
  perVote: u128,
  /** What did not divide evenly, in units of 2^-40; it is shared with the next reward. */
  remainder: u128,
  /** What lies here for voters, in units of the token. */
  pot: amount,
})

export const onion = struct({ layer: hash, left: u32 })

/** What a delegate did. */
export const duty = struct({
  produced: u64,
  missed: u64,
  /** Turns of its own in a row that it missed, up to now. */
  missedInRow: u64,
  /** Misses up to this height are no longer of that row: it made a block, came back, or had no seat to lose. */
  forgivenTo: height,
  lastProduced: height,
  onion,
  nextOnion: option(struct({ from: u64, onion })),
})

export const vote = struct({ amount, perVote: u128 })

/** Where the epoch stands after the block. */
export const progress = struct({
  /** The epoch of the next block. */
  epoch: u64,
  turn: u64,
  /** The running seed. */
  seed: hash,
  blocks: u64,
  weight: u128,
  seats: u16,
  fullEpochs: u8,
  idleEpochs: u8,
})

const ZERO = toAmount(0n)
const NO_VOTES = { votes: 0n, ranked: false, perVote: 0n, remainder: 0n, pot: ZERO }
const NO_HASH = toHash('0'.repeat(64))

/** What the election owns, says, refuses and needs. */
export function nouns(options: ElectionOptions) {
  return defineModule('election', {
    params: params(parameters, checkOptions(options)),
    needs: { token: need<{}, Stakes>() },
    state: {
      delegates: table(address, delegate),
      names: table(name, address),
      /** Every consensus key that ever was registered, by its hash. */
      keys: table(hash, address),
      tallies: table(address, tally, NO_VOTES),
      /** The candidates in order: most votes first, then lowest address. */
      ranking: counted(table(tuple(u64, address), bool)),
      votes: table(tuple(address, address), vote),
      voters: table(address, struct({ locked: amount, count: u16 }), { locked: ZERO, count: 0 }),
      /** What voters have taken back, by owner and the height from which it is free. */
      unbonding: table(tuple(address, height), amount, ZERO),
      votesTotal: cell(amountSum, 0n),
      duties: table(address, duty),
      /** Who must answer at the end of the epoch: for misses, or for what it did at this height. */
      charged: table(address, union({ misses: unit, offence: height })),
      /** Seats that are empty by suspension or jail, by the epoch for which they no longer count. */
      away: table(tuple(u64, address), bool),
      /** The rounds of recent heights that took more than one. */
      rounds: table(height, u32, 0),
      /** Misses that were charged, as long as they could be charged again. */
      misses: table(tuple(height, u32), bool),
      /** Offences that were charged, as long as they could be charged again. */
      offences: table(tuple(height, address, text({ bytesMax: 32 })), bool),
      progress: cell(progress, {
        ...{ epoch: 0n, turn: 0n, seed: NO_HASH, blocks: 0n, weight: 0n },
        ...{ seats: 0, fullEpochs: 0, idleEpochs: 0 },
      }),
      /** Who rules the next epoch, in the order of the seats, once it is known. */
      ruling: cell(validatorSet),
      /** Who rules the epoch after the current one: chosen, not yet in order. */
      elected: cell(list(validator, { max: SEATS_MAX }), []),
    },
    events: {
      registered: struct({ delegate: address, name, key: publicKey, deposit: amount }),
      deposited: struct({ delegate: address, amount }),
      resigned: struct({ delegate: address }),
      keyRotated: struct({ delegate: address, key: publicKey }),
      committed: struct({ delegate: address, layer: hash, from: u64 }),
      voted: struct({ voter: address, delegate: address, amount }),
      unvoted: struct({ voter: address, delegate: address, amount, free: height }),
      withdrawn: struct({ owner: address, amount }),
      collected: struct({ voter: address, delegate: address, amount }),
      missed: struct({ delegate: address, height, round: u32, times: u64 }),
      punished: struct({ culprit: address, height, cut: amount, reporter: address, reward: amount }),
      suspended: struct({ delegate: address, until: u64 }),
      jailed: struct({ delegate: address, until: u64 }),
      returned: struct({ delegate: address }),
      elected: struct({ epoch: u64, seats: u16, seed: hash }),
    },
    errors: electionRefusals,
  })
}

export type ElectionContext = WriteOf<ReturnType<typeof nouns>>
export type ElectionReader = Read<TypesOf<ReturnType<typeof nouns>>>
