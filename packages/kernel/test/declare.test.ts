import { ed25519, secp256k1 } from '@mmtchain/crypto'
import {
  amount,
  cell,
  createMachine,
  defineChain,
  defineModule,
  kernelRefusals,
  need,
  params,
  solo,
  struct,
  table,
  text,
  u8,
  u64,
  unit,
} from '@mmtchain/kernel'
import { describe, expect, test } from 'vitest'
import { refusalOf } from './refusal.ts'
import { account, start, timeMs, validators } from './trial.ts'

const nothing = () => undefined
const options = { id: 'harbour-1', consensus: solo() }
const chain = () => defineChain(options)
const alice = account('alice')
const goodNames = ['a', 'aB9', 'constructor', 'toString', 'a'.repeat(32)]
const badNames = ['', 'A', '9a', 'a-b', 'a.b', 'a b', 'ä', '__proto__', 'a\n', 'a'.repeat(33)]

describe('defineModule', () => {
  const withName: Readonly<Record<string, (name: string) => unknown>> = {
    module: (name) => defineModule(name),
    table: (name) => defineModule('notary', { state: { [name]: table(u8, u8) } }),
    cell: (name) => defineModule('notary', { state: { [name]: cell(u8) } }),
    event: (name) => defineModule('notary', { events: { [name]: u8 } }),
    command: (name) => defineModule('notary').command(name, u8, nothing),
    query: (name) => defineModule('notary').query(name, u8, u8, () => 1),
  }
  const kinds = Object.entries(withName)

  test.each(kinds)('takes a %s name of a letter a-z, then letters and digits, 32 at most', (_, declare) => {
    for (const name of goodNames) expect(declare(name)).toBeDefined()
    for (const name of badNames.filter((bad) => bad !== '__proto__'))
      expect(refusalOf(() => declare(name)).code, name).toBe('kernel/BAD_MODULE')
  })

  test('takes error keys of capitals, digits and underscores, 48 at most', () => {
    const refusal = (key: string) => ({ errors: { [key]: () => ({ message: 'm', hint: 'h' }) } })
    for (const key of ['A', 'NOT_OPEN', 'E2', 'A'.repeat(48)])
      expect(defineModule('notary', refusal(key)).name).toBe('notary')
    for (const key of ['', 'a', 'notOpen', '_A', '2E', 'A-B', 'A'.repeat(49)])
      expect(refusalOf(() => defineModule('notary', refusal(key))).code, key).toBe('kernel/BAD_MODULE')
  })

  test('declares everything once', () => {
    const twice: readonly (() => unknown)[] = [
      () => defineModule('a').command('x', u8, nothing).command('x', u8, nothing),
      () =>
        defineModule('a')
          .query('x', u8, u8, () => 1)
          .query('x', u8, u8, () => 1),
      () => defineModule('a').genesis(u8, nothing).genesis(u8, nothing),
      () =>
        defineModule('a')
          .provides({ open: () => ({}) })
          .provides({ open: () => ({}) }),
      () =>
        defineModule('a')
          .provides({ granted: () => ({}) })
          .provides({ granted: () => ({}) }),
      () => defineModule('a').feePolicy(free).feePolicy(free),
      () => defineModule('a').validatorSource(noValidators).validatorSource(noValidators),
      () => defineModule('a', { version: 2 }).migrate(1, nothing).migrate(1, nothing),
      () => defineModule('a').migrate(1, nothing), // It would never run.
      () => defineModule('a', { version: 2 }).migrate(-1, nothing),
      () =>
        defineModule('a')
          .provides({ reads: () => ({}) })
          .provides({}),
    ]
    for (const declare of twice) expect(refusalOf(declare).code).toBe('kernel/BAD_MODULE')
    expect(
      defineModule('a')
        .command('x', u8, nothing)
        .query('x', u8, u8, () => 1).name,
    ).toBe('a')
  })

  test('takes versions that are whole numbers from 1', () => {
    expect(defineModule('a', { version: 7 }).spec.version).toBe(7)
    for (const version of [0, -1, 1.5, Number.NaN, 2 ** 32])
      expect(refusalOf(() => defineModule('a', { version })).code).toBe('kernel/BAD_MODULE')
  })

  test('refuses parameters, weights and fees that cannot be', () => {
    const wrong = params(struct({ pages: u8 }), { pages: 256 })
    expect(refusalOf(() => defineModule('a', { params: wrong })).code).toBe('kernel/BAD_MODULE')
    for (const bad of [
      { weight: -1n },
      { weight: 1n << 64n },
      { weight: 5 as never },
      { fee: -1n as never },
      { fee: 5 as never },
    ])
      expect(refusalOf(() => defineModule('a').command('x', u8, bad, nothing)).code).toBe('kernel/BAD_MODULE')
  })

  test('gives a frozen module: each verb returns a new one and leaves the old as it was', () => {
    const before = defineModule('a')
    const after = before.command('x', u8, nothing)
    expect(after).not.toBe(before)
    expect(before.spec.commands.size).toBe(0)
    expect([...after.spec.commands.keys()]).toEqual(['x'])
    expect(Object.isFrozen(after)).toBe(true)
  })
})

const free = { commandFee: amount(0n), reserve: nothing, settle: nothing }
const noValidators = () => ({ epoch: 0n, epochStartTurn: 1n, seed: '' as never, validators: [] })

describe('defineChain', () => {
  test('takes ids of lower-case letters, digits and hyphens, 64 at most', () => {
    for (const id of ['a', '7', 'harbour-trade-1', 'a'.repeat(64)])
      expect(defineChain({ ...options, id }).id).toBe(id)
    for (const id of ['', '-a', 'A', 'a_b', 'a b', 'ä', 'a'.repeat(65)])
      expect(refusalOf(() => defineChain({ ...options, id })).code, id).toBe('kernel/BAD_CHAIN')
  })

  test('refuses prefixes, slots, limits and suites that no chain can have', () => {
    const own = { ...ed25519, code: 200, name: 'own' }
    expect([...defineChain({ ...options, suites: [own, secp256k1] }).suites.keys()]).toEqual([1, 200])
    for (const [bad, code] of [
      [{ addressPrefix: 'Hbr' }, 'kernel/BAD_CHAIN'],
      [{ addressPrefix: '' }, 'kernel/BAD_CHAIN'],
      [{ slotMs: 0 }, 'kernel/BAD_CHAIN'],
      [{ slotMs: 0.5 }, 'kernel/BAD_CHAIN'],
      [{ slotMs: 3_600_001 }, 'kernel/BAD_CHAIN'],
      [{ limits: { blockBytesMax: -1 } }, 'kernel/BAD_MODULE'],
      [{ limits: { blockWeightMax: 1n << 64n } }, 'kernel/BAD_MODULE'],
      [{ limits: { blockWeightMax: 0n } }, 'kernel/BAD_CHAIN'],
      [{ limits: { blockBytesMax: 1_000, transactionBytesMax: 501 } }, 'kernel/BAD_CHAIN'],
      [{ limits: { callsMax: 0 } }, 'kernel/BAD_CHAIN'],
      [{ limits: { callsMax: 17 } }, 'kernel/BAD_CHAIN'],
      [{ suites: [secp256k1, secp256k1] }, 'crypto/DUPLICATE_SUITE'],
      [{ suites: [secp256k1, { ...own, code: 1 }] }, 'crypto/BAD_SUITE'],
    ] as const)
      expect(refusalOf(() => defineChain({ ...options, ...bad })).code).toBe(code)
    const least = { blockBytesMax: 1_000, transactionBytesMax: 500, callsMax: 1, blockWeightMax: 1n }
    expect(defineChain({ ...options, limits: least }).limits).toMatchObject(least)
  })

  test('begins with the kernel, and each use gives a new chain', () => {
    const one = chain()
    const two = one.use(defineModule('notary'))
    expect(one.modules.map(({ spec }) => spec.name)).toEqual(['kernel'])
    expect(two.modules.map(({ spec }) => spec.name)).toEqual(['kernel', 'notary'])
    expect(Object.isFrozen(two)).toBe(true)
  })
})

// The compiler refuses most of these; here they stand as in a chain file of plain JavaScript.
describe('chain.use refuses', () => {
  interface Untyped {
    use(module: unknown, options?: unknown): Untyped
  }
  const untyped = () => chain() as unknown as Untyped
  const bank = defineModule('bank').provides({ granted: () => ({ mint: nothing }) })
  const shop = defineModule('shop', { needs: { bank: need<{}, {}>() } }).command('buy', u8, nothing)
  const cases: readonly (readonly [string, () => unknown, string])[] = [
    ['a module twice', () => untyped().use(bank).use(bank), 'two modules named bank'],
    ['a module named kernel', () => untyped().use(defineModule('kernel')), 'two modules named kernel'],
    ['a need that no module meets', () => untyped().use(shop), 'shop needs bank'],
    ['a need that only a later module meets', () => untyped().use(shop).use(bank), 'shop needs bank'],
    [
      'a need of itself',
      () => untyped().use(defineModule('own', { needs: { own: need<{}, {}>() } })),
      'own needs own',
    ],
    [
      'a grant of a module that is not there',
      () => untyped().use(defineModule('shop'), { grants: { bank: ['mint'] } }),
      'bank grants nothing to shop',
    ],
    [
      'a grant of a module that grants nothing',
      () =>
        untyped()
          .use(bank)
          .use(defineModule('plain'))
          .use(shop, { grants: { plain: ['mint'] } }),
      'plain grants nothing to shop',
    ],
    [
      'a fee on a command that is not there',
      () =>
        untyped()
          .use(bank)
          .use(shop, { fees: { sell: 1n } }),
      'shop has no command sell',
    ],
    [
      'a fee that is no amount',
      () =>
        untyped()
          .use(bank)
          .use(shop, { fees: { buy: -1n } }),
      'shop.buy',
    ],
    [
      'two fee policies',
      () => untyped().use(bank.feePolicy(free)).use(defineModule('mint').feePolicy(free)),
      'both bank and mint declare a feePolicy',
    ],
    [
      'two validator sources',
      () => {
        const electing = (name: string) => defineModule(name).validatorSource(noValidators)
        return untyped().use(electing('one')).use(electing('two'))
      },
      'both one and two declare a validatorSource',
    ],
    [
      'a version without its migrations',
      () => untyped().use(defineModule('old', { version: 3 }).migrate(1, nothing)),
      'no migration from 2',
    ],
  ]
  test.each(cases)('%s', (_, use, why) => {
    const { code, message } = refusalOf(use)
    expect(code).toBe('kernel/BAD_CHAIN')
    expect(message).toContain(why)
  })

  test('a grant of a capability that is not there, at the latest before block 0', () => {
    const made = untyped()
      .use(bank)
      .use(shop, { grants: { bank: ['mint', 'fly'] } }) as never as ReturnType<typeof chain>
    const genesis = made.genesis({ timeMs, validators, documents: {} })
    expect(refusalOf(() => createMachine(genesis))).toMatchObject({
      code: 'kernel/BAD_CHAIN',
      values: { why: 'bank has no fly to grant' },
    })
  })
})

describe('names that every JavaScript object has', () => {
  test('are commands, tables, events, queries and modules like any other', () => {
    const odd = defineModule('constructor', {
      state: { toString: cell(u64, 0n), valueOf: table(text({ bytesMax: 16 }), u64, 0n) },
      events: { valueOf: u64 },
    })
      .command('toString', u64, (ctx, input) => {
        ctx.state.toString.set(input)
        ctx.state.valueOf.set('constructor', input)
        ctx.emit.valueOf(input)
      })
      .query('valueOf', unit, u64, (ctx) => ctx.state.toString.get() + ctx.state.valueOf.get('constructor'))
    const trial = start(chain().use(defineModule('bank').feePolicy(free)).use(odd), {})
    const sent = trial.send(alice, { module: 'constructor', command: 'toString', input: 21n })
    expect(sent).toMatchObject({
      code: undefined,
      events: ['constructor.valueOf'],
      receipt: { fee: 0n },
    })
    expect(trial.read('constructor', 'valueOf', null)).toBe(42n)
  })

  test('are no commands and no modules unless they were declared', () => {
    const trial = start(chain().use(defineModule('notary').command('note', u8, nothing)), {})
    const body = trial.body(alice, [{ module: 'notary', command: 'note', input: 1 }])
    const call = (module: string, command: string) => ({ module, command, input: Uint8Array.of(1) })
    const quote = (module: string, command: string) => () =>
      trial.machine.quote({
        body: { ...body, calls: [call(module, command)] },
        signatures: [],
        payerConsent: null,
      })
    expect(refusalOf(quote('notary', 'constructor')).code).toBe('kernel/UNKNOWN_COMMAND')
    expect(refusalOf(quote('constructor', 'note')).code).toBe('kernel/UNKNOWN_MODULE')
    expect(refusalOf(() => trial.read('notary', 'toString', null)).code).toBe('kernel/UNKNOWN_QUERY')
    expect(refusalOf(() => trial.read('toString', 'x', null)).code).toBe('kernel/UNKNOWN_MODULE')
  })
})

test('every refusal of the kernel says what happened and what to do', () => {
  const values = new Proxy({}, { get: (_, name) => (name === 'known' ? ['a', 'b'] : 7n) })
  for (const refusal of Object.values(kernelRefusals)) {
    const { message, hint } = (refusal as (d: object) => { message: string; hint: string })(values)
    expect(message).toMatch(/[.7]$/)
    expect(hint).toMatch(/\.$/)
    expect(message + hint).not.toContain('undefined')
  }
})
