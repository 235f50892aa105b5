import { type Address, amount, defineChain, solo } from '@mmtchain/kernel'
import { testAddresses, testChain } from '@mmtchain/testkit'
import { type MiningOptions, neededWindows, timeMining, token } from '@mmtchain/token-rewards'
import { expect, test } from 'vitest'

const [mine, ann, ben, cat, rest] = testAddresses('mine', 'ann', 'ben', 'cat', 'rest')
const POT = 2_500n

/** Days of 40 slots with 4 windows of 10; each command takes a slot. A day shares 1,000. */
function mining(options: Partial<MiningOptions> = {}) {
  const chain = defineChain({ id: 'mine-1', slotMs: 1_000, consensus: solo() })
    .use(token({ symbol: 'MIN', decimals: 2, commandFee: amount(0n) }))
    .use(
      timeMining({
        ...{ account: mine, perDay: amount(1_000n), perDayMax: amount(800n), bond: amount(50n) },
        ...{ windowsPerDay: 4, crowd: 4, dayMs: 40_000, collectDays: 2, reserves: [rest] },
        ...options,
      }),
      { grants: { token: ['lock', 'unlock', 'move'] } },
    )
  const owners = [ann, ben, cat].map((owner) => ({ owner, amount: amount(100n) }))
  const on = testChain(chain, {
    token: {
      balances: [{ owner: mine, amount: amount(POT) }, { owner: rest, amount: amount(200n) }, ...owners],
      vesting: [{ owner: rest, amount: amount(300n), startMs: null, spanMs: 1n << 40n }],
    },
  })
  on.advance({ blocks: 1 })
  const beat = (who: Address) =>
    on.as(who).mining.beat({ challenge: on.read.mining.today(null).challenge }).code
  return {
    on,
    beat,
    /** Blocks until the next window begins. */
    window() {
      for (const { window } = on.read.mining.today(null); on.read.mining.today(null).window === window; )
        on.advance({ blocks: 1 })
    },
    /** Blocks until the next day begins. */
    day() {
      for (const { day } = on.read.mining.today(null); on.read.mining.today(null).day === day; )
        on.advance({ blocks: 1 })
    },
    balance: (owner: Address) => on.read.token.balance({ owner }),
  }
}

/** Answers in so many windows of a day that begins now. */
function present(chain: ReturnType<typeof mining>, who: readonly (readonly [Address, number])[]): void {
  for (let i = 0; i < 4; i++) {
    for (const [one, windows] of who) if (i < windows) expect(chain.beat(one)).toBeUndefined()
    if (i < 3) chain.window()
  }
  chain.day()
}

test('a day is shared by the windows in which each was there', () => {
  const chain = mining()
  for (const who of [ann, ben, cat]) expect(chain.on.as(who).mining.join(null).code).toBeUndefined()
  chain.day()
  present(chain, [
    [ann, 4],
    [ben, 3],
    [cat, 1],
  ])
  // One window of four is not enough when two are needed.
  for (const who of [ann, ben]) expect(chain.on.as(who).mining.collect(null).code).toBeUndefined()
  expect(chain.on.as(cat).mining.collect(null).code).toBe('mining/NOTHING_TO_COLLECT')
  expect([ann, ben, cat].map(chain.balance)).toEqual([50n + 571n, 50n + 428n, 50n])
})

test('it gets harder as more take part: from half of the windows to nine tenths, and a share of more', () => {
  const rule = { windowsPerDay: 24, crowd: 100_000 }
  expect([0, 1, 50_000, 100_000, 1_000_000].map((many) => neededWindows(rule, many))).toEqual([
    12, 13, 17, 22, 22,
  ])
  const chain = mining()
  for (const who of [ann, ben, cat]) chain.on.as(who).mining.join(null)
  chain.day()
  expect(chain.on.read.mining.today(null).needed).toBe(2)
  present(chain, [
    [ann, 2],
    [ben, 2],
    [cat, 2],
  ])
  expect(chain.on.read.mining.today(null).needed).toBe(4)
  present(chain, [
    [ann, 4],
    [ben, 3],
  ])
  expect(chain.on.read.mining.day({ day: 2n })).toMatchObject({ presence: 4n })
})

test('one identity gets at most its cap; what it leaves goes to later days, and the last day shares what is left', () => {
  const chain = mining()
  chain.on.as(ann).mining.join(null)
  chain.day()
  const shared: (bigint | undefined)[] = []
  for (let day = 1n; day <= 5n; day++) {
    present(chain, [[ann, 4]])
    shared.push(chain.on.read.mining.day({ day })?.amount)
    chain.on.as(ann).mining.collect(null)
  }
  expect(shared.slice(0, 3)).toEqual([1_000n, 1_000n, 700n])
  expect(chain.balance(ann)).toBeLessThanOrEqual(50n + POT)
})

test('an answer names the window’s challenge, which nobody knows before, once', () => {
  const chain = mining()
  const { challenge } = chain.on.read.mining.today(null)
  expect(chain.beat(ann)).toBe('mining/NOT_JOINED')
  chain.on.as(ann).mining.join(null)
  expect(chain.on.as(ann).mining.join(null).code).toBe('mining/ALREADY_JOINED')
  chain.window()
  expect(chain.on.as(ann).mining.beat({ challenge }).code).toBe('mining/BAD_CHALLENGE')
  expect(chain.beat(ann)).toBeUndefined()
  expect(chain.beat(ann)).toBe('mining/ALREADY_THERE')
})

test('who leaves gets its bond back, and gives up the day', () => {
  const chain = mining()
  for (const who of [ann, ben]) chain.on.as(who).mining.join(null)
  expect(chain.balance(ann)).toBe(50n)
  chain.day()
  for (const who of [ann, ben]) chain.beat(who)
  chain.window()
  for (const who of [ann, ben]) chain.beat(who)
  expect(chain.on.read.mining.today(null).presence).toBe(4n)
  expect(chain.on.as(ann).mining.leave(null).code).toBeUndefined()
  expect(chain.on.read.mining.today(null).presence).toBe(2n)
  expect(chain.balance(ann)).toBe(100n)
  expect(chain.on.as(ann).mining.leave(null).code).toBe('mining/NOT_JOINED')
})

test('a day that nobody collects goes back', () => {
  const chain = mining()
  chain.on.as(ann).mining.join(null)
  chain.day()
  present(chain, [[ann, 4]])
  for (let i = 0; i < 3; i++) chain.day()
  expect(chain.on.read.mining.day({ day: 1n })).toBeNull()
  expect(chain.on.as(ann).mining.collect(null).code).toBe('mining/NOTHING_TO_COLLECT')
})

test('circulation is what neither the mine nor reserves hold, unlocked or not, and is reported each quarter', () => {
  const chain = mining({ windowsPerDay: 2, dayMs: 1_000 })
  expect(chain.on.read.mining.circulation(null)).toBe(300n)
  const reports: bigint[] = []
  for (let block = 0; block < 200; block++) {
    chain.on.advance({ blocks: 1 })
    if (chain.on.hookEvents.includes('mining.reported')) reports.push(chain.on.read.mining.today(null).day)
  }
  expect(reports).toEqual([91n, 182n])
})

test.each([
  [{ windowsPerDay: 1 }, /windowsPerDay/],
  [{ crowd: 0 }, /crowd/],
  [{ collectDays: 0 }, /collectDays/],
  [{ dayMs: 999 }, /dayMs/],
  [{ reserves: [mine] }, /named twice/],
])('options that cannot be are refused: %j', (options, why) => {
  expect(() => mining(options)).toThrow(why)
})
