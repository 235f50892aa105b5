import {
  address,
  amount,
  cell,
  defineChain,
  defineModule,
  list,
  map,
  need,
  params,
  solo,
  struct,
  table,
  text,
  u8,
  u32,
  unit,
} from '@mmtchain/kernel'
import { testAddresses, testChain } from '@mmtchain/testkit'
import { describe, expect, test } from 'vitest'

const people = testAddresses('alice', 'bob', 'carol', 'dave', 'erin')
const [alice, bob, carol] = people
const options = { id: 'harbour-1', consensus: solo() }
const word = text({ bytesMax: 16 })
const words = list(word, { max: 32 })
const ORDER =
  /two executions of one block differ by the order of a Map or Set \(seed \d+\); sort what you iterate/

/** A module that says words in the order in which `say` gives them. */
const speaker = (say: (given: readonly string[]) => Iterable<string>) =>
  defineModule('speaker', { events: { said: word } }).command('say', words, (ctx, given) => {
    for (const one of say(given)) ctx.emit.said(one)
  })
const hear = (say: (given: readonly string[]) => Iterable<string>, given = ['c', 'a', 'b', 'a']) => {
  const { events } = testChain(defineChain(options).use(speaker(say)), {})
    .as(alice)
    .speaker.say(given)
  return events.length
}

describe('a module whose outcome hangs on the order of a collection fails its test', () => {
  test('when the collection was filled by the blocks that this process has seen', () => {
    // Each node that starts anew has another order: a fork.
    const seen = new Set<string>()
    const spoken = testChain(
      defineChain(options).use(
        speaker((given) => {
          for (const one of given) seen.add(one)
          return seen
        }),
      ),
      {},
    )
    expect(() => spoken.as(alice).speaker.say(['b', 'a'])).toThrow(ORDER)
  })

  test('also when the second execution has nothing left to change', () => {
    const seen = new Map<string, true>()
    const once = (given: readonly string[]) => {
      for (const one of given) if (!seen.has(one)) seen.set(one, true)
      return seen.keys()
    }
    expect(() => hear(once)).toThrow(ORDER)
  })

  test('when the order follows from rows of the state, grouped', () => {
    const ledger = defineModule('ledger', {
      state: { rows: table(u32, struct({ owner: address, amount })), next: cell(u32, 0) },
      events: { total: struct({ owner: address, amount }) },
    })
      .command('pay', amount, (ctx, value) => {
        ctx.state.rows.set(ctx.state.next.get(), { owner: ctx.sender, amount: value })
        ctx.state.next.set(ctx.state.next.get() + 1)
      })
      .endBlock((ctx) => {
        const totals = new Map<typeof alice, bigint>()
        for (const [, row] of ctx.state.rows.entries())
          totals.set(row.owner, (totals.get(row.owner) ?? 0n) + row.amount)
        totals.forEach((sum, owner) => {
          ctx.emit.total({ owner, amount: amount(sum) })
        })
      })
    const harbour = testChain(defineChain(options).use(ledger), {})
    expect(harbour.as(bob).ledger.pay(amount(1n)).code).toBeUndefined() // One owner has but one order.
    expect(() => harbour.as(alice).ledger.pay(amount(2n))).toThrow(ORDER)
  })

  test.each([
    [
      'for … of',
      (given: readonly string[]) => {
        const out: string[] = []
        for (const one of new Set(given)) out.push(one)
        return out
      },
    ],
    ['spread', (given) => [...new Set(given)]],
    ['Array.from', (given) => Array.from(new Set(given))],
    ['the first of values', (given) => [String(new Set(given).values().next().value)]],
    ['keys of a set', (given) => new Set(given).keys()],
    ['entries of a set', (given) => [...new Set(given).entries()].map(([one]) => one)],
    [
      'forEach of a set',
      (given) => {
        const out: string[] = []
        new Set(given).forEach((one) => {
          out.push(one)
        })
        return out
      },
    ],
    ['a map', (given) => [...new Map(given.map((one) => [one, 1]))].map(([one]) => one)],
    ['values of a map', (given) => new Map(given.map((one) => [one, one])).values()],
    ['a copy', (given) => [...new Set(new Set(given))]],
    ['Object.fromEntries', (given) => Object.keys(Object.fromEntries(new Map(given.map((one) => [one, 1]))))],
  ] as readonly (readonly [string, (given: readonly string[]) => Iterable<string>])[])('by %s', (_, say) => {
    expect(() => hear(say)).toThrow(ORDER)
  })

  test.each(['beginBlock', 'endBlock'] as const)('in %s', (hook) => {
    const noisy = defineModule('noisy', { events: { said: word } })[hook]((ctx) => {
      for (const one of new Set(['a', 'b'])) ctx.emit.said(one)
    })
    const harbour = testChain(defineChain(options).use(noisy), {})
    expect(() => harbour.advance({ blocks: 1 })).toThrow(ORDER)
  })

  test('in the genesis', () => {
    const noisy = defineModule('noisy', { state: { first: cell(word) } }).genesis(words, (ctx, given) => {
      for (const one of new Set(given)) {
        ctx.state.first.set(one)
        return
      }
    })
    expect(() => testChain(defineChain(options).use(noisy), { noisy: ['b', 'a'] })).toThrow(ORDER)
  })

  test('in a capability that another module calls', () => {
    interface Speaking {
      all(given: readonly string[]): undefined
    }
    const loud = defineModule('loud', { events: { said: word } }).provides<Speaking>({
      open: (ctx) => ({
        all: (given) => {
          for (const one of new Set(given)) ctx.emit.said(one)
        },
      }),
    })
    const caller = defineModule('caller', { needs: { loud: need<Speaking>() } }).command(
      'call',
      words,
      (ctx, given) => ctx.needs.loud.all(given),
    )
    const harbour = testChain(defineChain(options).use(loud).use(caller), {})
    expect(() => harbour.as(alice).caller.call(['b', 'a'])).toThrow(ORDER)
  })

  test('in what another module reads of it', () => {
    interface Reading {
      first(given: readonly string[]): string
    }
    const loud = defineModule('loud').provides<{}, {}, Reading>({
      reads: () => ({ first: (given) => [...new Set(given)][0] as string }),
    })
    const caller = defineModule('caller', {
      state: { last: cell(word) },
      needs: { loud: need<{}, {}, Reading>() },
    }).command('call', words, (ctx, given) => ctx.state.last.set(ctx.needs.loud.first(given)))
    const harbour = testChain(defineChain(options).use(loud).use(caller), {})
    expect(() => harbour.as(alice).caller.call(['b', 'a'])).toThrow(ORDER)
  })

  test('with the same seed every time', () => {
    const why = () => {
      try {
        hear((given) => new Set(given))
      } catch (error) {
        return (error as Error).message
      }
      return undefined
    }
    expect(why()).toMatch(/\(seed 2\)/)
    expect(why()).toBe(why())
  })
})

describe('a module that keeps the rule never fails', () => {
  test.each([
    ['sorts', (given) => [...new Set(given)].sort()],
    ['counts', (given) => [String(new Set(given).size)]],
    [
      'sums',
      (given) => [
        String([...new Map(given.map((one, at) => [one, at])).values()].reduce((a, b) => a + b, 0)),
      ],
    ],
    [
      'looks up',
      (given) => {
        const known = new Map(given.map((one, at) => [one, String(at)]))
        return given.map((one) => known.get(one) ?? '')
      },
    ],
    [
      'pairs keys with values of one map',
      (given) => {
        const pairs = new Map(given.map((one) => [one, `${one}!`]))
        const [keys, values] = [[...pairs.keys()], [...pairs.values()]]
        return keys.map((key, at) => `${key}${values[at]}`).sort()
      },
    ],
    [
      'works off a set that grows and shrinks',
      (given) => {
        const left = new Set(given)
        const done: string[] = []
        for (const one of left) {
          left.delete(one)
          done.push(one)
          if (one.length < 3) for (const next of given) left.add(`${one}${next}`.slice(0, 3))
        }
        return [String(left.size), String(new Set(done).size)]
      },
    ],
    [
      'visits again what was deleted and added again',
      (given) => {
        const left = new Set(given)
        let rounds = 0
        for (const one of left) {
          left.delete(one)
          if (++rounds < 10) left.add(one)
        }
        return [String(rounds), String(left.size)]
      },
    ],
    [
      'skips what was deleted on the way',
      (given) => {
        const left = new Set(given)
        let visited = 0
        for (const _ of left) {
          visited++
          left.clear()
        }
        return [String(visited)]
      },
    ],
    ['iterates arrays and objects', (given) => Object.keys(Object.fromEntries(given.map((one) => [one, 1])))],
  ] as readonly (readonly [string, (given: readonly string[]) => Iterable<string>])[])(
    'because it %s',
    (_, say) => {
      expect(hear(say)).toBeGreaterThan(0)
    },
  )

  test('when it iterates what the kernel hands over, by its contract in order', () => {
    const names = map(word, u8, { max: 9 })
    const keeper = defineModule('keeper', {
      params: params(struct({ known: names }), {
        known: new Map([
          ['z', 1],
          ['y', 2],
        ]),
      }),
      state: { rows: table(word, names), last: cell(names, new Map()) },
      events: { said: word },
    }).command('keep', names, (ctx, given) => {
      for (const name of ['two', 'one']) ctx.state.rows.set(name, given)
      ctx.state.last.set(given)
      for (const [name, row] of ctx.state.rows.entries())
        for (const [key] of row) ctx.emit.said(`${name} ${key}`)
      for (const [key] of given) ctx.emit.said(key)
      for (const key of ctx.state.last.get().keys()) ctx.emit.said(key)
      for (const [key] of ctx.params.known) ctx.emit.said(key)
    })
    const harbour = testChain(defineChain(options).use(keeper), {})
    const { receipt } = harbour.as(alice).keeper.keep(
      new Map([
        ['c', 3],
        ['a', 1],
        ['b', 2],
      ]),
    )
    expect(receipt?.events).toHaveLength(14)
  })

  test('when it iterates constants, whose order stands in the source', () => {
    const rates = new Map([
      ['standard', 2],
      ['express', 1],
      ['bulk', 3],
    ])
    expect(hear(() => rates.keys())).toBe(3)
  })

  test('and leaves the collections of everyone else as they are', () => {
    const methods = () =>
      [Map.prototype, Set.prototype].flatMap((prototype) =>
        Reflect.ownKeys(prototype).map((name) => Object.getOwnPropertyDescriptor(prototype, name)?.value),
      )
    const before = methods()
    expect(() => hear((given) => new Set(given))).toThrow(ORDER)
    expect(methods().map((method, at) => method === before[at])).not.toContain(false)
    expect(Map.prototype[Symbol.iterator]).toBe(Map.prototype.entries)
    expect(Set.prototype.keys).toBe(Set.prototype.values)
  })

  test('also when several act in one block', () => {
    const guests = defineModule('guests', {
      state: { signed: table(address, unit) },
      events: { guest: address },
    })
      .command('sign', unit, (ctx) => ctx.state.signed.set(ctx.sender, null))
      .endBlock((ctx) => {
        for (const [who] of ctx.state.signed.entries()) ctx.emit.guest(who)
      })
    const harbour = testChain(defineChain(options).use(guests), {})
    const sign = (sender: typeof alice) => ({ sender, module: 'guests', command: 'sign', input: null })
    expect(harbour.block([carol, bob, alice].map(sign)).map(({ code }) => code)).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })
})
