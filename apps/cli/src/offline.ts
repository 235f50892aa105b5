import { type DescribedChain, describeChain, quoteCalls, type Sent, submitBytes } from '@mmtchain/client'
import { codecFromSchema, decode, encode, type Json, toJson } from '@mmtchain/codec'
import { defaultSuites, secp256k1 } from '@mmtchain/crypto'
import { chainMetadata, createMachine } from '@mmtchain/kernel'
import { isHome, openKey, readKey } from '@mmtchain/node'
import { type Amount, amount, ChainError, type Hash, height, isChainError } from '@mmtchain/primitives'
import {
  combineTransactions,
  type PreviewChain,
  type PreviewWords,
  previewTransaction,
  previewWords,
  readTransactionFile,
  secretSigner,
  signTransaction,
  type Transaction,
  type TransactionBody,
  type TransactionCall,
  type TransactionFile,
  transaction,
  transactionId,
  writeTransactionFile,
} from '@mmtchain/tx'
import type { Command } from 'commander'
import {
  type CommonOptions,
  common,
  describe,
  genesisOf,
  homeOf,
  remote,
  signerOf,
  transportOf,
  watcherOf,
} from './context.ts'
import { inTokens, listedByHome } from './fee-bound.ts'
import { type Unit, unitOf } from './fields.ts'
import { readGiven, writeNew } from './files.ts'
import { catalogues, language, say } from './language.ts'
import { look, print, progress, rows } from './output.ts'
import { askPassphrase } from './passphrase.ts'
import { cliFail } from './refusals.ts'
import { printSent } from './sent.ts'

/** What this program can check itself; signatures of a chain's own suites are left to its nodes. */
const suites = new Map(defaultSuites.map((suite) => [suite.code, suite]))

// Transactions as files, carried between a machine with the keys and one with a network.

export interface OfflineOptions extends CommonOptions {
  readonly offline: string
  readonly unsigned?: boolean
  readonly nonce?: string
  readonly validUntil?: string
}

/** True when the words say all that a node would be asked for, so that none is asked. */
export function isAlone(words: readonly string[]): boolean {
  const has = (flag: string) => words.some((word) => word === flag || word.startsWith(`${flag}=`))
  return has('--offline') && has('--nonce') && has('--valid-until')
}

/** The chain as the home's own chain file describes it. Throws `home/NOT_A_HOME`. */
export async function describeHome(options: CommonOptions): Promise<DescribedChain> {
  const metadata = chainMetadata(await genesisOf(options))
  return describeChain(async () => metadata)
}

/** Writes a transaction, signed unless the options say otherwise, and sends nothing. */
export async function writeOffline(
  chain: DescribedChain,
  args: {
    readonly calls: readonly TransactionCall[]
    readonly from: string
    readonly feeMax: Amount | undefined
    readonly options: OfflineOptions
  },
): Promise<void> {
  const { options, from } = args
  const home = homeOf(options)
  const body = await bodyOf(chain, args)
  const value = options.unsigned
    ? { body, signatures: [], payerConsent: null }
    : (await signTransaction({ body, signer: await signerOf(home, from) })).transaction
  const { chainId, addressPrefix } = chain.metadata
  await writeNew(options.offline, writeTransactionFile({ chainId, addressPrefix, transaction: value }))
  printFile(options, { file: options.offline, value, lines: preview(chain, value) })
}

async function bodyOf(
  chain: DescribedChain,
  {
    calls,
    from,
    feeMax,
    options,
  }: {
    readonly calls: readonly TransactionCall[]
    readonly from: string
    readonly feeMax: Amount | undefined
    readonly options: OfflineOptions
  },
): Promise<TransactionBody> {
  const signer = watcherOf(homeOf(options), from)
  const fingerprint = chain.metadata.fingerprint as Hash
  const { nonce, validUntil } = options
  if (nonce === undefined || validUntil === undefined) {
    const bound = {
      options: { signer, ...(feeMax !== undefined && { feeMax }) },
      ...(await listedByHome(options, chain, calls)),
    }
    const { body } = await quoteCalls(transportOf(options), {
      fingerprint,
      calls,
      ...bound,
    }).catch((error) => inTokens(error, unitOf(chain)))
    const [n, v] = [whole('--nonce', nonce), whole('--valid-until', validUntil)]
    return { ...body, nonce: n ?? body.nonce, validUntil: v === undefined ? body.validUntil : height(v) }
  }
  const draft: TransactionBody = {
    fingerprint,
    sender: signer.address,
    authority: signer.authority,
    nonce: whole('--nonce', nonce) as bigint,
    validUntil: height(whole('--valid-until', validUntil) as bigint),
    fee: amount(0n),
    weightMax: 0n,
    payer: null,
    calls,
  }
  // The parameters of the chain file; where governance has changed them, --fee-max and a node know better.
  const unsigned = { body: draft, signatures: [], payerConsent: null }
  const quote = createMachine(await genesisOf(options)).quote(unsigned)
  return { ...draft, fee: feeMax ?? quote.fee, weightMax: quote.weight }
}

function whole(name: string, text: string | undefined): bigint | undefined {
  if (text === undefined) return undefined
  if (!/^\d{1,19}$/.test(text)) throw cliFail.BAD_ARGUMENT({ name, value: text, want: say('want.whole') })
  return BigInt(text)
}

/** `mmt sign` and `mmt submit`: what happens to such files. */
export function addOffline(program: Command): void {
  const file = `<${say('arg.file')}>`
  common(
    program.command('sign').argument(file).description(say('sign.about')),
    'mmt sign unsigned.json --from ann --out signed.json',
  )
    .requiredOption('--from <key>', say('tx.from'))
    .requiredOption('--out <file>', say('option.out'))
    .action(signFile)
  remote(
    program
      .command('submit')
      .argument(`<${say('arg.files')}...>`)
      .description(say('submit.about')),
    'mmt submit signed.json',
  ).action(submitFiles)
}

async function signFile(path: string, options: CommonOptions & { from: string; out: string }): Promise<void> {
  const home = homeOf(options)
  const file = readTransactionFile(readGiven(path).toString('utf8'))
  const { body } = file.transaction
  const key = readKey(home.keys, options.from)
  // What is signed is shown before the passphrase is asked for; a home of the same chain can read the calls.
  const chain = isHome(home) ? await describeHome(options) : undefined
  const known = chain?.metadata.fingerprint === body.fingerprint ? chain : undefined
  const lines = preview(known, file.transaction, file)
  if (!options.json) process.stderr.write(`${lines.join('\n')}\n`)
  const secret = await openKey(home.keys, key.name, askPassphrase)
  const signer = secretSigner({ suite: secp256k1, secret, authority: body.authority, address: body.sender })
  const signed = (await signTransaction({ body, signer })).transaction
  const value = combineTransactions([file.transaction, signed], { suites })
  await writeNew(options.out, writeTransactionFile({ ...file, transaction: value }))
  printFile(options, { file: options.out, value, lines: [] })
}

async function submitFiles(paths: readonly string[], options: CommonOptions): Promise<void> {
  const files = paths.map((path) => readTransactionFile(readGiven(path).toString('utf8'))) as [
    TransactionFile,
    ...TransactionFile[],
  ]
  const copies = files.map((file) => file.transaction) as [Transaction, ...Transaction[]]
  const value = combineTransactions(copies, { suites })
  const chain = await describe(options)
  const { chainId, fingerprint } = chain.metadata
  if (fingerprint !== value.body.fingerprint)
    throw cliFail.OTHER_CHAIN_FILE({ file: paths[0] as string, want: chainId, got: files[0].chainId })
  const shown = progress(options, { label: say('tx.waiting') })
  try {
    const id = await submitBytes(transportOf(options), encode(transaction, value))
    printSent(options, chain, await waitFor(options, id, value.body))
  } finally {
    shown.end()
  }
}

interface Found {
  readonly height?: string
  readonly final: boolean
  readonly dropped?: Refusal | null
  readonly refusal?: Refusal | null
  readonly receipt?: { readonly error: { readonly code: string } | null; readonly events: Sent['events'] }
}
interface Refusal {
  readonly code: string
  readonly message: string
  readonly hint: string
}

/** Waits until a submitted transaction is final. Throws its refusal, or `cli/EXPIRED` when it can no longer happen. */
async function waitFor(
  options: CommonOptions,
  id: Hash,
  { fee, validUntil }: TransactionBody,
): Promise<Sent> {
  const request = transportOf(options)
  for (;;) {
    const state = await found()
    if (state?.dropped) throw new ChainError(state.dropped)
    if (state?.receipt && state.final) {
      if (state.receipt.error)
        throw new ChainError(state.refusal ?? { ...state.receipt.error, message: '', hint: '' })
      return {
        id,
        fee,
        height: height(BigInt(state.height ?? '')),
        final: true,
        events: state.receipt.events,
      }
    }
    const { height: now } = (await request('chain_status')) as { height: string }
    if (BigInt(now) > validUntil && !(await found())) throw cliFail.EXPIRED({ id, validUntil })
    await new Promise((resolve) => setTimeout(resolve, 100))
  }

  async function found(): Promise<Found | undefined> {
    try {
      return (await request('chain_transaction', { id })) as Found
    } catch (error) {
      if (isChainError(error) && error.code === 'rpc/TRANSACTION_NOT_FOUND') return undefined
      throw error
    }
  }
}

function preview(
  chain: DescribedChain | undefined,
  { body }: Transaction,
  file?: { readonly chainId: string; readonly addressPrefix: string },
): readonly string[] {
  const { chainId = '', addressPrefix = '' } = chain?.metadata ?? file ?? {}
  const unit: Unit | undefined = chain && unitOf(chain)
  const shown: PreviewChain = {
    id: chainId,
    addressPrefix,
    ...(unit && { unit }),
    readCall: (call) => readCall(chain, call, addressPrefix),
  }
  return previewTransaction(body, shown, previewIn())
}

/** The words of a preview in the language of this process. */
function previewIn(): PreviewWords {
  const names = Object.keys(previewWords) as (keyof PreviewWords)[]
  return Object.fromEntries(
    names.map((name) => [name, catalogues[language][`preview.${name}` as const]]),
  ) as PreviewWords
}

function readCall(
  chain: DescribedChain | undefined,
  { module, command, input }: TransactionCall,
  addressPrefix: string,
): Json | undefined {
  try {
    if (!chain) return undefined
    const codec = codecFromSchema(chain.command(module, command).input)
    return toJson(codec, decode(codec, input), { addressPrefix })
  } catch {
    return undefined
  }
}

function printFile(
  options: CommonOptions,
  {
    file,
    value,
    lines,
  }: { readonly file: string; readonly value: Transaction; readonly lines: readonly string[] },
): void {
  const { body, signatures } = value
  const { threshold } = body.authority
  const isSigned = signatures.length >= threshold
  const json = {
    file,
    id: transactionId(body),
    nonce: body.nonce.toString(),
    validUntil: body.validUntil.toString(),
    fee: body.fee.toString(),
    signatures: signatures.length,
    signed: isSigned,
  }
  print(options, json, [
    ...lines,
    ...(lines.length > 0 ? [''] : []),
    look(isSigned ? say('file.signed', { file }) : say('file.unsigned', { file }), 'good'),
    ...rows([
      [say('row.id'), json.id],
      [say('row.signatures'), say('file.signatures', { count: signatures.length, threshold })],
    ]),
    `  ${isSigned ? `mmt submit ${file}` : `mmt sign ${file} --from KEY --out FILE`}`,
  ])
}
