import { styleText } from 'node:util'
import cliProgress from 'cli-progress'
import Table from 'cli-table3'

/** Prints a result: as one JSON value for programs, or as lines for people. */
export function print(options: { readonly json?: boolean }, value: unknown, lines: readonly string[]): void {
  process.stdout.write(options.json ? `${JSON.stringify(value)}\n` : `${lines.join('\n')}\n`)
}

type Look = 'title' | 'good' | 'bad' | 'faint'
const STYLES = { title: 'bold', good: 'green', bad: 'red', faint: 'dim' } as const

/** True when a stream may be coloured and redrawn: a terminal whose user has not set `NO_COLOR` (no-color.org). */
export function isLively(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== 'dumb'
}

/** Text with a colour on a terminal, and as it is elsewhere. */
export function look(text: string, as: Look, stream: NodeJS.WriteStream = process.stdout): string {
  return isLively(stream) ? styleText(STYLES[as], text, { validateStream: false }) : text
}

const NO_LINES = Object.fromEntries(
  [
    ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'],
    ...['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'],
  ].map((name) => [name, '']),
)

/** Lines of aligned columns, also where characters are two columns wide. A head is set off from what is under it. */
export function table(
  cells: readonly (readonly string[])[],
  head: readonly string[] = [],
): readonly string[] {
  const made = new Table({
    chars: NO_LINES,
    style: { 'padding-left': 2, 'padding-right': 0, head: [], border: [], compact: true },
  })
  if (head.length > 0) made.push(head.map((text) => look(text, 'faint')))
  made.push(...cells.map((row) => [...row]))
  return cells.length + head.length === 0 ? [] : made.toString().split('\n').map(trimmedEnd)
}

/** Aligned `name  value` lines. */
export function rows(pairs: readonly (readonly [string, string])[]): readonly string[] {
  return table(pairs.map(([name, value]) => [look(name, 'faint'), value]))
}

function trimmedEnd(line: string): string {
  return line.trimEnd()
}

/** How long work shows that it goes on. */
export interface Progress {
  /** How far it is, and what it does now. */
  at(value: number, label?: string): void
  end(): void
}

const SILENT: Progress = { at: () => undefined, end: () => undefined }

/** A bar on standard error of `total` steps, or a clock without a total; nothing unless that is a terminal and people read. */
export function progress(
  options: { readonly json?: boolean },
  args: { readonly label: string; readonly total?: number },
): Progress {
  if (options.json || !isLively(process.stderr)) return SILENT
  const { label, total } = args
  const bar = new cliProgress.SingleBar(
    {
      stream: process.stderr,
      format:
        total === undefined ? '{label} {duration_formatted}' : '{label} {bar} {percentage} % {value}/{total}',
      clearOnComplete: true,
      hideCursor: true,
    },
    cliProgress.Presets.shades_classic,
  )
  bar.start(total ?? 1, 0, { label })
  return {
    at: (value, now) => bar.update(value, now === undefined ? {} : { label: now }),
    end: () => bar.stop(),
  }
}
