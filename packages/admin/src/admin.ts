import { address, amount, list, set, struct, u64, unit } from '@mmtchain/codec'
import type { Module, TypesOf } from '@mmtchain/kernel'
import type { Address } from '@mmtchain/primitives'
import { act } from './acts.ts'
import { checkBodies } from './bodies.ts'
import { admission, id, roleDefinition } from './change.ts'
import { watchValidators } from './changes.ts'
import { back, electCouncil, seatFirst, stake, stand, standDown, unback, unstake } from './council.ts'
import { invariants } from './invariants.ts'
import { action, choice, nouns, ORGANISATIONS_MAX, proposalInput } from './nouns.ts'
import { admit, decline, isFrozen, join, leave, membershipOf } from './organisations.ts'
import { propose, settleDue, vote } from './proposals.ts'
import { withQueries } from './queries.ts'
import { defineRole, guard, holds, may } from './roles.ts'
import { type AdminOptions, SEATS_MAX } from './rules.ts'

/** What every later module may ask. */
export interface AdminReads {
  /** Whether an account may send a command: it is not frozen, only reads, or lacks the role that the command takes. */
  may(args: { readonly who: Address; readonly module: string; readonly command: string }): boolean
  holds(args: { readonly who: Address; readonly role: string }): boolean
  /** The organisation of an account, and what it is there. */
  memberOf(who: Address): { readonly organisation: string; readonly standing: string } | undefined
  isFrozen(who: Address): boolean
}

/** The beginning: who is there before anybody can vote. */
const document = struct({
  organisations: list(admission, { max: ORGANISATIONS_MAX }),
  council: set(address, { max: SEATS_MAX }),
  roles: list(roleDefinition, { max: 256 }),
})

/** Checking that a body can still decide visits the approvers of every organisation. */
const PROPOSE_WEIGHT = 2_000n
const ACT_WEIGHT = 2_000n

function declare(options: AdminOptions) {
  const declared = withQueries(nouns(options))
    .provides<{}, {}, AdminReads>({
      reads: (ctx) => ({
        may: (args) => may(ctx, args),
        holds: ({ who, role }) => holds(ctx, who, role),
        memberOf(who) {
          const own = membershipOf(ctx, who)
          return own && { organisation: own.id, standing: own.standing }
        },
        isFrozen: (who) => isFrozen(ctx, who),
      }),
    })
    .genesis(document, (ctx, first) => {
      for (const parameter of ctx.chain.governable.keys())
        if (parameter.startsWith('admin.') && parameter !== 'admin.rules')
          throw ctx.fail.ONLY_RULES_CHANGE({ parameter })
      for (const one of first.organisations) admit(ctx, one)
      for (const one of first.roles) defineRole(ctx, one)
      seatFirst(ctx, first.council)
      checkBodies(ctx, ctx.params.rules)
    })
    .beforeCommand(guard)
    .beginBlock(watchValidators)
    .endBlock(settleDue)
    .endBlock(electCouncil)
    .command('act', struct({ action }), { weight: ACT_WEIGHT }, (ctx, input) => act(ctx, input.action))
    .command('join', struct({ organisation: id }), join)
    .command('decline', struct({ organisation: id }), decline)
    .command('leave', unit, leave)
    .command('propose', proposalInput, { weight: PROPOSE_WEIGHT }, propose)
    .command('vote', struct({ proposal: u64, choice }), { weight: 100n }, vote)
    .command('stake', struct({ amount }), { weight: 200n }, stake)
    .command('unstake', struct({ amount }), { weight: 200n }, unstake)
    .command('stand', unit, stand)
    .command('standDown', unit, standDown)
    .command('back', struct({ candidate: address }), (ctx, { candidate }) => {
      back(ctx, { address: ctx.sender, by: 'stake' }, candidate)
    })
    .command('unback', struct({ candidate: address }), (ctx, { candidate }) => {
      unback(ctx, { address: ctx.sender, by: 'stake' }, candidate)
    })
  return invariants.reduce((built, { sentence, holdsNow }) => built.invariant(sentence, holdsNow), declared)
}

type All = TypesOf<ReturnType<typeof declare>>
type AllNeeds = All['needs']
/** What a module with these options needs: always the kernel, `token` where coins vote, `validators` where these change by proposals. */
export type AdminNeeds<O extends AdminOptions> = Pick<AllNeeds, 'kernel'> &
  (O extends { readonly stake: object } ? Pick<AllNeeds, 'token'> : {}) &
  (O extends { readonly validators: true } ? Pick<AllNeeds, 'validators'> : {})

/**
 * The administration of an alliance: organisations and their members, roles, proposals that bodies decide by votes and the chain
 * executes, freezes, and an audit log. Throws `admin/BAD_OPTIONS`.
 */
export function admin<const O extends AdminOptions>(
  options: O,
): Module<Omit<All, 'needs'> & { needs: AdminNeeds<O> }> {
  // `nouns` leaves the other needs out, and no handler asks for them then; the compiler cannot see that.
  return declare(options) as unknown as Module<Omit<All, 'needs'> & { needs: AdminNeeds<O> }>
}
