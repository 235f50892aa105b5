// Who decides what: a body for each kind of change, with how many must take part, how many must agree, and how long they have.
import { amount, bool, type Infer, option, struct, u8, u16, u32, u64, union, unit } from '@mmtchain/codec'
import { type Amount, ChainError } from '@mmtchain/primitives'

/** Who votes: each organisation once, each locked coin once, or each member of the council once. */
export type Body = 'organisations' | 'stake' | 'council'

/** How one kind of change is decided. */
export interface RuleOptions {
  readonly body: Body
  /** How much of the body must take part at least, 1 to 100 percent; abstaining is taking part. */
  readonly participationPercent: number
  /** More than this share of the yes and no must be yes, 50 to 99 percent. */
  readonly winPercent: number
  /** For how many blocks votes are taken, 1 to 10,000,000. */
  readonly votingHeights: number
}

/** What a change is about, which says by what rule it is decided. */
export type Kind = (typeof KINDS)[number]
export const KINDS = [
  ...(['parameter', 'role', 'validators', 'upgrade', 'freeze', 'membership', 'text'] as const),
] as const

/** What a chain file says of its administration. */
export interface AdminOptions {
  /** How changes are decided. */
  readonly rule: RuleOptions
  /** The kinds that are decided in another way. */
  readonly rules?: { readonly [K in Kind]?: RuleOptions }
  /** How many blocks the approvals of an act, and an invitation, are good for; 60,480 by default. */
  readonly approvalHeights?: number
  /** A council that is elected every term; without it the chain has none. */
  readonly council?: {
    /** 11 by default, at most 32. */
    readonly seats?: number
    /** 365 days by default. */
    readonly termMs?: bigint
    readonly electors: 'organisations' | 'stake'
  }
  /** Votes by locked coins, for which the module needs `token`; without it coins have no vote. */
  readonly stake?: {
    /** What somebody locks for a proposal who neither sits in the council nor speaks for an organisation. */
    readonly deposit: Amount
  }
  /** That the validators change by proposals, for which the module needs `validators`. */
  readonly validators?: true
}

const body = union({ organisations: unit, stake: unit, council: unit })
export const rule = struct({ body, participationPercent: u8, winPercent: u8, votingHeights: u32 })
export const rules = struct({
  ...{
    parameter: rule,
    role: rule,
    validators: rule,
    upgrade: rule,
    freeze: rule,
    membership: rule,
    text: rule,
  },
})
export const parameters = struct({
  rules,
  approvalHeights: u32,
  council: option(struct({ seats: u8, termMs: u64, electors: union({ organisations: unit, stake: unit }) })),
  stake: option(struct({ deposit: amount })),
  validators: bool,
})
export type Rule = Infer<typeof rule>
export type Rules = Infer<typeof rules>
export type Parameters = Infer<typeof parameters>

export const SEATS_MAX = 32
export const VOTING_HEIGHTS_MAX = 10_000_000
/** Counts of people and approvals. */
export const count = u16
const YEAR_MS = 365n * 86_400_000n
const APPROVAL_HEIGHTS = 60_480

/** Why no chain with these bodies can decide by a rule, if so. */
export function faultOf(
  { body: who, participationPercent, winPercent, votingHeights }: Rule,
  has: { readonly council: boolean; readonly stake: boolean },
): string | undefined {
  if (who.kind !== 'organisations' && !has[who.kind]) return `the chain file has no ${who.kind}`
  if (participationPercent < 1 || participationPercent > 100)
    return `participationPercent is ${participationPercent}, not 1 to 100`
  if (winPercent < 50 || winPercent > 99) return `winPercent is ${winPercent}, not 50 to 99`
  if (votingHeights < 1 || votingHeights > VOTING_HEIGHTS_MAX)
    return `votingHeights is ${votingHeights}, not 1 to ${VOTING_HEIGHTS_MAX}`
  return undefined
}

/** The parameters that options stand for. Throws `admin/BAD_OPTIONS`. */
export function parametersOf(options: AdminOptions): Parameters {
  const { rule: common, rules: special = {}, approvalHeights = APPROVAL_HEIGHTS, council, stake } = options
  const given = (kind: Kind): Rule => {
    const { body: who, ...numbers } = special[kind] ?? common
    return { ...numbers, body: { kind: who, value: null } }
  }
  const chosen = Object.fromEntries(KINDS.map((kind) => [kind, given(kind)])) as unknown as Rules
  const { seats = 11, termMs = YEAR_MS, electors = 'organisations' } = council ?? {}
  const has = { council: council !== undefined, stake: stake !== undefined }
  const refuse = (why: string): never => {
    const hint = 'Correct the administration in the chain file.'
    throw new ChainError({
      code: 'admin/BAD_OPTIONS',
      message: `The administration cannot be defined: ${why}.`,
      hint,
    })
  }
  for (const kind of KINDS) {
    const whole = [chosen[kind].participationPercent, chosen[kind].winPercent, chosen[kind].votingHeights]
    if (!whole.every(Number.isInteger)) refuse(`the rule for ${kind} has a number that is not whole`)
    const why = faultOf(chosen[kind], has)
    if (why) refuse(`in the rule for ${kind} ${why}`)
  }
  if (!Number.isInteger(approvalHeights) || approvalHeights < 1 || approvalHeights > VOTING_HEIGHTS_MAX)
    refuse(`approvalHeights is ${approvalHeights}, not 1 to ${VOTING_HEIGHTS_MAX}`)
  if (!Number.isInteger(seats) || seats < 1 || seats > SEATS_MAX)
    refuse(`the council has ${seats} seats, not 1 to ${SEATS_MAX}`)
  if (termMs < 1n || termMs > YEAR_MS * 100n) refuse(`the term of the council is ${termMs} ms`)
  if (stake && stake.deposit < 1n) refuse('a deposit of nothing keeps nobody from proposing all the time')
  if (council && electors === 'stake' && !stake) refuse('coins elect the council, but have no vote')
  return {
    rules: chosen,
    approvalHeights,
    council: council ? { seats, termMs, electors: { kind: electors, value: null } } : null,
    stake: stake ? { deposit: stake.deposit } : null,
    validators: options.validators === true,
  }
}
