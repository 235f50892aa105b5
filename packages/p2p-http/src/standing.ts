import { type Infer, struct, text, u8, u64 } from '@mmtchain/codec'
import type { PeerId } from '@mmtchain/kernel'
import { boundedMap } from './pace.ts'

/** What a node may do wrong, and how much that weighs; 100 is a ban. */
export const OFFENCES = {
  /** Bytes that are no frame of this chain. */
  malformed: 50,
  /** Longer than anything a node of this chain sends. */
  oversized: 100,
  /** An answer that nobody asked for, a second proof, a welcome from whoever dialled. */
  unsolicited: 25,
  /** The same bytes of a kind that is sent once. */
  replayed: 5,
  /** Compressed, or anything else that WebSocket forbids here. */
  'bad-stream': 50,
  /** What the member can prove, a bad seal or signature: no honest node does it even once. */
  blamed: 100,
} as const
export type Offence = keyof typeof OFFENCES

const BAN_POINTS = 100
/** Points are forgotten so fast. */
const POINTS_PER_SECOND = 0.05
const BAN_MS_MAX = 86_400_000
/** A node that behaved for so long after its last ban begins anew. */
const PAROLE_MS = 7 * 86_400_000
export const REMEMBERED_MAX = 10_000

export interface Ban {
  readonly untilMs: number
  readonly why: string
}

/** What is held against nodes. */
export interface Standing {
  /** Notes an offence. Answers the ban that follows from it, if one does. */
  offend(peer: PeerId, offence: Offence, why: string, nowMs: number): Ban | undefined
  banOf(peer: PeerId, nowMs: number): Ban | undefined
  /** Points held against a node, 100 being a ban, and the newest reason. */
  of(peer: PeerId, nowMs: number): { readonly points: number; readonly why: string | undefined }
  bans(nowMs: number): readonly (Ban & { readonly peer: PeerId })[]
  /** The bans that last, for the next start: with how many there were of each node, so that the next one is longer. */
  saved(nowMs: number): readonly SavedBan[]
  /** Takes up bans of an earlier start. */
  restore(bans: readonly SavedBan[], nowMs: number): void
}

export const savedBan = struct({
  peer: text({ bytesMax: 64 }),
  untilMs: u64,
  why: text({ bytesMax: 1_024 }),
  bans: u8,
})
export type SavedBan = Infer<typeof savedBan>

interface Record {
  points: number
  atMs: number
  why: string
  bans: number
  ban: Ban | undefined
}

/** `banMs` is the length of a first ban. Times are of the wall clock. */
export function createStanding({ banMs }: { readonly banMs: number }): Standing {
  const records = boundedMap<Record>(REMEMBERED_MAX)
  const pointsAt = ({ points, atMs }: Record, nowMs: number) =>
    Math.max(0, points - (Math.max(0, nowMs - atMs) / 1_000) * POINTS_PER_SECOND)
  const banAt = (record: Record | undefined, nowMs: number) =>
    record?.ban && record.ban.untilMs > nowMs ? record.ban : undefined
  return {
    offend(peer, offence, why, nowMs) {
      const known = records.get(peer) ?? { points: 0, atMs: nowMs, why, bans: 0, ban: undefined }
      if (known.ban && nowMs > known.ban.untilMs + PAROLE_MS) known.bans = 0
      known.points = pointsAt(known, nowMs) + OFFENCES[offence]
      known.atMs = nowMs
      known.why = `${offence}: ${why}`
      records.set(peer, known)
      // Rounded up, so that what is forgotten between two offences does not tip the scales.
      if (Math.ceil(known.points) < BAN_POINTS) return undefined
      known.ban = { untilMs: nowMs + Math.min(BAN_MS_MAX, banMs * 2 ** known.bans), why: known.why }
      known.bans = Math.min(known.bans + 1, 30)
      known.points = 0
      return known.ban
    },
    banOf: (peer, nowMs) => banAt(records.get(peer), nowMs),
    of(peer, nowMs) {
      const known = records.get(peer)
      return { points: known ? pointsAt(known, nowMs) : 0, why: known?.why }
    },
    bans: (nowMs) =>
      [...records.entries()].flatMap(([peer, record]) => {
        const ban = banAt(record, nowMs)
        return ban ? [{ peer, ...ban }] : []
      }),
    saved: (nowMs) =>
      [...records.entries()].flatMap(([peer, record]) => {
        const ban = banAt(record, nowMs)
        return ban
          ? [{ peer, untilMs: BigInt(Math.ceil(ban.untilMs)), why: ban.why.slice(0, 250), bans: record.bans }]
          : []
      }),
    restore(bans, nowMs) {
      for (const { peer, untilMs, why, bans: count } of bans) {
        // A file that somebody wrote bans nobody for longer than a ban lasts.
        const ban = { untilMs: Math.min(Number(untilMs), nowMs + BAN_MS_MAX), why }
        records.set(peer, { points: 0, atMs: nowMs, why, bans: Math.min(count, 30), ban })
      }
    },
  }
}
