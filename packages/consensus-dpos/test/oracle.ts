// The rules of the election a second time, as the README says them: plain arrays, everything counted anew, one turn after another.
import { createHash } from 'node:crypto'

export interface Rules {
  readonly seats: number
  readonly weight: 'split' | 'full' | 'one'
  readonly votesMax: number
  readonly voteMin: bigint
  readonly depositMin: bigint
  readonly registerFee: bigint
  readonly commandFee: bigint
  readonly unbondingHeights: number
  readonly evidenceHeights: number
  readonly missesToSuspend: number
  readonly awayEpochs: number
  readonly jailEpochs: number
  readonly cutPercent: number
  readonly reporterPercent: number
}
type Standing = 'candidate' | 'suspended' | 'jailed' | 'resigned'
export interface Person {
  readonly name: string
  /** 64 hex digits. */
  readonly address: string
  balance: bigint
  readonly unbonding: { free: number; amount: bigint }[]
  delegate: Standing | undefined
  until: number
  deposit: bigint
  produced: number
  missed: number
  inRow: number
  /** Misses up to this height are over. */
  anewAt: number
  punished: number
  charge: 'misses' | 'offence' | undefined
}
export interface Vote {
  readonly voter: string
  readonly delegate: string
  amount: bigint
}
export interface World {
  readonly rules: Rules
  readonly people: Person[]
  votes: Vote[]
  height: number
  turn: number
  epoch: number
  epochStart: number
  roster: string[]
  elected: string[]
  seed: string
  burned: bigint
  fees: bigint
  readonly away: { name: string; until: number }[]
  /** What was charged already, in words. */
  readonly known: Set<string>
  /** How many rounds each height took beyond the first. */
  readonly rounds: number[]
  /** What came of charges, and acts that were not refused, for tests that ask whether enough has happened. */
  readonly told: string[]
}

const sha = (...hex: string[]) =>
  createHash('sha256')
    .update(Buffer.from(hex.join(''), 'hex'))
    .digest('hex')
const tag = (text: string) => Buffer.from(text.padEnd(16, '\0')).toString('hex')
export const person = (world: World, name: string): Person => {
  const found = world.people.find((one) => one.name === name)
  if (!found) throw new Error(`there is no ${name}`)
  return found
}

export const votesOf = ({ votes, rules }: World, name: string): bigint =>
  votes
    .filter((one) => one.delegate === name)
    .reduce((sum, one) => sum + (rules.weight === 'one' ? 1n : one.amount), 0n)

export function lockedFor({ votes, rules }: World, voter: string): bigint {
  const own = votes.filter((one) => one.voter === voter).map((one) => one.amount)
  if (rules.weight === 'split') return own.reduce((sum, one) => sum + one, 0n)
  return own.reduce((most, one) => (one > most ? one : most), 0n)
}

/** Most votes first, then lowest address. */
export function ranking(world: World): string[] {
  return world.people
    .filter((one) => one.delegate === 'candidate')
    .map((one) => ({ ...one, votes: votesOf(world, one.name) }))
    .sort((a, b) => (a.votes === b.votes ? (a.address < b.address ? -1 : 1) : a.votes > b.votes ? -1 : 1))
    .map((one) => one.name)
}

/** Who has the turn after so many others. */
export function owner(world: World, passed: number): string {
  let place = -1
  for (let turn = world.epochStart; turn <= world.turn + 1 + passed; turn++)
    place = place + 1 === world.roster.length ? 0 : place + 1
  return world.roster[place] as string
}

// 1. Commands: each answers with the code of its refusal.

export type Act =
  | { readonly kind: 'register' | 'resign' | 'unjail' | 'withdraw'; readonly by: string }
  | { readonly kind: 'addDeposit'; readonly by: string; readonly amount: bigint }
  | { readonly kind: 'vote' | 'unvote'; readonly by: string; readonly on: string; readonly amount: bigint }

export function act(world: World, act: Act): string | undefined {
  const by = person(world, act.by)
  const fee = act.kind === 'register' ? world.rules.registerFee : world.rules.commandFee
  if (by.balance < fee) return 'token/CANNOT_PAY_FEE'
  by.balance -= fee
  world.fees += fee
  const code = refused(world, by, act)
  if (code === undefined) world.told.push(act.kind)
  return code
}

function refused(world: World, by: Person, act: Act): string | undefined {
  const { rules, height } = world
  const stands = by.delegate !== undefined && by.delegate !== 'resigned'
  if (act.kind === 'register') {
    if (by.delegate) return 'election/ALREADY_REGISTERED'
    if (by.balance < rules.depositMin) return 'token/INSUFFICIENT_BALANCE'
    by.balance -= rules.depositMin
    by.deposit = rules.depositMin
    by.delegate = 'candidate'
    return undefined
  }
  if (act.kind === 'resign' || act.kind === 'addDeposit' || act.kind === 'unjail') {
    if (!by.delegate) return 'election/NOT_REGISTERED'
    if (!stands) return 'election/RESIGNED'
  }
  switch (act.kind) {
    case 'resign':
      by.delegate = 'resigned'
      by.until = height + rules.unbondingHeights
      return undefined
    case 'addDeposit':
      if (act.amount === 0n) return 'election/ZERO_AMOUNT'
      if (by.balance < act.amount) return 'token/INSUFFICIENT_BALANCE'
      by.balance -= act.amount
      by.deposit += act.amount
      return undefined
    case 'unjail':
      if (by.delegate !== 'jailed') return 'election/NOT_JAILED'
      if (world.epoch < by.until) return 'election/STILL_JAILED'
      if (by.deposit < rules.depositMin) return 'election/DEPOSIT_TOO_SMALL'
      by.delegate = 'candidate'
      beginAnew(world, by)
      return undefined
    case 'withdraw': {
      const due = by.unbonding.filter((one) => one.free <= height)
      let freed = due.reduce((sum, one) => sum + one.amount, 0n)
      for (const one of due) by.unbonding.splice(by.unbonding.indexOf(one), 1)
      if (by.delegate === 'resigned' && by.until <= height) {
        freed += by.deposit
        by.deposit = 0n
      }
      by.balance += freed
      return freed === 0n ? 'election/NOTHING_FREE' : undefined
    }
    case 'vote': {
      const delegate = person(world, act.on)
      if (!delegate.delegate) return 'election/NOT_REGISTERED'
      if (delegate.delegate === 'resigned') return 'election/RESIGNED'
      if (act.amount === 0n) return 'election/ZERO_AMOUNT'
      const before = world.votes.find((one) => one.voter === act.by && one.delegate === act.on)
      if ((before?.amount ?? 0n) + act.amount < rules.voteMin) return 'election/VOTE_TOO_SMALL'
      if (!before && world.votes.filter((one) => one.voter === act.by).length >= rules.votesMax)
        return 'election/TOO_MANY_VOTES'
      const votes = world.votes.map((one) => ({ ...one }))
      const locked = lockedFor(world, act.by)
      if (before) before.amount += act.amount
      else world.votes.push({ voter: act.by, delegate: act.on, amount: act.amount })
      const more = lockedFor(world, act.by) - locked
      if (by.balance < more) {
        world.votes = votes
        return 'token/INSUFFICIENT_BALANCE'
      }
      by.balance -= more
      return undefined
    }
    case 'unvote': {
      if (act.amount === 0n) return 'election/ZERO_AMOUNT'
      const vote = world.votes.find((one) => one.voter === act.by && one.delegate === act.on)
      if (!vote || vote.amount < act.amount) return 'election/INSUFFICIENT_VOTE'
      const rest = vote.amount - act.amount
      if (rest > 0n && rest < rules.voteMin) return 'election/VOTE_TOO_SMALL'
      const locked = lockedFor(world, act.by)
      vote.amount = rest
      world.votes = world.votes.filter((one) => one.amount > 0n)
      const freed = locked - lockedFor(world, act.by)
      if (freed > 0n) by.unbonding.push({ free: height + rules.unbondingHeights, amount: freed })
      return undefined
    }
  }
}

// 2. Blocks.

export interface BlockPlan {
  readonly round: number
  readonly reveal: Uint8Array
  readonly misses: readonly { readonly height: number; readonly round: number; readonly name: string }[]
  readonly offences: readonly { readonly height: number; readonly name: string; readonly kind: string }[]
}

/** Begins the next block. Its acts follow, then `end`. Answers with the code of what makes it invalid. */
export function begin(world: World, { round, reveal, misses, offences }: BlockPlan): string | undefined {
  const { rules } = world
  const proposer = person(world, owner(world, round))
  world.turn += 1 + round
  world.height += 1
  world.rounds[world.height] = round
  for (const { height, round: at, name } of misses) {
    const words = `miss ${height} ${at}`
    if (height > world.height || height < world.height - world.roster.length) return 'election/BAD_MISS'
    if (at >= (world.rounds[height] ?? 0) || world.known.has(words)) return 'election/BAD_MISS'
    world.known.add(words)
    const one = person(world, name)
    one.missed += 1
    if (height > one.anewAt) one.inRow += 1
    if (one.inRow >= rules.missesToSuspend) one.charge ??= 'misses'
  }
  proposer.produced += 1
  beginAnew(world, proposer)
  world.seed = sha(tag('mmt/dpos/seed/1'), world.seed, Buffer.from(reveal).toString('hex'))
  for (const { height, name, kind } of offences) {
    const words = `offence ${height} ${name} ${kind}`
    if (height > world.height || height < world.height - rules.evidenceHeights)
      return 'election/EXPIRED_EVIDENCE'
    if (world.known.has(words)) return 'election/REPEATED_EVIDENCE'
    world.known.add(words)
    const culprit = person(world, name)
    if (!culprit.delegate || height <= culprit.punished || culprit.charge === 'offence') continue
    const cut = (culprit.deposit * BigInt(rules.cutPercent)) / 100n
    const reward = culprit === proposer ? 0n : (cut * BigInt(rules.reporterPercent)) / 100n
    culprit.deposit -= cut
    proposer.balance += reward
    world.burned += cut - reward
    culprit.charge = 'offence'
  }
  return undefined
}

/** Ends the block, and the epoch with it when every seat has had its turn. */
export function end(world: World): void {
  if (world.turn - world.epochStart + 1 < world.roster.length) return
  const ruling = world.epoch + 2
  const inOrder = world.elected.map((name) => ({
    name,
    place: sha(world.seed, person(world, name).address),
  }))
  inOrder.sort((a, b) => (a.place < b.place ? -1 : 1))
  world.roster = inOrder.map((one) => one.name)
  world.epochStart = world.turn + 1
  for (const one of world.away.filter(({ until }) => until <= ruling)) {
    world.away.splice(world.away.indexOf(one), 1)
    const back = person(world, one.name)
    if (back.delegate !== 'suspended') continue
    back.delegate = 'candidate'
    beginAnew(world, back)
    world.told.push('back')
  }
  answer(world, ruling)
  const chosen = ranking(world).slice(0, world.rules.seats)
  if (chosen.length > 0) world.elected = chosen
  world.epoch += 1
}

function answer(world: World, ruling: number): void {
  const { rules, people } = world
  const seats = Math.min(rules.seats, ranking(world).length)
  const seriousness = (one: Person) => (one.charge === 'offence' ? 0 : 1)
  const charged = people.filter((one) => one.charge)
  charged.sort((a, b) => {
    const votes = [a, b].map((one) => votesOf(world, one.name)) as [bigint, bigint]
    if (seriousness(a) !== seriousness(b)) return seriousness(a) - seriousness(b)
    return votes[0] === votes[1] ? (a.address > b.address ? -1 : 1) : votes[0] < votes[1] ? -1 : 1
  })
  const isSeated = (one: Person) => ranking(world).slice(0, seats).includes(one.name)
  const isFull = () => world.away.length >= Math.floor((seats - 1) / 3) || ranking(world).length <= seats
  /** Who answers now: whoever is first. Each seat that is taken may be somebody else's who is charged, so all are asked anew. */
  const first = () =>
    charged.find((one) => one.charge && (isSeated(one) ? !isFull() : one.charge === 'offence'))
  for (let one = first(); one; one = first()) {
    if (isSeated(one)) world.away.push({ name: one.name, until: ruling + rules.awayEpochs })
    if (one.charge === 'offence') {
      one.punished = world.height
      if (one.delegate !== 'resigned') {
        one.delegate = 'jailed'
        one.until = ruling + rules.jailEpochs
        world.told.push('jailed')
      }
    } else {
      one.delegate = 'suspended'
      world.told.push('suspended')
      beginAnew(world, one)
    }
    one.charge = undefined
  }
  for (const one of charged) if (one.charge && !isSeated(one)) beginAnew(world, one)
}

/** Its misses are over; an offence is not. */
function beginAnew(world: World, one: Person): void {
  one.inRow = 0
  one.anewAt = world.height
  if (one.charge === 'misses') one.charge = undefined
}
