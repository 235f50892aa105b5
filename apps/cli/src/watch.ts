import { setTimeout } from 'node:timers/promises'
import { httpTransport, subscribe, type Transport } from '@mmtchain/client'
import { isChainError } from '@mmtchain/primitives'
import type { Command } from 'commander'
import { type CommonOptions, remote, rpcUrl } from './context.ts'
import { say } from './language.ts'
import type { ChainStatus } from './node-view.ts'
import { look } from './output.ts'
import { cliFail } from './refusals.ts'
import { type Block, timeText } from './show.ts'

const PAUSE_MS = 500

interface WatchOptions extends CommonOptions {
  readonly from?: string
  readonly count?: string
}

/** `mmt watch`: each new block as a line, until Ctrl-C. */
export function addWatch(program: Command): void {
  remote(program.command('watch').description(say('watch.about')), 'mmt watch --from 1')
    .option('--from <height>', say('watch.from'))
    .option('--count <blocks>', say('watch.count'))
    .action(watch)
}

async function watch(options: WatchOptions): Promise<void> {
  const url = rpcUrl(options)
  const request = httpTransport({ url })
  const fromHeight = whole('--from', options.from) ?? (await newest(request))
  const count = whole('--count', options.count)
  if (count === 0n) throw cliFail.BAD_ARGUMENT({ name: '--count', value: '0', want: say('want.positive') })
  const stop = new AbortController()
  const abort = () => stop.abort()
  process.once('SIGINT', abort)
  process.once('SIGTERM', abort)
  process.stdout.once('error', abort)
  try {
    let left = count ?? -1n
    // A node that restarts is waited for, and nothing is left out.
    for await (const { height } of subscribe(
      { url },
      { topic: 'heads' },
      { fromHeight, signal: stop.signal },
    )) {
      const block = await blockAt(request, height, stop.signal)
      process.stdout.write(`${options.json ? jsonLine(block) : line(block)}\n`)
      left -= 1n
      if (left === 0n) return
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error
  }
}

/** The block, from a node that may be restarting. */
async function blockAt(request: Transport, height: bigint, signal: AbortSignal): Promise<Block> {
  for (;;) {
    try {
      return (await request('chain_block', { height: `${height}` }, { signal })) as Block
    } catch (error) {
      if (!isChainError(error) || error.code !== 'client/UNREACHABLE') throw error
      await setTimeout(PAUSE_MS, undefined, { signal })
    }
  }
}

async function newest(request: Transport): Promise<bigint> {
  return BigInt(((await request('chain_status')) as ChainStatus).height)
}

function whole(name: string, text: string | undefined): bigint | undefined {
  if (text === undefined) return undefined
  if (!/^\d{1,19}$/.test(text)) throw cliFail.BAD_ARGUMENT({ name, value: text, want: say('want.whole') })
  return BigInt(text)
}

function line({ id, header, transactions }: Block): string {
  const refused = transactions.filter(({ receipt }) => receipt.error !== null).length
  return [
    `${say('word.height')} ${header.height}`,
    look(timeText(header.timeMs), 'faint'),
    `${id.slice(0, 16)}…`,
    transactionsText(transactions.length),
    ...(refused > 0 ? [look(say('watch.refused', { count: refused }), 'bad')] : []),
  ].join('  ')
}

/** `no transactions`, `1 transaction`, `3 transactions`. */
export function transactionsText(count: number): string {
  if (count === 0) return say('count.transactions.none')
  return count === 1 ? say('count.transactions.one') : say('count.transactions.many', { count })
}

function jsonLine({ id, header, transactions }: Block): string {
  const { height, timeMs, proposer } = header
  const refused = transactions.filter(({ receipt }) => receipt.error !== null).length
  return JSON.stringify({ height, id, timeMs, proposer, transactions: transactions.length, refused })
}
