import {
  type BlockCommit,
  concernedAccounts,
  defineChain,
  height,
  memoryStore,
  type StateChanges,
  solo,
  stateRoot,
} from '@mmtchain/kernel'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { refusalOf } from './refusal.ts'
import { start } from './trial.ts'

/** Keys of one to three bytes out of four, so that they share beginnings. */
const key = fc.stringMatching(/^(00|61|62|ff){1,3}$/)
const range = fc.record({
  prefix: fc.stringMatching(/^(00|61|62|ff){0,2}$/),
  from: fc.option(key, { nil: undefined }),
  reverse: fc.option(fc.boolean(), { nil: undefined }),
})
const changes = fc.uniqueArray(fc.tuple(key, fc.option(fc.nat(255))), {
  selector: ([name]) => name,
  maxLength: 12,
})

/** A store to which changes can be committed as blocks of nothing else. */
function blankStore() {
  const store = memoryStore()
  const { tip } = start(defineChain({ id: 'harbour-1', consensus: solo() }), {})
  let at = 0n
  const none = new Uint8Array()
  return {
    store,
    apply(list: StateChanges) {
      const staged = store.stage(list)
      const header = { ...tip.header, height: height(at++), stateRoot: staged.root }
      const block = { header, transactions: [], evidence: [], missProofs: [] }
      const receipts = { begin: [], transactions: [], end: [] }
      const rest = { receipts, transactionIds: [], refusals: [], seal: none, checkpoint: none }
      store.commitNow({ ...rest, block, id: staged.root, staged })
      return staged.root
    },
  }
}

test('a transaction concerns its sender, its payer and those that are named, each once and in this order', () => {
  const account = fc.integer({ min: 0, max: 15 })
  const named = fc.array(account, { maxLength: 40 })
  fc.assert(
    fc.property(
      account,
      fc.option(account),
      fc.option(named, { nil: undefined }),
      (sender, payer, others) => {
        const block = { transactions: [{ body: { sender, payer } }] }
        const accounts = others && [others]
        const want = new Set([sender, ...(payer === null ? [] : [payer]), ...(others ?? [])])
        expect(concernedAccounts({ block, accounts } as unknown as BlockCommit)).toEqual([[...want]])
      },
    ),
  )
})

describe('a store in memory', () => {
  test('reads any range as a plain sorted map does, after any changes', () => {
    fc.assert(
      fc.property(
        fc.array(changes, { maxLength: 4 }),
        fc.array(range, { minLength: 1, maxLength: 6 }),
        (blocks, ranges) => {
          const { store, apply } = blankStore()
          const model = new Map<string, Uint8Array>()
          for (const block of blocks) {
            const list = block
              .map(([name, value]) => [name, value === null ? null : Uint8Array.of(value)] as const)
              .sort(([a], [b]) => (a < b ? -1 : 1))
            const root = apply(list)
            for (const [name, value] of list) value ? model.set(name, value) : model.delete(name)
            expect(root).toBe(stateRoot(model))
          }
          for (const { prefix, from, reverse } of ranges) {
            const expected = [...model]
              .filter(([name]) => name.startsWith(prefix))
              .filter(([name]) => from === undefined || (reverse ? name <= from : name >= from))
              .sort(([a], [b]) => (a < b ? -1 : 1))
            expect([...store.entries({ prefix, from, reverse })]).toEqual(
              reverse ? expected.reverse() : expected,
            )
          }
          for (const [name, value] of model) expect(store.get(name)).toEqual(value)
        },
      ),
    )
  })

  test('has the same root whichever way its rows came', () => {
    fc.assert(
      fc.property(changes, fc.nat(), (list, salt) => {
        const rows = list.flatMap(([name, value]) =>
          value === null ? [] : [[name, Uint8Array.of(value)] as const],
        )
        const shuffled = [...rows].sort(
          ([a], [b]) => ((a.length * 7 + salt) % 5) - ((b.length * 7 + salt) % 5),
        )
        expect(stateRoot(shuffled)).toBe(stateRoot(rows))
      }),
    )
  })

  test('keeps an iteration as it began, whatever is committed meanwhile', () => {
    const { store, apply } = blankStore()
    apply([
      ['61', Uint8Array.of(1)],
      ['6161', Uint8Array.of(2)],
      ['62', Uint8Array.of(3)],
    ])
    const iteration = store.entries({ prefix: '' })
    expect(iteration.next().value?.[0]).toBe('61')
    apply([['6100', Uint8Array.of(9)]])
    expect([...iteration].map(([name]) => name)).toEqual(['6161', '62'])
  })

  test('forks: neither sees what the other commits', () => {
    const { store, apply } = blankStore()
    apply([['61', Uint8Array.of(1)]])
    const other = store.fork()
    apply([['62', Uint8Array.of(2)]])
    expect(other.get('62')).toBeUndefined()
    expect(other.tip()?.header.height).toBe(0n)
    expect(other.stage([]).root).not.toBe(store.stage([]).root)
    expect([...other.entries({ prefix: '' })]).toHaveLength(1)
  })

  test('takes a stage once, on the tip that it was made for, and one height after the other', () => {
    const { store, apply } = blankStore()
    const stale = store.stage([['61', Uint8Array.of(1)]])
    apply([])
    const { tip } = start(defineChain({ id: 'harbour-1', consensus: solo() }), {})
    const none = new Uint8Array()
    const commit = (staged: ReturnType<typeof store.stage>, at: bigint) => () =>
      store.commitNow({
        block: {
          header: { ...tip.header, height: height(at) },
          transactions: [],
          evidence: [],
          missProofs: [],
        },
        ...{
          id: staged.root,
          receipts: { begin: [], transactions: [], end: [] },
          transactionIds: [],
          refusals: [],
        },
        ...{ seal: none, checkpoint: none, staged },
      })
    expect(refusalOf(commit(stale, 1n)).code).toBe('store/STALE_STAGE')
    expect(refusalOf(commit({ root: stale.root }, 1n)).code).toBe('store/STALE_STAGE')
    const fresh = store.stage([])
    expect(refusalOf(commit(fresh, 2n)).code).toBe('store/NOT_NEXT')
    commit(fresh, 1n)()
    expect(refusalOf(commit(fresh, 2n)).code).toBe('store/STALE_STAGE')
  })

  test('answers nothing once it is closed', async () => {
    const { store } = blankStore()
    await store.close()
    for (const use of [
      () => store.get('61'),
      () => [...store.entries({ prefix: '' })],
      () => store.stage([]),
    ])
      expect(refusalOf(use).code).toBe('store/CLOSED')
    await expect(store.block({ height: height(0n) })).rejects.toMatchObject({ code: 'store/CLOSED' })
  })
})
