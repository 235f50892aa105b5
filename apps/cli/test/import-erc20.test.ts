import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ethereumAddress, secp256k1, sha256 } from '@mmtchain/crypto'
import { type ChainError, formatAmount, fromHex, toHex, utf8 } from '@mmtchain/primitives'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type AllocationProblem,
  type BadRow,
  type ImportResult,
  importErc20,
  parseAllocation,
  parseRatio,
  writeImport,
  writeImportRows,
} from '../src/import-erc20.ts'

/** Addresses of EIP-55's own test vectors. */
const [alice, bob, carol, dave] = [
  '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed',
  '0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359',
  '0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB',
  '0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb',
] as const

const hex = (address: string) => address.slice(2).toLowerCase()
const csvOf = (...lines: readonly string[]) => lines.map((line) => `${line}\n`).join('')

async function refusalOf(csv: string | Uint8Array): Promise<ChainError> {
  const refused = await importErc20({ csv }).then(
    () => undefined,
    (error: ChainError) => error,
  )
  if (!refused) throw new Error('Nothing was refused.')
  return refused
}

/** Line and code of all that is wrong with a file. */
async function complaintsOf(csv: string): Promise<string[]> {
  const { code, values } = await refusalOf(csv)
  expect(code).toBe('cli/ERC20_BAD_ROWS')
  return (values.rows as BadRow[]).map((row) => `${row.line} ${row.code}`)
}

interface UnclaimedRow {
  readonly holder: string
  readonly amount: string
}
interface VestingRow extends UnclaimedRow {
  readonly startMs: string | null
  readonly spanMs: string
}

/** The genesis document that is written. */
function documentOf(result: ImportResult) {
  return JSON.parse([...writeImport(result).document].join('')) as {
    readonly unclaimed: readonly UnclaimedRow[]
    readonly unclaimedVesting: readonly VestingRow[]
  }
}

/** The rows of a file that can be claimed at once. */
async function unclaimedOf(args: Parameters<typeof importErc20>[0]) {
  return documentOf(await importErc20(args)).unclaimed
}

/** What the rows of a file become, by holder. */
async function amountsOf(csv: string | Uint8Array): Promise<Record<string, string>> {
  return Object.fromEntries((await unclaimedOf({ csv })).map(({ holder, amount }) => [holder, amount]))
}

/** The remainder is in parts of an old unit, of which there are `price.new`. */
function expectConserved(result: ImportResult, input: bigint) {
  const { price, total, classes } = result.report
  const rows = [...result.rows()]
  const { unclaimed, unclaimedVesting } = documentOf(result)
  const sumOf = (all: readonly UnclaimedRow[]) => all.reduce((sum, { amount }) => sum + BigInt(amount), 0n)
  const [issued, locked] = [sumOf(unclaimed) + sumOf(unclaimedVesting), sumOf(unclaimedVesting)]
  for (const sums of [total, ...classes, ...rows]) {
    expect(sums.issued * price.old + sums.notMoved * price.new + sums.remainder).toBe(sums.input * price.new)
  }
  for (const row of rows) expect(row.remainder < price.old).toBe(true)
  for (const field of ['input', 'notMoved', 'issued', 'locked', 'remainder'] as const) {
    expect(classes.reduce((sum, one) => sum + one[field], 0n)).toBe(total[field])
    expect(rows.reduce((sum, one) => sum + one[field], 0n)).toBe(total[field])
  }
  expect(total.input).toBe(input)
  expect(total.issued).toBe(issued)
  expect(total.locked).toBe(locked)
}

describe('the file', () => {
  const expected = { [hex(alice)]: '5000000000', [hex(bob)]: '6172839' }
  const [a, b] = [`${alice},1000`, `${bob},1.23456789`]

  test.each([
    ['with a header', csvOf('address,balance', a, b)],
    ['with a header in capitals', csvOf('Address,BALANCE', a, b)],
    ['without a header', csvOf(a, b)],
    ['without a newline at its end', `${a}\n${b}`],
    ['with a byte order mark', `\ufeff${csvOf('address,balance', a, b)}`],
    ['with a byte order mark and quotes', `\ufeff${csvOf('"address","balance"', a, b)}`],
    ['with CR LF', `address,balance\r\n${a}\r\n${b}\r\n`],
    ['with CR alone', `address,balance\r${a}\r${b}\r`],
    ['with mixed newlines', `address,balance\r\n${a}\n${b}\r`],
    ['with blank lines', csvOf('', 'address,balance', '', a, '   ', ',', b, '')],
    ['with spaces', csvOf(' address , balance ', ` ${alice} ,\t1000 `, ` "${bob} " , " 1.23456789 " `)],
    [
      'of Etherscan',
      csvOf(
        '"HolderAddress","Balance","PendingBalanceUpdate"',
        `"${alice}","1000","No"`,
        `"${bob}","1.23456789","No"`,
      ),
    ],
    [
      'with columns in another order',
      csvOf('Rank,Balance,Address', `1,1000,${alice}`, `2,1.23456789,${bob}`),
    ],
    [
      'with a comma and a newline in another column',
      csvOf('tag,address,balance', `"a, b\r\n""c""",${alice},1000`, `,${bob},1.23456789`),
    ],
    [
      'with lower-case and upper-case addresses',
      csvOf(a.toLowerCase(), `0x${hex(bob).toUpperCase()},1.23456789`),
    ],
  ])('%s is read', async (_, csv) => {
    expect(await amountsOf(csv)).toEqual(expected)
    expect(await amountsOf(new TextEncoder().encode(csv))).toEqual(expected)
  })

  test('may come in pieces, cut anywhere', async () => {
    const bytes = new TextEncoder().encode(`\ufeff${csvOf('名,address,balance', `é,${a}`, `é,${b}`)}`)
    async function* pieces() {
      for (let at = 0; at < bytes.length; at += 7) yield bytes.subarray(at, at + 7)
    }
    expect(await unclaimedOf({ csv: pieces() })).toHaveLength(2)
  })

  test('gives holders in byte order, whatever their order in the file', async () => {
    const lines = [alice, bob, carol, dave].map((address) => `${address},1`)
    const unclaimed = await unclaimedOf({ csv: csvOf(...lines) })
    expect(unclaimed.map(({ holder }) => holder)).toEqual([alice, dave, carol, bob].map(hex))
    expect(await unclaimedOf({ csv: csvOf(...lines.reverse()) })).toEqual(unclaimed)
  })
})

describe('a balance', () => {
  const unitsOf = async (balance: string) => {
    const { report } = await importErc20({ csv: csvOf(`${alice},"${balance}"`) })
    return report.total.input
  }

  test.each([
    ['1234.567890123456789012', 1_234_567_890_123_456_789_012n],
    ['0.000000000000000001', 1n],
    ['1,234.5', 1_234_500_000_000_000_000_000n],
    ['1,234,567', 1_234_567n * 10n ** 18n],
    ['007', 7n * 10n ** 18n],
    ['1.500000000000000000000000', 15n * 10n ** 17n],
    ['1.2E-7', 120_000_000_000n],
    ['1.2e-07', 120_000_000_000n],
    ['1E-18', 1n],
    ['10E-19', 1n],
    ['9.007199254740993E+9', 9_007_199_254_740_993n * 10n ** 12n],
    ['1.234567890123456789012E3', 1_234_567_890_123_456_789_012n],
    ['0E-30', 0n],
  ])('%s is read to the unit', async (balance, units) => {
    expect(await unitsOf(balance)).toBe(units)
  })

  test.each([
    '',
    'abc',
    '-1',
    '+1',
    '1.',
    '.5',
    '1.2.3',
    '1 000',
    '0x10',
    'Infinity',
    '1,23',
    '1,2345',
    '1234,567',
    '1.234,5',
    '1,234E3',
    '1.0000000000000000001',
    '1E-19',
    '1E99',
    '1E9999',
    `1${'0'.repeat(120)}`,
    '115792089237316195423570985008687907853269984665640564039458',
  ])('"%s" is refused and never rounded', async (balance) => {
    expect(await complaintsOf(csvOf('address,balance', `${alice},"${balance}"`))).toEqual(['2 BAD_BALANCE'])
  })
})

describe('bad rows', () => {
  const typo = alice.replace('5aA', '5aa')

  test.each([
    ['no address', `abc,1`, 'BAD_ADDRESS'],
    ['an address without 0x', `${hex(alice)},1`, 'BAD_ADDRESS'],
    ['a short address', `${alice.slice(0, -1)},1`, 'BAD_ADDRESS'],
    ['a long address', `${alice}0,1`, 'BAD_ADDRESS'],
    ['a digit that is not hex', `${alice.replace('5', 'g')},1`, 'BAD_ADDRESS'],
    ['a wrong checksum', `${typo},1`, 'BAD_CHECKSUM'],
    ['no balance', `${alice},`, 'BAD_BALANCE'],
    ['one cell', alice, 'MISSING_COLUMN'],
    ['a semicolon for a comma', `${alice};1`, 'MISSING_COLUMN'],
    ['thousands without quotes', `${alice},1,234.5`, 'EXTRA_COLUMN'],
    ['the same address again', `${carol},1`, 'DUPLICATE_ADDRESS'],
    ['the same address again in other letters', `${carol.toLowerCase()},1`, 'DUPLICATE_ADDRESS'],
    ['a quote within a cell', `${alice},1"000`, 'BAD_QUOTES'],
    ['text behind a quote', `"${alice}"x,1`, 'BAD_QUOTES'],
    ['a quote that is not closed', `"${alice},1`, 'BAD_QUOTES'],
  ])('%s is refused at its line', async (_, line, code) => {
    expect(await complaintsOf(csvOf('address,balance', `${carol},1`, line, `${bob},1`))).toEqual([
      `3 ${code}`,
    ])
  })

  test('are all told at once, with the lines of the file', async () => {
    const csv = [
      'tag,address,balance',
      `"two\r\nlines\n",${alice},1`,
      '',
      `,nobody,nothing`,
      `"three\rmore\rlines",${typo},1`,
      `,${alice.toLowerCase()},-1`,
      `${bob},1`,
    ].join('\r\n')
    expect(await complaintsOf(csv)).toEqual([
      '6 BAD_ADDRESS',
      '6 BAD_BALANCE',
      '7 BAD_CHECKSUM',
      '10 BAD_BALANCE',
      '10 DUPLICATE_ADDRESS',
      '11 MISSING_COLUMN',
    ])
    const { message } = await refusalOf(csv)
    expect(message).toContain('6 mistakes')
    expect(message).toContain(`line 10: DUPLICATE_ADDRESS: ${alice.toLowerCase()} stands on line 2 already.`)
  })

  test('are shown up to 100, listed up to 10,000, and counted', async () => {
    const { values, message } = await refusalOf(csvOf('address,balance', ...Array(150).fill('x,1')))
    expect(values.total).toBe(150)
    expect(values.rows).toHaveLength(150)
    expect(message.split('\n')).toHaveLength(102)
    expect(message).toContain('… and 50 more')
    const many = await refusalOf(csvOf('address,balance', ...Array(12_000).fill('x,1')))
    expect(many.values.total).toBe(12_000)
    expect(many.values.rows).toHaveLength(10_000)
  })

  test('an open quote does not hide the mistakes above it, nor swallow the file', async () => {
    const csv = csvOf('address,balance', 'x,1', `"${alice},1`, ...Array(1000).fill('y,1'))
    expect(await complaintsOf(csv)).toEqual(['2 BAD_ADDRESS', '3 BAD_QUOTES'])
  })

  test.each([
    ['that names no balance', 'address,amount'],
    ['that names no address', 'wallet,balance'],
    ['that names two addresses', 'address,HolderAddress,balance'],
    ['of other names', 'wallet,tokens'],
    ['with semicolons', 'address;balance'],
  ])('a header %s is refused alone', async (_, header) => {
    expect(await complaintsOf(csvOf(header, `${alice},1`, 'x,y'))).toEqual(['1 MISSING_COLUMN'])
  })

  test('a row beyond the millionth is refused', async () => {
    const { values } = await refusalOf(`address,balance\n${'x,1\n'.repeat(1_000_002)}`)
    expect(values.total).toBe(1_000_001)
  })

  test.each([
    ['an empty file', '', 'cli/ERC20_NO_ROWS'],
    ['a header without rows', 'address,balance\n', 'cli/ERC20_NO_ROWS'],
    ['a file over 200 MB', new Uint8Array(200_000_001), 'cli/ERC20_FILE_TOO_LARGE'],
    ['UTF-16', Buffer.from(`\ufeff${alice},1\n`, 'utf16le'), 'cli/ERC20_NOT_UTF8'],
  ])('%s is refused', async (_, csv, code) => {
    expect((await refusalOf(csv)).code).toBe(code)
  })
})

describe('the conversion', () => {
  test('floors at 20:1 and 18 to 8 decimals unless told otherwise', async () => {
    const result = await importErc20({ csv: csvOf(`${alice},1234.567890123456789012`) })
    expect(documentOf(result).unclaimed).toEqual([{ holder: hex(alice), amount: '6172839450' }])
    expect(result.report.total.remainder).toBe(123_456_789_012n)
    expect(result.report.total.input).toBe(6_172_839_450n * (20n * 10n ** 10n) + 123_456_789_012n)
  })

  test('leaves out what is worth less than one new unit, and reports it', async () => {
    const result = await importErc20({
      csv: csvOf(`${alice},1.99999999999E-7`, `${bob},2E-7`, `${carol},0`),
    })
    const { report } = result
    expect(documentOf(result).unclaimed).toEqual([{ holder: hex(bob), amount: '1' }])
    expect(report.total).toMatchObject({ rows: 3, imported: 1, dustRows: 1, dust: 199_999_999_999n })
    expect(report.total.remainder).toBe(199_999_999_999n)
  })

  test('keeps rows and remainder together to the unit, for any ratio, decimals and share', async () => {
    const amounts = fc.array(fc.bigInt({ min: 0n, max: 10n ** 20n }), { minLength: 1, maxLength: 20 })
    const side = fc.bigInt({ min: 1n, max: 1000n })
    const decimals = fc.integer({ min: 0, max: 24 })
    await fc.assert(
      fc.asyncProperty(
        amounts,
        fc.record({ old: side, new: side }),
        fc.record({ from: decimals, to: decimals }),
        fc.tuple(fc.nat(100), fc.integer({ min: 100, max: 200 })),
        async (units, ratio, { from, to }, [numerator, denominator]) => {
          const addresses = units.map((_, n) => `0x${(n * 7919).toString(16).padStart(40, '0')}`)
          const half = addresses.filter((_, n) => n % 2 === 0)
          const allocation = parseAllocation(
            JSON.stringify({ classes: { team: { share: `${numerator}/${denominator}`, addresses: half } } }),
          )
          const csv = csvOf(
            'address,balance',
            ...units.map((one, n) => `${addresses[n]},${formatAmount(one, { decimals: from })}`),
          )
          const input = units.reduce((sum, one) => sum + one, 0n)
          const result = await importErc20({ csv, ratio, decimals: { from, to }, allocation }).catch(
            (error: ChainError) => {
              expect(error.code).toBe('cli/ERC20_SUPPLY_TOO_LARGE')
              expect(
                (input * ratio.new * 10n ** BigInt(to)) / (ratio.old * 10n ** BigInt(from)),
              ).toBeGreaterThanOrEqual(1n << 64n)
            },
          )
          if (result) expectConserved(result, input)
        },
      ),
    )
  })

  test('refuses a supply that the token cannot count', async () => {
    const csv = csvOf(`${alice},${(1n << 64n) - 1n}`)
    const decimals = { from: 0, to: 0 }
    const ratio = { old: 1n, new: 1n }
    expect((await unclaimedOf({ csv, ratio, decimals }))[0]?.amount).toBe('18446744073709551615')
    await expect(importErc20({ csv, ratio: { old: 1n, new: 2n }, decimals })).rejects.toMatchObject({
      code: 'cli/ERC20_SUPPLY_TOO_LARGE',
    })
  })

  test.each(['', '20', '0:1', '20:0', '-1:1', '1.5:1', `1:${10n ** 19n}`, '1:1:1'])(
    'refuses "%s" as a ratio',
    (text) => {
      expect(() => parseRatio(text)).toThrow(expect.objectContaining({ code: 'cli/ERC20_BAD_RATIO' }))
    },
  )

  test('refuses decimals that no token has', async () => {
    const csv = csvOf(`${alice},1`)
    for (const decimals of [
      { from: 78, to: 8 },
      { from: 18, to: -1 },
      { from: 1.5, to: 0 },
    ]) {
      await expect(importErc20({ csv, decimals })).rejects.toMatchObject({ code: 'cli/ERC20_BAD_DECIMALS' })
    }
  })
})

describe('the allocation', () => {
  const csv = csvOf(`${alice},1000`, `${bob},1000`, `${carol},1000`, `${dave},0.000000000000000003`)
  const allocationOf = (classes: object, rest: object = {}) =>
    parseAllocation(JSON.stringify({ ...rest, classes }))
  const DAY_MS = 86_400_000

  test('moves the share of each class, and all of who is not listed', async () => {
    const allocation = allocationOf({
      team: { share: '1/2', addresses: [alice, dave] },
      burned: { share: '0', addresses: [bob] },
    })
    const result = await importErc20({ csv, allocation })
    expect(documentOf(result)).toEqual({
      unclaimed: [
        { holder: hex(alice), amount: '2500000000' },
        { holder: hex(carol), amount: '5000000000' },
      ],
      unclaimedVesting: [],
    })
    expectConserved(result, 3000n * 10n ** 18n + 3n)
    expect(result.report.classes).toMatchObject([
      { name: 'burned', rows: 1, imported: 0, issued: 0n, notMoved: 1000n * 10n ** 18n, dustRows: 0 },
      { name: 'community', rows: 1, imported: 1, issued: 5_000_000_000n, notMoved: 0n },
      { name: 'team', rows: 2, imported: 1, notMoved: 500n * 10n ** 18n + 2n, dustRows: 1, dust: 1n },
    ])
  })

  test('lets what a class moves unlock by time, from block 0 or a day of the calendar on', async () => {
    const allocation = allocationOf({
      team: { share: '1/2', unlock: { years: 5 }, addresses: [alice, dave] },
      advisers: { share: '1', unlock: { days: 90, start: '2028-02-29T12:00:00Z' }, addresses: [bob] },
      founders: { share: '1', unlock: null, addresses: [carol] },
    })
    const result = await importErc20({ csv, allocation })
    expect(documentOf(result)).toEqual({
      unclaimed: [{ holder: hex(carol), amount: '5000000000' }],
      unclaimedVesting: [
        { holder: hex(alice), amount: '2500000000', startMs: null, spanMs: `${5 * 365 * DAY_MS}` },
        { holder: hex(bob), amount: '5000000000', startMs: '1835438400000', spanMs: `${90 * DAY_MS}` },
      ],
    })
    expectConserved(result, 3000n * 10n ** 18n + 3n)
    expect(result.report.total.locked).toBe(7_500_000_000n)
    const { report } = writeImport(result)
    expect(report).toMatch(/^advisers +1 +90 days from 2028-02-29T12:00:00Z +1 +1 +1000 +0 +50 +50 +0$/m)
    expect(report).toMatch(/^team +1\/2 +5 years +2 +1 /m)
  })

  describe('of the preset mmt', () => {
    const names = ['ecosystem', 'foundation', 'team', 'angels']
    const empty = Object.fromEntries(names.map((name) => [name, { addresses: [] as string[] }]))

    test('has the ratio, the shares and the unlocking of the white paper', () => {
      const { ratio, classes } = allocationOf(empty, { preset: 'mmt' })
      expect(ratio).toEqual({ old: 20n, new: 1n })
      expect(
        classes.map(({ name, share, unlock }) => [
          name,
          `${share.numerator}/${share.denominator}`,
          unlock?.startMs,
          unlock?.spanMs,
        ]),
      ).toEqual([
        ['ecosystem', '1/1', undefined, undefined],
        ['foundation', '1/1', undefined, undefined],
        ['team', '1/2', undefined, BigInt(5 * 365 * DAY_MS)],
        ['angels', '1/1', undefined, undefined],
      ])
    })

    test('may be overruled, and has room for more classes', () => {
      const more = {
        team: { share: '1', unlock: null, addresses: [] },
        burned: { share: '0', addresses: [] },
      }
      const { ratio, classes } = allocationOf({ ...empty, ...more }, { preset: 'mmt', ratio: '10:1' })
      expect(ratio).toEqual({ old: 10n, new: 1n })
      expect(classes.map(({ name, unlock }) => [name, unlock])).toEqual([
        ...names.map((name) => [name, undefined]),
        ['burned', undefined],
      ])
    })

    test('refuses a file that forgets a class, whose tokens would move as the community’s', () => {
      const { team: _, ...rest } = empty
      expect(() => allocationOf(rest, { preset: 'mmt' })).toThrow('The preset mmt needs the class team;')
    })

    test('says where the holders differ from it', async () => {
      const classes = { ...empty, foundation: { addresses: [alice] } }
      const result = await importErc20({ csv, allocation: allocationOf(classes, { preset: 'mmt' }) })
      const { differences } = result.report
      const e18 = 10n ** 18n
      expect(differences).toContainEqual({
        what: 'supply',
        want: 2_000_000_000n * e18,
        got: 3000n * e18 + 3n,
      })
      expect(differences).toContainEqual({ what: 'holders', class: 'foundation', want: 108n, got: 1n })
      expect(differences).toContainEqual({
        what: 'amount',
        class: 'foundation',
        want: 300_000_000n * e18,
        got: 1000n * e18,
      })
      expect(differences).toHaveLength(7)
      const { report } = writeImport(result)
      expect(report).toContain('  foundation has 1 row, not 108\n')
      expect(report).toContain('  foundation holds 1000 old tokens, not 300000000\n')
    })
  })

  test('gives the ratio, which the command may repeat but not change', async () => {
    const allocation = allocationOf({}, { ratio: '10:1' })
    const { report } = await importErc20({ csv, allocation })
    expect(report.total.issued).toBe(300n * 10n ** 8n)
    expect((await importErc20({ csv, allocation, ratio: { old: 20n, new: 2n } })).report.price).toEqual(
      report.price,
    )
    await expect(importErc20({ csv, allocation, ratio: { old: 20n, new: 1n } })).rejects.toMatchObject({
      code: 'cli/ERC20_BAD_ALLOCATION',
    })
  })

  test('tells all its mistakes at once, with their lines', () => {
    const json = `{
      "ratio": "20",
      "presets": 1,
      "classes": {
        "Bad name": { "share": "1", "addresses": [] },
        "community": { "share": "1", "addresses": [] },
        "founders": {
          "addresses": [
            "0x12"
          ]
        },
        "team": { "share": "3/2", "addresses": ["${alice}"], "years": 5 },
        "angels": {
          "share": 0.5,
          "addresses": [
            "${alice.toLowerCase()}", 7,
            ["${bob}"]
          ]
        },
        "ecosystem": { "share": "1/0" },
        "foundation": [],
        "a": { "share": "1", "addresses": [], "unlock": {} },
        "b": { "share": "1", "addresses": [], "unlock": { "years": 1, "days": 1 } },
        "c": { "share": "1", "addresses": [], "unlock": { "years": 1.5 } },
        "d": { "share": "1", "addresses": [], "unlock": { "days": 36501 } },
        "e": { "share": "1", "addresses": [], "unlock": { "years": 1, "start": "2026-02-30T00:00:00Z" } },
        "f": { "share": "1", "addresses": [], "unlock": { "years": 1, "start": "2026-02-03" } },
        "g": { "share": "1", "addresses": [], "unlock": 5 },
        "h": { "share": "1", "addresses": [], "addresses": ["${dave}"] },
        "team": { "share": "1/2", "addresses": [] }
      }
    }`
    let refused: ChainError | undefined
    try {
      parseAllocation(json)
    } catch (error) {
      refused = error as ChainError
    }
    expect(refused).toMatchObject({ code: 'cli/ERC20_BAD_ALLOCATION' })
    const problems = refused?.values.problems as readonly AllocationProblem[]
    expect(problems.map(({ line, message }) => `${line} ${message}`)).toEqual([
      expect.stringContaining('2 ratio is "20", not two whole numbers'),
      '3 The file has the unknown member "presets".',
      expect.stringContaining('5 "Bad name" is not a name'),
      expect.stringContaining('6 community is everyone'),
      expect.stringContaining('7 founders: the share "nothing"'),
      expect.stringContaining('9 founders: "0x12"'),
      expect.stringContaining('14 angels: the share "0.5"'),
      expect.stringContaining('16 angels: "7" is not 0x'),
      expect.stringContaining('17 angels: "an array" is not 0x'),
      expect.stringContaining('20 ecosystem: the share "1/0"'),
      '20 ecosystem: addresses is not a list.',
      '21 foundation is not an object.',
      expect.stringContaining('21 foundation: the share "nothing"'),
      '21 foundation: addresses is not a list.',
      expect.stringContaining('22 a: unlock needs either years'),
      expect.stringContaining('23 b: unlock needs either years'),
      expect.stringContaining('24 c: unlock needs either years'),
      expect.stringContaining('25 d: unlock needs either years'),
      expect.stringContaining('26 e: the start "2026-02-30T00:00:00Z" is no time'),
      expect.stringContaining('27 f: the start "2026-02-03" is no time'),
      '28 g: unlock is not an object.',
      expect.stringContaining('28 g: unlock needs either years'),
      '29 h has the member "addresses" twice.',
      '30 classes has the member "team" twice.',
    ])
    expect(refused?.message).toContain('\n  line 9: founders: "0x12" is not 0x and 40 hex digits.')
  })

  test('refuses an address that two classes list', () => {
    const classes = {
      team: { share: '1', addresses: [alice] },
      angels: { share: '1', addresses: [alice.toLowerCase()] },
    }
    expect(() => allocationOf(classes)).toThrow(`line 1: angels: 0x${hex(alice)} is listed in team already.`)
  })

  test.each([
    ['', 'It is not JSON'],
    ['{', 'It is not JSON'],
    ['{"classes":{},}', 'It is not JSON'],
    ['{/* none */}', 'It is not JSON'],
    ['[]', 'The file is not an object.'],
    ['{"classes":[]}', 'classes is not an object.'],
    ['{"ratio":20}', 'ratio is "20"'],
    ['{"class":{}}', 'unknown member "class"'],
    ['{"preset":"btc"}', 'There is no preset "btc"; known: "mmt".'],
    ['{"classes":{"__proto__":{"share":"1","addresses":[]}}}', 'is not a name of a class'],
    ['['.repeat(100_000), 'It is not JSON'],
  ])('refuses %s', (json, why) => {
    expect(() => parseAllocation(json)).toThrow(expect.objectContaining({ code: 'cli/ERC20_BAD_ALLOCATION' }))
    expect(() => parseAllocation(json)).toThrow(why)
  })
})

describe('the report', () => {
  test('warns of what is legal but may be a mistake', async () => {
    const csv = csvOf(
      'address,balance,PendingBalanceUpdate',
      `${alice},0,No`,
      `${bob},1.23456E+9,No`,
      `${carol},1E-3,Yes`,
    )
    const allocation = parseAllocation(`{"classes":{"team":{"share":"1","addresses":["${dave}"]}}}`)
    const { report } = await importErc20({ csv, allocation })
    expect(report.warnings).toEqual([
      { code: 'LISTED_WITHOUT_ROW', count: 1, holders: [hex(dave)] },
      { code: 'PENDING_BALANCE', count: 1, holders: [hex(carol)] },
      { code: 'ROUNDED_BALANCE', count: 1, holders: [hex(bob)] },
      { code: 'ZERO_BALANCE', count: 1, holders: [hex(alice)] },
    ])
  })

  test('is a document, a table and a list of rows', async () => {
    const allocation = parseAllocation(
      `{"ratio":"3:1","classes":{"team":{"share":"1/2","addresses":["${alice}"]}}}`,
    )
    const csv = csvOf(`${alice},1000`, `${bob},0.00000001`, `${carol},0`)
    const result = await importErc20({ csv, allocation })
    const { document, report } = writeImport(result)
    expect([...document].join('')).toBe(
      `{"unclaimed":[\n{"holder":"${hex(alice)}","amount":"16666666666"}\n],"unclaimedVesting":[\n]}\n`,
    )
    expect(report).toMatchInlineSnapshot(`
      "ERC-20 import: 3 old for 1 new, 18 to 8 decimals

      class      share  unlock  rows  imported     old tokens  not moved    new tokens  of them locked   remainder
      community  1                 2         0     0.00000001          0             0               0  0.00000001
      team       1/2               1         1           1000        500  166.66666666               0  0.00000002
      total                        3         1  1000.00000001        500  166.66666666               0  0.00000003

      Conservation, exact: old tokens = new tokens at the ratio + not moved + remainder
        1000.00000001 = 166.66666666 × 3/1 + 500 + 0.00000003

      Rows that move less than one new unit and get no entry: 1, with 0.00000001 old tokens, part of the remainder.
      What is not moved and what remains is not issued.

      Warnings
        ZERO_BALANCE (1): balances of zero
          0xdbf03b407c01e7cd3cbea99509d93f8dddc8c6fb
      "
    `)
    expect([...writeImportRows(result)].join('')).toMatchInlineSnapshot(`
      "address,class,old,notMoved,new,locked,remainder
      0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed,team,1000,500,166.66666666,0,0.00000002
      0xdbf03b407c01e7cd3cbea99509d93f8dddc8c6fb,community,0,0,0,0,0
      0xfb6916095ca1df60bb79ce92ce3ea74c37c5d359,community,0.00000001,0,0,0,0.00000001
      "
    `)
  })

  test('shows a remainder finer than the old unit', async () => {
    const { report } = writeImport(
      await importErc20({
        csv: csvOf(`${alice},0.4`),
        ratio: { old: 10n, new: 3n },
        decimals: { from: 1, to: 1 },
      }),
    )
    expect(report).toContain('0.4 = 0.1 × 10/3 + 0 + 0 + 2/3 unit')
  })
})

describe('the example of 10,000 holders', () => {
  const script = fileURLToPath(
    new URL('../../../examples/03-erc20-migration/make-holders.mjs', import.meta.url),
  )
  const folder = mkdtempSync(join(tmpdir(), 'mmt-erc20-'))
  const file = (name: string) => readFileSync(join(folder, name), 'utf8')
  const make = () => execFileSync(process.execPath, [script, folder])
  beforeAll(make)
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const supply = 2_000_000_000n * 10n ** 18n

  test('moves 2,000,000,000 tokens without a unit lost', async () => {
    const result = await importErc20({ csv: file('holders.csv') })
    expectConserved(result, supply)
    const { total, warnings } = result.report
    expect(total).toMatchObject({ rows: 10_000, imported: 9_600, dustRows: 400 })
    expect(total.issued * 20n * 10n ** 10n + total.remainder).toBe(supply)
    expect(warnings).toEqual([])
  })

  test('has three holders whose keys are known, so that a claim can be tried', async () => {
    const rows = [...(await importErc20({ csv: file('holders.csv') })).rows()]
    const issued = [1, 2, 3].map((n) => {
      const secret = fromHex(file(`holder-${n}.key`).trim())
      expect(secret).toEqual(sha256(utf8(`mmt example holder ${n}`)))
      const holder = toHex(ethereumAddress(secp256k1.publicKey(secret)))
      return rows.find((row) => row.holder === holder)?.issued
    })
    expect(issued).toEqual([100_000_000_000n, 6_172_839_450n, 200_000_009n])
  })

  test('moves half of the team and all of the others', async () => {
    const allocation = parseAllocation(file('allocation.json'))
    const result = await importErc20({ csv: file('holders.csv'), allocation })
    expectConserved(result, supply)
    const { classes, warnings } = result.report
    const percent = (part: bigint) => Number((part * 10_000n) / supply) / 100
    expect(classes.map(({ name, rows, input }) => [name, rows, percent(input)])).toEqual([
      ['angels', 20, 5],
      ['community', 9857, 25],
      ['ecosystem', 3, 40],
      ['foundation', 108, 15],
      ['team', 12, 15],
    ])
    for (const { name, input, notMoved } of classes) {
      expect(percent(notMoved)).toBe(name === 'team' ? percent(input) / 2 : 0)
    }
    expect(warnings).toEqual([])
  })

  test('moves half of the team, unlocked over 5 years, and all of the others', async () => {
    const allocation = parseAllocation(file('allocation.json'))
    const result = await importErc20({ csv: file('holders.csv'), allocation })
    const { unclaimedVesting } = documentOf(result)
    const span = String(5 * 365 * 86_400_000)
    expect(unclaimedVesting).toHaveLength(12)
    expect(unclaimedVesting.every(({ startMs, spanMs }) => startMs === null && spanMs === span)).toBe(true)
    // 300,000,000 / 2 / 20 new tokens, less what the floors of 12 rows take.
    expect(result.report.total.locked).toBe(749_999_999_999_993n)
    expect(result.report.differences).toEqual([])
    expect(writeImport(result).report).toContain('The holders are as the preset mmt says.')
    const known = toHex(ethereumAddress(secp256k1.publicKey(fromHex(file('holder-4.key').trim()))))
    expect(unclaimedVesting.map(({ holder }) => holder)).toContain(known)
  })

  test('gives the same bytes again, and from shuffled rows', async () => {
    const before = file('holders.csv')
    make()
    expect(file('holders.csv')).toBe(before)

    const [header = '', ...rows] = before.trimEnd().split('\n')
    const shuffled = rows.map((row, n) => ({ row, at: (n * 7919) % rows.length })).sort((a, b) => a.at - b.at)
    const allocation = parseAllocation(file('allocation.json'))
    const bytesOf = async (csv: string) => {
      const result = await importErc20({ csv, allocation })
      const { document, report } = writeImport(result)
      return { document: [...document].join(''), report, rows: [...writeImportRows(result)].join('') }
    }
    const first = await bytesOf(before)
    expect(await bytesOf(csvOf(header, ...shuffled.map(({ row }) => row)))).toEqual(first)
  })
})
