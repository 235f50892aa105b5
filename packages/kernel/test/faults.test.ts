import {
  amount,
  bytes,
  ChainError,
  cell,
  defineChain,
  defineModule,
  need,
  type StateStore,
  solo,
  struct,
  table,
  tablePrefix,
  text,
  u8,
  u32,
  unit,
} from '@mmtchain/kernel'
import { describe, expect, test } from 'vitest'
import { purse } from './purse.ts'
import { refusalOf } from './refusal.ts'
import { account, start, type Trial, validator } from './trial.ts'

const options = { id: 'harbour-1', consensus: solo() }
const chain = () => defineChain(options)
const [alice, bob] = [account('alice'), account('bob')]
const short = text({ bytesMax: 32 })
const quietly = (work: () => unknown): undefined => {
  try {
    work()
  } catch {
    // A module that takes whatever is thrown for a refusal.
  }
}
const call = (module: string, command: string, input: unknown = null) => ({ module, command, input })

describe('a fault of a module', () => {
  const faulty = defineModule('faulty', {
    state: { touched: cell(u32, 0) },
    events: { said: unit },
  })
    .command('fail', unit, (ctx) => {
      ctx.state.touched.set(7)
      ctx.emit.said(null)
      ;(undefined as unknown as { x: { y: number } }).x.y = 1
    })
    .command('divide', unit, () => void (1n / BigInt(0)))
    .command('throw', short, (_, what) => {
      if (what === 'nothing') throw undefined
      if (what === 'text') throw 'text'
      if (what === 'long code') throw new ChainError({ code: `a/${'B'.repeat(99)}`, message: 'm', hint: 'h' })
      if (what === 'odd code') throw new ChainError({ code: 'no code', message: 'm', hint: 'h' })
      if (what === 'range') throw new RangeError('Invalid count value: -1')
    })
    .command('late', unit, (async (ctx: { state: { touched: { set(n: number): undefined } } }) => {
      ctx.state.touched.set(8)
      await undefined
      ctx.state.touched.set(9)
    }) as never)
    .command('exhaust', short, (_, what) => {
      if (what === 'stack') endless()
      if (what === 'text') void 'a'.repeat(2 ** 30)
      if (what === 'bytes') void new Uint8Array(2 ** 52)
      if (what === 'buffer') void new ArrayBuffer(2 ** 52)
    })
    .command('fine', unit, (ctx) => ctx.state.touched.set(1))
    .query('touched', unit, u32, (ctx) => ctx.state.touched.get())
  function endless(): number {
    return 1 + endless()
  }
  const harbour = () => start(chain().use(purse()).use(faulty), { purse: [alice.address, bob.address] })

  test.each(['fail', 'divide'])(
    'refuses the transaction, keeps nonce and fee, and the node goes on: %s',
    (command) => {
      const trial = harbour()
      const built = trial.block([
        trial.prepare(alice, [call('faulty', command)]),
        trial.prepare(bob, [call('faulty', 'fine')]),
      ])
      const [first, second] = built.receipts.transactions
      expect(first).toMatchObject({ error: { code: 'kernel/MODULE_FAULT', call: 0 }, fee: 5n, events: [] })
      expect(second?.error).toBeNull()
      expect(built.faults).toHaveLength(1)
      expect(built.faults[0]?.fault).toBeInstanceOf(Error)
      expect(built.refusals[0]?.message).toContain(`faulty failed in ${command}`)
      expect(trial.read('kernel', 'account', { address: alice.address })).toMatchObject({ nonce: 1n })
      expect(trial.read('purse', 'held', alice.address)).toBe(95n)
      expect(trial.read('faulty', 'touched', null)).toBe(1)
    },
  )

  test.each(['nothing', 'text', 'long code', 'odd code', 'range'])('is also to throw %s', (what) => {
    const { code, fault } = harbour().send(alice, call('faulty', 'throw', what))
    expect(code).toBe('kernel/MODULE_FAULT')
    expect(fault).toBeDefined()
  })

  test('is told with its own error, too, where the transaction stays outside the block', () => {
    const free = defineModule('free').command('fail', unit, { fee: amount(0n) }, () => {
      throw new TypeError('a bug')
    })
    const trial = start(chain().use(purse()).use(free), { purse: [alice.address] })
    const { skipped } = trial.build([trial.prepare(alice, [call('free', 'fail')])])
    expect(skipped[0]?.error).toMatchObject({ code: 'kernel/MODULE_FAULT', cause: { message: 'a bug' } })
  })

  test('is also an async handler, whose first half is taken back', () => {
    const trial = harbour()
    expect(trial.send(alice, call('faulty', 'late'))).toMatchObject({
      code: 'kernel/MODULE_FAULT',
      fault: expect.objectContaining({ message: expect.stringContaining('is it async?') }),
    })
    expect(trial.read('faulty', 'touched', null)).toBe(0)
  })

  test.each(['stack', 'text', 'bytes', 'buffer'])('is not exhaustion of %s: that stops the node', (what) => {
    const trial = harbour()
    const prepared = trial.prepare(alice, [call('faulty', 'exhaust', what)])
    expect(() => trial.build([prepared])).toThrow(RangeError)
    expect(() => trial.machine.simulate(trial.store, trial.tip, prepared.transaction)).toThrow(RangeError)
  })

  test('is not exhaustion in a capability either, though its caller catches it', () => {
    interface Digging {
      dig(): undefined
    }
    const deep = defineModule('deep').provides<Digging>({ open: () => ({ dig: () => void endless() }) })
    const careless = defineModule('careless', { needs: { deep: need<Digging>() } }).command(
      'dig',
      unit,
      (ctx) => quietly(() => ctx.needs.deep.dig()),
    )
    const trial = start(chain().use(deep).use(careless), {})
    const prepared = trial.prepare(alice, [call('careless', 'dig')])
    // While it is under way, so that a node knows which transaction to drop.
    expect(() => trial.build(onlyOne(prepared))).toThrow(RangeError)
    expect(() => trial.machine.simulate(trial.store, trial.tip, prepared.transaction)).toThrow(RangeError)

    function* onlyOne(first: typeof prepared) {
      yield first
      throw new Error('the build went on')
    }
  })
})

describe('a state that cannot be read', () => {
  const shelf = defineModule('shelf', { state: { rows: table(u8, u32) } })
    .command('put', unit, (ctx) => ctx.state.rows.set(1, 7))
    .command('get', unit, (ctx) => void ctx.state.rows.get(1) as undefined)
    .command('list', unit, (ctx) => void [...ctx.state.rows.entries()] as undefined)
    .command('getQuietly', unit, (ctx) => quietly(() => ctx.state.rows.get(1)))
    .command('listQuietly', unit, (ctx) => quietly(() => [...ctx.state.rows.entries()]))
    .command('limit', u8, (ctx, which) => {
      const limit = [Number.NaN, 1.5, -1][which] as number
      void [...ctx.state.rows.entries({ limit })]
    })
  const harbour = () => {
    const trial = start(chain().use(shelf), {})
    trial.send(alice, call('shelf', 'put'))
    return trial
  }
  const ours = tablePrefix('shelf', 'rows')
  /** The trial's store, but the rows of `shelf` are what `read` makes of them. */
  const altered = (trial: Trial, read: (value: Uint8Array) => Uint8Array): StateStore => ({
    get(key) {
      const value = trial.store.get(key)
      return value && key.startsWith(ours) ? read(value) : value
    },
    *entries(range) {
      for (const [key, value] of trial.store.entries(range)) yield [key, read(value)]
    },
    stage: (changes) => trial.store.stage(changes),
  })
  const candidates = (trial: Trial, command: string) => {
    const request = {
      timeMs: trial.tip.header.timeMs + 10_000n,
      round: 0,
      consensus: new Uint8Array(),
      evidence: [],
      missProofs: [],
    }
    return {
      parent: trial.tip,
      proposer: validator.address,
      request,
      candidates: [trial.prepare(alice, [call('shelf', command)])],
    }
  }

  test.each(['get', 'list'])('stops the node, because others may read it: %s', (command) => {
    const trial = harbour()
    const failing = altered(trial, () => {
      throw new ChainError({ code: 'store/CORRUPT', message: 'A row is damaged.', hint: 'Verify.' })
    })
    expect(() => trial.machine.build(failing, candidates(trial, command))).toThrow(
      /cannot be read: A row is damaged/,
    )
    const misshapen = altered(trial, (value) => value.subarray(1))
    expect(() => trial.machine.build(misshapen, candidates(trial, command))).toThrow(
      /a row of shelf.rows cannot be read/,
    )
    expect(trial.machine.build(trial.store, candidates(trial, command)).skipped).toEqual([])
  })

  test.each(['getQuietly', 'listQuietly'])('stops the node also when a module catches it: %s', (command) => {
    const trial = harbour()
    const failing = altered(trial, () => {
      throw new Error('EIO')
    })
    const given = candidates(trial, command)
    expect(() => trial.machine.build(failing, given)).toThrow(/cannot be read: EIO/)
    expect(trial.machine.build(trial.store, given).receipts.transactions[0]?.error).toBeNull()
  })

  test('a range read with a limit that is no whole number is a fault', () => {
    for (const which of [0, 1, 2])
      expect(harbour().send(alice, call('shelf', 'limit', which)).code).toBe('kernel/MODULE_FAULT')
  })
})

describe('events', () => {
  const loud = defineModule('loud', { events: { said: bytes({ bytesMax: 100_000 }), typed: u8 } })
    .command('say', struct({ times: u32, bytes: u32 }), (ctx, input) => {
      for (let i = 0; i < input.times; i++) ctx.emit.said(new Uint8Array(input.bytes))
    })
    .command('mistype', unit, (ctx) => ctx.emit.typed(256))
    .endBlock((ctx) => {
      if (ctx.block.height === 2n) for (let i = 0; i < 65_537; i++) ctx.emit.typed(1)
    })
  const harbour = () => start(chain().use(loud), {})
  const say = (times: number, size = 0) => call('loud', 'say', { times, bytes: size })

  test('are at most 1,024 in a transaction, however many calls it has', () => {
    expect(harbour().send(alice, [say(1_000), say(24)]).receipt?.events).toHaveLength(1_024)
    expect(harbour().send(alice, [say(1_000), say(25)]).receipt).toMatchObject({
      error: { code: 'kernel/TOO_MANY_EVENTS', call: 1 },
      events: [],
    })
  })

  test('begin to count anew with each transaction', () => {
    const trial = harbour()
    const built = trial.block([trial.prepare(alice, [say(1_024)]), trial.prepare(bob, [say(1_024)])])
    expect(built.receipts.transactions.map(({ events }) => events.length)).toEqual([1_024, 1_024])
  })

  test('have at most 65,536 bytes each', () => {
    expect(harbour().send(alice, say(1, 65_533)).code).toBeUndefined()
    expect(harbour().send(alice, say(1, 65_534)).code).toBe('kernel/EVENT_TOO_LARGE')
  })

  test('that do not fit their codec refuse the call', () => {
    expect(harbour().send(alice, call('loud', 'mistype')).code).toBe('codec/OUT_OF_RANGE')
  })

  test('of hooks are at most 65,536', () => {
    const trial = harbour()
    trial.block([])
    expect(refusalOf(() => trial.build([])).code).toBe('kernel/TOO_MANY_EVENTS')
  })

  test('of refused transactions are not in the receipt root', () => {
    const trial = harbour()
    const quiet = trial.build([trial.prepare(alice, [call('loud', 'mistype')])])
    const noisy = trial.build([trial.prepare(alice, [say(3), call('loud', 'mistype')])])
    expect(quiet.receipts.transactions[0]?.events).toEqual([])
    expect(noisy.receipts.transactions[0]?.events).toEqual([])
  })
})
