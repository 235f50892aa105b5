import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decode, encodeKey, fromJson } from '@mmtchain/codec'
import {
  address,
  amount,
  defineChain,
  defineModule,
  height,
  solo,
  tablePrefix,
  type ValidatorSet,
  validatorSet,
  validatorsHash,
} from '@mmtchain/kernel'
import { formatAddress, fromHex, type Hash } from '@mmtchain/primitives'
import { merkleStore } from '@mmtchain/storage-merkle'
import { verifyStateProof } from '@mmtchain/storage-merkle/verify'
import { testAccount } from '@mmtchain/testkit'
import { token } from '@mmtchain/token-rewards'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { alice, bob, documents, payment, startChain } from './running.ts'

/** How many past states the node keeps. */
const KEPT = 3
const validator = testAccount('validator')

/** Renames the epoch of the set with every block, so that each height has a set of its own. */
const roster = defineModule('roster').validatorSource((ctx) => ({
  epoch: ctx.block.height,
  epochStartTurn: 0n,
  seed: '07'.repeat(32) as Hash,
  validators: [{ address: validator.address, key: validator.authority.keys[0] as never }],
}))
const chain = defineChain({ id: 'rpc-proof-test', consensus: solo() })
  .use(token({ symbol: 'TST', decimals: 2 }))
  .use(roster)

interface Proof {
  readonly header: { readonly height: string; readonly stateRoot: Hash }
  readonly rows: readonly { readonly key: string; readonly value: string | null }[]
  readonly proof: string
  readonly ics23: string | null
}

let path: string
let running: Awaited<ReturnType<typeof startChain>>
let stale: Awaited<ReturnType<typeof payment>>
const show = (account: { readonly address: typeof alice.address }) =>
  formatAddress(account.address, { prefix: 'mmt' })

beforeAll(async () => {
  path = await mkdtemp(join(tmpdir(), 'mmt-rpc-proof-'))
  const store = await merkleStore({ path, keepHeights: KEPT })
  running = await startChain(chain as never, documents as never, {}, store)
  stale = await payment(running.node, { value: amount(70n) })
  await running.call('tx_submit', { bytes: stale.bytes })
  await running.makeBlocks(6)
  for (const value of [1n, 2n]) {
    const { bytes } = await payment(running.node, { value: amount(value) })
    await running.call('tx_submit', { bytes })
    await running.makeBlock()
  }
  await store.prune()
})
afterAll(async () => {
  await running.stop()
  await rm(path, { recursive: true, force: true })
})

async function ask<T>(method: string, params: object): Promise<T> {
  const { result, error } = await running.call(method, params)
  expect(error).toBeUndefined()
  return result as T
}

const refused = async (method: string, params: object) => (await running.call(method, params)).error?.data

function check({ header, rows, proof }: Proof): void {
  verifyStateProof({
    root: header.stateRoot,
    rows: rows.map(({ key, value }) => ({ key, value: value === null ? undefined : fromHex(value) })),
    proof: fromHex(proof),
  })
}

test('rows are named by module, table and key, and their proof leads to the state root of the header', async () => {
  const rows = [
    { module: 'token', table: 'balances', key: show(bob) },
    { module: 'token', table: 'balances', key: show(testAccount('nobody')) },
    { module: 'token', table: 'supply', key: null },
    { module: 'kernel', table: 'modules', key: 'token' },
  ]
  const proven = await ask<Proof>('chain_proof', { rows })
  expect(proven.header.height).toBe('8')
  check(proven)
  const [balance, nothing, supply] = proven.rows
  expect(decode(amount, fromHex(balance?.value ?? ''))).toBe(100_073n)
  expect(nothing?.value).toBeNull()
  expect(supply?.key).toBe(tablePrefix('token', 'supply'))
  const wrong = { ...proven, rows: proven.rows.map((row) => ({ ...row, value: null })) }
  expect(() => check(wrong)).toThrow(/proof/)
})

test('rows are named by their keys as hex too, at any kept height', async () => {
  const key = tablePrefix('token', 'balances') + encodeKey(address, bob.address)
  const proven = await ask<Proof>('chain_proof', { keys: [key], height: '6' })
  expect([proven.header.height, proven.rows[0]?.key]).toEqual(['6', key])
  check(proven)
  expect(proven.ics23).toMatch(/^0a/)
})

test('what cannot be proven is refused by name', async () => {
  const row = { module: 'token', table: 'balances', key: show(bob) }
  const cases = [
    [{ keys: ['00'], height: '0' }, 'store/NOT_KEPT'],
    [{ keys: ['00'], height: '999' }, 'store/NOT_KEPT'],
    [{ rows: [{ ...row, table: 'nothing' }] }, 'rpc/UNKNOWN_TABLE'],
    [{ rows: [{ ...row, module: 'nobody' }] }, 'rpc/UNKNOWN_TABLE'],
    [{ rows: [{ ...row, table: 'toString' }] }, 'rpc/UNKNOWN_TABLE'],
    [{ rows: [{ ...row, table: 'supply' }] }, 'rpc/KEY_OF_CELL'],
    [{ rows: [{ ...row, key: 7 }] }, 'codec/BAD_JSON'],
    [{ rows: [{ ...row, key: null }] }, 'codec/BAD_JSON'],
    [{ keys: ['xx'] }, 'codec/BAD_JSON'],
    [{ keys: [] }, 'codec/BAD_JSON'],
    [{ keys: Array.from({ length: 65 }, () => '00') }, 'codec/BAD_JSON'],
    [{}, 'rpc/AMBIGUOUS_PARAMS'],
    [{ keys: ['00'], rows: [row] }, 'rpc/AMBIGUOUS_PARAMS'],
  ] as const
  for (const [params, code] of cases) expect(await refused('chain_proof', params)).toMatchObject({ code })
})

test('the metadata describes every table, so that a tool can read what is proven', async () => {
  const { modules } = await ask<{ modules: { name: string; tables: object[] }[] }>('chain_metadata', {})
  expect(modules.find(({ name }) => name === 'token')?.tables).toEqual(
    expect.arrayContaining([
      { name: 'balances', key: expect.objectContaining({ 'x-bcs': 'address' }), value: amount.schema },
      { name: 'supply', key: null, value: expect.anything() },
    ]),
  )
})

test('validators are known for every height before which the state is kept', async () => {
  const { fingerprint } = running.genesis
  for (const wanted of ['6', '7', '8', '9', '0', '1']) {
    const answer = await ask<{ hash: Hash; validators: object }>('chain_validators', { height: wanted })
    const set: ValidatorSet = fromJson(validatorSet, answer.validators, { addressPrefix: 'mmt' })
    expect(answer.hash).toBe(validatorsHash(fingerprint, set))
    const before = BigInt(wanted) - 1n
    expect(set.epoch).toBe(before > 0n ? before : 0n)
    if (wanted === '9') continue
    const { block } = (await running.node.store.block({ height: height(BigInt(wanted)) })) as {
      block: { header: { validatorsHash: Hash } }
    }
    expect(answer.hash).toBe(block.header.validatorsHash)
  }
  expect(await refused('chain_validators', { height: '5' })).toMatchObject({
    code: 'rpc/VALIDATORS_NOT_KEPT',
    values: { height: '5' },
  })
})

test('the history of an account has what it sent and what it received, newest first, page by page', async () => {
  interface History {
    readonly transactions: readonly { readonly id: string; readonly height: string; readonly index: number }[]
    readonly next: object | null
  }
  const history = (params: object) => ask<History>('account_transactions', params)
  const sent = await history({ address: show(alice) })
  expect(sent.transactions.map(({ height }) => height)).toEqual(['8', '7', '1'])
  expect(sent.transactions.at(-1)).toEqual({ id: stale.id, height: '1', index: 0 })
  expect(sent.next).toBeNull()
  // Bob signed nothing and paid for nothing: the events name him.
  expect(await history({ address: show(bob) })).toEqual(sent)
  const first = await history({ address: show(bob), limit: 2 })
  expect(first.transactions).toEqual(sent.transactions.slice(0, 2))
  expect(first.next).toEqual({ height: '7', index: 0 })
  const rest = await history({ address: show(bob), before: first.next as never, limit: 2 })
  expect(rest).toEqual({ transactions: sent.transactions.slice(2), next: null })
  expect(await history({ address: show(testAccount('nobody')) })).toEqual({ transactions: [], next: null })
  for (const limit of [0, 101])
    expect(await refused('account_transactions', { address: show(bob), limit })).toMatchObject({
      code: 'rpc/BAD_LIMIT',
    })
})
