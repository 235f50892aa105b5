import { randomBytes, randomInt } from 'node:crypto'
import { fromJson, type Infer, list, struct, text, toJson, u8, u64 } from '@mmtchain/codec'
import { sha256 } from '@mmtchain/crypto'
import { isChainError, utf8 } from '@mmtchain/primitives'
import { groupOf, type NodeAddress, placeText, readTold, toldAddress } from './address.ts'
import { REMEMBERED_MAX, type SavedBan, savedBan } from './standing.ts'

// Which nodes there are besides the fixed ones. As in Bitcoin's address manager, after Heilman and others, "Eclipse Attacks on
// Bitcoin's Peer-to-Peer Network" (USENIX Security 2015): addresses that were only told are apart from those that were reached;
// where one may stand follows from its network group, who told it and a secret, so that whoever holds few groups, or tells many
// addresses, fills few of the places.

const NEW = { buckets: 64, perSource: 4 }
const TRIED = { buckets: 16, perSource: 2 }
const SLOTS = 16
/** An address that failed so often in a row is given away to any other that wants its place, and not tried again by itself. */
const FAILURES_MAX = 8
/** The least time between two attempts, doubled by each failure. */
const RETRY_MS = 10_000
const TEXT_BYTES_MAX = 4 * 1024 * 1024

const savedEntry = struct({
  address: toldAddress,
  source: text({ bytesMax: 300 }),
  /** When it was last reached; 0 for never. */
  reachedMs: u64,
  failures: u8,
})
const saved = struct({
  secret: text({ bytesMax: 64 }),
  entries: list(savedEntry, { max: SLOTS * (NEW.buckets + TRIED.buckets) }),
  bans: list(savedBan, { max: REMEMBERED_MAX }),
})
const ANY_PREFIX = { addressPrefix: 'mmt' }

interface Entry {
  readonly address: NodeAddress
  /** The network group of whoever told of it. */
  readonly source: string
  reachedMs: number
  failures: number
  triedMs: number
}

/** Addresses of other nodes. Times are of the wall clock. */
export interface Book {
  readonly size: number
  /** Notes an address that a node of the network group `source` told. */
  add(address: NodeAddress, source: string): void
  /** A node was reached there. */
  reached(address: NodeAddress, nowMs: number): void
  /** An attempt begins. */
  tried(address: NodeAddress, nowMs: number): void
  failed(address: NodeAddress): void
  /** An address to try now, as often one that was reached before as one that was only told. */
  pick(nowMs: number, isWanted: (address: NodeAddress) => boolean): NodeAddress | undefined
  /** Some addresses for another node, those that were reached first. */
  some(max: number): readonly NodeAddress[]
  /** The bans of an earlier start. */
  readonly bans: readonly SavedBan[]
  /** What the next start reads: the addresses and these bans. */
  text(bans: readonly SavedBan[]): string
}

/** The book that `text` holds; an empty one where that is damaged or absent. */
export function openBook(text: string | undefined): Book {
  const before = readSaved(text)
  const secret = before?.secret ?? randomBytes(32).toString('hex')
  const tables = { fresh: new Map<string, Entry>(), tried: new Map<string, Entry>() }
  const hash = (...parts: readonly (string | number)[]) =>
    Buffer.from(sha256(utf8([secret, ...parts].join('\n')))).readUInt32BE(0)

  /** The place of an address among the tried ones, or among those that were only told. */
  function slotOf(table: keyof typeof tables, { address, source }: Entry): string {
    const { buckets, perSource } = table === 'tried' ? TRIED : NEW
    const place = placeText(address)
    const group = groupOf(address.host)
    const side =
      table === 'tried'
        ? hash('side', group, hash(place) % perSource)
        : hash('side', source, hash(source, group) % perSource)
    const bucket = side % buckets
    return `${bucket} ${hash('slot', table, bucket, place) % SLOTS}`
  }

  function find(
    address: NodeAddress,
  ): { readonly table: keyof typeof tables; readonly slot: string; readonly entry: Entry } | undefined {
    const place = placeText(address)
    for (const table of ['tried', 'fresh'] as const)
      for (const [slot, entry] of tables[table])
        if (placeText(entry.address) === place) return { table, slot, entry }
    return undefined
  }

  function put(table: keyof typeof tables, entry: Entry): boolean {
    const slot = slotOf(table, entry)
    const there = tables[table].get(slot)
    // Who holds a place keeps it while it is of use.
    if (there && there.failures < FAILURES_MAX) return false
    tables[table].set(slot, entry)
    return true
  }

  const isDue = ({ failures, triedMs }: Entry, nowMs: number) =>
    failures < FAILURES_MAX && nowMs - triedMs >= RETRY_MS * 2 ** failures

  for (const entry of before?.entries ?? []) {
    const address = readTold(entry.address)
    if (!address) continue
    const known = {
      address,
      source: entry.source,
      reachedMs: Number(entry.reachedMs),
      failures: entry.failures,
      triedMs: 0,
    }
    // One that was reached stood among the new ones where another had its place among the tried.
    if (known.reachedMs === 0 || !put('tried', known)) put('fresh', known)
  }

  return {
    get size() {
      return tables.fresh.size + tables.tried.size
    },
    add(address, source) {
      if (!find(address)) put('fresh', { address, source, reachedMs: 0, failures: 0, triedMs: 0 })
    },
    reached(address, nowMs) {
      const found = find(address)
      const entry = {
        address,
        source: found?.entry.source ?? groupOf(address.host),
        reachedMs: nowMs,
        failures: 0,
        triedMs: nowMs,
      }
      if (found) tables[found.table].delete(found.slot)
      if (!put('tried', entry)) put('fresh', entry)
    },
    tried(address, nowMs) {
      const entry = find(address)?.entry
      if (entry) entry.triedMs = nowMs
    },
    failed(address) {
      const entry = find(address)?.entry
      if (entry) entry.failures = Math.min(FAILURES_MAX, entry.failures + 1)
    },
    pick(nowMs, isWanted) {
      const sides = [[...tables.tried.values()], [...tables.fresh.values()]].map((side) =>
        side.filter((entry) => isDue(entry, nowMs) && isWanted(entry.address)),
      )
      const first = randomInt(2)
      const side = sides[first]?.length ? sides[first] : sides[1 - first]
      return side?.length ? side[randomInt(side.length)]?.address : undefined
    },
    some: (max) =>
      [...tables.tried.values(), ...tables.fresh.values()]
        .filter(({ failures }) => failures < FAILURES_MAX)
        .slice(0, max)
        .map(({ address }) => address),
    bans: before?.bans ?? [],
    text(bans) {
      const entries = [...tables.tried.values(), ...tables.fresh.values()].map((entry) => ({
        address: { ...entry.address, node: entry.address.node ?? null },
        source: entry.source,
        reachedMs: BigInt(entry.reachedMs),
        failures: entry.failures,
      }))
      return `${JSON.stringify(toJson(saved, { secret, entries, bans }, ANY_PREFIX))}\n`
    },
  }
}

function readSaved(text: string | undefined): Infer<typeof saved> | undefined {
  if (text === undefined || text.length > TEXT_BYTES_MAX) return undefined
  try {
    return fromJson(saved, { bans: [], ...Object(JSON.parse(text)) }, ANY_PREFIX)
  } catch (error) {
    if (!isChainError(error) && !(error instanceof SyntaxError)) throw error
    return undefined
  }
}
