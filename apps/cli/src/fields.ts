import type { DescribedChain } from '@mmtchain/client'
import type { Json, JsonSchema } from '@mmtchain/codec'
import type { Home } from '@mmtchain/node'
import { type ChainError, formatAddress, formatAmount, isChainError, parseAmount } from '@mmtchain/primitives'
import { type Command, Option } from 'commander'
import { addressOf } from './context.ts'
import { explain, say } from './language.ts'
import { cliFail } from './refusals.ts'

// The fields of a command or query, made from its JSON Schema: flags in, values out. A partner's module needs no code here.

/** The token of a chain, by which amounts are read and shown; on a chain without one they are whole units. */
export interface Unit {
  readonly symbol: string
  readonly decimals: number
}

export function unitOf({ metadata }: DescribedChain): Unit {
  const token = metadata.modules.find(({ name }) => name === 'token')?.params?.value
  const { symbol, decimals } = Object(token) as { symbol?: unknown; decimals?: unknown }
  return typeof symbol === 'string' && typeof decimals === 'number'
    ? { symbol, decimals }
    : { symbol: '', decimals: 0 }
}

export function showAmount(units: string | bigint, { symbol, decimals }: Unit): string {
  return `${formatAmount(BigInt(units) as never, { decimals })} ${symbol}`.trim()
}

/** Gives a command one flag for each field of a struct, after all other flags of it. */
export function addFields(command: Command, schema: JsonSchema): void {
  const taken = new Set(['--help', ...command.options.map(({ long }) => long)])
  for (const [name, field] of fieldsOf(schema)) {
    const type = typeOf(field)
    const flag = flagOf(name, taken)
    const option = new Option(`--${flag} <${type.value}>`, type.help)
    option.argParser((text: string, before: FieldText | undefined): FieldText => {
      // Which of two amounts is meant, nobody should have to guess.
      if (before) throw cliFail.BAD_FIELD({ flag, value: text, why: say('field.twice') })
      return { flag, text }
    })
    option.attributeName = () => attributeOf(name)
    command.addOption(type.optional ? option : option.makeOptionMandatory())
  }
}

/** What was given for a field, and by which flag. */
interface FieldText {
  readonly flag: string
  readonly text: string
}

/** A partner may name a field as a flag of this command line is named, or so that it reads as a negated flag. */
function flagOf(name: string, taken: ReadonlySet<string | undefined>): string {
  const flag = kebab(name)
  return taken.has(`--${flag}`) || flag.startsWith('no-') ? `field-${flag}` : flag
}

/** Apart from the names of all other options. */
function attributeOf(name: string): string {
  return `field:${name}`
}

/** The JSON form of the fields that were given. Throws `cli/BAD_FIELD`, naming the flag. */
export function readFields(
  schema: JsonSchema,
  given: Readonly<Record<string, unknown>>,
  context: { readonly home: Home; readonly prefix: string; readonly unit: Unit },
): Json {
  if (schema['x-bcs'] === 'unit') return null
  const fields = fieldsOf(schema).map(([name, field]) => {
    const { flag, text } = (given[attributeOf(name)] as FieldText | undefined) ?? { flag: kebab(name) }
    try {
      return [name, text === undefined ? null : readField(field, text, context)] as const
    } catch (error) {
      const why = isChainError(error) ? whyOf(error) : say('field.notJson')
      if (!isChainError(error) && !(error instanceof SyntaxError)) throw error
      throw cliFail.BAD_FIELD({ flag, value: String(text), why })
    }
  })
  return Object.fromEntries(fields)
}

function readField(
  schema: JsonSchema,
  text: string,
  context: { readonly home: Home; readonly prefix: string; readonly unit: Unit },
): Json {
  switch (schema['x-bcs']) {
    case 'address':
      return formatAddress(addressOf(text, context.home, context.prefix), { prefix: context.prefix })
    case 'amount':
      return parseAmount(text, { decimals: context.unit.decimals }).toString()
    case 'text':
    case 'u64':
    case 'u128':
    case 'amountSum':
      return text
    case 'bytes':
    case 'fixedBytes':
    case 'hash':
      return text.replace(/^0x/, '').toLowerCase()
    case 'option':
      return readField((schema.anyOf as JsonSchema[])[0] as JsonSchema, text, context)
    default:
      return JSON.parse(text) as Json
  }
}

/** A value as people read it: amounts with their symbol, the rest as JSON. */
export function showValue(schema: JsonSchema, value: Json, unit: Unit): string {
  if (schema['x-bcs'] === 'amount' || schema['x-bcs'] === 'amountSum') return showAmount(String(value), unit)
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2)
}

function fieldsOf(schema: JsonSchema): readonly (readonly [string, JsonSchema])[] {
  const properties = Object(schema.properties) as Record<string, JsonSchema>
  return ((schema.required as string[] | undefined) ?? []).map((name) => [
    name,
    properties[name] as JsonSchema,
  ])
}

function typeOf(schema: JsonSchema): {
  readonly value: string
  readonly help: string
  readonly optional: boolean
} {
  const name = String(schema['x-bcs'])
  if (name === 'option') return { ...typeOf((schema.anyOf as JsonSchema[])[0] as JsonSchema), optional: true }
  const help: Record<string, string> = {
    address: say('field.address'),
    amount: say('field.amount'),
    text: say('field.text', { max: Number(schema['x-bytesMax']) }),
    bytes: say('field.bytes', { max: Number(schema['x-bytesMax']) }),
    fixedBytes: say('field.fixedBytes', { bytes: Number(schema['x-bytes']) }),
    hash: say('field.hash'),
  }
  return {
    value: name,
    help: help[name] ?? (/^(u\d+|bool|amountSum)$/.test(name) ? name : say('field.json', { name })),
    optional: false,
  }
}

function whyOf(error: ChainError): string {
  const { message, hint } = explain(error)
  return `${message} ${hint}`
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}
