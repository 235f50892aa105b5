// Rules on the commands of other modules, as data: which level they take, and how much a person moves by them.
import { address, amount, type Infer, list, option, set, struct, text, u8, u64 } from '@mmtchain/codec'
import type { Module, ModuleTypes } from '@mmtchain/kernel'
import { type Address, type Amount, ChainError } from '@mmtchain/primitives'

/** What an account of one level, and of the levels above it up to the next tier, may do. */
export interface TierOptions {
  /** 0 is everybody. */
  readonly level: number
  /** How much one call moves at most. */
  readonly perCall?: Amount
  /** How much a person moves in a day (UTC). */
  readonly perDay?: Amount
  /** How much a person moves to one counterparty in a day (UTC). */
  readonly perCounterpartyPerDay?: Amount
}
/** A rule on a command; `F` are the fields of its input. */
export interface GuardOptions<F extends string = string> {
  /** Rules of one id count their limits together; `module.command` by default. */
  readonly id?: string
  /** The field that is counted. */
  readonly amount?: F
  /** The field that names who receives. */
  readonly counterparty?: F
  /** The level that the counterparty takes; none by default. */
  readonly counterpartyLevel?: number
  /** In ascending order of levels. An account below the first may not send the command. */
  readonly tiers: readonly TierOptions[]
}

/** What a chain file says of its customers. */
export interface KycOptions {
  /** Who attests claims: 1 to 16 accounts. */
  readonly registrars: readonly Address[]
  /** Who may look up identities; nobody by default. */
  readonly regulators?: readonly Address[]
  /** How long a claim is valid at most, in milliseconds; two years by default. */
  readonly validityMs?: bigint
  /** At most 32, made by `guard`. */
  readonly rules?: readonly Rule[]
}

export const LEVEL_MAX = 9
export const REGISTRARS_MAX = 16
export const RULES_MAX = 32
export const TIERS_MAX = 10
const YEAR_MS = 365n * 86_400_000n

const word = text({ bytesMax: 32 })
export const ruleId = text({ bytesMax: 72 })
const tier = struct({
  level: u8,
  perCall: option(amount),
  perDay: option(amount),
  perCounterpartyPerDay: option(amount),
})
export const rule = struct({
  id: ruleId,
  module: word,
  command: word,
  amount: option(word),
  counterparty: option(word),
  counterpartyLevel: u8,
  tiers: list(tier, { max: TIERS_MAX }),
})
export const parameters = struct({
  registrars: set(address, { max: REGISTRARS_MAX }),
  regulators: set(address, { max: REGISTRARS_MAX }),
  validityMs: u64,
  rules: list(rule, { max: RULES_MAX }),
})
export type Rule = Infer<typeof rule>
export type Tier = Infer<typeof tier>
export type Parameters = Infer<typeof parameters>

type FieldOf<Input> = Input extends object ? Extract<keyof Input, string> : never

/**
 * A rule on one command of a module: "a transfer above X takes level 2" is
 * `guard(token(…), 'transfer', { amount: 'amount', tiers: [{ level: 0, perCall: X }, { level: 2 }] })`. Throws `kyc/BAD_OPTIONS`.
 */
export function guard<T extends ModuleTypes, C extends Extract<keyof T['commands'], string>>(
  module: Module<T>,
  command: C,
  options: GuardOptions<FieldOf<T['commands'][C]>>,
): Rule {
  const { id = `${module.name}.${command}`, amount: counted, counterparty, tiers } = options
  const fields = module.spec.commands.get(command)?.input.schema.properties as
    | { readonly [name: string]: { readonly 'x-bcs'?: string } }
    | undefined
  if (counted !== undefined && !AMOUNTS.has(fields?.[counted]?.['x-bcs'] ?? ''))
    refuse(`${id} counts the field ${counted}, which is no amount`)
  if (counterparty !== undefined && fields?.[counterparty]?.['x-bcs'] !== 'address')
    refuse(`${id} reads the counterparty from the field ${counterparty}, which is no address`)
  return checked({
    ...{ id, module: module.name, command, amount: counted ?? null, counterparty: counterparty ?? null },
    counterpartyLevel: options.counterpartyLevel ?? 0,
    tiers: tiers.map(({ level, perCall = null, perDay = null, perCounterpartyPerDay = null }) => ({
      ...{ level, perCall, perDay, perCounterpartyPerDay },
    })),
  })
}
const AMOUNTS = new Set(['amount', 'u64'])

function checked(given: Rule): Rule {
  const { id, amount: counted, counterparty, counterpartyLevel, tiers } = given
  if (tiers.length === 0) refuse(`${id} has no tier, so nobody could send the command`)
  const levels = tiers.map(({ level }) => level)
  if (levels.some((level, at) => !isLevel(level) || level <= (levels[at - 1] ?? -1)))
    refuse(`the levels of ${id} are ${levels.join(', ')}, not 0 to ${LEVEL_MAX} in ascending order`)
  if (!isLevel(counterpartyLevel)) refuse(`${id} asks level ${counterpartyLevel} of the counterparty`)
  if (counterpartyLevel > 0 && counterparty === null) refuse(`${id} asks a level of no counterparty`)
  const limits = (of: Tier) => [of.perCall, of.perDay, of.perCounterpartyPerDay]
  if (counted === null && tiers.some((one) => limits(one).some((limit) => limit !== null)))
    refuse(`${id} limits an amount, but names no field that has one`)
  if (counterparty === null && tiers.some((one) => one.perCounterpartyPerDay !== null))
    refuse(`${id} limits what a counterparty receives, but names no field that has one`)
  return given
}

const isLevel = (level: number) => Number.isInteger(level) && level >= 0 && level <= LEVEL_MAX

/** The parameters that options stand for. Throws `kyc/BAD_OPTIONS`. */
export function parametersOf(options: KycOptions): Parameters {
  const { registrars, regulators = [], validityMs = 2n * YEAR_MS, rules = [] } = options
  if (registrars.length < 1 || registrars.length > REGISTRARS_MAX)
    refuse(`there are ${registrars.length} registrars, not 1 to ${REGISTRARS_MAX}`)
  if (regulators.length > REGISTRARS_MAX) refuse(`there are more than ${REGISTRARS_MAX} regulators`)
  if (validityMs < 1n || validityMs > 100n * YEAR_MS) refuse(`claims are valid for ${validityMs} ms`)
  if (rules.length > RULES_MAX) refuse(`there are more than ${RULES_MAX} rules`)
  for (const one of rules) checked(one)
  const unique = (all: readonly Address[]) => [...new Set(all)].sort()
  return { registrars: unique(registrars), regulators: unique(regulators), validityMs, rules }
}

function refuse(why: string): never {
  throw new ChainError({
    code: 'kyc/BAD_OPTIONS',
    message: `The customer rules cannot be defined: ${why}.`,
    hint: 'Correct kyc in the chain file.',
  })
}
