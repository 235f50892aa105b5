// What a node must find when it starts again: who voted for what, as far back as votes reach, who ruled, and what it signed last.
import {
  address,
  bool,
  decode,
  encode,
  hash,
  height,
  list,
  option,
  struct,
  text,
  u16,
  u64,
} from '@mmtchain/codec'
import { type Tip, type Validator, type ValidatorSet, validator, validatorsHash } from '@mmtchain/kernel'
import { type Address, equalBytes, type Hash } from '@mmtchain/primitives'
import { type Branch, baseOf, branchFrom, type Link, tipOf, withTip } from './branch.ts'
import type { Offence } from './offence.ts'
import { type VoteHeader, type Votes, withBlock } from './votes.ts'

/** The header by which this node voted last. */
export interface Signed extends Omit<VoteHeader, 'proposer'> {
  readonly turn: bigint
}
/** An offence of which the branch has evidence, and the height of the block that brought it. */
export interface Accused extends Offence {
  readonly at: bigint
}
export interface Remembered {
  readonly branch: Branch
  readonly accused: readonly Accused[]
  readonly signed: Signed | undefined
}

/** The most accusations that are remembered. */
export const ACCUSED_MAX = 1_024
const LINKS_MAX = 16_384

const voted = { maxHeightGenerated: u64, maxHeightPrevoted: u64 }
const link = struct({
  ...{ id: hash, turn: u64, timeMs: u64, proposer: u16, roster: u16, ...voted },
  /** Who rules after it, by its place; not known yet of the tip. */
  next: option(u16),
})
const checkpoint = struct({
  /** All accounts that are named below, by their places. */
  addresses: list(address, { max: 65_535 }),
  rosters: list(list(u16, { max: 1_024 }), { max: LINKS_MAX }),
  /** Who ruled with which key, and the sets of them: without these a node could not judge a branch that leaves its own. */
  validators: list(validator, { max: 65_535 }),
  sets: list(struct({ epoch: u64, epochStartTurn: u64, seed: hash, validators: list(u16, { max: 1_024 }) }), {
    max: LINKS_MAX,
  }),
  /** The votes after the base of the branch, and the height of the base. */
  blocks: list(struct({ proposer: u16, quorum: u16, prevotes: u16, precommits: u16, ...voted }), {
    max: 3_072,
  }),
  members: list(struct({ address: u16, activeFrom: u64, precommitted: u64 }), { max: 1_024 }),
  base: u64,
  whole: bool,
  ...{ prevoted: u64, precommitted: u64, final: u64 },
  /** From the base up to the tip. */
  links: list(link, { max: LINKS_MAX }),
  accused: list(struct({ culprit: address, height, kind: text({ bytesMax: 32 }), at: u64 }), {
    max: ACCUSED_MAX,
  }),
  signed: option(struct({ turn: u64, height: u64, ...voted })),
})

export function checkpointOf({ branch, accused, signed }: Remembered): Uint8Array {
  const places = new Map<Address, number>()
  const place = (who: Address): number => {
    const found = places.get(who) ?? places.size
    places.set(who, found)
    return found
  }
  // Links of one epoch have the same roster, mostly the same object.
  const rosterPlaces = new Map<string, number>()
  const rosters: number[][] = []
  let last: readonly Address[] | undefined
  let lastPlace = 0
  const rosterPlace = (roster: readonly Address[]): number => {
    if (roster === last) return lastPlace
    const numbers = roster.map(place)
    const key = numbers.join()
    const found = rosterPlaces.get(key) ?? rosters.push(numbers) - 1
    rosterPlaces.set(key, found)
    last = roster
    lastPlace = found
    return found
  }
  const { baseVotes, final, links } = branch
  const sets = setTable(links)
  const value = {
    blocks: baseVotes.blocks.map((one) => ({ ...one, proposer: place(one.proposer) })),
    members: [...baseVotes.members].map(([who, member]) => ({ address: place(who), ...member })),
    ...{ base: baseOf(branch).height, whole: baseVotes.whole, final },
    ...{ prevoted: baseVotes.maxHeightPrevoted, precommitted: baseVotes.maxHeightPrecommitted },
    links: links.map(({ id, turn, timeMs, votes, roster, next }) => ({
      ...{ id, turn, timeMs, proposer: place(votes.proposer), roster: rosterPlace(roster) },
      ...{ maxHeightGenerated: votes.maxHeightGenerated, maxHeightPrevoted: votes.maxHeightPrevoted },
      next: next ? (sets.places.get(next.hash) ?? null) : null,
    })),
    ...{ validators: sets.validators, sets: sets.sets },
    accused: accused.slice(-ACCUSED_MAX),
    signed: signed ?? null,
  }
  return encode(checkpoint, { ...value, addresses: [...places.keys()], rosters })
}

/** The sets that rule after the links, each once, and their validators, each once with each key. */
function setTable(links: readonly Link[]) {
  const validators: Validator[] = []
  const keys = new Map<Address, number[]>()
  const place = (one: Validator): number => {
    const known = keys.get(one.address) ?? []
    const found = known.find((at) => isSameKey((validators[at] as Validator).key, one.key))
    if (found !== undefined) return found
    const added = validators.push(one) - 1
    keys.set(one.address, [...known, added])
    return added
  }
  const places = new Map<Hash, number>()
  const sets: (Omit<ValidatorSet, 'validators'> & { readonly validators: readonly number[] })[] = []
  for (const { next } of links)
    if (next && !places.has(next.hash))
      places.set(next.hash, sets.push({ ...next.set, validators: next.set.validators.map(place) }) - 1)
  return { validators, sets, places }
}

function isSameKey(a: Validator['key'], b: Validator['key']): boolean {
  return a.suite === b.suite && equalBytes(a.key, b.key)
}

/** What a checkpoint says of the branch that ends with this tip. Without one nothing before the tip is known. */
export function remembered(tip: Tip, written: Uint8Array, fingerprint: Hash): Remembered {
  const nothing = { branch: branchFrom(tip), accused: [], signed: undefined }
  if (written.length === 0) return nothing
  const value = decode(checkpoint, written)
  const who = (place: number) => value.addresses[place] as Address
  const rosters = value.rosters.map((numbers) => numbers.map(who))
  const nexts = value.sets.map(({ validators, ...set }) => {
    const whole = { ...set, validators: validators.map((at) => value.validators[at] as Validator) }
    return { set: whole, hash: validatorsHash(fingerprint, whole) }
  })
  const first = value.base - BigInt(value.blocks.length) + 1n
  const baseVotes: Votes = {
    blocks: value.blocks.map((one, i) => ({
      ...one,
      proposer: who(one.proposer),
      height: first + BigInt(i),
    })),
    members: new Map(value.members.map(({ address: at, ...member }) => [who(at), member])),
    ...{ maxHeightPrevoted: value.prevoted, maxHeightPrecommitted: value.precommitted, whole: value.whole },
  }
  const links = value.links.map(({ id, turn, timeMs, proposer, roster, next, ...heights }, i): Link => {
    const at = value.base + BigInt(i)
    return {
      ...{ id, turn, timeMs, height: at, maxHeightPrevoted: heights.maxHeightPrevoted },
      votes: { ...heights, height: at, proposer: who(proposer) },
      ...{ roster: rosters[roster] ?? [], next: next === null ? undefined : nexts[next], sealed: undefined },
    }
  })
  let tipVotes = baseVotes
  for (const { votes, roster } of links.slice(1)) tipVotes = withBlock(tipVotes, votes, roster)
  const branch = { links, baseVotes, tipVotes, final: value.final }
  if (tipOf(branch).id !== tip.id) return { ...nothing, signed: value.signed ?? undefined }
  return { branch: withTip(branch, tip), accused: value.accused, signed: value.signed ?? undefined }
}
