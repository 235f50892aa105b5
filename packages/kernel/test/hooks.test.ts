import { decode } from '@mmtchain/codec'
import {
  type Address,
  bool,
  cell,
  defineChain,
  defineModule,
  receiptsRoot,
  solo,
  text,
  u32,
  unit,
} from '@mmtchain/kernel'
import { describe, expect, test } from 'vitest'
import { refusalOf } from './refusal.ts'
import { shown } from './shown.ts'
import { account, namesOf, start, validator, validators } from './trial.ts'

const options = { id: 'harbour-1', consensus: solo() }
const chain = () => defineChain(options)
const [alice, bob] = [account('alice'), account('bob')]
const short = text({ bytesMax: 32 })
const call = (module: string, command: string, input: unknown = null) => ({ module, command, input })

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
    const look = (ctx: object): undefined => void seen.push(Object.keys(shown(ctx)).sort())
    const curious = defineModule('curious').beginBlock(look).endBlock(look).genesis(unit, look)
    start(chain().use(curious), { curious: null }).block([])
    for (const names of seen)
      expect(names).toEqual(['block', 'chain', 'emit', 'fail', 'needs', 'params', 'self', 'state'])
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

  test('before commands are blamed for their own faults, and cannot change the call', () => {
    const meddling = defineModule('meddling').beforeCommand((_, call) => {
      ;(call as { sender: Address }).sender = alice.address
    })
    const harbour = start(chain().use(telling('one')).use(meddling), {})
    const { code, refusal } = harbour.send(bob, call('one', 'act'))
    expect(code).toBe('kernel/MODULE_FAULT')
    expect(refusal?.message).toContain('Module meddling failed in beforeCommand')
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
