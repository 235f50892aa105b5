import { decode, encode } from '@mmtchain/codec'
import {
  amount,
  type Block,
  block as blockCodec,
  blockId,
  cell,
  defineChain,
  defineModule,
  type Engine,
  evidenceRoot,
  type Header,
  hash,
  height,
  type Prepared,
  solo,
  text,
  u32,
  u64,
  unit,
  validatorsHash,
} from '@mmtchain/kernel'
import { addressFromBytes } from '@mmtchain/primitives'
import { describe, expect, test } from 'vitest'
import { purse } from './purse.ts'
import { refusalOf } from './refusal.ts'
import { account, sign, start, timeMs, validator } from './trial.ts'

const [alice, bob, carol] = [account('alice'), account('bob'), account('carol')]
const desk = defineModule('desk', {
  state: { notes: cell(u32, 0), latest: cell(u64, 0n) },
  events: { noted: u32 },
})
  .command('note', text({ bytesMax: 60_000 }), (ctx) => {
    ctx.state.notes.set(ctx.state.notes.get() + 1)
    ctx.emit.noted(ctx.state.notes.get())
  })
  .command('heavy', unit, { weight: 400n }, () => undefined)
  .command('clock', unit, (ctx) => ctx.state.latest.set(ctx.block.timeMs))
const call = (command: string, input: unknown = null) => ({ module: 'desk', command, input })
const note = call('note', 'a')

const options = { id: 'harbour-1', consensus: solo() }
const owners = [alice.address, bob.address, carol.address]
const harbour = (change: Partial<Parameters<typeof defineChain>[0]> = {}) =>
  start(
    defineChain({ ...options, ...change })
      .use(purse())
      .use(desk),
    { purse: owners },
  )

/** A chain at height 3 and a sound block 4 on top of it, with three transactions. */
function atHeightFour(change: Partial<Parameters<typeof defineChain>[0]> = {}) {
  const trial = harbour(change)
  trial.send(alice, note)
  trial.send(bob, note)
  trial.block([])
  const prepared = [
    trial.prepare(alice, [note]),
    trial.prepare(bob, [note, note]),
    trial.prepare(alice, [note], { nonce: 2n }),
  ] as const
  return { trial, prepared, block: trial.build(prepared).block }
}

describe('a block', () => {
  test('commits to what came of it: its header is the same on every node', () => {
    const { trial, block } = atHeightFour()
    const again = decode(blockCodec, encode(blockCodec, block))
    const { id, receipts, staged, tip } = trial.execute(again)
    expect(id).toBe(blockId(trial.genesis.fingerprint, block.header))
    expect(receipts.transactions).toHaveLength(3)
    expect(staged.root).toBe(block.header.stateRoot)
    expect(tip).toMatchObject({ id, header: block.header })
    const { protocolHash, fingerprint } = trial.genesis
    expect(block.header).toMatchObject({
      ...{ version: 1, height: 4n, parent: trial.tip.id, timeMs: timeMs + 40_000n, round: 0, protocolHash },
      evidenceRoot: evidenceRoot({ evidence: [], missProofs: [] }),
      validatorsHash: validatorsHash(fingerprint, trial.tip.validators),
    })
  })

  const other = hash('7'.repeat(64))
  const changes: readonly (readonly [keyof Header, Partial<Header>, string])[] = [
    ['version', { version: 2 }, 'kernel/INVALID_BLOCK'],
    ['height', { height: height(5n) }, 'kernel/INVALID_BLOCK'],
    ['height', { height: height(3n) }, 'kernel/INVALID_BLOCK'],
    ['parent', { parent: other }, 'kernel/INVALID_BLOCK'],
    ['timeMs', { timeMs: timeMs + 39_999n }, 'consensus/TOO_EARLY'],
    ['round', { round: 1 }, 'consensus/BAD_CONSENSUS_FIELDS'],
    ['proposer', { proposer: alice.address }, 'consensus/WRONG_PROPOSER'],
    ['proposer', { proposer: addressFromBytes(new Uint8Array(32)) }, 'consensus/WRONG_PROPOSER'],
    ['protocolHash', { protocolHash: other }, 'kernel/INVALID_BLOCK'],
    ['txRoot', { txRoot: other }, 'kernel/INVALID_BLOCK'],
    ['receiptRoot', { receiptRoot: other }, 'kernel/INVALID_BLOCK'],
    ['stateRoot', { stateRoot: other }, 'kernel/INVALID_BLOCK'],
    ['evidenceRoot', { evidenceRoot: other }, 'kernel/INVALID_BLOCK'],
    ['validatorsHash', { validatorsHash: other }, 'kernel/INVALID_BLOCK'],
    ['nextValidatorsHash', { nextValidatorsHash: other }, 'kernel/INVALID_BLOCK'],
    ['consensus', { consensus: Uint8Array.of(1) }, 'consensus/BAD_CONSENSUS_FIELDS'],
  ]

  test.each(changes)('with another %s is invalid', (field, change, code) => {
    const { trial, block } = atHeightFour()
    const refusal = refusalOf(() => trial.execute({ ...block, header: { ...block.header, ...change } }))
    expect(refusal.code).toBe(code)
    if (code === 'kernel/INVALID_BLOCK')
      expect(refusal.values).toMatchObject({ field, got: String(change[field]) })
  })

  test('is refused for any change of any field of its header', () => {
    const fields = Object.keys(atHeightFour().block.header)
    expect([...new Set(changes.map(([field]) => field))].sort()).toEqual(fields.sort())
  })

  test('with a later time is another block, and its transactions see that time', () => {
    const { trial, block } = atHeightFour()
    const later = { ...block, header: { ...block.header, timeMs: block.header.timeMs + 1n } }
    expect(trial.execute(later).id).not.toBe(trial.execute(block).id)
    const clocked = trial.build([trial.prepare(alice, [call('clock')])]).block
    const lied = { ...clocked, header: { ...clocked.header, timeMs: clocked.header.timeMs + 1n } }
    expect(refusalOf(() => trial.execute(lied)).values).toMatchObject({ field: 'stateRoot' })
  })

  const [root, nonce] = ['kernel/INVALID_BLOCK', 'kernel/NONCE_MISMATCH']
  const lists: readonly (readonly [string, (all: Block['transactions']) => Block['transactions'], string])[] =
    [
      ['without its transactions', () => [], root],
      ['without its first transaction', ([_, ...rest]) => rest, nonce],
      ['without one in the middle', ([a, _, c]) => [a, c] as never, root],
      ['without its last transaction', (all) => all.slice(0, -1), root],
      ['with its transactions reversed', (all) => [...all].reverse(), nonce],
      ['with two senders exchanged', ([a, b, c]) => [b, a, c] as never, root],
      ['with a transaction twice in a row', ([a, ...rest]) => [a, a, ...rest] as never, nonce],
      ['with a transaction again at its end', (all) => [...all, all[0]] as never, nonce],
    ]

  test.each(lists)('%s is invalid', (_, change, code) => {
    const { trial, block } = atHeightFour()
    const refusal = refusalOf(() => trial.execute({ ...block, transactions: change(block.transactions) }))
    expect(refusal.code).toBe(code)
    if (code === root) expect(refusal.values).toMatchObject({ field: 'txRoot' })
  })

  test('with one more sound transaction is invalid', () => {
    const { trial, block } = atHeightFour()
    const more = trial.prepare(carol, [note]).transaction
    const refusal = refusalOf(() => trial.execute({ ...block, transactions: [...block.transactions, more] }))
    expect(refusal).toMatchObject({ code: root, values: { field: 'txRoot' } })
  })

  test('with a transaction that is signed for the same id in another way is invalid', () => {
    const { trial, block } = atHeightFour()
    const [first, ...rest] = block.transactions as [Block['transactions'][number]]
    const forged = { ...first, signatures: [{ index: 0, signature: new Uint8Array(64) }] }
    expect(refusalOf(() => trial.execute({ ...block, transactions: [forged, ...rest] })).code).toBe(
      'tx/BAD_SIGNATURE',
    )
    const other = sign(alice, { ...first.body, fee: amount(6n) })
    expect(refusalOf(() => trial.execute({ ...block, transactions: [other, ...rest] })).values).toMatchObject(
      {
        field: 'txRoot',
      },
    )
  })

  test('is executed from its transactions, whatever a node remembers of them', () => {
    const { trial, prepared, block } = atHeightFour()
    const known = new Map(prepared.map((one) => [one.transaction, one]))
    const asked: unknown[] = []
    const executed = trial.machine.execute(trial.store, {
      parent: trial.tip,
      block,
      prepare(transaction): Prepared {
        asked.push(transaction)
        return known.get(transaction) ?? trial.machine.prepare(transaction)
      },
    })
    expect(executed.block).toEqual(block)
    expect(asked).toEqual(block.transactions)
  })

  test('fits only on its own parent', () => {
    const { trial, block } = atHeightFour()
    trial.block([])
    expect(refusalOf(() => trial.execute(block)).values).toMatchObject({
      field: 'height',
      want: '5',
      got: '4',
    })
    const moved = { ...block, header: { ...block.header, height: height(5n) } }
    expect(refusalOf(() => trial.execute(moved)).values).toMatchObject({ field: 'parent' })
  })

  test('of another chain is refused, though that chain differs in its name alone', () => {
    const { block } = atHeightFour()
    const { trial } = atHeightFour({ id: 'harbour-2' })
    const header = { ...block.header, parent: trial.tip.id }
    expect(refusalOf(() => trial.execute({ ...block, header })).code).toBe('tx/WRONG_CHAIN')
    const empty = { ...block, header, transactions: [] }
    expect(refusalOf(() => trial.execute(empty)).values).toMatchObject({ field: 'protocolHash' })
  })

  test('that is refused leaves the store as it was', () => {
    const { trial, block } = atHeightFour()
    const before = trial.rows()
    const wrong = { ...block, header: { ...block.header, stateRoot: other } }
    refusalOf(() => trial.machine.execute(trial.store, { parent: trial.tip, block: wrong }))
    expect(trial.rows()).toEqual(before)
    expect(trial.execute(block).id).toBeDefined()
  })
})

describe('evidence', () => {
  const { context, ...rest } = solo()
  /** Solo, but for evidence and proofs of a miss, which it lets through. */
  const lenient: Engine = {
    ...rest,
    context: ({ block, ...args }) => ({
      ...context({ ...args, block: { ...block, evidence: [], missProofs: [] } }),
      evidence: block.evidence.map((one) => ({
        culprit: alice.address,
        height: height(1n),
        kind: String(one[0]),
      })),
    }),
  }
  const proofs = { evidence: [Uint8Array.of(1), Uint8Array.of(2)], missProofs: [Uint8Array.of(3)] }

  test('is in the block, its root and the context', () => {
    const seen: string[] = []
    const watching = defineModule('watching').beginBlock((ctx) => {
      for (const { kind } of ctx.block.evidence) seen.push(kind)
    })
    const trial = start(defineChain({ ...options, consensus: lenient }).use(watching), {})
    const { block } = trial.build([], proofs)
    expect(block).toMatchObject(proofs)
    expect(block.header.evidenceRoot).toBe(evidenceRoot(proofs))
    expect(seen).toEqual(['1', '2'])
    expect(trial.execute(block).id).toBe(blockId(trial.genesis.fingerprint, block.header))
  })

  test.each([
    ['one less', { ...proofs, evidence: proofs.evidence.slice(1) }],
    ['another order', { ...proofs, evidence: [...proofs.evidence].reverse() }],
    ['a miss as evidence', { evidence: [...proofs.evidence, ...proofs.missProofs], missProofs: [] }],
    ['none', { evidence: [], missProofs: [] }],
  ])('with %s makes the block invalid', (_, changed) => {
    const trial = start(defineChain({ ...options, consensus: lenient }), {})
    const { block } = trial.build([], proofs)
    expect(refusalOf(() => trial.execute({ ...block, ...changed }))).toMatchObject({
      code: 'kernel/INVALID_BLOCK',
      values: { field: 'evidenceRoot' },
    })
  })

  test('is nothing that solo knows', () => {
    const trial = harbour()
    expect(refusalOf(() => trial.build([], proofs)).code).toBe('consensus/BAD_CONSENSUS_FIELDS')
  })
})

describe('the limits of a block', () => {
  const limits = { blockWeightMax: 1_000n, blockBytesMax: 150_000, transactionBytesMax: 70_000 }

  test('of weight are filled in order, passing over what no longer fits', () => {
    const trial = harbour({ limits })
    const candidates = [
      trial.prepare(alice, [call('heavy')]), // 450
      trial.prepare(bob, [call('heavy')]), // 450, which makes 900
      trial.prepare(carol, [call('heavy')]),
      trial.prepare(alice, [note], { nonce: 1n }), // 100, which makes 1,000
      trial.prepare(bob, [note], { nonce: 1n }),
    ]
    const built = trial.build(candidates)
    expect(built.transactionIds).toEqual([0, 1, 3].map((i) => candidates[i]?.id))
    expect(built.skipped).toEqual([])
    expect(trial.execute(built.block).id).toBe(built.id)
  })

  test('of weight count what transactions reserve, not what they use', () => {
    const trial = harbour({ limits })
    const greedy = trial.prepare(alice, [note], { weightMax: 1_000n })
    expect(trial.build([greedy, trial.prepare(bob, [note])]).transactionIds).toEqual([greedy.id])
  })

  test('of bytes are filled in order, passing over what no longer fits', () => {
    const trial = harbour({ limits })
    const big = (from: typeof alice) => trial.prepare(from, [call('note', 'x'.repeat(60_000))])
    const candidates = [big(alice), big(bob), big(carol), trial.prepare(alice, [note], { nonce: 1n })]
    const built = trial.build(candidates)
    expect(built.transactionIds).toEqual([0, 1, 3].map((i) => candidates[i]?.id))
    expect(encode(blockCodec, built.block).length).toBeLessThanOrEqual(limits.blockBytesMax)
    expect(trial.execute(built.block).id).toBe(built.id)
  })

  test('are never passed by a block that is built, to the byte', () => {
    const trial = harbour({ limits })
    const sized = (size: number) => trial.prepare(bob, [call('note', 'x'.repeat(size))])
    const first = trial.prepare(alice, [call('note', 'x'.repeat(60_000))])
    const third = trial.prepare(carol, [call('note', 'x'.repeat(20_000))])
    const sizes = Array.from({ length: 24 }, (_, i) => 49_800 + 100 * i - first.bytes.length + 60_000)
    const lengths = sizes.flatMap((size) => {
      const { block } = trial.build([first, sized(Math.min(size, 60_000)), third])
      return [encode(blockCodec, block).length]
    })
    for (const length of lengths) expect(length).toBeLessThanOrEqual(limits.blockBytesMax)
  })

  test('make a block invalid that is over them, before anything of it is executed', () => {
    const trial = harbour({ limits })
    const { block } = trial.build([])
    const heavy = [alice, bob, carol].map((from) => trial.prepare(from, [call('heavy')]).transaction)
    expect(refusalOf(() => trial.execute({ ...block, transactions: heavy }))).toMatchObject({
      code: 'kernel/BLOCK_TOO_LARGE',
      values: { what: 'weight', max: 1_000n, got: 1_350n },
    })
    const large = [alice, bob, carol].map(
      (from) => trial.prepare(from, [call('note', 'x'.repeat(60_000))]).transaction,
    )
    const unsigned = large.map((one) => ({ ...one, signatures: [] }))
    expect(refusalOf(() => trial.execute({ ...block, transactions: unsigned })).values).toMatchObject({
      what: 'size in bytes',
      max: 150_000n,
    })
  })
})

describe('a proposer', () => {
  test('that is not the validator, or too early, builds nothing', () => {
    const trial = harbour()
    const request = {
      round: 0,
      consensus: new Uint8Array(),
      evidence: [],
      missProofs: [],
      timeMs: timeMs + 10_000n,
    }
    const build = (change: object) => () =>
      trial.machine.build(trial.store, {
        ...{ parent: trial.tip, proposer: validator.address, request, candidates: [] },
        ...change,
      })
    expect(build({})().block.header.proposer).toBe(validator.address)
    expect(refusalOf(build({ proposer: alice.address })).code).toBe('consensus/WRONG_PROPOSER')
    const early = { ...request, timeMs: timeMs + 9_999n }
    expect(refusalOf(build({ request: early })).code).toBe('consensus/TOO_EARLY')
  })

  test('takes candidates one after the other, and no more than it is given', () => {
    const trial = harbour()
    function* endless(): Generator<Prepared> {
      for (const from of [alice, bob]) yield trial.prepare(from, [note])
    }
    expect(
      trial.machine.build(trial.store, {
        parent: trial.tip,
        proposer: validator.address,
        request: {
          round: 0,
          consensus: new Uint8Array(),
          evidence: [],
          missProofs: [],
          timeMs: timeMs + 10_000n,
        },
        candidates: endless(),
      }).receipts.transactions,
    ).toHaveLength(2)
  })
})
