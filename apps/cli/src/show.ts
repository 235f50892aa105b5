import { formatAddress } from '@mmtchain/primitives'
import type { Command } from 'commander'
import { addressOf, type CommonOptions, describe, homeOf, remote, rpcUrl, transportOf } from './context.ts'
import { showAmount, unitOf } from './fields.ts'
import { print, rows } from './output.ts'
import { cliFail } from './refusals.ts'

/** `mmt show` and `mmt status`: look at a chain. */
export function addShow(program: Command): void {
  const show = program.command('show').description('look at a block, a transaction or an account')

  remote(
    show.command('block').argument('<height or id>').description('a block with its transactions'),
    'mmt show block 12',
  ).action(async (which: string, options: CommonOptions) => {
    if (!/^([0-9a-f]{64}|\d{1,20})$/.test(which)) {
      throw cliFail.BAD_ARGUMENT({
        name: 'the block',
        value: which,
        want: 'a height or an id of 64 digits of hex',
      })
    }
    const block = (await transportOf(options)(
      'chain_block',
      /^[0-9a-f]{64}$/.test(which) ? { id: which } : { height: which },
    )) as Block
    const { header } = block
    print(options, block, [
      `block ${header.height}`,
      ...rows([
        ['id', block.id],
        ['parent', header.parent],
        ['time', new Date(Number(header.timeMs)).toISOString()],
        ['proposer', header.proposer],
        ['state root', header.stateRoot],
        ['transactions', String(block.transactions.length)],
      ]),
      ...block.transactions.map(
        ({ id, calls, receipt }) => `  ${id}  ${callNames(calls)}  ${receipt.error?.code ?? 'ok'}`,
      ),
    ])
  })

  remote(
    show.command('tx').argument('<id>').description('a transaction and what came of it'),
    'mmt show tx 3fa9…',
  ).action(async (id: string, options: CommonOptions) => {
    if (!/^[0-9a-f]{64}$/.test(id))
      throw cliFail.BAD_ARGUMENT({ name: 'the transaction', value: id, want: 'an id of 64 digits of hex' })
    const found = (await transportOf(options)('chain_transaction', { id })) as Found
    if (!found.transaction || !found.receipt) return print(options, found, [`${id} waits for a block`])
    const unit = unitOf(await describe(options))
    const { sender, calls } = found.transaction
    print(options, found, [
      `transaction ${id}`,
      ...rows([
        [
          'height',
          `${found.height}, index ${found.index}, ${found.final ? 'final' : 'not final'}, ${found.confirmations} confirmations`,
        ],
        ['sender', sender],
        ['fee', showAmount(found.receipt.fee, unit)],
        ['outcome', found.refusal ? `${found.refusal.code}: ${found.refusal.message}` : 'done'],
        ...calls.map(
          (call) => ['call', `${call.module}.${call.command} ${JSON.stringify(call.input)}`] as const,
        ),
        ...found.receipt.events.map(
          (event) => ['event', `${event.module}.${event.name} ${JSON.stringify(event.data)}`] as const,
        ),
      ]),
    ])
  })

  remote(
    show.command('account').argument('<address or key>').description('an account’s nonce and keys'),
    'mmt show account ann',
  ).action(async (which: string, options: CommonOptions) => {
    const request = transportOf(options)
    const { addressPrefix: prefix } = (await request('chain_status')) as { addressPrefix: string }
    const address = formatAddress(addressOf(which, homeOf(options), prefix), { prefix })
    const account = (await request('account_get', { address })) as Account
    const keys =
      account.authority?.keys.map(({ key }) => key).join(', ') ??
      'not seen yet; its first transaction shows it'
    print(
      options,
      account,
      rows([
        ['address', address],
        ['nonce', account.nonce],
        ['keys', keys],
      ]),
    )
  })

  remote(program.command('status').description('where the chain is'), 'mmt status').action(
    async (options: CommonOptions) => {
      const status = (await transportOf(options)('chain_status')) as Record<string, string>
      print(
        options,
        status,
        rows([
          ['chain', `${status.chainId}`],
          ['node', rpcUrl(options)],
          ['height', `${status.height}, final ${status.finalisedHeight}`],
          ['block', `${status.id}`],
          ['time', new Date(Number(status.timeMs)).toISOString()],
          ['fingerprint', `${status.fingerprint}`],
        ]),
      )
    },
  )
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
interface Block {
  readonly id: string
  readonly header: Readonly<Record<'height' | 'parent' | 'timeMs' | 'proposer' | 'stateRoot', string>>
  readonly transactions: readonly {
    readonly id: string
    readonly calls: readonly Call[]
    readonly receipt: Receipt
  }[]
}
interface Found {
  readonly height?: string
  readonly index?: number
  readonly final: boolean
  readonly confirmations: number
  readonly transaction?: { readonly sender: string; readonly calls: readonly Call[] }
  readonly receipt?: Receipt
  readonly refusal?: { readonly code: string; readonly message: string } | null
}
interface Account {
  readonly nonce: string
  readonly authority: { readonly keys: readonly { readonly key: string }[] } | null
}

function callNames(calls: readonly Call[]): string {
  return calls.map(({ module, command }) => `${module}.${command}`).join(' + ')
}
