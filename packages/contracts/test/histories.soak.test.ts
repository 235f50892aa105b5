// Random histories: whatever callers and contracts do, nothing is made, lost, or kept without its deposit,
// however governance changes what a byte is held for.
import { moduleAddress } from '@mmtchain/crypto'
import { amount, toHex, utf8 } from '@mmtchain/primitives'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { alice, bob, call, carol, DEPOSIT, type Harbour, harbour, made, TEXTS } from './harbour.ts'

const scale = Number(process.env.MMT_SOAK_SCALE ?? '1')

/** Does what its input says, one letter after the other: keeps, drops, pays, calls the next, fails, says, catches. */
const ANY = `${TEXTS}
  export function go(input, self, sender) {
    const [letters, next] = dec(input).split(' ')
    for (let i = 0; i < letters.length; i++) {
      const at = (16 + i % 5).toString(16)
      switch (letters[i]) {
        case 'k': host.set(at, new Uint8Array(10 * i)); break
        case 'd': host.delete(at); break
        case 'p': host.pay(sender, 3n); break
        case 'c': host.call(next, 'go', enc(letters.slice(i + 1) + ' ' + self), 1n, 0n); break
        case 't': try { host.call(next, 'go', enc(letters.slice(i + 1) + 'f ' + self), 1n, 0n) } catch {} break
        case 's': host.emit('said', enc(letters)); break
        case 'f': throw new Error('as told')
        case 'l': for (;;) ;
      }
    }
  }`

const step = fc.record({
  by: fc.constantFrom(alice, bob, carol),
  to: fc.integer({ min: 0, max: 2 }),
  next: fc.integer({ min: 0, max: 2 }),
  letters: fc.string({
    unit: fc.constantFrom('k', 'k', 'd', 'p', 'c', 't', 's', 'f', 'l'),
    minLength: 1,
    maxLength: 8,
  }),
  amount: fc.constantFrom(0n, 10n, 1_000n),
  depositMax: fc.constantFrom(0n, 2_000_000n, DEPOSIT),
  plan: fc.constantFrom('no', 'no', 'at', 'on', 'cancel'),
  /** What governance holds a byte for from then on, if it changes anything. */
  price: fc.constantFrom(null, null, 0n, 1n, 10_000n, 70_000n),
})

/** The first bytes of the keys of all that the module `contracts` keeps. */
const MODULE = toHex(utf8('contracts'))
/** All of the module's state, the money of contracts, and what planned calls did. */
const whole = (on: Harbour, own: readonly (typeof alice)[]) => ({
  events: on.hookEvents,
  money: own.map((contract) => on.read.token.balance({ owner: contract })),
  state: [...on.state.entries({ prefix: '' })]
    .filter(([key]) => key.startsWith(MODULE))
    .map(([key, value]) => [key, toHex(value)]),
})

test('after any history the supply is what it was, and what is held is what is owed', () => {
  let [refused, refusedBesidePlans] = [0, 0]
  const property = fc.property(fc.array(step, { minLength: 3, maxLength: 8 }), (steps) => {
    const on = harbour()
    const own = [alice, bob, carol].map((by) => made(on, ANY, { by, amount: 50n }))
    const supply = on.read.token.supply(null)
    let plans = 0n
    for (const { by, to, next, letters, plan, price, ...given } of steps) {
      if (price !== null) expect(on.as(carol).decree.depositPerByte(amount(price)).code).toBeUndefined()
      const [contract, other] = [own[to], own[next]] as [typeof alice, typeof alice]
      const input = `${letters} ${other}`
      // Plans may be due in the block of the call and store something: what a refused one left is told by a chain that never had it.
      const beside = on.fork()
      const done = call(on, contract, 'go', { by, input, gas: 8_000_000n, ...given })
      if (done.code !== undefined) {
        beside.advance({ blocks: 1 })
        expect(whole(on, own)).toEqual(whole(beside, own))
        refused++
        if (on.hookEvents.includes('contracts.ran')) refusedBesidePlans++
      }
      const rest = { contract, method: 'go', gas: 8_000_000n, depositMax: amount(given.depositMax) }
      const planned =
        plan === 'at'
          ? on
              .as(by)
              .contracts.schedule({ ...rest, input: utf8(input), height: on.height + 2n, every: 1, runs: 2 })
          : plan === 'on'
            ? on.as(by).contracts.listen({ ...rest, source: other, event: 'said', runs: 2 })
            : undefined
      if (planned?.code === undefined && planned) plans++
      if (plan === 'cancel' && plans > 0n) on.as(by).contracts.cancel({ plan: plans - 1n })
    }
    on.advance({ blocks: 3 })
    for (let plan = 0n; plan < plans; plan++)
      for (const by of [alice, bob, carol]) on.as(by).contracts.cancel({ plan })
    on.advance({ blocks: 3 })
    // With no plan left, the module holds the deposits of code and rows, to the unit.
    const held = own.reduce((sum, contract) => sum + on.read.contracts.kept({ contract }).deposit, 0n)
    const code = BigInt(utf8(ANY).length) * 10_000n
    expect(on.read.token.balance({ owner: moduleAddress('contracts', new Uint8Array()) })).toBe(held + code)
    expect(on.read.token.supply(null)).toBe(supply)
    // Whatever the prices were, all that is held for rows comes back with them, and no more.
    for (const contract of own) {
      expect(call(on, contract, 'go', { input: 'ddddd' }).code).toBeUndefined()
      expect(on.read.contracts.kept({ contract })).toEqual({ bytes: 256n, deposit: 2_560_000n })
    }
  })
  fc.assert(property, { numRuns: Math.max(1, Math.ceil(3 * scale)), verbose: 1 })
  console.info(`${refused} refused calls, ${refusedBesidePlans} of them in a block with planned ones`)
})
