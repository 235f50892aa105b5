// Rows that a vote and the end of an epoch read and write, and milliseconds, as candidates and voters grow tenfold.
// Run: node packages/consensus-dpos/bench/election.mjs [candidates] [voters]   (100,000 and 1,000,000 by default)
import { decodeKey, encode, encodeKey } from '@mmtchain/codec'
import { election, makeOnion } from '@mmtchain/consensus-dpos'
import { createMachine, defineChain, tablePrefix, ZERO_HASH } from '@mmtchain/kernel'
import { countingStore } from '@mmtchain/node-runtime'
import { addressFromBytes, amount, fromHex, height, utf8 } from '@mmtchain/primitives'
import { testAccount, turnRequest, turns } from '@mmtchain/testkit'
import { token } from '@mmtchain/token-rewards'

const candidatesMax = Number(process.argv[2] ?? 100_000)
const votersMax = Number(process.argv[3] ?? 1_000_000)
const ROUNDS = 15
const coins = (tokens) => amount(BigInt(tokens) * 100_000_000n)
const deposit = coins(1_000)
const NONE = { kind: 'candidate', value: null }
const onion = makeOnion({ secret: utf8('bench'), layers: 64 })

function chainOf(seats, weight) {
  return defineChain({ id: 'bench-1', consensus: turns() })
    .use(token({ symbol: 'BEN' }))
    .use(election({ seats, weight }), { grants: { token: ['lock', 'unlock', 'burn', 'move'] } })
}

/** The address of a made-up account: a class, then its number spread over the key space. */
function someone(kind, number) {
  const bytes = new Uint8Array(32)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, Math.imul(number, 2_654_435_761) >>> 0)
  view.setUint32(4, number)
  bytes[8] = kind
  return addressFromBytes(bytes)
}

/** The number of a made-up voter, or undefined for anybody else. */
function voterNumber(address, voters) {
  const bytes = fromHex(address.slice(2))
  const view = new DataView(bytes.buffer)
  const number = view.getUint32(4)
  return bytes[8] === 2 && view.getUint32(0) === Math.imul(number, 2_654_435_761) >>> 0 && number < voters
    ? number
    : undefined
}

/** A chain with so many candidates and voters. Rows of made-up voters are made when they are read: a million take no memory. */
function world({ seats, candidates, voters, weight = 'split' }) {
  const chain = chainOf(seats, weight)
  const names = Array.from({ length: seats }, (_, i) => `validator ${i}`)
  const accounts = names.map((name) => testAccount(name))
  const voter = testAccount('voter')
  const genesis = chain.genesis({
    timeMs: 1_700_000_000_000n,
    validators: accounts.map(({ address, authority }) => ({ address, key: authority.keys[0] })),
    documents: {
      token: {
        balances: [...accounts, voter].map(({ address }) => ({ owner: address, amount: coins(100_000) })),
      },
      election: {
        delegates: accounts.map(({ address, authority }, i) => ({
          ...{ delegate: address, name: `v${i}`, url: '', key: authority.keys[0], deposit },
          ...{ commitment: onion.commitment, layers: onion.layers },
        })),
      },
    },
  })
  const machine = createMachine(genesis)
  const rows = new Map()
  const counts = { get: 0, visited: 0, written: 0 }
  const tables = chain.modules.find(({ spec }) => spec.name === 'election').spec.state
  const key = (table, of) => tablePrefix('election', table) + encodeKey(tables[table].key, of)
  const put = (table, of, value) => rows.set(key(table, of), encode(tables[table].value, value))
  const [votesPrefix, votersPrefix] = ['votes', 'voters'].map((name) => tablePrefix('election', name))
  const made = Array.from({ length: Math.max(0, candidates - seats) }, (_, i) => someone(1, i))
  const perCandidate = Math.floor(voters / Math.max(1, made.length))

  /** The row of a made-up voter: each votes for one made-up candidate. */
  function virtual(stored) {
    if (stored.startsWith(votersPrefix)) {
      const number = voterNumber(decodeKey(tables.voters.key, stored.slice(votersPrefix.length)), voters)
      return number === undefined ? undefined : encode(tables.voters.value, { locked: coins(1), count: 1 })
    }
    if (stored.startsWith(votesPrefix)) {
      const [by, on] = decodeKey(tables.votes.key, stored.slice(votesPrefix.length))
      const number = voterNumber(by, voters)
      if (number === undefined || made[number % made.length] !== on) return undefined
      return encode(tables.votes.value, { amount: coins(1), perVote: 0n })
    }
    return undefined
  }

  let order
  const state = {
    get(stored) {
      counts.get++
      return rows.get(stored) ?? virtual(stored)
    },
    *entries({ prefix, from, reverse }) {
      if (reverse) throw new Error('the election reads no range downwards')
      order ??= [...rows.keys()].sort()
      let [low, high] = [0, order.length]
      const first = from !== undefined && from > prefix ? from : prefix
      while (low < high) {
        const middle = (low + high) >> 1
        if (order[middle] < first) low = middle + 1
        else high = middle
      }
      for (; order[low]?.startsWith(prefix); low++) {
        counts.visited++
        yield [order[low], rows.get(order[low])]
      }
    },
    stage(changes) {
      counts.written = changes.length
      counts.changes = changes
      return { root: ZERO_HASH }
    },
  }
  const begun = machine.begin(state)
  for (const [stored, value] of counts.changes) rows.set(stored, value)
  const none = new Uint8Array()
  for (const [i, who] of made.entries()) {
    const votes = coins(1) * BigInt(perCandidate + (i < voters - perCandidate * made.length ? 1 : 0))
    put('delegates', who, {
      ...{ name: `c${i}`, url: '', key: { suite: 1, key: none }, registered: height(0n), deposit },
      ...{ standing: NONE, punished: height(0n) },
    })
    put('tallies', who, { votes, ranked: true, perVote: 0n, remainder: 0n, pot: amount(0n) })
    put('ranking', [(1n << 64n) - 1n - votes, who], true)
    put('duties', who, {
      ...{ produced: 0n, missed: 0n, missedInRow: 0n, forgivenTo: height(0n), lastProduced: height(0n) },
      ...{ onion: { layer: onion.commitment, left: 64 }, nextOnion: null },
    })
  }
  rows.set(tablePrefix('election', 'votesTotal'), encode(tables.votesTotal.value, coins(1) * BigInt(voters)))
  // In order here, as a store has them.
  order = [...rows.keys()].sort()
  const counted = (work) => {
    Object.assign(counts, { get: 0, visited: 0, written: 0, changes: [] })
    const start = process.hrtime.bigint()
    const result = work()
    return { ms: Number(process.hrtime.bigint() - start) / 1e6, ...counts, result }
  }

  /** One transaction of the voter in a block, beside the same block without it. */
  function command(name, input) {
    const spec = chain.modules.find(({ spec: one }) => one.name === 'election').spec.commands.get(name)
    const body = {
      ...{ fingerprint: genesis.fingerprint, sender: voter.address, authority: voter.authority, nonce: 0n },
      ...{ validUntil: height(100n), fee: coins(1), weightMax: 1_000n, payer: null },
      calls: [{ module: 'election', command: name, input: encode(spec.input, input) }],
    }
    const transaction = { body, signatures: [], payerConsent: null }
    const prepared = { transaction, id: ZERO_HASH, bytes: utf8('one') }
    const [empty, full] = [[], [prepared]].map((list) => block(0, list))
    const error =
      full.result.receipts.transactions[0]?.receipt?.error ?? full.result.receipts.transactions[0]?.error
    if (error || full.result.skipped.length > 0)
      throw new Error(JSON.stringify(error ?? full.result.skipped[0].error.message))
    const rows = ['get', 'visited', 'written'].map((what) => [what, full[what] - empty[what]])
    return { ...Object.fromEntries(rows), ms: full.ms, without: empty.ms }
  }

  function block(round, list = []) {
    const { proposer, request } = turnRequest(begun.tip, 10_000n, {
      round,
      reveal: onion.reveal(onion.layers),
    })
    return counted(() => machine.build(state, { parent: begun.tip, proposer, request, candidates: list }))
  }
  return {
    ...{ genesis, machine, state, block, command, candidate: made[0], tip: begun.tip, seats },
    ranking: tablePrefix('election', 'ranking'),
    /** The row of a made-up candidate in the ranking. */
    rankKey(number) {
      const votes = coins(1) * BigInt(perCandidate + (number < voters - perCandidate * made.length ? 1 : 0))
      return key('ranking', [(1n << 64n) - 1n - votes, made[number]])
    },
  }
}

/** The quickest of several runs: what else the machine does only makes them slower. */
const quickest = (list) => Math.min(...list)
function measured(run) {
  const all = Array.from({ length: ROUNDS }, run)
  const { get, visited, written } = all[0]
  const ms = quickest(all.map((one) => one.ms)) - quickest(all.map(({ without = 0 }) => without))
  return { read: get + visited, written, ms }
}
const shown = ({ read, written, ms }) =>
  `${String(read).padStart(5)} read ${String(written).padStart(4)} written ${ms.toFixed(2).padStart(7)} ms`

const sizes = [100, 10, 1].map((part) => [Math.ceil(candidatesMax / part), Math.ceil(votersMax / part)])
const seats = Math.min(108, sizes[0][0] - 1)
const table = []
for (const [candidates, voters] of sizes) {
  const on = world({ seats, candidates, voters })
  if (candidates === sizes[0][0]) {
    // Made-up voters are in no range, so that sums over them cannot hold; the ranking must.
    const broken = on.machine.brokenInvariants(on.state, on.tip).filter((one) => /ranking/.test(one))
    if (broken.length > 0) throw new Error(broken.join('; '))
  }
  const vote = measured(() => on.command('vote', { delegate: on.candidate, amount: coins(5) }))
  const [ordinary, last] = [measured(() => on.block(0)), measured(() => on.block(seats - 1))]
  table.push({ vote, ordinary, last })
  console.log(`${candidates} candidates, ${voters} voters, ${seats} seats`)
  console.log(`  a vote             ${shown(vote)}`)
  console.log(`  an ordinary block  ${shown(ordinary)}`)
  console.log(`  the last of epoch  ${shown(last)}   ${(last.ms / ordinary.ms).toFixed(1)} x an ordinary one`)
}
const [small, large] = [table[0], table.at(-1)]
const ratio = (what, of) => (large[what][of] / small[what][of]).toFixed(2)
console.log(`from the smallest to the largest, 100 times as many candidates and voters:`)
console.log(`  a vote      reads ${ratio('vote', 'read')} x, writes ${ratio('vote', 'written')} x the rows`)
console.log(`  the last    reads ${ratio('last', 'read')} x, writes ${ratio('last', 'written')} x the rows`)

console.log(`the end of an epoch by seats, ${candidatesMax} candidates:`)
for (const count of [27, 54, 108, 216].filter((one) => one < candidatesMax)) {
  const on = world({ seats: count, candidates: candidatesMax, voters: votersMax })
  const last = measured(() => on.block(count - 1))
  console.log(
    `  ${String(count).padStart(3)} seats  ${shown(last)}   ${(last.ms / count).toFixed(3)} ms a seat`,
  )
}

// Ranks, as a node keeps them beside its state.
for (const count of new Set([candidatesMax / 100, candidatesMax / 10, candidatesMax].map(Math.ceil))) {
  if (count <= 27) continue
  const on = world({ seats: 27, candidates: count, voters: votersMax })
  const start = process.hrtime.bigint()
  const store = countingStore({ ...on.state, tip: () => on.tip }, on.genesis)
  const readMs = Number(process.hrtime.bigint() - start) / 1e6
  const keys = Array.from({ length: 1_000 }, (_, i) => on.rankKey(Math.floor((i * (count - 27)) / 1_000)))
  const us = Array.from({ length: ROUNDS }, () => {
    const from = process.hrtime.bigint()
    for (const key of keys) store.countBefore(on.ranking, key)
    return Number(process.hrtime.bigint() - from) / 1e3 / keys.length
  })
  console.log(
    `ranks of ${String(count).padStart(6)} candidates beside a node: ${readMs.toFixed(0).padStart(4)} ms to read them at its start, ${quickest(us).toFixed(2)} us a rank`,
  )
}
