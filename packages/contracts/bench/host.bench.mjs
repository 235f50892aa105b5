// The most processor time that contracts get of the host for their gas: `node bench/host.bench.mjs [part of a name]`. Each contract calls one host
// function until its gas is gone, in a block of a small chain. Prints nanoseconds for each gas, best of eight.
import { contracts, offer } from '@mmtchain/contracts'
import { sha256 } from '@mmtchain/crypto'
import { bytes, defineChain, defineModule, hash, solo, text } from '@mmtchain/kernel'
import { amount, utf8 } from '@mmtchain/primitives'
import { testAddresses, testChain } from '@mmtchain/testkit'
import { token } from '@mmtchain/token-rewards'
import { createSandbox } from '@mmtchain/vm-sandbox'

const RUNS = 8
const GAS = 150_000_000n
const only = process.argv[2] ?? ''
const works = {
  get: `host.get('000100')`,
  'get by a long key': `host.get('ab'.repeat(200))`,
  'get by no key': `try { host.get('x') } catch {}`,
  set: `host.set('01', new Uint8Array(1))`,
  'set a new row': `host.set((65536 + i++).toString(16).padStart(8, '0'), new Uint8Array(1))`,
  'set by a long key': `host.set('ab'.repeat(200), new Uint8Array(1))`,
  'set much': `host.set('01', new Uint8Array(16384))`,
  delete: `host.delete('02')`,
  'set and delete': `host.set('03', new Uint8Array(1)); host.delete('03')`,
  scan: `host.scan('00', '00', 64)`,
  'scan nothing': `host.scan('ff', 'ff', 64)`,
  emit: `host.emit('a', new Uint8Array(0))`,
  'emit much': `host.emit('a', new Uint8Array(8192))`,
  balance: `host.balance(self)`,
  pay: `host.pay(self, 1n)`,
  'pay nobody': `try { host.pay('x', 1n) } catch {}`,
  'call nobody': `try { host.call('0x' + '00'.repeat(32), 'add', new Uint8Array(0), 0n, 0n) } catch {}`,
  'call itself': `try { host.call(self, 'add', new Uint8Array(0), 0n, 0n) } catch {}`,
  use: `host.use('master.depth', new Uint8Array(2).fill(1))`,
  'use what is not there': `try { host.use('x.y', new Uint8Array(0)) } catch {}`,
  refuse: `try { host.refuse('A', 'b', 'c') } catch {}`,
  'refuse in many words': `try { host.refuse('A', words, words) } catch {}`,
}

const [owner] = testAddresses('owner')
const master = defineModule('master', { state: {} }).provides({ reads: () => ({ depth: () => 5 }) })
const offers = {
  master: offer((capability) => ({
    depth: capability({
      ...{ takes: text({ bytesMax: 64 }), gives: bytes({ bytesMax: 8 }), gas: 20_000 },
      run: (api, { input }) => Uint8Array.of(api.depth(input)),
    }),
  })),
}
const on = testChain(
  defineChain({ id: 'bench-1', slotMs: 10_000, consensus: solo() })
    .use(token({ symbol: 'BEN' }))
    .use(master)
    .use(contracts({ sandbox: createSandbox, offers }), {
      grants: { kernel: ['attempt'], token: ['move'] },
    }),
  {
    token: {
      balances: [{ owner, amount: amount(10n ** 15n) }],
      ...{ unclaimed: [], vesting: [], unclaimedVesting: [] },
    },
  },
)
const by = on.as(owner).contracts
const given = { gas: GAS, depositMax: amount(10n ** 11n), input: new Uint8Array() }

function contractOf(work) {
  const code = `const words = 'é'.repeat(30000)
    export function main(input, self) {
      let i = 0
      for (let k = 0; k < 64; k++) host.set('00' + (256 + k).toString(16).padStart(4, '0'), new Uint8Array(1))
      for (;;) { ${work} }
    }`
  const before = known()
  by.deploy({ code, gas: GAS })
  by.instantiate({
    ...given,
    code: hash(sha256(utf8(code))),
    input: null,
    admin: null,
    amount: amount(1_000n),
  })
  return known().find((address) => !before.includes(address))
}
const known = () => on.read.contracts.contracts({ from: null, limit: 256 }).map(({ address }) => address)

const rows = Object.entries(works)
  .filter(([name]) => name.includes(only))
  .map(([name, work]) => {
    const contract = contractOf(work)
    let [least, code] = [Number.POSITIVE_INFINITY, '']
    for (let i = 0; i < RUNS; i++) {
      const begin = process.cpuUsage()
      const outcome = by.call({ ...given, contract, method: 'main', amount: amount(0n) })
      const { user, system } = process.cpuUsage(begin)
      least = Math.min(least, ((user + system) * 1_000) / Number(GAS))
      code = outcome.code
    }
    return { name, least, code }
  })
  .sort((a, b) => b.least - a.least)
// What does not spend all of its gas took no more time than this for it.
for (const { name, least, code } of rows)
  console.log(`${least.toFixed(3)} ns/gas  ${name}${code === 'sandbox/OUT_OF_GAS' ? '' : `  (${code})`}`)
