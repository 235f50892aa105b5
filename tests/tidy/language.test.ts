import { catalogues, explain, explainCheck, languageOf, zhHealth, zhRefusals } from '@mmtchain/cli'
import { homeHealthTexts, networkHealthTexts, revealHealthTexts } from '@mmtchain/node'
import { nodeHealthTexts } from '@mmtchain/node-runtime'
import { expect, test } from 'vitest'
import { namespaces } from './catalogue.ts'

const namesIn = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as string).sort()

/** The values that a refusal reads, by calling it. */
function valuesOf(refusal: (values: object) => unknown): ReadonlySet<string> {
  const read = new Set<string>()
  const any: object = new Proxy(() => any, {
    get: (_, name) => (name === Symbol.toPrimitive ? () => '1' : name === 'length' ? 1 : any),
    apply: () => any,
  })
  const values = new Proxy(
    {},
    {
      get(_, name) {
        read.add(String(name))
        return any
      },
    },
  )
  try {
    refusal(values)
  } catch {
    // A text that computes with its values has read them by now.
  }
  return read
}

test('both languages have the same words with the same values, and none is empty', () => {
  const { en, zh } = catalogues
  expect(Object.keys(zh)).toEqual(Object.keys(en))
  for (const [key, text] of Object.entries(en)) {
    const other = zh[key as keyof typeof zh]
    expect(namesIn(other), key).toEqual(namesIn(text))
    expect(text.trim().length * other.trim().length, key).toBeGreaterThan(0)
  }
})

test('Chinese words are Chinese, but for commands and signs', () => {
  const latin = Object.entries(catalogues.zh).filter(([, text]) => !/\p{Script=Han}/u.test(text))
  const allowed = [
    ...['arg.id', 'row.id', 'field.json', 'want.balance'],
    ...['doctor.permissions.cure', 'file.signatures', 'help.comma'],
  ]
  expect(latin.map(([key]) => key).sort()).toEqual(allowed.sort())
})

test('every Chinese refusal has a code that exists and only values that its English text has, too', () => {
  const refusals = new Map<string, (values: object) => unknown>(
    namespaces.flatMap(([name, , all]) =>
      Object.entries(all as Record<string, (values: object) => unknown>).map(
        ([key, refusal]) => [`${name}/${key}`, refusal] as const,
      ),
    ),
  )
  for (const [code, { message, hint = '' }] of Object.entries(zhRefusals)) {
    const refusal = refusals.get(code)
    expect(refusal, code).toBeDefined()
    const values = valuesOf(refusal as (values: object) => unknown)
    const unknown = [...namesIn(message), ...namesIn(hint)].filter(
      (name) => !values.has(name) && name !== 'english' && name !== 'englishHint',
    )
    expect(unknown, code).toEqual([])
  }
})

test('every refusal that people meet has a Chinese text', () => {
  // The rest is for those who program: encodings, stores, engines, peers, requests, the sandbox; or keeps the words of its module.
  const inChinese = [
    'tx',
    'kernel',
    'token',
    'mining',
    'terms',
    'pools',
    'admin',
    'election',
    'validators',
    'names',
    'resolver',
    'contracts',
    'kit',
    'kyc',
    'process',
    'crm',
    'node',
  ]
  const people = [...inChinese, 'client', 'home', 'cli']
  const told = namespaces.filter(([name]) => people.includes(name))
  expect(told).toHaveLength(people.length)
  const codes = told.flatMap(([name, , all]) => Object.keys(all).map((key) => `${name}/${key}`))
  expect(codes.length).toBeGreaterThan(200)
  expect(codes.filter((code) => !Object.hasOwn(zhRefusals, code))).toEqual([])
  for (const [code, { message, hint = '' }] of Object.entries(zhRefusals))
    expect(/\p{Script=Han}/u.test(`${message}${hint}`), code).toBe(true)
  const unknown = {
    code: 'client/UNKNOWN_NAME',
    message: 'The chain has no query a.b.',
    hint: 'It has none.',
  }
  const values = { kind: 'query', name: 'a.b', known: [] }
  expect(explain({ ...unknown, values }, 'zh')).toEqual({ message: '链上没有查询 a.b。', hint: '它有：无。' })
})

test('all that a node finds about itself is told in Chinese, with the same values', () => {
  const texts: Readonly<Record<string, { readonly found: string; readonly cure?: string }>> = {
    ...nodeHealthTexts,
    ...homeHealthTexts,
    ...networkHealthTexts,
    ...revealHealthTexts,
  }
  expect(Object.keys(zhHealth).sort()).toEqual(Object.keys(texts).sort())
  for (const [code, { found, cure = '' }] of Object.entries(texts)) {
    expect(namesIn(zhHealth[code]?.found ?? ''), code).toEqual(namesIn(found))
    expect(namesIn(zhHealth[code]?.cure ?? ''), code).toEqual(namesIn(cure))
    expect(/\p{Script=Han}/u.test(`${zhHealth[code]?.found}`), code).toBe(true)
  }
  const check = { name: 'disk', ok: true, code: 'DISK_ROOM', values: { data: '1 GiB', free: '2 GiB' } }
  const english = { found: 'The data takes 1 GiB; 2 GiB are free.', cure: '' }
  expect(explainCheck({ ...check, ...english }, 'zh').found).toBe('数据占 1 GiB，剩余 2 GiB。')
  expect(explainCheck({ ...check, ...english }, 'en').found).toBe(english.found)
  expect(explainCheck({ ...check, ...english, code: 'NEW_IN_A_LATER_NODE' }, 'zh').found).toBe(english.found)
})

test('--lang wins over the locale, whose variables count in the order of POSIX', () => {
  const of = (words: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    languageOf({ words, env })
  expect(of([])).toBe('en')
  expect(of([], { LANG: 'zh_CN.UTF-8' })).toBe('zh')
  expect(of([], { LANG: 'zh' })).toBe('zh')
  expect(of([], { LANG: 'zhuang' })).toBe('en')
  expect(of([], { LC_ALL: 'C', LANG: 'zh_CN.UTF-8' })).toBe('en')
  expect(of([], { LC_ALL: '', LC_MESSAGES: 'zh_TW', LANG: 'en_US' })).toBe('zh')
  expect(of(['status', '--lang', 'en'], { LANG: 'zh_CN' })).toBe('en')
  expect(of(['status', '--lang=zh'])).toBe('zh')
  expect(of(['status', '--lang', 'fr'], { LANG: 'zh_CN' })).toBe('zh')
})

test('a refusal without its values, or without a translation, keeps its English text', () => {
  const error = { code: 'home/UNKNOWN_KEY', message: 'There is no key ann here.', hint: 'Make one.' }
  expect(explain({ ...error, values: { name: 'ann' } }, 'zh').message).toBe('这里没有密钥 ann。')
  expect(explain(error, 'zh').message).toBe(error.message)
  expect(explain({ ...error, values: { name: 'ann' } }, 'en')).toEqual({
    message: error.message,
    hint: error.hint,
  })
  const foreign = { code: 'invoice/PAID', message: 'The invoice is paid.', hint: 'Nothing to do.' }
  expect(explain(foreign, 'zh')).toEqual({ message: foreign.message, hint: foreign.hint })
  const poor = { code: 'token/INSUFFICIENT_BALANCE', message: 'ann has 1 HKT.', hint: 'Fund it.' }
  const values = { owner: 'ann', have: '100000000', want: '200000000' }
  expect(explain({ ...poor, values }, 'zh').message).toBe(
    '余额不足：ann 有 100000000，需要 200000000（以最小单位计）。',
  )
  expect(explain(poor, 'zh').message).toBe(poor.message)
})
