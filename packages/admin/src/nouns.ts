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
  u32,
  u64,
  union,
  unit,
} from '@mmtchain/codec'
import {
  type CommandContext,
  cell,
  defineModule,
  type KernelGranted,
  type KernelReads,
  need,
  params,
  type Read,
  type TypesOf,
  table,
  type Validator,
  type WriteOf,
} from '@mmtchain/kernel'
import type { Address, Amount } from '@mmtchain/primitives'
import { APPROVERS_MAX, change, id, name, roleDefinition, title } from './change.ts'
import { adminRefusals } from './refusals.ts'
import { type AdminOptions, count, parameters, parametersOf, rule, SEATS_MAX } from './rules.ts'

/** What admin asks of a token where coins vote: locks that the chain file grants, and what there is. */
export interface StakeLocks {
  lock(args: { readonly owner: Address; readonly purpose: string; readonly amount: Amount }): undefined
  unlock(args: { readonly owner: Address; readonly purpose: string; readonly amount: Amount }): undefined
}
export interface StakeReads {
  locked(args: { readonly owner: Address; readonly purpose: string }): Amount
  supply(): bigint
}
/** What admin asks of the module `validators` where these change by proposals. */
export interface ValidatorChanges {
  change(args: {
    readonly join: readonly (Validator & { readonly proof: Uint8Array })[]
    readonly leave: readonly Address[]
  }): undefined
}
export interface ValidatorReads {
  next(): readonly Validator[]
}

export const ORGANISATIONS_MAX = 128
/** How many roles permit one command. */
export const COMMAND_ROLES_MAX = 8
/** How many proposals of one proposer are open at a time. */
export const OPEN_MAX = 4
/** How many rows a query lists at most. */
export const PAGE_MAX = 256
/** How many lines a diff has at most, and the bytes of each side. */
export const DIFF_LINES_MAX = 80
export const DIFF_TEXT_BYTES_MAX = 4_096

/** What a member may do: approve acts of its organisation, hold roles, or only read. */
export const standing = union({ approver: unit, member: unit, regulator: unit })
export const choice = union({ yes: unit, no: unit, abstain: unit })

const proposing = { title, change, executeAt: option(height) }
/** What an organisation does, once enough of its approvers want it. */
export const action = union({
  invite: struct({ who: address, standing }),
  withdrawInvitation: struct({ who: address }),
  expel: struct({ who: address }),
  setStanding: struct({ who: address, standing }),
  setApprovalsNeeded: count,
  grantRole: struct({ who: address, role: id }),
  revokeRole: struct({ who: address, role: id }),
  propose: struct(proposing),
  vote: struct({ proposal: u64, choice }),
  back: struct({ candidate: address }),
  unback: struct({ candidate: address }),
  disband: unit,
})
export const proposalInput = struct(proposing)

/** `number` tells an organisation from an earlier one of the same id. */
export const organisationFields = {
  number: u64,
  name: text({ bytesMax: 64 }),
  approvers: list(address, { max: APPROVERS_MAX }),
  approvalsNeeded: count,
}
export const organisation = struct(organisationFields)
/** A member; it is one only while its organisation has the number `of`. */
export const member = struct({ organisation: id, of: u64, number: u64, standing, since: height })

export const status = union({
  open: unit,
  /** Won, and waits for its height. */
  accepted: unit,
  rejected: unit,
  executed: height,
  /** Won, but refused when it was executed: the code of the refusal. */
  failed: text({ bytesMax: 96 }),
})
export const proposal = struct({
  proposer: address,
  /** The organisation that proposes, or empty. */
  organisation: id,
  title,
  change,
  rule,
  opened: height,
  voteUntil: height,
  executeAt: height,
  deposit: amount,
  status,
})
export const tally = struct({ yes: amountSum, no: amountSum, abstain: amountSum })
export const diffLine = struct({
  what: text({ bytesMax: 160 }),
  before: text({ bytesMax: DIFF_TEXT_BYTES_MAX }),
  after: text({ bytesMax: DIFF_TEXT_BYTES_MAX }),
})
/** One line of the audit log: who did what to which subject, when, and under which right. */
export const auditLine = {
  at: height,
  timeMs: u64,
  who: address,
  organisation: id,
  what: text({ bytesMax: 96 }),
  subject: text({ bytesMax: 192 }),
  right: text({ bytesMax: 160 }),
}

const who = { who: address, organisation: id }

/** What admin owns, says and refuses. */
export function nouns(options: AdminOptions) {
  const chosen = parametersOf(options)
  const all = {
    kernel: need<
      {},
      Pick<KernelGranted, 'setParameter' | 'scheduleUpgrade' | 'cancelUpgrade'>,
      KernelReads
    >(),
    token: need<{}, StakeLocks, StakeReads>(),
    validators: need<{}, ValidatorChanges, ValidatorReads>(),
  }
  // Handlers ask for token and validators only on chains that have them.
  const { token: _, validators: __, ...always } = all
  const needs = {
    ...always,
    ...(chosen.stake ? { token: all.token } : {}),
    ...(chosen.validators ? { validators: all.validators } : {}),
  } as typeof all
  return defineModule('admin', {
    params: params(parameters, chosen),
    needs,
    state: {
      /** The next number of an organisation, a membership, a candidacy, a proposal, a line of the audit log. */
      numbers: cell(struct({ identity: u64, proposal: u64, line: u64 }), {
        identity: 1n,
        proposal: 1n,
        line: 1n,
      }),
      organisations: table(id, organisation),
      members: table(address, member),
      /** The members of an organisation, by its number. */
      roster: table(tuple(u64, address), unit),
      invitations: table(tuple(u64, address), struct({ standing, until: height })),
      /** Acts that wait for approvals, by the number of the organisation and the hash of the action. */
      acts: table(
        tuple(u64, hash),
        struct({ action, approvals: list(address, { max: APPROVERS_MAX }), until: height }),
      ),
      roles: table(id, roleDefinition),
      /** The roles of an account. One that an organisation granted is good as long as that membership, 0 for one by a proposal. */
      grants: table(tuple(address, id), struct({ membership: u64, organisation: id, since: height })),
      /** The same the other way round. */
      holders: table(tuple(id, address), unit),
      /** The roles that permit a command; one without a row is free for all. */
      gates: table(tuple(name, name), list(id, { max: COMMAND_ROLES_MAX })),
      /** Accounts that may not do all that others may. */
      barred: table(address, struct({ frozen: bool, regulator: bool })),
      frozenModules: table(name, unit),
      proposals: table(u64, proposal),
      /** When a proposal is looked at again: at the end of its vote, then at its execution. */
      due: table(tuple(height, u64), unit),
      open: table(address, u32, 0),
      votes: table(tuple(u64, address), struct({ choice, weight: amount })),
      /** The coins behind each choice; other bodies are counted when it is asked. */
      tallies: table(u64, tally, { yes: 0n, no: 0n, abstain: 0n }),
      /** What a closed proposal changed, as its execution found it. */
      diffs: table(u64, list(diffLine, { max: DIFF_LINES_MAX })),
      /** Coins that vote, and until when they may not be taken back. */
      stakes: table(address, struct({ amount, until: height })),
      council: cell(list(address, { max: SEATS_MAX }), []),
      councilUntilMs: cell(u64, 0n),
      candidates: table(address, struct({ candidacy: u64, votes: amount })),
      /** Candidates with votes, the last one has most. */
      ranking: table(tuple(u64, address), unit),
      /** Whom an elector backs, and with what weight. */
      backings: table(tuple(address, address), struct({ candidacy: u64, weight: amount })),
      /** Validators that have not made a block since they joined or missed their last turn. */
      silent: table(address, height),
      audit: table(u64, struct(auditLine)),
      auditOf: table(tuple(address, u64), unit),
    },
    events: {
      admitted: struct({ organisation: id }),
      excluded: struct({ organisation: id }),
      disbanded: struct({ organisation: id }),
      approved: struct({ ...who, act: hash, approvals: count, needed: count }),
      invited: struct(who),
      invitationWithdrawn: struct(who),
      declined: struct(who),
      joined: struct(who),
      left: struct(who),
      expelled: struct(who),
      standingSet: struct({ ...who, standing }),
      approvalsNeededSet: struct({ organisation: id, approvalsNeeded: count }),
      roleDefined: struct({ role: id }),
      roleGranted: struct({ who: address, role: id }),
      roleRevoked: struct({ who: address, role: id }),
      opened: struct({ proposal: u64, proposer: address, title }),
      voted: struct({ proposal: u64, voter: address, choice, weight: amount }),
      /** The vote ended, or the execution did. */
      decided: struct({ proposal: u64, status }),
      accountFrozen: struct({ account: address, frozen: bool }),
      moduleFrozen: struct({ module: name, frozen: bool }),
      staked: struct({ who: address, amount }),
      unstaked: struct({ who: address, amount }),
      stood: struct({ candidate: address }),
      withdrew: struct({ candidate: address }),
      backed: struct({ elector: address, candidate: address, weight: amount }),
      unbacked: struct({ elector: address, candidate: address }),
      elected: struct({ council: list(address, { max: SEATS_MAX }) }),
    },
    errors: adminRefusals,
  })
}

type Types = TypesOf<ReturnType<typeof nouns>>
export type AdminContext = WriteOf<ReturnType<typeof nouns>>
export type AdminCommand = CommandContext<Types>
export type AdminReader = Read<Types>

/** The next number of a kind, which is never given again. */
export function nextNumber({ state }: AdminContext, kind: 'identity' | 'proposal' | 'line'): bigint {
  const numbers = state.numbers.get()
  state.numbers.set({ ...numbers, [kind]: numbers[kind] + 1n })
  return numbers[kind]
}
