import { address, amount, hash, height, list, option, struct, u8, u16, u64 } from '@mmtchain/codec'
import type { Module, TypesOf } from '@mmtchain/kernel'
import type { Address } from '@mmtchain/primitives'
import { invariants } from './invariants.ts'
import { faultOfLabel, faultOfName, label, name } from './labels.ts'
import { commit, freeAtMs, isOpen, priceOf, register, renew } from './leases.ts'
import { type NamesOptions, nouns, PAGE_MAX, secret } from './nouns.ts'
import { record, records, which } from './records.ts'
import {
  createSubname,
  isNameOf,
  living,
  recordsOf,
  removeRecord,
  removeSubname,
  setPrimary,
  setRecord,
  transfer,
} from './tree.ts'

/** What every later module may ask. */
export interface NamesReads {
  /** Who has a name now. */
  ownerOf(name: string): Address | undefined
  /** The account record of a name. */
  accountOf(name: string): Address | undefined
}

const named = { name, owner: address, number: u64 }
/** A name as it is now. `endsMs` is when it ends unless the lease of the topmost name above it is renewed. */
export const found = struct({ ...named, endsMs: u64, records })
const listed = struct({ name, number: u64, owner: address })
/** `next` is where the page after this one begins; none follows when it is null. A page may have fewer names than rows, since some have ended. */
const page = struct({ names: list(listed, { max: PAGE_MAX }), next: option(label) })
const lookedUp = struct({ owner: address, untilMs: u64, freeAtMs: u64 })
const quoted = struct({ price: amount, holder: option(lookedUp) })
const openCommitment = struct({ commitment: hash, from: height, until: height })

function declare(options: NamesOptions) {
  const declared = nouns(options)
    .provides<{}, {}, NamesReads>({
      reads: (ctx) => ({
        ownerOf: (of) => (faultOfName(of, ctx.params.root) ? undefined : living(ctx, of)?.owner),
        accountOf(of) {
          const own = faultOfName(of, ctx.params.root) ? undefined : living(ctx, of)
          const one = own && recordsOf(ctx, of, own).find(({ kind }) => kind === 'account')
          return one?.kind === 'account' ? one.value : undefined
        },
      }),
    })
    .command('commit', struct({ commitment: hash }), commit)
    .command('register', struct({ label, owner: address, terms: u8, secret }), { weight: 100n }, register)
    .command('renew', struct({ label, terms: u8 }), renew)
    .command('transfer', struct({ name, to: address }), transfer)
    .command('createSubname', struct({ name, owner: address }), { weight: 100n }, createSubname)
    .command('removeSubname', struct({ name }), removeSubname)
    .command('setRecord', struct({ name, record }), { weight: 200n }, setRecord)
    .command('removeRecord', struct({ name, which }), { weight: 200n }, removeRecord)
    .command('setPrimary', struct({ name: option(name) }), setPrimary)
    .query('name', struct({ name }), option(found), (ctx, { name: of }) => {
      const own = faultOfName(of, ctx.params.root) ? undefined : living(ctx, of)
      if (!own) return null
      const { number, owner, endsMs } = own
      return { name: of, number, owner, endsMs, records: recordsOf(ctx, of, own) }
    })
    .query(
      'subnames',
      struct({ name, from: option(label), limit: u16 }),
      page,
      (ctx, { name: of, from, limit }) => {
        const own = of === '' ? undefined : living(ctx, of)
        const most = Math.min(Math.max(limit, 1), PAGE_MAX)
        const rows = ctx.state.names.entries({
          prefix: [of],
          ...(from !== null && { from: [of, from] as const }),
          limit: most + 1,
        })
        const [...found] = rows
        const names = found
          .slice(0, most)
          .filter(([, row]) => (of === '' ? ctx.block.timeMs < row.untilMs : row.of === own?.number))
          .map(([[, one], row]) => ({
            name: of === '' ? one : `${one}.${of}`,
            number: row.number,
            owner: row.owner,
          }))
        return { names, next: found[most]?.[0][1] ?? null }
      },
    )
    .query('reverse', struct({ account: address }), option(name), (ctx, { account }) => {
      const one = ctx.state.primaries.get(account)
      return one && isNameOf(ctx, one, account) ? one.name : null
    })
    .query('quote', struct({ label, terms: u8 }), quoted, (ctx, { label: of, terms }) => {
      const row = faultOfLabel(of) ? undefined : ctx.state.names.get(['', of])
      const freeMs = row && freeAtMs(ctx, row)
      return {
        price: priceOf(ctx, of, terms),
        holder:
          row && freeMs !== undefined && ctx.block.timeMs < freeMs
            ? { owner: row.owner, untilMs: row.untilMs, freeAtMs: freeMs }
            : null,
      }
    })
    .query('commitments', struct({ who: address }), list(openCommitment, { max: PAGE_MAX }), (ctx, { who }) =>
      ctx.state.commitments
        .get(who)
        .filter(({ at }) => isOpen(ctx, at))
        .map(({ commitment, at }) => ({
          commitment,
          from: (at + BigInt(ctx.params.revealAfterHeights)) as typeof at,
          until: (at + BigInt(ctx.params.revealWithinHeights)) as typeof at,
        })),
    )
  return invariants.reduce((built, { sentence, holdsNow }) => built.invariant(sentence, holdsNow), declared)
}

type All = TypesOf<ReturnType<typeof declare>>
/** What the module with these options needs: `token` where names cost something. */
export type NamesNeeds<O extends NamesOptions> = O extends { readonly fees: object } ? All['needs'] : {}

/**
 * The names of a chain: leased labels below its root, names below these, and the records that they hold. Throws `names/BAD_OPTIONS`.
 */
export function names<const O extends NamesOptions>(
  options: O,
): Module<Omit<All, 'needs'> & { needs: NamesNeeds<O> }> {
  // `nouns` leaves the need out, and no handler asks for it then; the compiler cannot see that.
  return declare(options) as unknown as Module<Omit<All, 'needs'> & { needs: NamesNeeds<O> }>
}
