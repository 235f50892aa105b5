import { decode, encode, type KeyCodec } from '@mmtchain/codec'
import {
  amount,
  type Block,
  bool,
  bytes,
  type Chain,
  cell,
  chainMetadata,
  createMachine,
  defineChain,
  defineModule,
  type Execution,
  hash,
  height,
  type KernelGranted,
  type KernelReads,
  list,
  listedFee,
  memoryStore,
  need,
  params,
  releaseHash,
  solo,
  struct,
  type Tip,
  table,
  text,
  u8,
  u32,
  u64,
  unit,
} from '@mmtchain/kernel'
import { describe, expect, test } from 'vitest'
import { account, start, type TrialCall, timeMs, validators } from './trial.ts'

const alice = account('alice')
const call = (module: string, command: string, input: unknown): TrialCall => ({ module, command, input })

/** Whoever sends commands governance here; a real module would count votes first. */
const governor = defineModule('governor', { needs: { kernel: need<{}, KernelGranted>() } })
  .command(
    'set',
    struct({ module: text({ bytesMax: 32 }), name: text({ bytesMax: 32 }), value: bytes({ bytesMax: 64 }) }),
    (ctx, input) => {
      ctx.needs.kernel.setParameter(input)
    },
  )
  .command('upgrade', struct({ height, release: hash }), (ctx, input) => {
    ctx.needs.kernel.scheduleUpgrade(input)
  })
  .command('cancel', unit, (ctx) => {
    ctx.needs.kernel.cancelUpgrade()
  })

const tally = { tally: u32, step: u8 }
const settings = struct({ step: u8, limit: u32 })

/** Version 1 counts in a cell; version 2 keeps a row for every count and adds twice the step. */
const counterV1 = () =>
  defineModule('counter', {
    params: params(settings, { step: 1, limit: 100 }),
    state: { total: cell(u32, 0) },
  })
    .command('count', unit, (ctx) => ctx.state.total.set(ctx.state.total.get() + ctx.params.step))
    .query('total', unit, u32, (ctx) => ctx.state.total.get())

const counterV2 = () =>
  defineModule('counter', {
    version: 2,
    params: params(settings, { step: 1, limit: 100 }),
    state: { total: cell(u32, 0), rows: table(u64, struct(tally)) },
    events: { lifted: u32 },
  })
    .migrate(1, (ctx) => {
      ctx.state.rows.set(0n, { tally: ctx.state.total.get(), step: ctx.params.step })
      ctx.emit.lifted(ctx.state.total.get())
    })
    .command('count', unit, (ctx) => ctx.state.total.set(ctx.state.total.get() + 2 * ctx.params.step))
    .query('total', unit, u32, (ctx) => ctx.state.total.get())
    .query('lifted', unit, u32, (ctx) => ctx.state.rows.get(0n)?.tally ?? 0)

const newcomer = () =>
  defineModule('newcomer', { state: { born: cell(u64, 0n) } })
    .migrate(0, (ctx) => ctx.state.born.set(ctx.block.height))
    .query('born', unit, u64, (ctx) => ctx.state.born.get())

const base = () => defineChain({ id: 'upgrade-test', consensus: solo(), limits: { upgradeNoticeHeights: 2 } })
const governed = { governable: ['step'] } as const
const powers = { grants: { kernel: ['setParameter', 'scheduleUpgrade', 'cancelUpgrade'] } } as const
const first = () => base().use(governor, powers).use(counterV1(), governed)
const second = () => base().use(governor, powers).use(counterV2(), governed).use(newcomer())

const at = (harbour: { readonly tip: Tip }) => harbour.tip.header.height
const release = (harbour: ReturnType<typeof start>) =>
  hash(releaseHash(harbour.genesis.fingerprint, second()))

/** All blocks of a store, executed again from block 0 by a machine of `chain`. */
async function replay<M>(chain: Chain<M>, blocks: readonly Block[]): Promise<readonly Execution[]> {
  const machine = createMachine(chain.genesis({ timeMs, validators, documents: {} as never }))
  const store = memoryStore()
  const none = new Uint8Array()
  const done: Execution[] = []
  let execution = machine.begin(store)
  for (const block of blocks) {
    store.commitNow({ ...execution, seal: none, checkpoint: none })
    execution = machine.execute(store, { parent: execution.tip, block })
    done.push(execution)
  }
  return done
}

describe('an upgrade', () => {
  test('is scheduled by a grant, migrates at its height, and replays to the same blocks', async () => {
    const harbour = start(first().upgrade(second()), {})
    const blocks: Block[] = []
    const send = (command: ReturnType<typeof call>) => {
      const outcome = harbour.send(alice, command)
      expect(outcome.code).toBeUndefined()
      return outcome
    }
    send(call('counter', 'count', null))
    send(call('governor', 'upgrade', { height: height(4n), release: release(harbour) }))
    expect(harbour.read('kernel', 'upgrade', null)).toEqual({ height: 4n, release: release(harbour) })
    const before = harbour.tip.header.protocolHash
    send(call('counter', 'count', null))
    expect([at(harbour), harbour.read('counter', 'total', null), harbour.tip.header.protocolHash]).toEqual([
      3n,
      2,
      before,
    ])

    const begun = harbour.block([])
    expect(at(harbour)).toBe(4n)
    expect(begun.receipts.begin.map(({ module, name }) => `${module}.${name}`)).toEqual([
      'counter.lifted',
      'kernel.upgraded',
    ])
    expect(harbour.tip.header.protocolHash).not.toBe(before)
    expect(harbour.read('counter', 'lifted', null)).toBe(2)
    expect(harbour.read('newcomer', 'born', null)).toBe(4n)
    expect(harbour.read('kernel', 'upgrade', null)).toBeNull()
    harbour.block([harbour.prepare(alice, [call('counter', 'count', null)])])
    expect(harbour.read('counter', 'total', null)).toBe(4)

    for (let h = 1n; h <= at(harbour); h++)
      blocks.push(((await harbour.store.block({ height: height(h) })) as { block: Block }).block)
    const again = await replay(first().upgrade(second()), blocks)
    expect(again.at(-1)?.id).toBe(harbour.tip.id)
  })

  test('stops a node that does not have the release, at its height, naming what to install', async () => {
    const harbour = start(first().upgrade(second()), {})
    harbour.send(alice, call('governor', 'upgrade', { height: height(3n), release: release(harbour) }))
    for (let i = 0; i < 3; i++) harbour.block([])
    const blocks: Block[] = []
    for (let h = 1n; h <= at(harbour); h++)
      blocks.push(((await harbour.store.block({ height: height(h) })) as { block: Block }).block)

    expect(await replay(first(), blocks.slice(0, 2))).toHaveLength(2)
    await expect(replay(first(), blocks)).rejects.toMatchObject({
      code: 'kernel/UPGRADE_MISSING',
      values: { height: 3n, release: release(harbour) },
    })
  })

  test('needs notice, can be replaced and cancelled', () => {
    const harbour = start(first().upgrade(second()), {})
    const schedule = (h: bigint) =>
      harbour.send(alice, call('governor', 'upgrade', { height: height(h), release: release(harbour) }))
    expect(schedule(2n).code).toBe('kernel/UPGRADE_TOO_SOON')
    expect(schedule(9n).code).toBeUndefined()
    expect(schedule(8n).code).toBeUndefined()
    expect(harbour.read('kernel', 'upgrade', null)).toMatchObject({ height: 8n })
    expect(harbour.send(alice, call('governor', 'cancel', null)).events).toEqual(['kernel.upgradeCancelled'])
    for (let i = 0; i < 8; i++) harbour.block([])
    expect(() => harbour.read('newcomer', 'born', null)).toThrow(/no module newcomer/)
  })

  test('must be a release of the same chain', () => {
    const refused = <M, N>(before: Chain<M>, next: Chain<N>) =>
      expect(() => before.upgrade(next)).toThrow(/cannot follow/)
    refused(first(), defineChain({ id: 'another', consensus: solo() }))
    refused(first(), defineChain({ id: 'upgrade-test', slotMs: 1, consensus: solo() }))
    refused(first(), base().use(governor, powers))
    refused(second(), first())
    refused(first(), base().use(governor, powers).use(counterV1()))
    refused(first().upgrade(second()), first())
    refused(first(), first())
    const patched = () => counterV1().query('hidden', unit, u32, () => 0)
    refused(first(), base().use(governor, powers).use(patched(), governed)) // Nothing could tell these two apart.
    const retyped = defineModule('counter', {
      version: 2,
      params: params(struct({ step: u32 }), { step: 1 }),
    })
    refused(
      first(),
      base()
        .use(governor, powers)
        .use(
          retyped.migrate(1, () => undefined),
          governed,
        ),
    )
    const fixed = base()
      .use(governor, powers)
      .use(retyped.migrate(1, () => undefined))
    expect(first().upgrade(fixed).upgrades).toHaveLength(1)
    expect(first().upgrade(second()).upgrades).toHaveLength(1)
  })

  test('comes last in the chain file, and brings the releases after it', () => {
    expect(() => first().upgrade(second()).use(newcomer())).toThrow('newcomer after .upgrade')
    const third = () => second().use(defineModule('third'))
    const chain = first().upgrade(second().upgrade(third()))
    expect(chain.upgrades.map(({ modules }) => modules.length)).toEqual([4, 5])
    expect(chain.upgrades.flatMap(({ upgrades }) => upgrades)).toEqual([])
  })

  test('cannot be scheduled for the block that schedules it, whatever notice the chain wants', () => {
    const limits = { upgradeNoticeHeights: 0 }
    const eager = defineChain({ id: 'upgrade-test', consensus: solo(), limits }).use(governor, powers)
    const next = eager.use(newcomer())
    const harbour = start(eager.upgrade(next), {})
    const input = (at: bigint) => ({
      height: height(at),
      release: hash(releaseHash(harbour.genesis.fingerprint, next)),
    })
    expect(harbour.send(alice, call('governor', 'upgrade', input(1n))).code).toBe('kernel/UPGRADE_TOO_SOON')
    expect(harbour.send(alice, call('governor', 'upgrade', input(3n))).code).toBeUndefined()
    harbour.block([])
    expect(harbour.read('newcomer', 'born', null)).toBe(3n)
  })

  test('leaves the fingerprint as it was', () => {
    const genesis = <M>(chain: Chain<M>) => chain.genesis({ timeMs, validators, documents: {} as never })
    expect(genesis(first().upgrade(second())).fingerprint).toBe(genesis(first()).fingerprint)
  })
})

describe('a governable parameter', () => {
  test('changes by a grant, binds from the next block on, and moves the protocol hash there', () => {
    const harbour = start(first(), {})
    const before = harbour.tip.header.protocolHash
    const set = harbour.prepare(alice, [
      call('governor', 'set', { module: 'counter', name: 'step', value: encode(u8, 5) }),
      call('counter', 'count', null),
    ])
    harbour.block([set])
    expect([harbour.read('counter', 'total', null), harbour.tip.header.protocolHash]).toEqual([1, before])
    harbour.send(alice, call('counter', 'count', null))
    expect(harbour.read('counter', 'total', null)).toBe(6)
    expect(harbour.tip.header.protocolHash).not.toBe(before)
  })

  test('is read by any module: as the chain file has it, then as it was set, in that block already', () => {
    const reader = defineModule('reader', {
      needs: { kernel: need<{}, {}, KernelReads>() },
      state: { seen: cell(list(bytes({ bytesMax: 64 }), { max: 9 }), []) },
    })
      .command('look', unit, ({ state, needs }) => {
        const found = needs.kernel.parameter({ module: 'counter', name: 'step' })
        state.seen.set([...state.seen.get(), found ?? new Uint8Array()])
      })
      .query(
        'fixed',
        unit,
        bool,
        ({ needs }) => needs.kernel.parameter({ module: 'counter', name: 'limit' }) === undefined,
      )
      .query('seen', unit, list(u8, { max: 9 }), ({ state, chain }) =>
        state.seen.get().map((one) => decode(chain.governable.get('counter.step')?.codec as typeof u8, one)),
      )
      .query(
        'commands',
        unit,
        list(text({ bytesMax: 32 }), { max: 9 }),
        ({ chain }) => chain.commands.get('governor') ?? [],
      )
    const harbour = start(first().use(reader), {})
    harbour.send(alice, call('reader', 'look', null))
    const set = call('governor', 'set', { module: 'counter', name: 'step', value: encode(u8, 5) })
    harbour.block([harbour.prepare(alice, [set, call('reader', 'look', null)])])
    expect(harbour.read('reader', 'seen', null)).toEqual([1, 5])
    expect(harbour.read('reader', 'fixed', null)).toBe(true)
    expect(harbour.read('reader', 'commands', null)).toEqual(['set', 'upgrade', 'cancel'])
  })

  test('is refused when it is fixed, unknown, or the value is none of its type', () => {
    const harbour = start(first(), {})
    const set = (module: string, name: string, value: Uint8Array) =>
      harbour.send(alice, call('governor', 'set', { module, name, value })).code
    expect(set('counter', 'limit', encode(u32, 5))).toBe('kernel/NOT_GOVERNABLE')
    expect(set('nowhere', 'step', encode(u8, 5))).toBe('kernel/NOT_GOVERNABLE')
    expect(set('counter', 'step', encode(u32, 5))).toBe('kernel/BAD_PARAMETER')
    expect(() => base().use(counterV1(), { governable: ['pace' as 'step'] })).toThrow(/no parameter pace/)
  })

  test('is forgotten by a release that fixes it, so that a later one may govern it anew, of another type even', () => {
    const dial = <const C extends KeyCodec<number>>(version: number, codec: C, step: number) => {
      const settled = { version, params: params(struct({ step: codec }), { step } as never) }
      const bare = defineModule('dial', settled).query('step', unit, u32, (ctx) => ctx.params.step as number)
      return Array.from({ length: version - 1 }, (_, i) => i + 1).reduce<typeof bare>(
        (built, from) => built.migrate(from, () => undefined) as never,
        bare,
      )
    }
    const governs = () => base().use(governor, powers)
    const fixed = governs().use(dial(2, u8, 7))
    const again = governs().use(dial(3, u32, 9), governed)
    const harbour = start(
      governs()
        .use(dial(1, u8, 1), governed)
        .upgrade(fixed)
        .upgrade(again),
      {},
    )
    const step = () => harbour.read('dial', 'step', null)
    harbour.send(alice, call('governor', 'set', { module: 'dial', name: 'step', value: Uint8Array.of(5) }))
    expect(step()).toBe(5)
    for (const [next, want] of [
      [fixed, 7],
      [again, 9],
    ] as const) {
      const named = hash(releaseHash(harbour.genesis.fingerprint, next))
      harbour.send(alice, call('governor', 'upgrade', { height: height(at(harbour) + 3n), release: named }))
      harbour.block([])
      harbour.block([])
      expect(step()).toBe(want)
    }
  })

  test('is part of the fingerprint, and may set the price of commands', () => {
    const purse = (commandFee: bigint) =>
      defineModule('purse', { params: params(struct({ price: u64 }), { price: commandFee }) }).feePolicy({
        commandFee: ({ price }) => amount(price),
        reserve: () => undefined,
        settle: () => undefined,
      })
    const chain = base()
      .use(governor, powers)
      .use(purse(3n), { governable: ['price'] })
      .use(counterV1())
    const harbour = start(chain, {})
    const fee = () => harbour.body(alice, [call('counter', 'count', null)]).fee
    expect(fee()).toBe(3n)
    harbour.send(alice, call('governor', 'set', { module: 'purse', name: 'price', value: encode(u64, 9n) }))
    expect(fee()).toBe(9n)
    const described = (state?: typeof harbour.store) =>
      chainMetadata(harbour.genesis, harbour.machine.release(harbour.store), state).modules
    const shown = (state?: typeof harbour.store) =>
      described(state).find(({ name }) => name === 'purse')?.params
    expect(shown()).toMatchObject({ value: { price: '3' }, inForce: { price: '3' } })
    expect(shown(harbour.store)).toMatchObject({ value: { price: '3' }, inForce: { price: '9' } })
    const cost = described(harbour.store).find(({ name }) => name === 'counter')?.commands[0]?.fee
    expect(cost).toBe('9')
    // What a wallet expects is what the chain file says, whatever the chain charges meanwhile.
    const { calls } = harbour.body(alice, [call('counter', 'count', null), call('counter', 'count', null)])
    expect(listedFee(chain, calls)).toBe(6n)
    const fixed = start(base().use(governor, powers).use(purse(3n)).use(counterV1()), {})
    expect(fixed.genesis.fingerprint).not.toBe(harbour.genesis.fingerprint)
  })
})
