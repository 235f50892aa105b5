import { decode, encode } from '@mmtchain/codec'
import { moduleAddress } from '@mmtchain/crypto'
import {
  type Address,
  address,
  bytes,
  type ChainError,
  cell,
  createMachine,
  defineChain,
  defineModule,
  list,
  memoryStore,
  need,
  option,
  params,
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
import { shown } from './shown.ts'
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
      seen.push({
        sender,
        module,
        command,
        block: shown(block),
        on,
        given,
        names: Object.keys(shown(ctx)).sort(),
      })
    })
    const harbour = start(chain().use(curious), {})
    harbour.send(alice, call('curious', 'look'))
    expect(seen).toHaveLength(2)
    expect(seen[1]).toEqual(seen[0])
    expect(seen[0]).toEqual({
      sender: alice.address,
      ...{ module: 'curious', command: 'look', given: 7 },
      on: {
        ...{ id: 'harbour-1', fingerprint: harbour.genesis.fingerprint, addressPrefix: 'mmt' },
        ...{ suites: harbour.genesis.chain.suites, governable: new Map() },
        commands: new Map([
          ['kernel', ['rotate']],
          ['curious', ['look']],
        ]),
      },
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
        ...{ validators: harbour.genesis.validators, weight: 0n, weightMax: 5_000_000n },
      },
      names: [
        ...[
          'block',
          'chain',
          'command',
          'emit',
          'fail',
          'module',
          'needs',
          'params',
          'refund',
          'self',
          'sender',
          'state',
        ],
      ],
    })
  })

  test('knows how much the block holds so far, and who rules it, as a copy', () => {
    const seen: bigint[] = []
    const gauge = defineModule('gauge')
      .command('look', unit, { weight: 70n }, (ctx) => {
        seen.push(ctx.block.weight)
      })
      .endBlock((ctx) => {
        seen.push(ctx.block.weight)
        ;(ctx.block.validators.validators as unknown[]).pop()
      })
    const harbour = start(chain().use(gauge), {})
    const look = harbour.prepare(alice, [call('gauge', 'look')])
    const { weightMax } = look.transaction.body
    harbour.build([look, harbour.prepare(bob, [call('gauge', 'look')])])
    expect(seen).toEqual([0n, weightMax, 2n * weightMax])
    expect(harbour.tip.validators.validators).toHaveLength(1)
  })

  test('cannot leave anything behind outside its state', () => {
    const bag = bytes({ bytesMax: 8 })
    const chosen = new Uint8Array(2)
    const leaky = defineModule('leaky', {
      params: params(bag, chosen),
      state: { seed: cell(bag, chosen), seeds: table(u8, list(u8, { max: 4 }), [1, 2]) },
      events: { saw: tuple(u8, u8, u8) },
    })
      .command('touch', unit, (ctx) => {
        const [own, row, rows] = [ctx.params, ctx.state.seed.get(), ctx.state.seeds.get(1) as number[]]
        ctx.emit.saw([own[0] as number, row[0] as number, rows.length])
        own[0] = 9
        row[0] = 9
        rows.push(3)
      })
      .command('mark', unit, (ctx) => {
        ;(ctx as { mark?: number }).mark = 1
      })
    const harbour = start(chain().use(leaky), {})
    for (let i = 0; i < 3; i++) {
      const { receipt } = harbour.send(alice, call('leaky', 'touch'))
      expect(decode(tuple(u8, u8, u8), receipt?.events[0]?.data as Uint8Array)).toEqual([0, 0, 2])
    }
    expect(chosen).toEqual(new Uint8Array(2))
    const { receipts } = harbour.block([
      harbour.prepare(alice, [call('leaky', 'touch')]),
      harbour.prepare(bob, [call('leaky', 'touch')]),
    ])
    for (const { events } of receipts.transactions)
      expect(decode(tuple(u8, u8, u8), events[0]?.data as Uint8Array)).toEqual([0, 0, 2])
    expect(String(harbour.send(alice, call('leaky', 'mark')).fault)).toContain('not extensible')
  })

  test('is refused where it sets what its table cannot hold, and the next one goes on', () => {
    const vault = defineModule('vault', {
      state: { rows: table(u8, u64), total: cell(u64, 0n), maybe: table(u8, option(u64)) },
    })
      .command('row', u64, (ctx, over) => ctx.state.rows.set(1, (1n << 64n) + over))
      .command('total', u64, (ctx, over) => ctx.state.total.set(-1n - over))
      .command('maybe', u64, (ctx, over) => ctx.state.maybe.set(1, (1n << 64n) + over))
      .command('fine', u64, (ctx, value) => ctx.state.total.set(value))
      .query('total', unit, u64, (ctx) => ctx.state.total.get())
    const harbour = start(chain().use(vault), {})
    for (const command of ['row', 'total', 'maybe']) {
      const { receipts } = harbour.block([
        harbour.prepare(alice, [call('vault', command, 0n)]),
        harbour.prepare(bob, [call('vault', 'fine', 7n)]),
      ])
      expect(receipts.transactions.map(({ error }) => error?.code)).toEqual(['codec/OUT_OF_RANGE', undefined])
    }
    expect(harbour.read('vault', 'total', null)).toBe(7n)
  })

  test('finds the row that a key names now, though it is an object that was changed', () => {
    const shelf = defineModule('shelf', {
      state: { rows: table(tuple(u8, u8), u64, 0n) },
      events: { sum: u64 },
    }).command('move', unit, (ctx) => {
      const key: [number, number] = [1, 1]
      ctx.state.rows.set(key, 5n)
      key[1] = 2
      ctx.state.rows.set(key, ctx.state.rows.get(key) + 1n)
      ctx.emit.sum(10n * ctx.state.rows.get([1, 1]) + ctx.state.rows.get([1, 2]))
    })
    const { receipt } = start(chain().use(shelf), {}).send(alice, call('shelf', 'move'))
    expect(decode(u64, receipt?.events[0]?.data as Uint8Array)).toBe(51n)
  })

  test('cannot change its parameters for those after it', () => {
    const greedy = defineModule('greedy', {
      params: params(struct({ max: u32, names: list(u8, { max: 4 }) }), { max: 1, names: [1] }),
    })
      .command('raise', unit, (ctx) => {
        ;(ctx.params as { max: number }).max = 9
      })
      .command('add', unit, (ctx) => void (ctx.params.names as number[]).push(2))
    const harbour = start(chain().use(greedy), {})
    for (const command of ['raise', 'add'])
      expect(harbour.send(alice, call('greedy', command)).code).toBe('kernel/MODULE_FAULT')
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

  test('that are only read are there for everyone, queries and invariants too', () => {
    const counted: string[] = []
    const source = defineModule('source', { state: { total: cell(u64, 5n) } })
      .command('add', u64, (ctx, n) => ctx.state.total.set(ctx.state.total.get() + n))
      .provides({ reads: (ctx) => ({ total: () => ctx.state.total.get() }) })
    const reader = defineModule('reader', { needs: { source: need<{}, {}, { total(): bigint }>() } })
      .query('twice', unit, u64, (ctx) => 2n * ctx.needs.source.total())
      .command('look', unit, (ctx) => void counted.push(`command ${ctx.needs.source.total()}`) as undefined)
      .endBlock((ctx) => void counted.push(`hook ${ctx.needs.source.total()}`) as undefined)
      .invariant('the total stays under 9', (ctx) => ctx.needs.source.total() < 9n)
    const trial = start(chain().use(source).use(reader), {})
    trial.block([trial.prepare(alice, [call('source', 'add', 2n), call('reader', 'look')])])
    expect(counted.slice(0, 2)).toEqual(['command 7', 'hook 7'])
    expect(trial.read('reader', 'twice', null)).toBe(14n)
    expect(trial.machine.brokenInvariants(trial.store, trial.tip)).toEqual([])
    trial.send(alice, call('source', 'add', 2n))
    expect(trial.machine.brokenInvariants(trial.store, trial.tip)).toEqual([
      'reader: the total stays under 9',
    ])
  })

  test('a module knows its own account, to which no key belongs', () => {
    const seen: Address[] = []
    const till = defineModule('till')
      .command('look', unit, (ctx) => void seen.push(ctx.self) as undefined)
      .query('self', unit, address, (ctx) => ctx.self)
    const trial = start(chain().use(till), {})
    trial.send(alice, call('till', 'look'))
    const own = moduleAddress('till', new Uint8Array())
    expect([...new Set(seen)]).toEqual([own])
    expect(trial.read('till', 'self', null)).toBe(own)
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
