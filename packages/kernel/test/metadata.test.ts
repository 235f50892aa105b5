import { codecFromSchema, encode, fromJson, toJson } from '@mmtchain/codec'
import {
  address,
  amount,
  bool,
  bytes,
  chainMetadata,
  defineChain,
  defineModule,
  errorCatalogue,
  fixedBytes,
  hash,
  kernelRefusals,
  list,
  listedFee,
  map,
  option,
  params,
  set,
  solo,
  struct,
  table,
  text,
  tuple,
  u8,
  u16,
  u32,
  u64,
  u128,
  union,
  unit,
} from '@mmtchain/kernel'
import { formatAmount } from '@mmtchain/primitives'
import { describe, expect, test } from 'vitest'
import { purse } from './purse.ts'
import { account, start } from './trial.ts'

const alice = account('alice')

/** One field of every type that there is. */
const everything = struct({
  yes: bool,
  small: u8,
  short: u16,
  word: u32,
  long: u64,
  wide: u128,
  who: address,
  price: amount,
  digest: hash,
  name: text({ bytesMax: 32 }),
  data: bytes({ bytesMax: 32 }),
  exact: fixedBytes(4),
  maybe: option(u8),
  many: list(u16, { min: 1, max: 4 }),
  some: set(text({ bytesMax: 8 }), { max: 4 }),
  prices: map(text({ bytesMax: 8 }), amount, { max: 4 }),
  pair: tuple(u8, address),
  either: union({ none: unit, one: u8, two: struct({ a: u8, b: bool }) }),
})
const value = {
  yes: true,
  small: 1,
  short: 2,
  word: 3,
  long: 4n,
  wide: 1n << 100n,
  who: alice.address,
  price: amount(5n),
  digest: hash('ab'.repeat(32)),
  name: 'Łódź',
  data: Uint8Array.of(0, 1),
  exact: Uint8Array.of(1, 2, 3, 4),
  maybe: null,
  many: [1, 2],
  some: ['b', 'a'],
  prices: new Map([['z', amount(1n)]]),
  pair: [9, alice.address] as const,
  either: { kind: 'two', value: { a: 1, b: false } } as const,
}
const form = () =>
  defineModule('form', {
    version: 1,
    params: params(struct({ pages: u8 }), { pages: 7 }),
    state: { rows: table(u8, everything) },
    events: { filled: everything },
    errors: {
      TORN: (d: { at: number }) => ({ message: `Torn at ${d.at}.`, hint: 'Use glue.' }),
      POOR: (d: { have: bigint; want: bigint }) => ({
        message: `Have ${formatAmount(d.have, { decimals: 8 })}, want ${formatAmount(d.want, { decimals: 0 })}.`,
        hint: `Get ${d.want - d.have} more.`,
      }),
      LATE: (d: { due: bigint }) => ({ message: `Due by ${d.due - 1n}.`, hint: 'Hurry.' }),
      SHORT: (d: { have: bigint }) => ({
        message: `Only ${formatAmount(d.have, { decimals: 2 })}.`,
        hint: 'Add.',
      }),
    },
  })
    .command('fill', everything, { weight: 77n }, () => undefined)
    .command('sign', unit, { fee: amount(9n) }, () => undefined)
    .command('copy', u8, { fee: (pages) => amount(BigInt(pages)) }, () => undefined)
    .query('page', u8, option(everything), () => null)

const chain = defineChain({ id: 'harbour-1', addressPrefix: 'hbr', consensus: solo() })
  .use(purse())
  .use(form(), { fees: { sign: amount(3n) } })
const trial = start(chain, { purse: [alice.address] })
const metadata = JSON.parse(JSON.stringify(chainMetadata(trial.genesis))) as ReturnType<typeof chainMetadata>
const described = metadata.modules.find(({ name }) => name === 'form') as (typeof metadata.modules)[number]

describe('the metadata of a chain', () => {
  test('names the chain, its suites and its modules', () => {
    expect(metadata).toMatchObject({
      ...{ chainId: 'harbour-1', fingerprint: trial.genesis.fingerprint, addressPrefix: 'hbr' },
      ...{ slotMs: 10_000, engine: 'solo' },
      suites: [{ code: 1, name: 'secp256k1', weight: 50 }, { code: 2 }, { code: 3 }],
    })
    expect(metadata.modules.map(({ name }) => name)).toEqual(['kernel', 'purse', 'form'])
  })

  test('lists what calls cost by the chain file, and refuses a call that it does not have', () => {
    const made = (command: string, input: Uint8Array) => ({ module: 'form', command, input })
    expect(listedFee(chain, [made('sign', new Uint8Array()), made('copy', new Uint8Array([7]))])).toBe(10n)
    expect(() => listedFee(chain, [made('burn', new Uint8Array())])).toThrow(/burn/)
    expect(() => listedFee(chain, [{ ...made('sign', new Uint8Array()), module: 'nobody' }])).toThrow(
      /nobody/,
    )
  })

  test('says what commands cost here: by the chain file, the module, or the fee policy', () => {
    expect(described.commands.map(({ name, fee, weight }) => [name, fee, weight])).toEqual([
      ['fill', '5', '77'],
      ['sign', '3', '50'],
      ['copy', null, '50'],
    ])
    expect(described).toMatchObject({ version: 1, params: { value: { pages: 7 } } })
  })

  test('is enough to encode a command: a tool without the chain’s code makes the same bytes', () => {
    const json = toJson(everything, value, { addressPrefix: 'hbr' })
    const input = described.commands[0]?.input
    const codec = codecFromSchema(input)
    const read = fromJson(codec, json, metadata)
    expect(encode(codec, read)).toEqual(encode(everything, value))
    expect(toJson(codec, read, metadata)).toEqual(json)
    expect(codec.schema).toEqual(input)
  })

  test('is enough for every command, query, event and parameter of every module', () => {
    for (const [i, { spec }] of chain.modules.entries()) {
      const module = metadata.modules[i] as typeof described
      const pairs = [
        ...[...spec.commands.values()].map(({ input }, at) => [input, module.commands[at]?.input] as const),
        ...[...spec.queries.values()].flatMap(
          ({ input, output }, at) =>
            [
              [input, module.queries[at]?.input],
              [output, module.queries[at]?.output],
            ] as const,
        ),
        ...Object.values(spec.events).map((event, at) => [event, module.events[at]?.data] as const),
        ...(spec.params ? [[spec.params.codec, module.params?.schema] as const] : []),
      ]
      for (const [codec, schema] of pairs) expect(codecFromSchema(schema).schema).toEqual(codec.schema)
    }
    const limits = codecFromSchema(metadata.modules[0]?.params?.schema)
    const { params: given } = trial.genesis.value.modules[0] as { params: Uint8Array }
    expect(encode(limits, fromJson(limits, metadata.modules[0]?.params?.value))).toEqual(given)
  })
})

describe('the catalogue of errors', () => {
  test('shows names where values go, amounts included', () => {
    expect(described.errors).toEqual([
      { code: 'form/TORN', message: 'Torn at <at>.', hint: 'Use glue.' },
      { code: 'form/POOR', message: 'Have <have>, want <want>.', hint: 'Get … more.' },
      // A text that computes cannot be shown without its values.
      { code: 'form/LATE', message: 'form/LATE', hint: 'The refusal itself says more.' },
      { code: 'form/SHORT', message: 'Only <have>.', hint: 'Add.' },
    ])
  })

  test('has every refusal of the kernel, in words', () => {
    const catalogue = errorCatalogue('kernel', kernelRefusals)
    expect(catalogue.map(({ code }) => code)).toEqual(
      Object.keys(kernelRefusals).map((key) => `kernel/${key}`),
    )
    for (const { code, message } of catalogue) expect(message, code).not.toBe(code)
    expect(catalogue.find(({ code }) => code === 'kernel/UNKNOWN_MODULE')).toMatchObject({
      message: 'This chain has no module <module>.',
      hint: 'It has <known>.',
    })
  })
})
