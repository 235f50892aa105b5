// How much of whose tokens moves, and at which ratio (SPEC M24).
import { parseEthereumAddress, quoted } from './erc20-holders.ts'
import { importErc20Fail } from './erc20-refusals.ts'

/** So many old tokens become so many new ones; `20:1` in texts. */
export interface Ratio {
  readonly old: bigint
  readonly new: bigint
}

/** The part of a class's tokens that moves, from 0 to 1. */
export interface Share {
  readonly numerator: bigint
  readonly denominator: bigint
}

export interface AllocationClass {
  readonly name: string
  readonly share: Share
  /** 40 lower-case hex digits each. */
  readonly holders: readonly string[]
}

/** Which holders are not community, and how much of theirs moves (SPEC M24). */
export interface Allocation {
  readonly ratio?: Ratio | undefined
  readonly classes: readonly AllocationClass[]
}

const RATIO_MAX = 10n ** 18n
const PROBLEMS_SHOWN_MAX = 100

export const ALL: Share = { numerator: 1n, denominator: 1n }

/** Everyone who is not in the allocation file; all of it moves. */
export const COMMUNITY = 'community'
/** The shares of SPEC M24, for classes that name none. */
const SHARES: Readonly<Record<string, string>> = { ecosystem: '1', foundation: '1', team: '1/2', angels: '1' }

/** Reads `20:1`. Throws `cli/ERC20_BAD_RATIO`. */
export function parseRatio(text: string): Ratio {
  const [, old, after] = /^(\d{1,19}):(\d{1,19})$/.exec(text) ?? []
  return checkRatio({ old: BigInt(old ?? 0), new: BigInt(after ?? 0) }, text)
}

/** Throws `cli/ERC20_BAD_RATIO`. */
export function checkRatio(ratio: Ratio, text = `${ratio.old}:${ratio.new}`): Ratio {
  const sound = [ratio.old, ratio.new].every((side) => side >= 1n && side <= RATIO_MAX)
  if (!sound) throw importErc20Fail.ERC20_BAD_RATIO({ text })
  return ratio
}

/** Reads an allocation file. Throws `cli/ERC20_BAD_ALLOCATION`, `cli/ERC20_BAD_RATIO`, `cli/ERC20_UNLOCK_NOT_AVAILABLE`. */
export function parseAllocation(json: string): Allocation {
  const problems: string[] = []
  const file = members(parseJson(json), { of: 'The file', known: ['ratio', 'classes'], problems })
  const classes = members(file.classes ?? {}, { of: 'classes', problems })
  const classOf = new Map<string, string>()
  const read = Object.entries(classes).map(([name, value]): AllocationClass => {
    const of = /^[a-z][a-zA-Z0-9-]{0,31}$/.test(name) ? name : quoted(name)
    if (of !== name)
      problems.push(`${of} is not a name of a class: a letter a-z, then letters, digits and -.`)
    if (name === COMMUNITY) problems.push(`${COMMUNITY} is everyone who is not listed; remove it.`)
    const fields = members(value, { of, known: ['share', 'addresses', 'unlock'], problems })
    if ('unlock' in fields) throw importErc20Fail.ERC20_UNLOCK_NOT_AVAILABLE({ class: of })
    const share = parseShare(fields.share ?? SHARES[name])
    if (!share)
      problems.push(
        `${of}: the share ${quoted(fields.share)} is no fraction from 0 to 1, such as "1/2" or "1".`,
      )
    if (!Array.isArray(fields.addresses)) problems.push(`${of}: addresses is not a list.`)
    const holders = (Array.isArray(fields.addresses) ? fields.addresses : []).flatMap((text: unknown) => {
      const address = parseEthereumAddress(String(text))
      if ('code' in address) problems.push(`${of}: ${address.message}`)
      if ('code' in address) return []
      const other = classOf.get(address.holder)
      if (other !== undefined) problems.push(`${of}: 0x${address.holder} is listed in ${other} already.`)
      classOf.set(address.holder, of)
      return [address.holder]
    })
    return { name, share: share ?? ALL, holders }
  })
  if (file.ratio !== undefined && typeof file.ratio !== 'string')
    problems.push('ratio is not a text such as "20:1".')
  if (problems.length > 0)
    throw importErc20Fail.ERC20_BAD_ALLOCATION({ problems: problems.slice(0, PROBLEMS_SHOWN_MAX) })
  return { ratio: file.ratio === undefined ? undefined : parseRatio(file.ratio as string), classes: read }
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch (error) {
    throw importErc20Fail.ERC20_BAD_ALLOCATION({ problems: [`It is not JSON: ${(error as Error).message}`] })
  }
}

function members(
  value: unknown,
  { of, known, problems }: { of: string; known?: readonly string[]; problems: string[] },
): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    problems.push(`${of} is not an object.`)
    return {}
  }
  const unknown = Object.keys(value).filter((key) => known?.includes(key) === false)
  problems.push(...unknown.map((key) => `${of} has the unknown member ${quoted(key)}.`))
  return value as Readonly<Record<string, unknown>>
}

function parseShare(text: unknown): Share | undefined {
  const match = typeof text === 'string' ? /^(\d{1,18})(?:\/(\d{1,18}))?$/.exec(text) : null
  if (!match) return undefined
  const [numerator, denominator] = [BigInt(match[1] ?? 0), BigInt(match[2] ?? 1)]
  return denominator > 0n && numerator <= denominator ? { numerator, denominator } : undefined
}
