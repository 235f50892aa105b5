import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encode } from '@mmtchain/codec'
import { prepareCrypto } from '@mmtchain/crypto'
import {
  createMachine,
  type Engine,
  type Execution,
  type Machine,
  readGenesis,
  receipts as receiptsCodec,
  type Store,
  type StoredBlock,
  type Tip,
} from '@mmtchain/kernel'
import { type Home, homeFail, isHome, loadBundle, readJson } from '@mmtchain/node'
import { equalBytes, type Height, isChainError } from '@mmtchain/primitives'
import { merkleStore } from '@mmtchain/storage-merkle'
import type { Command } from 'commander'
import { type CommonOptions, common, homeOf } from './context.ts'
import { explainError, say } from './language.ts'
import { look, type Progress, print, progress, rows } from './output.ts'
import { cliFail } from './refusals.ts'

const NO_BYTES = new Uint8Array()

/** `mmt verify`: executes all blocks of a home again, from its genesis, and compares what they commit to with what is stored. */
export function addVerify(program: Command): void {
  common(program.command('verify').description(say('verify.about')), 'mmt verify --home node1').action(
    async (options: CommonOptions) => {
      const home = homeOf(options)
      if (!isHome(home)) throw homeFail.NOT_A_HOME({ home: home.path })
      const verified = await verifyHome(home, (total) =>
        progress(options, { label: say('verify.label'), total }),
      )
      const { height, id, stateRoot, transactions, first } = verified
      print(options, { ok: true, height: `${height}`, id, stateRoot, transactions, rows: verified.rows }, [
        look(first > 0n ? say('verify.restored', { first, height }) : say('verify.done', { height }), 'good'),
        ...rows([
          [say('row.block'), id],
          [say('row.stateRoot'), stateRoot],
          [say('row.transactions'), String(transactions)],
          [say('row.rows'), String(verified.rows)],
        ]),
      ])
    },
  )
}

interface Verified {
  readonly height: bigint
  readonly id: string
  readonly stateRoot: string
  readonly transactions: number
  /** Rows of the state, each of which is the same in both. */
  readonly rows: number
  /** The first block that is here. Above 0 it is that of a snapshot, and nothing can be executed from the genesis. */
  readonly first: bigint
}

/**
 * Of a home that was restored from a snapshot it reads all records and checks that they have the state root of the newest block.
 * Throws `cli/VERIFY_FAILED` with the first height and field that differ, `cli/NOTHING_STORED`, or what keeps the home from being
 * read: `store/LOCKED` while its node runs.
 */
async function verifyHome(home: Home, show: (total: number) => Progress): Promise<Verified> {
  await prepareCrypto()
  const stored = await merkleStore({ path: home.data, keepHeights: 'all' })
  const folder = await mkdtemp(join(tmpdir(), 'mmt-verify-'))
  try {
    const machine = createMachine(readGenesis(await loadBundle(home.chain), readJson(home.genesis)))
    const tip = stored.tip()
    if (!tip) throw cliFail.NOTHING_STORED({ home: home.path })
    const { first } = stored.kept()
    const { height, stateRoot } = tip.header
    if (first > 0n) {
      const { rows: count } = await stored.verify()
      return { height, id: tip.id, stateRoot, transactions: 0, rows: count, first }
    }
    const shown = show(Number(height))
    const fresh = await merkleStore({ path: join(folder, 'data') })
    try {
      const transactions = await replay({ machine, stored, fresh, last: height, shown })
      return { height, id: tip.id, stateRoot, transactions, rows: sameRows(stored, fresh, height), first }
    } finally {
      shown.end()
      await fresh.close()
    }
  } finally {
    await stored.close()
    await rm(folder, { recursive: true, force: true })
  }
}

/** Executes all blocks in order. Answers the number of their transactions. */
async function replay(args: {
  readonly machine: Machine
  readonly stored: Store
  readonly fresh: Store
  readonly last: Height
  readonly shown: Progress
}): Promise<number> {
  const { machine, stored, fresh, last, shown } = args
  let transactions = 0
  const audit = machine.genesis.chain.engine.audit?.()
  let parent: Tip | undefined
  for (let height = 0n; height <= last; height++) {
    const block = await readBlock(stored, height as Height)
    const again = parent ? executeAgain({ machine, fresh, parent, audit }, block) : machine.begin(fresh)
    compare(height, block, again)
    await fresh.commit({
      block: again.block,
      id: again.id,
      seal: block.seal,
      receipts: again.receipts,
      transactionIds: again.transactionIds,
      refusals: again.refusals,
      staged: again.staged,
      checkpoint: NO_BYTES,
    })
    parent = again.tip
    transactions += block.block.transactions.length
    shown.at(Number(height))
  }
  return transactions
}

async function readBlock(stored: Store, height: Height): Promise<StoredBlock> {
  try {
    const found = await stored.block({ height })
    if (found) return found
  } catch (error) {
    throw cliFail.VERIFY_FAILED({
      height,
      field: 'record',
      want: say('verify.readable'),
      got: explainError(error),
    })
  }
  throw cliFail.VERIFY_FAILED({
    height,
    field: 'record',
    want: say('verify.readable'),
    got: say('verify.missing'),
  })
}

function executeAgain(
  {
    machine,
    fresh,
    parent,
    audit,
  }: {
    readonly machine: Machine
    readonly fresh: Store
    readonly parent: Tip
    /** What follows from the headers before. */
    readonly audit: ReturnType<NonNullable<Engine['audit']>> | undefined
  },
  { block, id, seal }: StoredBlock,
): Execution {
  const { height } = block.header
  const { engine } = machine.genesis.chain
  const chain = machine.engineChain
  try {
    const again = machine.execute(fresh, { parent, block })
    engine.checkSeal({ chain, header: block.header, id, seal, validators: parent.validators })
    audit?.(block.header, parent.validators)
    return again
  } catch (error) {
    if (!isChainError(error)) throw error
    const { field, want, got } = error.values as { field?: unknown; want?: unknown; got?: unknown }
    if (error.code === 'kernel/INVALID_BLOCK')
      throw cliFail.VERIFY_FAILED({ height, field: String(field), want: String(want), got: String(got) })
    const what = error.code === 'consensus/BAD_SEAL' ? 'seal' : 'block'
    throw cliFail.VERIFY_FAILED({ height, field: what, want: say('verify.valid'), got: explainError(error) })
  }
}

/** Compares what was stored beside the header: the header itself names its own roots. */
function compare(height: bigint, block: StoredBlock, again: Execution): void {
  const differ = (field: string, want: unknown, got: unknown) => {
    if (want !== got) throw cliFail.VERIFY_FAILED({ height, field, want: String(want), got: String(got) })
  }
  const [made, kept] = [again.block.header, block.block.header]
  for (const field of ['stateRoot', 'receiptRoot', 'txRoot', 'protocolHash', 'nextValidatorsHash'] as const)
    differ(field, made[field], kept[field])
  differ('id', again.id, block.id)
  differ('transactionIds', again.transactionIds.join(), block.transactionIds.join())
  if (!equalBytes(encode(receiptsCodec, again.receipts), encode(receiptsCodec, block.receipts)))
    differ('receipts', again.block.header.receiptRoot, say('verify.otherReceipts'))
}

/** Compares the rows that queries read, which no root of a block covers once it is stored. Answers how many there are. */
function sameRows(stored: Store, fresh: Store, height: bigint): number {
  const [left, right] = [stored, fresh].map((store) => store.entries({ prefix: '' })) as [
    IterableIterator<readonly [string, Uint8Array]>,
    IterableIterator<readonly [string, Uint8Array]>,
  ]
  for (let count = 0; ; count++) {
    const [a, b] = [left.next(), right.next()]
    if (a.done && b.done) return count
    const [got, want] = [a.done ? undefined : a.value, b.done ? undefined : b.value]
    if (!got || !want || got[0] !== want[0] || !equalBytes(got[1], want[1]))
      throw cliFail.VERIFY_FAILED({
        height,
        field: `row ${want?.[0] ?? got?.[0]}`,
        want: hex(want),
        got: hex(got),
      })
  }
}

function hex(row: readonly [string, Uint8Array] | undefined): string {
  return row ? Buffer.from(row[1]).toString('hex') : say('verify.missing')
}
