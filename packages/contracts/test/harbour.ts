// A small chain with contracts, and contracts written against the bare host functions.

import { encode } from '@mmtchain/codec'
import { type ContractsOptions, contracts, offer } from '@mmtchain/contracts'
import { sha256 } from '@mmtchain/crypto'
import {
  amount as amountCodec,
  bytes,
  defineChain,
  defineModule,
  need,
  solo,
  struct,
  text,
} from '@mmtchain/kernel'
import { type Address, amount, fromUtf8, type Hash, hash, utf8 } from '@mmtchain/primitives'
import { testAccount, testAddresses, testChain } from '@mmtchain/testkit'
import { token } from '@mmtchain/token-rewards'
import { createSandbox } from '@mmtchain/vm-sandbox'

export const [alice, bob, carol, guard] = testAddresses('alice', 'bob', 'carol', 'guard')
export const validator = testAccount('validator').address
export const GAS = 20_000_000n
export const RICH = amount(10n ** 15n)

/** A module that tells contracts what it knows, and counts what they ask it to. */
export const harbourMaster = () =>
  defineModule('master', { state: {}, events: { noted: struct({ text: text({ bytesMax: 64 }) }) } }).provides<
    {},
    { note(text: string): undefined },
    { depth(berth: string): bigint }
  >({
    granted: (ctx) => ({ note: (line) => ctx.emit.noted({ text: line }) }),
    reads: () => ({ depth: (berth) => BigInt(berth.length) }),
  })

export const offers = {
  master: offer<{ note(text: string): undefined }, { depth(berth: string): bigint }>((capability) => ({
    depth: capability({
      ...{ takes: text({ bytesMax: 64 }), gives: bytes({ bytesMax: 8 }), gas: 20_000 },
      run: (api, { input }) => Uint8Array.of(Number(api.depth(input))),
    }),
    note: capability({
      ...{ takes: text({ bytesMax: 64 }), gives: bytes({ bytesMax: 8 }), gas: 50_000, changes: true },
      run(api, { input }) {
        api.note(input)
        return new Uint8Array()
      },
    }),
  })),
}

/** Sets what a byte is held for, without a vote. */
const decree = () =>
  defineModule('decree', {
    needs: {
      kernel: need<
        {},
        { setParameter(args: { module: string; name: string; value: Uint8Array }): undefined }
      >(),
    },
  }).command('depositPerByte', amountCodec, (ctx, price) =>
    ctx.needs.kernel.setParameter({
      ...{ module: 'contracts', name: 'depositPerByte', value: encode(amountCodec, price) },
    }),
  )

export const harbourWith = (options: Partial<ContractsOptions<{}>> = {}) =>
  defineChain({ id: 'harbour-1', slotMs: 10_000, consensus: solo() })
    .use(token({ symbol: 'HKT' }))
    .use(harbourMaster())
    .use(decree(), { grants: { kernel: ['setParameter'] } })
    .use(contracts({ sandbox: createSandbox, guardians: [guard], ...options, offers }), {
      grants: { kernel: ['attempt'], token: ['move'], master: ['note'] },
      governable: ['depositPerByte'],
    })

export const documents = {
  token: {
    balances: [alice, bob, carol, guard].map((owner) => ({ owner, amount: RICH })),
    unclaimed: [],
    vesting: [],
    unclaimedVesting: [],
  },
}

export const harbour = (options: Partial<ContractsOptions<{}>> = {}) =>
  testChain(harbourWith(options), documents as never)
export type Harbour = ReturnType<typeof harbour>

export const codeHash = (code: string): Hash => hash(sha256(utf8(code)))
export const DEPOSIT = amount(10n ** 10n)

/** Deploys code and makes a contract of it; tells its address. */
export function made(
  on: Harbour,
  code: string,
  args: { by?: Address; admin?: Address | null; input?: Uint8Array | null; amount?: bigint } = {},
): Address {
  const { by = alice, admin = by, input = null } = args
  const deployed = on.as(by).contracts.deploy({ code, gas: GAS })
  if (deployed.code !== undefined && deployed.code !== 'contracts/CODE_EXISTS')
    throw new Error(`${deployed.code} ${deployed.refusal?.message}`)
  const before = on.read.contracts.contracts({ from: null, limit: 256 }).map(({ address }) => address)
  const outcome = on.as(by).contracts.instantiate({
    ...{ code: codeHash(code), admin, input, gas: GAS, depositMax: DEPOSIT },
    amount: amount(args.amount ?? 0n),
  })
  if (outcome.code !== undefined) throw new Error(`${outcome.code} ${outcome.refusal?.message}`)
  const after = on.read.contracts.contracts({ from: null, limit: 256 }).map(({ address }) => address)
  return after.find((address) => !before.includes(address)) as Address
}

export function call(
  on: Harbour,
  contract: Address,
  method: string,
  args: {
    by?: Address
    input?: string | Uint8Array
    amount?: bigint
    gas?: bigint
    depositMax?: bigint
  } = {},
) {
  const { by = alice, input = '', gas = GAS } = args
  return on.as(by).contracts.call({
    ...{ contract, method, gas, input: typeof input === 'string' ? utf8(input) : input },
    ...{ amount: amount(args.amount ?? 0n), depositMax: amount(args.depositMax ?? DEPOSIT) },
  })
}

/** What a method answers, as text. */
export const view = (on: Harbour, contract: Address, method: string, input = '') =>
  fromUtf8(on.read.contracts.view({ contract, method, input: utf8(input) }))

/** Bytes of plain text within a contract, which has no TextEncoder. */
export const TEXTS = `
const enc = (text) => Uint8Array.from(text, (c) => c.charCodeAt(0))
const dec = (bytes) => String.fromCharCode(...bytes)
`

/** Counts; the count is decimal text under the key 01. */
export const COUNTER = `${TEXTS}
export function add(input) {
  const count = Number(dec(host.get('01') ?? enc('0'))) + Number(dec(input) || '1')
  host.set('01', enc(String(count)))
  host.emit('counted', enc(String(count)))
  return enc(String(count))
}
export const count = () => host.get('01') ?? enc('0')
`
