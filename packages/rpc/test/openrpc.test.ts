import { createRequire } from 'node:module'
import type { Json, JsonSchema } from '@mmtchain/codec'
import { amount, defineChain, defineModule, memoryStore, solo, u8, unit } from '@mmtchain/kernel'
import { createNode, silentLog, systemHost } from '@mmtchain/node-runtime'
import { RPC_SETTINGS_DEFAULT, type SnapshotMaker, type SnapshotRun, serveRpc } from '@mmtchain/rpc'
import { testChain } from '@mmtchain/testkit'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connect, payment, start } from './running.ts'

interface Document {
  readonly openrpc: string
  readonly methods: readonly {
    readonly name: string
    readonly params: readonly {
      readonly name: string
      readonly required: boolean
      readonly schema: JsonSchema
    }[]
    readonly result: { readonly schema: object }
    readonly 'x-role': string
  }[]
}

// Required, not imported: its types are sources that do not pass this project's checks.
const { validateOpenRPCDocument } = createRequire(import.meta.url)('@open-rpc/schema-utils-js') as {
  readonly validateOpenRPCDocument: (document: unknown) => true | Error
}

let running: Awaited<ReturnType<typeof start>>
let document: Document

/** Snapshots of which the first is made and the second never ends. */
const whole: SnapshotRun = {
  run: 1,
  state: 'done',
  files: 3,
  folder: '/srv/snapshots/1',
  height: 1n,
  id: '5a'.repeat(32),
  chunks: 1,
  rows: 9,
  why: '',
}
const none = { folder: null, height: null, id: null, chunks: null, rows: null, why: '' }
const snapshots: SnapshotMaker = {
  begin: () => ({ ...none, run: 2, state: 'making', files: 0 }),
  look: (run) => (run === 1 ? whole : undefined),
}

beforeAll(async () => {
  running = await start({
    snapshots,
    settings: { ...RPC_SETTINGS_DEFAULT, anonymous: ['read', 'submit', 'admin'] },
  })
  document = (await running.call('rpc.discover')).result as Document
})
afterAll(() => running.stop())

test('the document is valid against the meta-schema of OpenRPC', () => {
  expect(validateOpenRPCDocument(document)).toBe(true)
  // It is really asked: a document that lacks what it must have is refused.
  expect(validateOpenRPCDocument({ ...document, methods: [{ name: 1 }] })).not.toBe(true)
})

test('it lists every method of INTERFACE.md that needs no second node, and every query of every module', () => {
  const names = document.methods.map(({ name }) => name)
  expect(names).toEqual([
    'rpc.discover',
    'chain_status',
    'chain_metadata',
    'chain_genesis',
    'chain_genesisHead',
    'chain_header',
    'chain_block',
    'chain_blocks',
    'chain_certificate',
    'chain_validators',
    'chain_transaction',
    'chain_subscribe',
    'chain_unsubscribe',
    'chain_proof',
    'tx_submit',
    'tx_simulate',
    'tx_pool',
    'account_get',
    'account_transactions',
    'node_info',
    'node_peers',
    'node_health',
    'node_snapshot',
    ...['kernel_account', 'kernel_upgrade'],
    ...names.filter((name) => name.startsWith('token_')),
    ...['shapes_nothing', 'shapes_plain', 'shapes_many', 'shapes_pair'],
  ])
  expect(names).toContain('token_balance')
  expect(document.methods.find(({ name }) => name === 'tx_submit')?.['x-role']).toBe('submit')
})

test('every method answers as its own schema says, by name and by position', async () => {
  const { node } = running
  const waiting = await payment(node, { after: 1n })
  const first = await payment(node)
  const socket = await connect(running.rpc.url)
  const ask = async (name: string, params: Json) => {
    const { result, error } = await socket.call(name, params)
    expect(error, `${name} ${JSON.stringify(params)}: ${JSON.stringify(error)}`).toBeUndefined()
    return result
  }
  await ask('tx_submit', { bytes: first.bytes })
  await running.makeBlock()
  await ask('tx_submit', { bytes: waiting.bytes })
  const { transaction } = (await ask('chain_transaction', { id: first.id })) as {
    transaction: { sender: string }
  }
  const { sender } = transaction
  const tip = node.tip.header.height.toString()

  const calls: { readonly [name: string]: readonly Json[] } = {
    'rpc.discover': [{}],
    chain_status: [{}, []],
    chain_metadata: [{}],
    chain_genesis: [{}],
    chain_genesisHead: [{}],
    chain_header: [{ height: '0' }, { id: node.tip.id }],
    chain_block: [{ height: tip }, { id: node.tip.id }, { height: '0' }],
    chain_blocks: [{ from: '0' }, { from: '1', limit: 1 }, { from: '99' }],
    chain_certificate: [{ height: tip }],
    chain_validators: [{}, { height: '0' }, { height: tip }],
    chain_transaction: [{ id: first.id }, { id: waiting.id }],
    chain_subscribe: [{ topic: 'heads' }],
    chain_unsubscribe: [{ subscription: '1' }],
    chain_proof: [
      { keys: ['00'] },
      { rows: [{ module: 'token', table: 'balances', key: sender }], height: tip },
      { rows: [{ module: 'token', table: 'supply', key: null }], height: '0' },
    ],
    tx_submit: [{ bytes: waiting.bytes }],
    tx_simulate: [
      { bytes: waiting.bytes },
      { bytes: (await payment(node, { value: amount(9_999_999_999n) })).bytes },
    ],
    tx_pool: [{}],
    account_get: [{ address: sender }],
    account_transactions: [
      { address: sender },
      { address: sender, before: { height: tip, index: 1 }, limit: 1 },
    ],
    node_info: [{}],
    node_health: [{}],
    node_snapshot: [{}, { run: 1 }],
    kernel_account: [{ address: sender }],
    kernel_upgrade: [{}],
    shapes_nothing: [{}],
    shapes_plain: [{ input: 'x' }],
    shapes_many: [{ input: [1, 2] }],
    shapes_pair: [{ a: 2, b: '3' }],
  }
  const ajv = new Ajv2020({ strict: false })
  for (const { name, params, result } of document.methods) {
    const needed = params.filter(({ required }) => required)
    const given = calls[name] ?? [
      Object.fromEntries(needed.map((one) => [one.name, sample(one.schema, sender)])),
    ]
    const check = ajv.compile(result.schema)
    for (const named of given) {
      const members = named as { readonly [name: string]: Json }
      const placed = params.map((param) => members[param.name] ?? null)
      for (const form of [named, placed]) {
        const got = await ask(name, form)
        expect(
          check(got),
          `${name}: ${JSON.stringify(check.errors)} in ${JSON.stringify(got).slice(0, 2_000)}`,
        ).toBe(true)
      }
      for (const param of params)
        if (Object.hasOwn(members, param.name))
          expect(ajv.validate(param.schema, members[param.name])).toBe(true)
    }
  }
  socket.socket.close()
})

/** Some value of a module's type. */
function sample(schema: JsonSchema, address: string): Json {
  switch (schema['x-bcs']) {
    case 'address':
      return address
    case 'hash':
      return '00'.repeat(32)
    case 'fixedBytes':
      return '00'.repeat(schema['x-bytes'] as number)
    case 'bool':
      return false
    case 'u8':
    case 'u16':
    case 'u32':
      return 0
    case 'text':
    case 'bytes':
      return ''
    default:
      return '0'
  }
}

test('a query that would hide a method of every node is refused by name', async () => {
  const node_ = defineModule('node').query('info', unit, u8, () => 1)
  const { genesis } = testChain(defineChain({ id: 'clash', consensus: solo() }).use(node_), {})
  const node = await createNode({ genesis, store: memoryStore(), host: systemHost(silentLog) })
  const serving = serveRpc({ node, info: { name: 'test', version: '0' }, log: silentLog, port: 0 })
  await expect(serving).rejects.toMatchObject({ code: 'rpc/METHOD_TAKEN', values: { method: 'node_info' } })
  await node.stop()
})
