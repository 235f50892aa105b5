import { decode, encode } from '@mmtchain/codec'
import {
  type Address,
  type Amount,
  address,
  amount,
  bool,
  bytes,
  ChainError,
  cell,
  createMachine,
  defineChain,
  defineModule,
  list,
  memoryStore,
  need,
  option,
  params,
  receiptsRoot,
  solo,
  struct,
  table,
  text,
  tuple,
  u8,
  u32,
  u64,
  unit,
} from '@mmtchain/kernel'
import { describe, expect, test } from 'vitest'
import { purse } from './purse.ts'
import { refusalOf } from './refusal.ts'
import { account, namesOf, outcomeOf, start, timeMs, validator, validators } from './trial.ts'

const options = { id: 'harbour-1', consensus: solo() }
const chain = () => defineChain(options)
const [alice, bob] = [account('alice'), account('bob')]
const short = text({ bytesMax: 32 })
const call = (module: string, command: string, input: unknown = null) => ({ module, command, input })

describe('a command', () => {
  const notary = defineModule('notary', {
    state: { notes: table(u32, struct({ by: address, text: short })), count: cell(u32, 0) },
    events: { noted: struct({ at: u32, text: short }) },
    errors: {
      EMPTY: (_: object) => ({ message: 'The note is empty.', hint: 'Write something.' }),
      FOREIGN: (d: { owner: Address }) => ({ message: `The note is ${d.owner}’s.`, hint: 'Ask the owner.' }),
    },
  })
    .command('note', short, (ctx, input) => {
      if (input === '') throw ctx.fail.EMPTY({})
      const at = ctx.state.count.get()
      ctx.state.notes.set(at, { by: ctx.sender, text: input })
      ctx.state.count.set(at + 1)
      ctx.emit.noted({ at, text: input })
    })
    .command('strike', u32, (ctx, at) => {
      const note = ctx.state.notes.get(at)
      if (note && note.by !== ctx.sender) throw ctx.fail.FOREIGN({ owner: note.by })
      ctx.state.notes.delete(at)
    })
    .query('note', u32, option(short), (ctx, at) => ctx.state.notes.get(at)?.text ?? null)
    .query('when', unit, tuple(u64, u64), (ctx) => [ctx.block.height, ctx.block.timeMs] as const)
  const trial = () => start(chain().use(notary), {})

  test('changes the state, and says so in the receipt', () => {
    const harbour = trial()
    const { code, receipt, events } = harbour.send(alice, call('notary', 'note', 'forty crates'))
    expect(code).toBeUndefined()
    expect(events).toEqual(['notary.noted'])
    expect(receipt).toMatchObject({ error: null, fee: 0n, weight: 100n })
    const noted = struct({ at: u32, text: short })
    expect(decode(noted, receipt?.events[0]?.data as Uint8Array)).toEqual({ at: 0, text: 'forty crates' })
    expect(harbour.read('notary', 'note', 0)).toBe('forty crates')
  })

  test('is refused with a code for programs and with words for people', () => {
    const harbour = trial()
    harbour.send(alice, call('notary', 'note', 'mine'))
    const { receipt, refusal } = harbour.send(bob, call('notary', 'strike', 0))
    expect(receipt).toMatchObject({ error: { code: 'notary/FOREIGN', call: 0 }, events: [] })
    expect(refusal).toMatchObject({ code: 'notary/FOREIGN', hint: 'Ask the owner.' })
    expect(refusal?.message).toMatch(/^The note is mmt1[a-z0-9]{58}’s\.$/)
    expect(harbour.read('notary', 'note', 0)).toBe('mine')
  })

  test('knows its sender, module, command and block, and nothing else', () => {
    const seen: unknown[] = []
    const curious = defineModule('curious', { params: params(u8, 7) }).command('look', unit, (ctx) => {
      const { sender, module, command, block, chain: on, params: given } = ctx
      seen.push({ sender, module, command, block, on, given, names: Object.keys(ctx).sort() })
    })
    const harbour = start(chain().use(curious), {})
    harbour.send(alice, call('curious', 'look'))
    expect(seen).toHaveLength(2)
    expect(seen[1]).toEqual(seen[0])
    expect(seen[0]).toEqual({
      sender: alice.address,
      ...{ module: 'curious', command: 'look', given: 7 },
      on: { id: 'harbour-1', fingerprint: harbour.genesis.fingerprint, addressPrefix: 'mmt' },
      block: {
        ...{
          height: 1n,
          timeMs: timeMs + 10_000n,
          proposer: validator.address,
          round: 0,
          turn: 1n,
          epoch: 0n,
        },
        ...{ reveal: undefined, misses: [], evidence: [], seed: expect.stringMatching(/^[0-9a-f]{64}$/) },
      },
      names: [
        ...['block', 'chain', 'command', 'emit', 'fail', 'module', 'needs', 'params', 'sender', 'state'],
      ],
    })
  })

  test('cannot leave anything behind outside its state', () => {
    const kept = new Uint8Array(2)
    const leaky = defineModule('leaky', {
      params: params(bytes({ bytesMax: 8 }), kept),
      state: { seed: cell(bytes({ bytesMax: 8 }), kept), seeds: table(u8, list(u8, { max: 4 }), [1, 2]) },
      events: { saw: tuple(u8, u8, u8) },
    }).command('touch', unit, (ctx) => {
      const [own, row, rows] = [ctx.params, ctx.state.seed.get(), ctx.state.seeds.get(1) as number[]]
      ctx.emit.saw([own[0] as number, row[0] as number, rows.length])
      own[0] = 9
      row[0] = 9
      rows.push(3)
      ;(ctx as { extra?: number }).extra = 1
    })
    const harbour = start(chain().use(leaky), {})
    const { fault } = harbour.send(alice, call('leaky', 'touch'))
    expect(String(fault)).toContain('not extensible')
    const forgetful = defineModule('leaky', leakyNouns()).command('touch', unit, (ctx) => {
      const [own, row, rows] = [ctx.params, ctx.state.seed.get(), ctx.state.seeds.get(1) as number[]]
      ctx.emit.saw([own[0] as number, row[0] as number, rows.length])
      own[0] = 9
      row[0] = 9
      rows.push(3)
    })
    const second = start(chain().use(forgetful), {})
    const saw = (data: Uint8Array | undefined) => decode(tuple(u8, u8, u8), data as Uint8Array)
    for (let i = 0; i < 3; i++) {
      const { receipt } = second.send(alice, call('leaky', 'touch'))
      expect(saw(receipt?.events[0]?.data)).toEqual([0, 0, 2])
    }
    expect(kept).toEqual(new Uint8Array(2))

    function leakyNouns() {
      return {
        params: params(bytes({ bytesMax: 8 }), kept),
        state: { seed: cell(bytes({ bytesMax: 8 }), kept), seeds: table(u8, list(u8, { max: 4 }), [1, 2]) },
        events: { saw: tuple(u8, u8, u8) },
      }
    }
  })

  test('reads the block’s height and time also in a query, as the next block would', () => {
    const harbour = trial()
    expect(harbour.read('notary', 'when', null)).toEqual([1n, timeMs])
    harbour.block([])
    expect(harbour.read('notary', 'when', null)).toEqual([2n, timeMs + 10_000n])
  })
})

describe('several calls of one transaction', () => {
  const counter = defineModule('counter', {
    state: { total: cell(u64, 0n) },
    events: { added: u64 },
    errors: { STOP: (_: object) => ({ message: 'Stop.', hint: 'Go.' }) },
  })
    .command('add', u64, { weight: 7n }, (ctx, n) => {
      ctx.state.total.set(ctx.state.total.get() + n)
      ctx.emit.added(ctx.state.total.get())
    })
    .command('stop', unit, { weight: 11n }, (ctx) => {
      ctx.state.total.set(999n)
      ctx.emit.added(999n)
      throw ctx.fail.STOP({})
    })
    .query('total', unit, u64, (ctx) => ctx.state.total.get())
  const add = (n: bigint) => call('counter', 'add', n)
  const stop = call('counter', 'stop')

  test('see what those before them did', () => {
    const harbour = start(chain().use(counter), {})
    const calls = Array.from({ length: 16 }, (_, i) => add(BigInt(i)))
    const { receipt } = harbour.send(alice, calls)
    expect(receipt?.events.map(({ data }) => decode(u64, data))).toEqual(
      [0, 1, 3, 6, 10, 15, 21, 28, 36, 45, 55, 66, 78, 91, 105, 120].map(BigInt),
    )
    expect(receipt?.weight).toBe(50n + 16n * 7n)
    expect(harbour.read('counter', 'total', null)).toBe(120n)
  })

  test.each([0, 1, 7, 15])('are all taken back when call %i is refused', (at) => {
    const harbour = start(chain().use(counter), {})
    harbour.send(alice, add(5n))
    const before = harbour.rows()
    const calls = Array.from({ length: 16 }, (_, i) => (i === at ? stop : add(1n)))
    const { receipt, refusal } = harbour.send(bob, calls)
    expect(receipt?.error).toEqual({ code: 'counter/STOP', call: at })
    expect(receipt?.events).toEqual([])
    expect(receipt?.weight).toBe(50n + BigInt(at) * 7n + 11n)
    expect(refusal?.message).toBe('Stop.')
    expect(harbour.read('counter', 'total', null)).toBe(5n)
    // All that is new is the row of bob's account, with its nonce.
    const after = new Map(harbour.rows())
    const added = [...after.keys()].filter((key) => !before.has(key))
    expect(added).toHaveLength(1)
    for (const key of added) after.delete(key)
    expect(after).toEqual(before)
  })

  test('do not disturb the transactions beside them in the block', () => {
    const harbour = start(chain().use(counter), {})
    const [one, two, three] = [
      harbour.prepare(alice, [add(1n)]),
      harbour.prepare(bob, [add(10n), stop]),
      harbour.prepare(alice, [add(100n)], { nonce: 1n }),
    ]
    const built = harbour.block([one, two, three])
    expect([one, two, three].map(({ id }) => outcomeOf(built, id).code)).toEqual([
      undefined,
      'counter/STOP',
      undefined,
    ])
    expect(namesOf(built.receipts.transactions.flatMap(({ events }) => events))).toHaveLength(2)
    expect(harbour.read('counter', 'total', null)).toBe(101n)
  })
})

describe('capabilities', () => {
  interface Vault {
    take(n: bigint): undefined
  }
  const vault = defineModule('vault', {
    state: { gold: table(address, u64, 0n) },
    events: { moved: u64 },
    errors: { POOR: (_: object) => ({ message: 'Too little.', hint: 'Earn.' }) },
  })
    .genesis(unit, (ctx) => {
      ctx.state.gold.set(alice.address, 10n)
      ctx.state.gold.set(validator.address, 10n)
    })
    .provides({
      open: (ctx) => ({
        take(n: bigint): undefined {
          const have = ctx.state.gold.get(ctx.sender)
          ctx.state.gold.set(ctx.sender, 0n)
          ctx.emit.moved(n)
          if (have < n) throw ctx.fail.POOR({})
          ctx.state.gold.set(ctx.sender, have - n)
        },
        whose: (): Address => ctx.sender,
      }),
      granted: (ctx) => ({
        give({ to, n }: { to: Address; n: bigint }): undefined {
          ctx.state.gold.set(to, ctx.state.gold.get(to) + n)
          ctx.emit.moved(n)
        },
        melt: (): undefined => {
          throw ctx.fail.POOR({})
        },
      }),
    })
    .query('gold', address, u64, (ctx, owner) => ctx.state.gold.get(owner))
  interface Giving {
    give(args: { readonly to: Address; readonly n: bigint }): undefined
  }
  const seen: { [place: string]: readonly string[] } = {}
  const shop = defineModule('shop', { needs: { vault: need<Vault, Giving>() }, events: { failed: short } })
    .command('buy', u64, (ctx, n) => {
      seen.command = Object.keys(ctx.needs.vault).sort()
      ctx.needs.vault.take(n)
    })
    .command('try', u64, (ctx, n) => {
      try {
        ctx.needs.vault.take(n)
      } catch (error) {
        ctx.emit.failed((error as ChainError).code)
      }
    })
    .command('earn', u64, (ctx, n) => ctx.needs.vault.give({ to: ctx.sender, n }))
    .beforeCommand((ctx) => {
      seen.guard = Object.keys(ctx.needs.vault)
    })
    .endBlock((ctx) => {
      seen.hook = Object.keys(ctx.needs.vault)
      ctx.needs.vault.give({ to: ctx.block.proposer, n: 1n })
    })
  const harbour = () =>
    start(
      chain()
        .use(vault)
        .use(shop, { grants: { vault: ['give'] } }),
      { vault: null },
    )
  const gold = (trial: ReturnType<typeof start>, of: { address: Address }) =>
    trial.read('vault', 'gold', of.address)

  test('that are open act for the sender, and a refusal of theirs is one of the command', () => {
    const trial = harbour()
    expect(trial.send(alice, call('shop', 'buy', 3n)).events).toEqual(['vault.moved'])
    expect(gold(trial, alice)).toBe(7n)
    expect(trial.send(bob, call('shop', 'buy', 3n)).code).toBe('vault/POOR')
    expect(gold(trial, bob)).toBe(0n)
  })

  test('that are granted are there in commands and hooks; those that are not granted are not', () => {
    const trial = harbour()
    trial.send(alice, call('shop', 'buy', 1n))
    expect(seen).toEqual({ command: ['give', 'take', 'whose'], guard: ['give'], hook: ['give'] })
    trial.send(alice, call('shop', 'earn', 5n))
    expect(gold(trial, alice)).toBe(14n)
    expect(gold(trial, validator)).toBe(12n)
  })

  test('leave nothing behind when a caller catches their refusal', () => {
    const trial = harbour()
    const { code, events } = trial.send(alice, call('shop', 'try', 50n))
    expect(code).toBeUndefined()
    expect(events).toEqual(['shop.failed'])
    expect(gold(trial, alice)).toBe(10n)
    expect(trial.send(alice, call('shop', 'try', 4n)).events).toEqual(['vault.moved'])
    expect(gold(trial, alice)).toBe(6n)
  })

  test('know the sender of the call, not of the one before', () => {
    const who: (Address | undefined)[] = []
    const asking = defineModule('asking', { needs: { vault: need<{ whose(): Address }>() } }).command(
      'ask',
      unit,
      (ctx) => {
        who.push(ctx.needs.vault.whose())
      },
    )
    const trial = start(chain().use(vault).use(asking), { vault: null })
    trial.block([trial.prepare(alice, [call('asking', 'ask')]), trial.prepare(bob, [call('asking', 'ask')])])
    expect(who).toEqual([alice.address, bob.address, alice.address, bob.address])
  })
})

describe('hooks', () => {
  const order: string[] = []
  const telling = <const Name extends string>(name: Name) =>
    defineModule(name, { state: { count: cell(u32, 0) }, events: { said: short } })
      .beginBlock((ctx) => {
        order.push(`${name} begins`)
        ctx.emit.said('begin')
        ctx.state.count.set(ctx.state.count.get() + 1)
      })
      .beginBlock(() => {
        order.push(`${name} begins again`)
      })
      .beforeCommand((_, { command }) => {
        order.push(`${name} before ${command}`)
      })
      .command('act', unit, (ctx) => {
        order.push(`${name} acts`)
        ctx.emit.said('act')
      })
      .endBlock((ctx) => {
        order.push(`${name} ends`)
        ctx.emit.said('end')
      })
      .query('count', unit, u32, (ctx) => ctx.state.count.get())

  test('run in the order of use: beginBlock, before each command, endBlock', () => {
    const harbour = start(chain().use(telling('one')).use(telling('two')), {})
    const calls = [call('two', 'act'), call('one', 'act')]
    order.length = 0
    const built = harbour.build([harbour.prepare(alice, calls)])
    expect(order).toEqual([
      ...['one begins', 'one begins again', 'two begins', 'two begins again'],
      ...['one before act', 'two before act', 'two acts', 'one before act', 'two before act', 'one acts'],
      ...['one ends', 'two ends'],
    ])
    const { begin, transactions, end } = built.receipts
    expect(namesOf(begin)).toEqual(['one.said', 'two.said'])
    expect(namesOf(transactions[0]?.events ?? [])).toEqual(['two.said', 'one.said'])
    expect(namesOf(end)).toEqual(['one.said', 'two.said'])
    expect(begin.map(({ data }) => decode(short, data))).toEqual(['begin', 'begin'])
    expect(built.block.header.receiptRoot).toBe(receiptsRoot(built.receipts))
  })

  test('run in blocks without transactions, but not in block 0', () => {
    const harbour = start(chain().use(telling('one')), {})
    expect(harbour.read('one', 'count', null)).toBe(0)
    harbour.block([])
    harbour.block([])
    expect(harbour.read('one', 'count', null)).toBe(2)
  })

  test('know no sender', () => {
    const seen: string[][] = []
    const look = (ctx: object): undefined => void seen.push(Object.keys(ctx).sort())
    const curious = defineModule('curious').beginBlock(look).endBlock(look).genesis(unit, look)
    start(chain().use(curious), { curious: null }).block([])
    for (const names of seen)
      expect(names).toEqual(['block', 'chain', 'emit', 'fail', 'needs', 'params', 'state'])
  })

  test('before commands may refuse any command of the chain, the kernel’s own too', () => {
    const guard = defineModule('guard', {
      errors: { BARRED: (d: { command: string }) => ({ message: `Not ${d.command}.`, hint: 'Ask.' }) },
    }).beforeCommand((ctx, { sender, module, command }) => {
      if (sender === bob.address) throw ctx.fail.BARRED({ command: `${module}.${command}` })
    })
    const harbour = start(chain().use(telling('one')).use(guard), {})
    expect(harbour.send(alice, call('one', 'act')).code).toBeUndefined()
    order.length = 0
    const { receipt, refusal } = harbour.send(bob, [call('one', 'act'), call('one', 'act')])
    expect(receipt).toMatchObject({ error: { code: 'guard/BARRED', call: 0 }, events: [] })
    expect(refusal?.message).toBe('Not one.act.')
    expect(order).not.toContain('one acts')
    const { authority } = account('new')
    expect(harbour.send(bob, call('kernel', 'rotate', { authority })).code).toBe('guard/BARRED')
  })

  test.each(['beginBlock', 'endBlock'] as const)('%s that refuses makes the block invalid', (kind) => {
    const strict = defineModule('strict', {
      errors: { ODD: (d: { height: bigint }) => ({ message: `${d.height} is odd.`, hint: 'Wait.' }) },
    })[kind]((ctx) => {
      if (ctx.block.height === 2n) throw ctx.fail.ODD({ height: ctx.block.height })
    })
    const harbour = start(chain().use(strict), {})
    const { block } = harbour.block([])
    expect(refusalOf(() => harbour.build([])).code).toBe('strict/ODD')
    const parent = harbour.tip
    const { header } = block
    const forged = {
      ...block,
      header: { ...header, height: 2n as never, parent: parent.id, timeMs: header.timeMs + 10_000n },
    }
    expect(refusalOf(() => harbour.execute(forged)).code).toBe('strict/ODD')
  })

  test.each(['beginBlock', 'endBlock'] as const)(
    '%s that fails stops the node: nobody is told that the block is invalid',
    (kind) => {
      const broken = defineModule('broken')[kind](() => {
        throw new TypeError('no such thing')
      })
      expect(() => start(chain().use(broken), {}).build([])).toThrow(TypeError)
      const late = defineModule('late')[kind]((async () => undefined) as never)
      expect(() => start(chain().use(late), {}).build([])).toThrow('is it async?')
    },
  )
})

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

describe('fees and weights', () => {
  const priced = defineModule('priced')
    .command('plain', unit, () => undefined)
    .command('fixed', unit, { fee: amount(7n) }, () => undefined)
    .command('free', unit, { fee: amount(0n), weight: 9n }, () => undefined)
    .command('byInput', u32, { fee: (n) => amount(BigInt(n) * 2n), weight: 1_000n }, () => undefined)
    .command('broken', unit, { fee: () => 5 as unknown as Amount }, () => undefined)
    .command('negative', unit, { fee: () => -1n as Amount }, () => undefined)
    .command('failing', unit, { fee: (input) => (input as unknown as { x: Amount }).x }, () => undefined)
  const quote = (trial: ReturnType<typeof start>, calls: Parameters<typeof trial.body>[1]) => {
    const body = trial.body(alice, calls)
    return trial.machine.quote({ body, signatures: [], payerConsent: null })
  }
  const harbour = (fees = {}) => start(chain().use(purse()).use(priced, { fees }), { purse: [alice.address] })

  test.each([
    ['plain', null, 5n, 50n],
    ['fixed', null, 7n, 50n],
    ['free', null, 0n, 9n],
    ['byInput', 21, 42n, 1_000n],
  ] as const)('%s costs what it declares, or what the fee policy says', (command, input, fee, weight) => {
    expect(quote(harbour(), [call('priced', command, input)])).toEqual({ fee, weight: weight + 50n })
  })

  test('of several calls add up, with one weight for the signatures', () => {
    const calls = [call('priced', 'plain'), call('priced', 'fixed'), call('priced', 'byInput', 4)]
    expect(quote(harbour(), calls)).toEqual({ fee: 20n, weight: 50n + 50n + 50n + 1_000n })
  })

  test('are what the chain file says where it says something, zero included', () => {
    const trial = harbour({ plain: amount(1n), fixed: amount(0n), byInput: amount(3n) })
    const costs = ['plain', 'fixed', 'free'].map((name) => quote(trial, [call('priced', name)]).fee)
    expect(costs).toEqual([1n, 0n, 0n])
    expect(quote(trial, [call('priced', 'byInput', 21)]).fee).toBe(3n)
  })

  test.each(['broken', 'negative', 'failing'])(
    'that cannot be computed keep the transaction out: %s',
    (command) => {
      const trial = harbour()
      const fixed = trial.prepare(alice, [call('priced', 'fixed')])
      const body = {
        ...fixed.transaction.body,
        calls: [{ ...call('priced', command), input: new Uint8Array() }],
      }
      const prepared = { ...fixed, transaction: { ...fixed.transaction, body } }
      const built = trial.build([prepared, fixed])
      expect(built.receipts.transactions).toHaveLength(1)
      const error = built.skipped[0]?.error
      expect(error?.code).toMatch(command === 'failing' ? /MODULE_FAULT/ : /AMOUNT_OUT_OF_RANGE/)
    },
  )

  test('are taken as offered: the sender may offer more, and the receipt says so', () => {
    const trial = harbour()
    const { receipt } = trial.send(alice, call('priced', 'plain'), { fee: amount(30n), weightMax: 9_999n })
    expect(receipt).toMatchObject({ fee: 30n, weight: 100n })
    expect(trial.read('purse', 'held', alice.address)).toBe(70n)
  })

  test('without a fee policy are nothing', () => {
    const trial = start(chain().use(priced), {})
    expect(trial.send(alice, call('priced', 'fixed')).receipt?.fee).toBe(0n)
    expect(trial.send(alice, call('priced', 'fixed'), { fee: amount(7n) }).code).toBe('kernel/FEE_NOT_TAKEN')
  })

  test('a fee policy that fails in reserve keeps the transaction out, and changes nothing', () => {
    const trial = start(
      chain()
        .use(purse({ fails: 'reserve' }))
        .use(priced),
      { purse: [alice.address] },
    )
    const before = trial.rows()
    const { code, refusal } = trial.send(alice, call('priced', 'plain'))
    expect(code).toBe('kernel/MODULE_FAULT')
    expect((refusal as ChainError).cause).toBeInstanceOf(TypeError)
    expect(trial.rows()).toEqual(before)
  })

  test('a fee policy that fails to settle stops the node', () => {
    const trial = start(
      chain()
        .use(purse({ fails: 'settle' }))
        .use(priced),
      { purse: [alice.address] },
    )
    expect(() => trial.build([trial.prepare(alice, [call('priced', 'plain')])])).toThrow(
      'must not refuse to settle',
    )
  })

  test('settle learns whether the calls went well and what they weighed, refused ones too', () => {
    const trial = start(
      chain()
        .use(purse({ rebate: true }))
        .use(priced),
      { purse: [alice.address] },
    )
    trial.send(alice, call('priced', 'plain'), { weightMax: 400n })
    expect(trial.read('purse', 'last', null)).toEqual([true, 100n])
  })

  test('what a fee policy emits is dropped', () => {
    const trial = start(
      chain()
        .use(purse({ rebate: true }))
        .use(priced),
      { purse: [alice.address] },
    )
    expect(trial.send(alice, call('priced', 'plain')).receipt?.events).toEqual([])
  })
})

describe('a rotated authority', () => {
  const harbour = () => start(chain(), {})
  const next = account('next key')
  const rotated = { ...next, address: alice.address }

  test('signs from the next transaction on, and the old one no more', () => {
    const trial = harbour()
    expect(trial.send(alice, call('kernel', 'rotate', { authority: next.authority })).events).toEqual([
      'kernel.rotated',
    ])
    const again = call('kernel', 'rotate', { authority: alice.authority })
    expect(trial.send(alice, again).code).toBe('kernel/WRONG_AUTHORITY')
    expect(trial.send(next, again).code).toBeUndefined() // The new key's own account is another one.
    expect(trial.read('kernel', 'account', { address: alice.address })).toMatchObject({ nonce: 1n })
    expect(trial.send(rotated, again).code).toBeUndefined()
    expect(trial.send(alice, call('kernel', 'rotate', { authority: alice.authority })).code).toBeUndefined()
  })

  test.each([
    ['no keys', { threshold: 0, keys: [] }],
    ['a threshold over its keys', { ...next.authority, threshold: 2 }],
    [
      'a key of a suite that the chain does not have',
      { threshold: 1, keys: [{ suite: 9, key: new Uint8Array(32) }] },
    ],
    ['a key that is none', { threshold: 1, keys: [{ suite: 1, key: new Uint8Array(33) }] }],
  ])('with %s is refused in the block, and the old one stays', (_, authority) => {
    const trial = harbour()
    expect(trial.send(alice, call('kernel', 'rotate', { authority })).receipt?.error?.code).toBe(
      'kernel/KEY_NOT_ACCEPTED',
    )
    expect(trial.send(alice, call('kernel', 'rotate', { authority: next.authority })).code).toBeUndefined()
  })
})

describe('a validator source', () => {
  const [first] = validators
  const voting = defineModule('voting', { state: { turned: cell(bool, false) } })
    .command('turn', unit, (ctx) => ctx.state.turned.set(true))
    .validatorSource((ctx) => {
      const { seed } = ctx.block
      const one = first as NonNullable<typeof first>
      const second = { address: bob.address, key: bob.authority.keys[0] as typeof one.key }
      const list = ctx.state.turned.get() ? [second, one] : [one]
      return { epoch: ctx.state.turned.get() ? 1n : 0n, epochStartTurn: 1n, seed, validators: list }
    })

  test('names the set of the next height, which the header commits to and the state keeps', () => {
    const trial = start(chain().use(voting), {})
    const quiet = trial.block([])
    expect(trial.tip.validators.validators).toHaveLength(1)
    expect(trial.machine.tipOf(trial.store)?.validators).toEqual(trial.tip.validators)
    expect(quiet.block.header.nextValidatorsHash).not.toBe(quiet.block.header.validatorsHash)
    const turned = trial.block([trial.prepare(alice, [call('voting', 'turn')])])
    expect(turned.block.header.validatorsHash).toBe(quiet.block.header.nextValidatorsHash)
    expect(trial.tip.validators.validators.map(({ address: who }) => who)).toEqual([
      bob.address,
      validator.address,
    ])
    expect(refusalOf(() => trial.build([])).code).toBe('consensus/WRONG_PROPOSER')
  })

  test('that names nobody stops the node', () => {
    const empty = defineModule('empty').validatorSource((ctx) => ({
      ...{ epoch: 1n, epochStartTurn: 1n, seed: ctx.block.seed },
      validators: [],
    }))
    expect(() => start(chain().use(empty), {}).build([])).toThrow('names no validator')
  })
})

describe('invariants', () => {
  test('are told by their sentence when they do not hold', () => {
    const counting = defineModule('counting', { state: { count: cell(u32, 0) } })
      .command('add', u32, (ctx, n) => ctx.state.count.set(ctx.state.count.get() + n))
      .invariant('the count is even', (ctx) => ctx.state.count.get() % 2 === 0)
      .invariant('the count is below ten', (ctx) => ctx.state.count.get() < 10)
    const trial = start(chain().use(counting), {})
    const broken = () => trial.machine.brokenInvariants(trial.store, trial.tip)
    expect(broken()).toEqual([])
    trial.send(alice, call('counting', 'add', 11))
    expect(broken()).toEqual(['counting: the count is even', 'counting: the count is below ten'])
  })
})

test('genesis documents may use what earlier modules grant', () => {
  const vault = defineModule('vault', { state: { gold: cell(u64, 0n) } })
    .provides({
      granted: (ctx) => ({ mint: (n: bigint): undefined => ctx.state.gold.set(ctx.state.gold.get() + n) }),
    })
    .query('gold', unit, u64, (ctx) => ctx.state.gold.get())
  const grants = { vault: ['mint'] } as const
  const fund = defineModule('fund', { needs: { vault: need<{}, { mint(n: bigint): undefined }>() } }).genesis(
    u64,
    (ctx, n) => ctx.needs.vault.mint(n),
  )
  const genesis = chain()
    .use(vault)
    .use(fund, { grants })
    .genesis({ timeMs, validators, documents: { fund: 77n } })
  const machine = createMachine(genesis)
  const store = memoryStore()
  const { block, id, receipts, staged, tip } = machine.begin(store)
  const none = new Uint8Array()
  store.commitNow({
    block,
    id,
    seal: none,
    receipts,
    transactionIds: [],
    refusals: [],
    staged,
    checkpoint: none,
  })
  expect(machine.query(store, tip, { module: 'vault', query: 'gold', input: null })).toBe(77n)
  expect(encode(u64, 77n)).toHaveLength(8)
})
