import {
  address,
  cell,
  defineChain,
  defineModule,
  hash,
  height,
  type KernelGranted,
  need,
  option,
  releaseHash,
  solo,
  struct,
  table,
  text,
  u32,
  u64,
  unit,
} from '@mmtchain/kernel'
import { addressFromBytes, equalBytes, height as toHeight } from '@mmtchain/primitives'
import { testAccount, testAccountAt, testAddresses, testChain } from '@mmtchain/testkit'
import { describe, expect, test } from 'vitest'

const [alice, bob] = testAddresses('alice', 'bob')
const options = { id: 'harbour-1', consensus: solo() }

const notary = defineModule('notary', {
  state: { notes: table(u32, struct({ by: address, text: text({ bytesMax: 32 }) })), count: cell(u32, 0) },
  events: { noted: u32 },
  errors: { EMPTY: (_: object) => ({ message: 'The note is empty.', hint: 'Write.' }) },
})
  .command('note', text({ bytesMax: 32 }), (ctx, note) => {
    if (note === '') throw ctx.fail.EMPTY({})
    const at = ctx.state.count.get()
    ctx.state.notes.set(at, { by: ctx.sender, text: note })
    ctx.state.count.set(at + 1)
    ctx.emit.noted(at)
  })
  .query('note', u32, option(text({ bytesMax: 32 })), (ctx, at) => ctx.state.notes.get(at)?.text ?? null)
  .query('count', unit, u32, (ctx) => ctx.state.count.get())
const chain = defineChain(options).use(notary)
const start = () => testChain(chain, {})

describe('a test chain', () => {
  test('goes on with the commands of the release in force', () => {
    const ballot = defineModule('ballot', { needs: { kernel: need<{}, KernelGranted>() } }).command(
      'upgrade',
      struct({ height, release: hash }),
      (ctx, input) => ctx.needs.kernel.scheduleUpgrade(input),
    )
    const book = { state: { lines: table(u32, text({ bytesMax: 64 })) } }
    const grants = { kernel: ['scheduleUpgrade', 'setParameter', 'cancelUpgrade'] } as const
    const base = () =>
      defineChain({ ...options, limits: { upgradeNoticeHeights: 2 } }).use(ballot, { grants })
    const line = struct({ at: u32 })
    const longLine = struct({ at: u32, memo: text({ bytesMax: 64 }) })
    const first = base().use(
      defineModule('book', book).command('write', line, (ctx, { at }) => ctx.state.lines.set(at, 'old')),
    )
    const second = base().use(
      defineModule('book', { ...book, version: 2 })
        .migrate(1, () => undefined)
        .command('write', longLine, (ctx, { at, memo }) => ctx.state.lines.set(at, memo))
        .query('line', u32, text({ bytesMax: 64 }), (ctx, at) => ctx.state.lines.get(at) ?? ''),
    )
    const harbour = testChain(first.upgrade(second), {})
    expect(harbour.as(alice).book.write({ at: 1 }).code).toBeUndefined()
    const release = releaseHash(harbour.genesis.fingerprint, second)
    expect(harbour.as(alice).ballot.upgrade({ height: toHeight(4n), release }).code).toBeUndefined()
    harbour.advance({ blocks: 2 })
    expect(harbour.hookEvents).toEqual(['kernel.upgraded'])
    const input = { at: 2, memo: 'new' }
    const [done] = harbour.block([{ sender: alice, module: 'book', command: 'write', input }])
    expect(done?.code).toBeUndefined()
    expect((harbour.read as unknown as { book: { line(at: number): string } }).book.line(2)).toBe('new')
  })

  test('lets time pass at once, and tells what hooks emitted', () => {
    const clock = defineModule('clock', { events: { struck: u64 } }).endBlock((ctx) =>
      ctx.emit.struck(ctx.block.timeMs),
    )
    const harbour = testChain(defineChain(options).use(clock), {})
    expect(harbour.hookEvents).toEqual([])
    const toMs = harbour.timeMs + 30n * 86_400_000n
    harbour.advance({ toMs })
    expect([harbour.height, harbour.timeMs]).toEqual([1n, toMs])
    expect(harbour.hookEvents).toEqual(['clock.struck'])
    expect(() => harbour.advance({ toMs })).toThrow(/before/)
  })

  test('runs each command in a block of its own and tells what came of it', () => {
    const harbour = start()
    expect(harbour.height).toBe(0n)
    const done = harbour.as(alice).notary.note('one')
    expect(done).toMatchObject({
      code: undefined,
      events: ['notary.noted'],
      receipt: { error: null },
      refusal: undefined,
    })
    expect(harbour.height).toBe(1n)
    const refused = harbour.as(bob).notary.note('')
    expect(refused).toMatchObject({
      code: 'notary/EMPTY',
      events: [],
      refusal: { message: 'The note is empty.' },
    })
    expect(harbour.height).toBe(2n)
    expect(harbour.read.notary.note(0)).toBe('one')
    expect(harbour.read.notary.count(null)).toBe(1)
  })

  test('lets time pass only when blocks are made, one slot each', () => {
    const harbour = start()
    const { timeMs } = harbour
    harbour.advance({ blocks: 3 })
    expect(harbour.height).toBe(3n)
    expect(harbour.timeMs).toBe(timeMs + 30_000n)
  })

  test('is the same chain every time', () => {
    const [one, two] = [start(), start()]
    expect(one.genesis.fingerprint).toBe(two.genesis.fingerprint)
    expect(one.as(alice).notary.note('x').id).toBe(two.as(alice).notary.note('x').id)
    expect(one.stateRoot).toBe(two.stateRoot)
  })

  test('puts several transactions into one block, in order', () => {
    const harbour = start()
    const note = (sender: typeof alice, input: string) => ({
      sender,
      module: 'notary',
      command: 'note',
      input,
    })
    const outcomes = harbour.block([note(alice, 'a'), note(bob, ''), note(alice, 'b'), note(bob, 'c')])
    expect(outcomes.map(({ code }) => code)).toEqual([undefined, 'notary/EMPTY', undefined, undefined])
    expect(harbour.height).toBe(1n)
    expect([0, 1, 2].map((at) => harbour.read.notary.note(at))).toEqual(['a', 'b', 'c'])
  })

  test('puts several calls into one transaction, all or nothing', () => {
    const harbour = start()
    const note = (input: string) => ({ module: 'notary', command: 'note', input })
    expect(harbour.transaction(alice, [note('a'), note('')])).toMatchObject({ code: 'notary/EMPTY' })
    expect(harbour.read.notary.count(null)).toBe(0)
    expect(harbour.transaction(alice, [note('a'), note('b')]).events).toEqual([
      'notary.noted',
      'notary.noted',
    ])
  })

  test('takes transactions that the test has made itself, and says when they may not be in a block', () => {
    const harbour = start()
    const body = harbour.body(alice, [{ module: 'notary', command: 'note', input: 'by hand' }])
    expect(harbour.submit(harbour.sign({ ...body, nonce: 5n }))).toMatchObject({
      code: 'kernel/NONCE_MISMATCH',
      receipt: undefined,
    })
    const unsigned = { ...harbour.sign(body), signatures: [] }
    expect(harbour.submit(unsigned)).toMatchObject({ code: 'tx/WRONG_SIGNATURE_COUNT', receipt: undefined })
    expect(harbour.height).toBe(1n) // What is not even signed makes no block.
    expect(harbour.submit(harbour.sign(body)).code).toBeUndefined()
    expect(harbour.submit(harbour.sign(body)).code).toBe('kernel/NONCE_MISMATCH')
  })

  test('says when it has no such command or query', () => {
    const harbour = start()
    const untyped = harbour as unknown as {
      as(who: typeof alice): { [module: string]: { [name: string]: (input: unknown) => unknown } }
      read: { [module: string]: { [name: string]: (input: unknown) => unknown } }
    }
    expect(() => untyped.as(alice).notary?.burn?.(1)).toThrow('the chain has no command notary.burn')
    expect(() => untyped.read.notary?.burned?.(1)).toThrow('Module notary has no query burned.')
    expect(() => untyped.read.crm?.any?.(1)).toThrow('This chain has no module crm.')
  })
})

describe('a fork', () => {
  test('begins with the same state, and neither sees what the other does', () => {
    const harbour = start()
    harbour.as(alice).notary.note('before')
    const other = harbour.fork()
    expect(other.stateRoot).toBe(harbour.stateRoot)
    other.as(alice).notary.note('there')
    other.as(bob).notary.note('there too')
    harbour.as(alice).notary.note('here')
    expect([harbour.height, other.height]).toEqual([2n, 3n])
    expect(harbour.read.notary.note(1)).toBe('here')
    expect(other.read.notary.note(1)).toBe('there')
    expect(harbour.read.notary.count(null)).toBe(2)
    expect(other.read.notary.count(null)).toBe(3)
    expect(other.stateRoot).not.toBe(harbour.stateRoot)
  })

  test('of a fork is one more, and the past can be tried again', () => {
    const harbour = start()
    const tries = ['a', 'b', 'a'].map((text) => {
      const other = harbour.fork().fork()
      other.as(alice).notary.note(text)
      return other.stateRoot
    })
    expect(tries[0]).toBe(tries[2])
    expect(tries[0]).not.toBe(tries[1])
    expect(harbour.height).toBe(0n)
  })
})

describe('a module that is not a pure function of its state', () => {
  const withCommand = (run: () => bigint) =>
    testChain(
      defineChain(options).use(
        defineModule('impure', { state: { seen: cell(u64, 0n) } }).command('look', unit, (ctx) =>
          ctx.state.seen.set(BigInt.asUintN(64, run())),
        ),
      ),
      {},
    )
  const look = (run: () => bigint) => () => withCommand(run).as(alice).impure.look(null)

  test.each([
    ['Date.now', () => BigInt(Date.now())],
    ['new Date', () => BigInt(new Date().getFullYear())],
    ['Date()', () => BigInt(Date().length)],
    ['performance.now', () => BigInt(Math.floor(performance.now()))],
  ])('fails its test by reading the clock: %s', (_, run) => {
    expect(look(run)).toThrow('the clock was read during execution; use ctx.block')
  })

  test.each([
    ['Math.random', () => BigInt(Math.floor(Math.random() * 1e9))],
    ['crypto.getRandomValues', () => crypto.getRandomValues(new BigUint64Array(1))[0] ?? 0n],
    ['crypto.randomUUID', () => BigInt(crypto.randomUUID().length)],
  ])('fails its test by reading the random source: %s', (_, run) => {
    expect(look(run)).toThrow('the random source was read during execution; use ctx.block')
  })

  test('fails its test also when it catches what is thrown at it, or reads to no effect', () => {
    const quiet = () => {
      try {
        return BigInt(Date.now() * 0)
      } catch {
        return 0n
      }
    }
    expect(look(quiet)).toThrow('the clock was read')
  })

  test('fails its test by counting outside its state', () => {
    let count = 0n
    expect(look(() => count++)).toThrow('two executions of one block differ')
  })

  test('fails its test by remembering what it has seen', () => {
    const cache = new Set<bigint>()
    const run = () => {
      const known = cache.has(1n)
      cache.add(1n)
      return known ? 1n : 0n
    }
    expect(look(run)).toThrow('does a module keep something outside its state?')
  })

  test.each(['beginBlock', 'endBlock'] as const)('fails its test also in %s', (hook) => {
    const impure = defineModule('impure', { state: { seen: cell(u64, 0n) } })[hook]((ctx) =>
      ctx.state.seen.set(BigInt(Date.now())),
    )
    const harbour = testChain(defineChain(options).use(impure), {})
    expect(() => harbour.advance({ blocks: 1 })).toThrow('the clock was read')
  })

  test('fails its test also in the genesis', () => {
    const impure = defineModule('impure', { state: { seen: cell(u64, 0n) } }).genesis(unit, (ctx) =>
      ctx.state.seen.set(BigInt(Date.now())),
    )
    expect(() => testChain(defineChain(options).use(impure), { impure: null })).toThrow('the clock was read')
    let count = 0n
    const counting = defineModule('impure', { state: { seen: cell(u64, 0n) } }).genesis(unit, (ctx) =>
      ctx.state.seen.set(count++),
    )
    expect(() => testChain(defineChain(options).use(counting), { impure: null })).toThrow('two executions')
  })

  test('leaves clock and random source as they were', () => {
    const before = [Date, Math.random, performance.now, crypto.getRandomValues, crypto.randomUUID]
    expect(look(() => BigInt(Date.now()))).toThrow()
    expect([Date, Math.random, performance.now, crypto.getRandomValues, crypto.randomUUID]).toEqual(before)
    expect(Object.hasOwn(crypto, 'randomUUID')).toBe(false)
    expect(Math.floor(Date.now() / 1e12)).toBe(1)
  })
})

describe('a module that is broken', () => {
  test('fails its test with its own error, not with a refusal', () => {
    const broken = defineModule('broken')
      .command('fail', unit, () => {
        throw new TypeError('no such thing')
      })
      .command('misprice', unit, { fee: () => (undefined as unknown as { a: never }).a }, () => undefined)
    const harbour = testChain(defineChain(options).use(broken), {})
    expect(() => harbour.as(alice).broken.fail(null)).toThrow(new TypeError('no such thing'))
    expect(() => harbour.as(alice).broken.misprice(null)).toThrow('misprice')
  })

  test('fails its test with the sentence of the invariant that it breaks', () => {
    const odd = defineModule('odd', { state: { count: cell(u32, 0) } })
      .command('add', u32, (ctx, n) => ctx.state.count.set(ctx.state.count.get() + n))
      .invariant('the count is even', (ctx) => ctx.state.count.get() % 2 === 0)
    const harbour = testChain(defineChain(options).use(odd), {})
    expect(harbour.as(alice).odd.add(2).code).toBeUndefined()
    expect(() => harbour.as(alice).odd.add(1)).toThrow(
      'invariants do not hold at height 2: odd: the count is even',
    )
  })
})

describe('a test account', () => {
  test('follows from its name, with keys of its own', () => {
    expect(testAccount('alice').address).toBe(alice)
    expect(testAccountAt(alice)).toMatchObject({ name: 'alice', address: alice })
    expect(alice).not.toBe(bob)
    expect(equalBytes(testAccount('alice').secret, testAccount('bob').secret)).toBe(false)
    expect(testAccount('alice').signer.address).toBe(alice)
  })

  test('is what every sender must be', () => {
    const stranger = addressFromBytes(new Uint8Array(32).fill(7))
    const unknown = expect.objectContaining({
      code: 'testkit/UNKNOWN_ACCOUNT',
      hint: 'Take addresses from testAddresses or testAccount.',
      values: { address: stranger },
    })
    expect(() => testAccountAt(stranger)).toThrow(unknown)
    expect(() => start().as(stranger).notary.note('x')).toThrow(unknown)
    const body = { ...start().body(alice, []), sender: stranger }
    expect(() => start().sign(body)).toThrow(unknown)
  })
})
