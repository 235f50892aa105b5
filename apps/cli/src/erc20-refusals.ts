import { failures } from '@mmtchain/primitives'

export type BadRowCode =
  | 'BAD_ADDRESS'
  | 'BAD_CHECKSUM'
  | 'BAD_BALANCE'
  | 'BAD_QUOTES'
  | 'DUPLICATE_ADDRESS'
  | 'EXTRA_COLUMN'
  | 'MISSING_COLUMN'
  | 'TOO_MANY_ROWS'

/** One reason why a file of holders is refused; `line` is the line of the file on which the row begins, from 1. */
export interface BadRow {
  readonly line: number
  readonly code: BadRowCode
  readonly message: string
}

/** One thing that is wrong with an allocation file, on this line of it, from 1. */
export interface AllocationProblem {
  readonly line?: number
  readonly message: string
}

const SHOWN_MAX = 100
/** The first lines of a list for people; a program finds more in the values. */
const shown = (lines: readonly string[], total: number): readonly string[] => [
  ...lines.slice(0, SHOWN_MAX).map((line) => `  ${line}`),
  ...(total > SHOWN_MAX ? [`  … and ${total - SHOWN_MAX} more; --json lists up to 10000`] : []),
]
const numbered = ({ line, message }: AllocationProblem) =>
  line === undefined ? message : `line ${line}: ${message}`

/** The refusals of an import, for the catalogue of error codes. */
export const importErc20Refusals = {
  ERC20_BAD_ROWS: (d: { rows: readonly BadRow[]; total: number }) => ({
    message: [
      `The file of holders has ${d.total} ${d.total === 1 ? 'mistake' : 'mistakes'}; nothing was imported.`,
      ...shown(
        d.rows.map(({ line, code, message }) => `line ${line}: ${code}: ${message}`),
        d.total,
      ),
    ].join('\n'),
    hint: 'Correct these lines, or export the file from the explorer again, and repeat the import.',
  }),
  ERC20_NO_ROWS: (_: object) => ({
    message: 'The file has no row of a holder.',
    hint: 'Give a CSV file with the columns address and balance.',
  }),
  ERC20_FILE_TOO_LARGE: (d: { bytesMax: number }) => ({
    message: `The file has more than ${d.bytesMax} bytes.`,
    hint: 'Keep only the columns address and balance.',
  }),
  ERC20_NOT_UTF8: (_: object) => ({
    message: 'The file is not UTF-8 text.',
    hint: 'Save it as "CSV UTF-8"; a spreadsheet’s "Unicode text" is UTF-16.',
  }),
  ERC20_BAD_RATIO: (d: { text: string }) => ({
    message: `"${d.text.slice(0, 80)}" is not a ratio of old to new tokens.`,
    hint: 'Write two whole numbers from 1 to 10^18, old tokens first: 20:1.',
  }),
  ERC20_BAD_DECIMALS: (d: { from: number; to: number }) => ({
    message: `A token cannot have ${d.from} decimals before and ${d.to} after the move.`,
    hint: 'Give whole numbers from 0 to 77; ERC-20 tokens mostly have 18, tokens here 8.',
  }),
  ERC20_BAD_ALLOCATION: (d: { problems: readonly AllocationProblem[]; total: number }) => ({
    message: ['The allocation file cannot be used.', ...shown(d.problems.map(numbered), d.total)].join('\n'),
    hint: 'Write {"preset":"mmt","classes":{"team":{"addresses":["0x…"]},…}}, or {"ratio":"20:1","classes":{"team":{"share":"1/2","unlock":{"years":5},"addresses":["0x…"]}}}.',
  }),
  ERC20_SUPPLY_TOO_LARGE: (d: { units: bigint; max: bigint }) => ({
    message: `The import would issue ${d.units} of the smallest unit; a token has at most ${d.max}.`,
    hint: 'Choose a ratio that gives fewer new tokens, or fewer decimals.',
  }),
}

export const importErc20Fail = failures('cli', importErc20Refusals)
