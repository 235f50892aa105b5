import { isChainError } from '@mmtchain/primitives'
import { en } from './words/en.ts'
import { zh } from './words/zh.ts'
import { zhHealth } from './words/zh-health.ts'
import { zhKinds, zhRefusals } from './words/zh-refusals.ts'

export type Language = 'en' | 'zh'
export type WordKey = keyof typeof en

/** What the command line says, by language: the same keys with the same `{values}` in each. */
export const catalogues: Readonly<Record<Language, Readonly<Record<WordKey, string>>>> = { en, zh }

/** The names between braces in a text. */
type ValuesOf<T extends string> = T extends `${string}{${infer N}}${infer R}`
  ? NameOf<N> | ValuesOf<R>
  : never
/** `{count|problem|problems}` is the first word for one and the second for any other number. */
type NameOf<N extends string> = N extends `${infer Name}|${string}` ? Name : N
type Shown = string | number | bigint

/** `--lang` on the command line, or else the locale of the environment, as POSIX orders it. English is what remains. */
export function languageOf(args: {
  readonly words: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
}): Language {
  const { words, env } = args
  const at = words.findIndex((word) => word === '--lang' || word.startsWith('--lang='))
  const word = words[at]
  const named = word === '--lang' ? words[at + 1] : word?.slice('--lang='.length)
  if (named === 'en' || named === 'zh') return named
  // An empty variable counts as one that is not set (POSIX.1-2017, chapter 8.2).
  const locale = env.LC_ALL || env.LC_MESSAGES || env.LANG || ''
  return /^zh\b|^zh_/i.test(locale) ? 'zh' : 'en'
}

/** The language of this process. */
export const language: Language = languageOf({ words: process.argv.slice(2), env: process.env })

/** A text of the catalogue in the language of this process. */
export function say<K extends WordKey>(
  key: K,
  ...[values]: [ValuesOf<(typeof en)[K]>] extends [never]
    ? []
    : [Readonly<Record<ValuesOf<(typeof en)[K]>, Shown>>]
): string {
  return fill(catalogues[language][key], (values ?? {}) as Readonly<Record<string, Shown>>)
}

/** What a refusal tells a person, in the language of this process where the catalogue has its code and it has the values. */
export function explain(
  error: {
    readonly code: string
    readonly message: string
    readonly hint: string
    readonly values?: object
  },
  into: Language = language,
): { readonly message: string; readonly hint: string } {
  const { code, message, hint, values } = error
  const found = into === 'zh' ? zhRefusals[code] : undefined
  if (!found) return { message, hint }
  const shown = shownValues(Object(values))
  const kind = zhKinds[String(shown.kind)]
  const given = { english: message, englishHint: hint, ...shown, ...(kind !== undefined && { kind }) }
  return {
    message: fillable(found.message, given) ? fill(found.message, given) : message,
    hint: found.hint !== undefined && fillable(found.hint, given) ? fill(found.hint, given) : hint,
  }
}

/** What a node found about itself, in the language of this process where the catalogue has its code and it has the values. */
export function explainCheck<
  C extends {
    readonly code?: string
    readonly values?: Readonly<Record<string, Shown>>
    readonly found: string
    readonly cure: string
  },
>(check: C, into: Language = language): C {
  const { code = '', values = {} } = check
  const said = into === 'zh' ? zhHealth[code] : undefined
  if (!said || !fillable(said.found, values) || !fillable(said.cure ?? '', values)) return check
  return { ...check, found: fill(said.found, values), cure: fill(said.cure ?? '', values) }
}

/** The same for anything that was thrown. */
export function explainError(error: unknown): string {
  return isChainError(error) ? `${error.code}: ${explain(error).message}` : String(error)
}

function shownValues(values: Readonly<Record<string, unknown>>): Readonly<Record<string, Shown>> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => {
      if (Array.isArray(value)) return [[name, value.length === 0 ? '无' : value.map(String).join(', ')]]
      return ['string', 'number', 'bigint'].includes(typeof value) ? [[name, value as Shown]] : []
    }),
  )
}

function fill(text: string, values: Readonly<Record<string, Shown>>): string {
  return text
    .replace(/\{(\w+)\|([^|}]*)\|([^}]*)\}/g, (_, name: string, one: string, many: string) =>
      String(values[name]) === '1' ? one : many,
    )
    .replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''))
}

function fillable(text: string, values: Readonly<Record<string, Shown>>): boolean {
  return [...text.matchAll(/\{(\w+)\}/g)].every(([, name]) => values[name as string] !== undefined)
}
