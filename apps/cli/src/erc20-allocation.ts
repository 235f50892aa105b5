// How much of whose tokens moves, when, and at which ratio (SPEC M24).
import { type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser'
import { parseEthereumAddress, quoted } from './erc20-cells.ts'
import { MMT } from './erc20-preset.ts'
import { type AllocationProblem, importErc20Fail } from './erc20-refusals.ts'

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

/** The new tokens of a class unlock evenly over `spanMs` from `startMs` on, from block 0 of the new chain on without one. */
export interface Unlock {
  readonly startMs?: bigint | undefined
  readonly spanMs: bigint
}

export interface AllocationClass {
  readonly name: string
  readonly share: Share
  readonly unlock?: Unlock | undefined
  /** 40 lower-case hex digits each. */
  readonly holders: readonly string[]
}

/** What the tokens of a preset should be, so that an import can say where the list of holders differs. */
export interface Preset {
  readonly name: string
  readonly ratio: string
  /** Whole old tokens. */
  readonly supply: bigint
  /** By class, `community` among them. */
  readonly classes: Readonly<Record<string, PresetClass>>
}
export interface PresetClass {
  readonly share: string
  readonly unlock?: { readonly years: number }
  readonly percent: bigint
  readonly holders?: number
}

/** Which holders are not community, and how much of theirs moves and when (SPEC M24). */
export interface Allocation {
  readonly preset?: Preset | undefined
  readonly ratio?: Ratio | undefined
  readonly classes: readonly AllocationClass[]
}

/** Everyone who is not in the allocation file; all of it moves, at once. */
export const COMMUNITY = 'community'
export const ALL: Share = { numerator: 1n, denominator: 1n }

const RATIO_MAX = 10n ** 18n
const FILE_CHARACTERS_MAX = 50_000_000
const PROBLEMS_LISTED_MAX = 10_000
const DAY_MS = 86_400_000n
/** A year of an unlock is 365 days, whatever the calendar. */
const YEAR_DAYS = 365n
const PRESETS: readonly Preset[] = [MMT]

/** Reads `20:1`. Throws `cli/ERC20_BAD_RATIO`. */
export function parseRatio(text: string): Ratio {
  const ratio = readRatio(text)
  if (!ratio) throw importErc20Fail.ERC20_BAD_RATIO({ text })
  return ratio
}

/** Throws `cli/ERC20_BAD_RATIO`. */
export function checkRatio(ratio: Ratio): Ratio {
  return parseRatio(`${ratio.old}:${ratio.new}`)
}

function readRatio(text: unknown): Ratio | undefined {
  const match = typeof text === 'string' ? /^(\d{1,19}):(\d{1,19})$/.exec(text) : null
  const ratio = match ? { old: BigInt(match[1] ?? 0), new: BigInt(match[2] ?? 0) } : undefined
  return ratio && [ratio.old, ratio.new].every((side) => side >= 1n && side <= RATIO_MAX) ? ratio : undefined
}

/** Reads an allocation file. Throws `cli/ERC20_BAD_ALLOCATION` with all that is wrong with it, each with its line. */
export function parseAllocation(json: string): Allocation {
  const problems: AllocationProblem[] = []
  const lines = lineCounter(json)
  const report = (at: number, message: string) => problems.push({ line: lines(at), message })
  const allocation = readFile(json, report)
  if (problems.length > 0) {
    problems.sort((a, b) => (a.line ?? 0) - (b.line ?? 0))
    throw importErc20Fail.ERC20_BAD_ALLOCATION({
      problems: problems.slice(0, PROBLEMS_LISTED_MAX),
      total: problems.length,
    })
  }
  return allocation
}

type Report = (at: number, message: string) => void

function readFile(json: string, report: Report): Allocation {
  const root = treeOf(json, report)
  if (!root) return { classes: [] }
  const file = members(root, { of: 'The file', known: ['preset', 'ratio', 'classes'] }, report)
  const preset = file.preset && readPreset(file.preset, report)
  const ratio = readRatio(file.ratio ? file.ratio.value : (preset?.ratio ?? '1:1'))
  if (!ratio)
    report(
      file.ratio?.offset ?? 0,
      `ratio is ${quotedNode(file.ratio)}, not two whole numbers from 1 to 10^18, old tokens first, such as "20:1".`,
    )
  const named: Members = file.classes ? members(file.classes, { of: 'classes' }, report) : {}
  for (const name of Object.keys(preset?.classes ?? {})) {
    // Whoever is forgotten would be taken for community, and move whole.
    if (name !== COMMUNITY && !named[name])
      report(
        file.classes?.offset ?? 0,
        `The preset ${preset?.name} needs the class ${name}; give it an empty list if it has no address.`,
      )
  }
  const classOf = new Map<string, string>()
  const classes = Object.entries(named).flatMap(([name, node]) =>
    node ? [readClass({ name, node, preset: preset?.classes[name], classOf, report })] : [],
  )
  return { preset, ratio: file.ratio || preset ? ratio : undefined, classes }
}

function readPreset(node: Node, report: Report): Preset | undefined {
  const found = PRESETS.find(({ name }) => name === node.value)
  const known = PRESETS.map(({ name }) => `"${name}"`).join(', ')
  if (!found) report(node.offset, `There is no preset ${quotedNode(node)}; known: ${known}.`)
  return found
}

function readClass(args: {
  readonly name: string
  readonly node: Node
  readonly preset: PresetClass | undefined
  readonly classOf: Map<string, string>
  readonly report: Report
}): AllocationClass {
  const { name, node, preset, classOf, report } = args
  const of = /^[a-z][a-zA-Z0-9-]{0,31}$/.test(name) ? name : quoted(name)
  if (of !== name)
    report(node.offset, `${of} is not a name of a class: a letter a-z, then letters, digits and -.`)
  if (name === COMMUNITY) report(node.offset, `${COMMUNITY} is everyone who is not listed; remove it.`)
  const fields = members(node, { of, known: ['share', 'unlock', 'addresses'] }, report)
  const share = readShare(fields.share ? fields.share.value : preset?.share)
  if (!share)
    report(
      (fields.share ?? node).offset,
      `${of}: the share ${quotedNode(fields.share)} is no fraction from 0 to 1, such as "1/2" or "1".`,
    )
  const unlock = fields.unlock
    ? readUnlock(fields.unlock, of, report)
    : preset?.unlock && { spanMs: BigInt(preset.unlock.years) * YEAR_DAYS * DAY_MS }
  if (fields.addresses?.type !== 'array')
    report((fields.addresses ?? node).offset, `${of}: addresses is not a list.`)
  const holders: string[] = []
  for (const item of fields.addresses?.type === 'array' ? (fields.addresses.children ?? []) : []) {
    const address = parseEthereumAddress(typeof item.value === 'string' ? item.value : textOf(item))
    if ('code' in address) {
      report(item.offset, `${of}: ${address.message}`)
      continue
    }
    const other = classOf.get(address.holder)
    if (other !== undefined) report(item.offset, `${of}: 0x${address.holder} is listed in ${other} already.`)
    classOf.set(address.holder, of)
    holders.push(address.holder)
  }
  return { name, share: share ?? ALL, unlock, holders }
}

/** `{ "years": 5 }` or `{ "days": 90 }`, with a `start` or from block 0 on; null is at once. */
function readUnlock(node: Node, of: string, report: Report): Unlock | undefined {
  if (node.type === 'null') return undefined
  const fields = members(node, { of: `${of}: unlock`, known: ['years', 'days', 'start'] }, report)
  const length = fields.years ?? fields.days
  const most = fields.years ? 100 : 36_500
  const whole = Number.isInteger(length?.value) && length?.value >= 1 && length?.value <= most
  if (!whole || (fields.years && fields.days))
    report(
      node.offset,
      `${of}: unlock needs either years, a whole number from 1 to 100, or days, from 1 to 36500.`,
    )
  const startMs = fields.start && timeOf(fields.start.value)
  if (fields.start && startMs === undefined)
    report(
      fields.start.offset,
      `${of}: the start ${quotedNode(fields.start)} is no time such as "2026-01-01T00:00:00Z".`,
    )
  const days = BigInt(whole ? length?.value : 1) * (fields.years ? YEAR_DAYS : 1n)
  return { startMs, spanMs: days * DAY_MS }
}

/** Unix milliseconds of a time in UTC to the second, from 1970 on. */
function timeOf(text: unknown): bigint | undefined {
  if (typeof text !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text)) return undefined
  const ms = Date.parse(text)
  // A day that its month does not have would be taken for one of the next.
  const exact = ms >= 0 && new Date(ms).toISOString() === text.replace('Z', '.000Z')
  return exact ? BigInt(ms) : undefined
}

function readShare(text: unknown): Share | undefined {
  const match = typeof text === 'string' ? /^(\d{1,18})(?:\/(\d{1,18}))?$/.exec(text) : null
  if (!match) return undefined
  const [numerator, denominator] = [BigInt(match[1] ?? 0), BigInt(match[2] ?? 1)]
  return denominator > 0n && numerator <= denominator ? { numerator, denominator } : undefined
}

/** The file as a tree that knows where everything stands. */
function treeOf(json: string, report: Report): Node | undefined {
  if (json.length > FILE_CHARACTERS_MAX) {
    report(0, `The file has more than ${FILE_CHARACTERS_MAX} characters.`)
    return undefined
  }
  const errors: ParseError[] = []
  let root: Node | undefined
  try {
    root = parseTree(json.replace(/^\ufeff/, ' '), errors, { disallowComments: true })
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    report(0, 'It is not JSON: it is nested too deep.')
    return undefined
  }
  const [first] = errors
  if (first || !root)
    report(first?.offset ?? 0, `It is not JSON: ${first ? printParseErrorCode(first.error) : 'empty'}.`)
  return first ? undefined : root
}

type Members = Readonly<Partial<Record<string, Node>>>

/** The members of an object by name; what is no object, unknown or there twice is reported. */
function members(
  node: Node,
  { of, known }: { readonly of: string; readonly known?: readonly string[] },
  report: Report,
): Members {
  const found: Partial<Record<string, Node>> = Object.create(null)
  if (node.type !== 'object') report(node.offset, `${of} is not an object.`)
  for (const { offset, children = [] } of node.type === 'object' ? (node.children ?? []) : []) {
    const [key, value] = children
    const name = String(key?.value)
    if (!value) continue
    if (known?.includes(name) === false) report(offset, `${of} has the unknown member ${quoted(name)}.`)
    // A reader that takes the last one would drop addresses without a word.
    if (found[name]) report(offset, `${of} has the member ${quoted(name)} twice.`)
    found[name] = value
  }
  return found
}

function quotedNode(node: Node | undefined): string {
  return node ? quoted(node.value ?? textOf(node)) : quoted(undefined)
}

/** What stands for a value that is no text in a message. */
function textOf({ type, value }: Node): string {
  return type === 'array' || type === 'object' ? `an ${type}` : String(value)
}

/** Lines by offset, for offsets that mostly ascend. */
function lineCounter(text: string): (offset: number) => number {
  const starts = [0]
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return (offset) => {
    let [low, high] = [0, starts.length]
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if ((starts[middle] as number) <= offset) low = middle
      else high = middle
    }
    return low + 1
  }
}
