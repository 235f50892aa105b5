import type { Transport } from '@mmtchain/client'
import { formatAddress, isChainError } from '@mmtchain/primitives'
import type { Command } from 'commander'
import {
  addressOf,
  type CommonOptions,
  describe,
  homeOf,
  remote,
  transportOf,
  withExample,
} from './context.ts'
import { showAmount, unitOf } from './fields.ts'
import { explain, say } from './language.ts'
import { look, print, rows, table } from './output.ts'
import { cliFail } from './refusals.ts'

/** `mmt show`: look at things. */
export function addShow(program: Command): void {
  const show = withExample(program.command('show').description(say('show.about')), 'mmt show block 12')
  remote(
    show
      .command('block')
      .argument(`<${say('arg.block')}>`)
      .description(say('show.block.about')),
    'mmt show block 12',
  ).action(showBlock)
  remote(
    show
      .command('tx')
      .argument(`<${say('arg.id')}>`)
      .description(say('show.tx.about')),
    'mmt show tx 3fa9…',
  ).action(showTransaction)
  remote(
    show
      .command('account')
      .argument(`<${say('arg.account')}>`)
      .description(say('show.account.about')),
    'mmt show account ann',
  ).action(showAccount)
  remote(
    show
      .command('validator')
      .argument(`[${say('arg.account')}]`)
      .description(say('show.validator.about')),
    'mmt show validator alice',
  ).action(showValidator)
}

async function showBlock(which: string, options: CommonOptions): Promise<void> {
  if (!/^([0-9a-f]{64}|\d{1,20})$/.test(which))
    throw cliFail.BAD_ARGUMENT({ name: say('name.block'), value: which, want: say('want.block') })
  const at = /^[0-9a-f]{64}$/.test(which) ? { id: which } : { height: which }
  const block = (await transportOf(options)('chain_block', at)) as Block
  const { header, transactions } = block
  print(options, block, [
    look(say('block.title', { height: header.height }), 'title'),
    ...rows([
      [say('row.id'), block.id],
      [say('row.parent'), header.parent],
      [say('row.time'), timeText(header.timeMs)],
      [say('row.proposer'), header.proposer],
      [say('row.stateRoot'), header.stateRoot],
      [say('row.transactions'), String(transactions.length)],
    ]),
    ...table(
      transactions.map(({ id, calls, receipt }) => [
        id,
        callNames(calls),
        receipt.error ? look(receipt.error.code, 'bad') : look(say('outcome.ok'), 'good'),
      ]),
      transactions.length > 0 ? [say('row.id'), say('row.calls'), say('row.outcome')] : [],
    ),
  ])
}

const LABELS = {
  pending: 'show.tx.notFinal',
  confirmed: 'show.tx.confirmed',
  final: 'show.tx.final',
} as const

async function showTransaction(id: string, options: CommonOptions): Promise<void> {
  if (!/^[0-9a-f]{64}$/.test(id))
    throw cliFail.BAD_ARGUMENT({ name: say('name.transaction'), value: id, want: say('want.id') })
  const found = (await transportOf(options)('chain_transaction', { id })) as Found
  if (!found.transaction || !found.receipt) {
    const { dropped } = found
    const line = dropped
      ? say('show.tx.dropped', { id, why: `${dropped.code} ${dropped.message}` })
      : say('show.tx.waits', { id })
    return print(options, found, [line])
  }
  const unit = unitOf(await describe(options))
  const { sender, calls } = found.transaction
  const { height = '', index = 0, confirmations } = found
  print(options, found, [
    look(say('transaction.title', { id }), 'title'),
    ...rows([
      [say('row.height'), say(LABELS[found.confirmation], { height, index, confirmations })],
      [say('row.sender'), sender],
      [say('row.fee'), showAmount(found.receipt.fee, unit)],
      [say('row.outcome'), outcomeOf(found)],
      ...calls.map(
        (call) => [say('row.call'), `${call.module}.${call.command} ${JSON.stringify(call.input)}`] as const,
      ),
      ...found.receipt.events.map(
        (event) => [say('row.event'), `${event.module}.${event.name} ${JSON.stringify(event.data)}`] as const,
      ),
    ]),
  ])
}

function outcomeOf({ receipt, refusal }: Found): string {
  const refused = refusal ? `${refusal.code}: ${refusal.message}` : receipt?.error?.code
  return refused === undefined ? look(say('outcome.ok'), 'good') : look(refused, 'bad')
}

async function showAccount(which: string, options: CommonOptions): Promise<void> {
  const request = transportOf(options)
  const address = await addressText(request, which, options)
  const account = (await request('account_get', { address })) as Account
  const keys = account.authority?.keys.map(({ key }) => key).join(', ') ?? say('show.account.noKeys')
  print(
    options,
    account,
    rows([
      [say('row.address'), address],
      [say('row.nonce'), account.nonce],
      [say('row.keys'), keys],
    ]),
  )
}

async function showValidator(which: string | undefined, options: CommonOptions): Promise<void> {
  const request = transportOf(options)
  const set = await validatorsOf(request)
  if (which === undefined) {
    const cells = set.validators.map(({ address, key }, i) => [String(i), address, key.key])
    return print(options, set, [
      look(say('show.validator.title', { height: set.height, count: cells.length }), 'title'),
      ...table(cells, ['', say('row.address'), say('row.key')]),
    ])
  }
  const address = await addressText(request, which, options)
  const index = set.validators.findIndex((one) => one.address === address)
  const found = set.validators[index]
  if (!found) throw cliFail.NOT_A_VALIDATOR({ address, height: set.height, count: set.validators.length })
  print(
    options,
    { height: set.height, index, ...found },
    rows([
      [say('row.address'), address],
      [say('row.key'), found.key.key],
      [
        say('row.place'),
        say('show.validator.place', { index, count: set.validators.length, height: set.height }),
      ],
    ]),
  )
}

/** The validators of the next height. */
export async function validatorsOf(request: Transport): Promise<ValidatorsAt> {
  const answer = (await request('chain_validators')) as {
    readonly height: string
    readonly validators: { readonly validators: ValidatorsAt['validators'] }
  }
  return { height: answer.height, validators: answer.validators.validators }
}

async function addressText(request: Transport, which: string, options: CommonOptions): Promise<string> {
  const { addressPrefix: prefix } = (await request('chain_status')) as { addressPrefix: string }
  try {
    return formatAddress(addressOf(which, homeOf(options), prefix), { prefix })
  } catch (error) {
    if (!isChainError(error)) throw error
    throw cliFail.BAD_ARGUMENT({
      name: say('name.account'),
      value: which,
      want: say('want.account', { why: explain(error).message }),
    })
  }
}

/** A time of the chain as ISO 8601 in UTC. */
export function timeText(timeMs: string | bigint): string {
  return new Date(Number(timeMs)).toISOString()
}

interface Call {
  readonly module: string
  readonly command: string
  readonly input: unknown
}
interface Receipt {
  readonly error: { readonly code: string } | null
  readonly fee: string
  readonly events: readonly { readonly module: string; readonly name: string; readonly data: unknown }[]
}
/** A block as `chain_block` gives it. */
export interface Block {
  readonly id: string
  readonly header: Readonly<Record<'height' | 'parent' | 'timeMs' | 'proposer' | 'stateRoot', string>>
  readonly transactions: readonly {
    readonly id: string
    readonly calls: readonly Call[]
    readonly receipt: Receipt
  }[]
}
interface Words {
  readonly code: string
  readonly message: string
}
interface Found {
  readonly height?: string
  readonly index?: number
  readonly final: boolean
  readonly confirmations: number
  readonly confirmation: keyof typeof LABELS
  readonly dropped?: Words | null
  readonly transaction?: { readonly sender: string; readonly calls: readonly Call[] }
  readonly receipt?: Receipt
  readonly refusal?: Words | null
}
interface Account {
  readonly nonce: string
  readonly authority: { readonly keys: readonly { readonly key: string }[] } | null
}
interface ValidatorsAt {
  readonly height: string
  readonly validators: readonly {
    readonly address: string
    readonly key: { readonly suite: number; readonly key: string }
  }[]
}

function callNames(calls: readonly Call[]): string {
  return calls.map(({ module, command }) => `${module}.${command}`).join(' + ')
}
