// What an election has to come to, told once more and beside the module (docs/spec and its README), for a chain without branches. Nodes that
// share a mistake agree with each other, so only somebody else can see it.
import { address, decode, height, struct, u32, u64 } from '@mmtchain/codec'
import { sha256 } from '@mmtchain/crypto'
import { type Address, addressToBytes, concatBytes, hashToBytes, toHex } from '@mmtchain/primitives'
import type { Setup, SetupBlock } from '@mmtchain/simulator'

const EVENTS = {
  missed: struct({ delegate: address, height, round: u32, times: u64 }),
  suspended: struct({ delegate: address, until: u64 }),
  jailed: struct({ delegate: address, until: u64 }),
  returned: struct({ delegate: address }),
}

/** What the chain file says. */
export interface ElectionTerms {
  readonly seats: number
  readonly missesToSuspend: number
  readonly awayEpochs: number
  readonly weightMax: bigint
  readonly dec?: { readonly seatsMin: number; readonly idlePercent: number; readonly fullPercent: number }
}

interface Epoch {
  readonly seats: number
  readonly elected: readonly Address[]
  readonly away: readonly unknown[]
}

export function electionRules(terms: ElectionTerms): NonNullable<Setup['judge']> {
  return () => {
    const missedInRow = new Map<Address, bigint>()
    /** The height up to which its misses are over. */
    const anewAt = new Map<Address, bigint>()
    /** The first epoch in which who was sent away may rule again. */
    const awayUntil = new Map<Address, bigint>()
    let [turn, weight, blocks, full, idle] = [0n, 0n, 0n, 0, 0]
    let seatsBefore = terms.seats
    let electedBefore: readonly Address[] | undefined

    function beginAnew(who: Address, at: bigint): void {
      missedInRow.set(who, 0n)
      anewAt.set(who, at)
    }

    function count({ parent, stored: { block, receipts } }: SetupBlock): string[] {
      const wrong: string[] = []
      const { header, transactions } = block
      turn += 1n + BigInt(header.round)
      blocks += 1n
      for (const { body } of transactions) weight += body.weightMax
      for (const { module, name, data } of receipts.begin) {
        if (module !== 'election' || name !== 'missed') continue
        const missed = decode(EVENTS.missed, data)
        if (missed.height > (anewAt.get(missed.delegate) ?? 0n))
          missedInRow.set(missed.delegate, (missedInRow.get(missed.delegate) ?? 0n) + missed.times)
      }
      beginAnew(header.proposer, header.height)
      // Whoever comes back begins anew, whatever it missed while it was away.
      for (const { module, name, data } of [
        ...receipts.transactions.flatMap(({ events }) => events),
        ...receipts.end,
      ])
        if (module === 'election' && name === 'returned')
          beginAnew(decode(EVENTS.returned, data).delegate, header.height)
      for (const { module, name, data } of receipts.end) {
        if (module !== 'election' || (name !== 'suspended' && name !== 'jailed')) continue
        const { delegate, until } = decode(EVENTS[name], data)
        awayUntil.set(delegate, until)
        const inRow = missedInRow.get(delegate) ?? 0n
        if (name === 'suspended' && inRow < BigInt(terms.missesToSuspend))
          wrong.push(`${delegate} is suspended for ${inRow} misses in a row`)
        // The epoch that is being filled, and as many more.
        const want = parent.validators.epoch + 2n + BigInt(terms.awayEpochs)
        if (name === 'suspended' && until !== want)
          wrong.push(`${delegate} is suspended until epoch ${until}`)
        if (name === 'suspended') beginAnew(delegate, header.height)
        else missedInRow.set(delegate, 0n)
      }
      return wrong
    }

    function rotation({ parent, tip }: SetupBlock): string[] {
      const { validators: before } = parent
      const { validators: now } = tip
      const isOver = turn - before.epochStartTurn + 1n >= BigInt(before.validators.length)
      if (isOver !== now.epoch > before.epoch)
        return [isOver ? 'an epoch goes on though each seat has had a turn' : 'an epoch ends before its time']
      if (!isOver) return now.epoch === before.epoch ? [] : ['the epoch goes back']
      const wrong: string[] = []
      if (now.epochStartTurn !== turn + 1n) wrong.push('an epoch does not begin with the next turn')
      const order = now.validators.map((one) => one.address)
      const place = (who: Address) => toHex(sha256(concatBytes(hashToBytes(now.seed), addressToBytes(who))))
      const sorted = [...order].sort((a, b) => (place(a) < place(b) ? -1 : 1))
      if (order.join() !== sorted.join()) wrong.push('seats are not in the order of the seed')
      if (electedBefore && [...electedBefore].sort().join() !== [...order].sort().join())
        wrong.push('others rule than were elected an epoch ago')
      return wrong
    }

    /** Seats that follow congestion: after two epochs of a kind, three at most, within bounds. */
    function size({ seats }: Epoch, turns: bigint): string[] {
      const { dec, weightMax } = terms
      const before = seatsBefore
      seatsBefore = seats
      if (!dec) return seats === terms.seats ? [] : [`${seats} seats instead of ${terms.seats}`]
      const filled = weight * 100n
      const capacity = blocks * weightMax
      full = filled >= BigInt(dec.fullPercent) * capacity ? full + 1 : 0
      const isCalm = (turns - blocks) * 10n <= turns
      idle = filled <= BigInt(dec.idlePercent) * capacity && isCalm ? idle + 1 : 0
      const wrong: string[] = []
      if (seats < before && full < 2) wrong.push(`fewer seats after ${full} full epochs in a row`)
      if (seats > before && idle < 2) wrong.push(`more seats after ${idle} idle epochs in a row`)
      if (Math.abs(seats - before) > 3) wrong.push(`${before} seats become ${seats} at once`)
      if (seats > terms.seats || seats < Math.min(before, dec.seatsMin)) wrong.push(`${seats} seats`)
      if (full === 2 && before > dec.seatsMin && seats === before)
        wrong.push('no fewer seats though all is full')
      if (full === 2 || idle === 2) [full, idle] = [0, 0]
      return wrong
    }

    function chosen(shown: SetupBlock, { seats, elected, away }: Epoch): string[] {
      const { machine, store, tip } = shown
      const ask = (limit: number) =>
        machine.query(store, tip, { module: 'election', query: 'ranking', input: { after: null, limit } })
      const ranking = (ask(100) as readonly { readonly delegate: Address }[]).map(({ delegate }) => delegate)
      const wrong: string[] = []
      if (ranking.length > 0 && elected.join() !== ranking.slice(0, seats).join())
        wrong.push('the elected are not those with most votes')
      const rulesIn = tip.validators.epoch + 1n
      const mostAway = Math.floor((Math.min(seats, ranking.length) - 1) / 3)
      for (const who of elected) {
        if ((awayUntil.get(who) ?? 0n) > rulesIn) wrong.push(`${who} is elected while it is away`)
        const inRow = missedInRow.get(who) ?? 0n
        const canGo = away.length < mostAway && ranking.length > seats
        if (inRow >= BigInt(terms.missesToSuspend) && canGo)
          wrong.push(`${who} keeps its seat after ${inRow} misses in a row`)
      }
      // Who has no seat to lose begins anew.
      for (const [who, inRow] of missedInRow)
        if (inRow >= BigInt(terms.missesToSuspend) && !elected.includes(who))
          beginAnew(who, shown.stored.block.header.height)
      return wrong
    }

    return (shown) => {
      const { machine, store, parent, tip } = shown
      const wrong = [...count(shown), ...rotation(shown)]
      if (tip.validators.epoch === parent.validators.epoch) return wrong
      const asked = { module: 'election', query: 'epoch', input: null }
      const epoch = machine.query(store, tip, asked) as Epoch
      wrong.push(...size(epoch, turn - parent.validators.epochStartTurn + 1n), ...chosen(shown, epoch))
      electedBefore = epoch.elected
      weight = 0n
      blocks = 0n
      return wrong
    }
  }
}
