import { DEFAULT_PATH } from '@mmtchain/crypto'
import { keyNames, openKey, readKey, storeKey } from '@mmtchain/node'
import { toHex } from '@mmtchain/primitives'
import type { Command } from 'commander'
import { type CommonOptions, common, homeOf, prefixOf, remote, withExample } from './context.ts'
import { writeNew } from './files.ts'
import { givenSecret, mnemonicLines, newSecret, type SecretOptions, shownKey } from './key-secrets.ts'
import { say } from './language.ts'
import { look, print, rows, table } from './output.ts'
import { askPassphrase } from './passphrase.ts'
import { cliFail } from './refusals.ts'
import { rotateKey } from './rotate.ts'

interface KeyOptions extends CommonOptions {
  readonly prefix?: string
}

/** `mmt keys`: an encrypted keystore in the home. */
export function addKeys(program: Command): void {
  const keys = withExample(program.command('keys').description(say('keys.about')), 'mmt keys new ann')
  const name = `<${say('arg.name')}>`

  common(keys.command('new').argument(name).description(say('keys.new.about')), 'mmt keys new ann')
    .option('--prefix <letters>', say('keys.prefix'))
    .action(newKey)
  withSecret(
    common(
      keys.command('import').argument(name).description(say('keys.import.about')),
      'mmt keys import ann --words words.txt',
    ),
  )
    .option('--prefix <letters>', say('keys.prefix'))
    .action(importKey)
  common(keys.command('list').description(say('keys.list.about')), 'mmt keys list').action(listKeys)
  common(keys.command('show').argument(name).description(say('keys.show.about')), 'mmt keys show ann').action(
    showKey,
  )
  common(
    keys.command('export').argument(name).description(say('keys.export.about')),
    'mmt keys export ann --out ann.secret',
  )
    .requiredOption('--out <file>', say('option.out'))
    .action(exportKey)
  withSecret(
    remote(
      keys.command('rotate').argument(name).description(say('keys.rotate.about')),
      'mmt keys rotate ann',
    ).option('--fee-max <amount>', say('tx.feeMax')),
  ).action(rotateKey)
}

function withSecret(command: Command): Command {
  return command
    .option('--words <file>', say('keys.words'))
    .option('--secret <file>', say('keys.secret'))
    .option('--path <path>', say('keys.path'), DEFAULT_PATH)
}

async function newKey(name: string, options: KeyOptions): Promise<void> {
  const { secret, mnemonic } = newSecret()
  const key = await storeKey(homeOf(options).keys, {
    name,
    secret,
    addressPrefix: prefix(options),
    ask: askPassphrase,
  })
  const shown = shownKey(key, prefix(options))
  print(options, { ...shown, mnemonic }, [
    look(say('keys.new.done', { name }), 'good'),
    ...rows([[say('row.address'), shown.address]]),
    '',
    ...mnemonicLines(mnemonic),
  ])
}

async function importKey(name: string, options: KeyOptions & SecretOptions): Promise<void> {
  if ((options.words === undefined) === (options.secret === undefined))
    throw cliFail.BAD_ARGUMENT({ name: 'keys import', value: name, want: say('want.wordsOrSecret') })
  const secret = givenSecret(options)
  const key = await storeKey(homeOf(options).keys, {
    name,
    secret,
    addressPrefix: prefix(options),
    ask: askPassphrase,
  })
  const shown = shownKey(key, prefix(options))
  print(options, shown, [
    look(say('keys.import.done', { name }), 'good'),
    ...rows([[say('row.address'), shown.address]]),
  ])
}

function listKeys(options: KeyOptions): void {
  const { keys: folder } = homeOf(options)
  const all = keyNames(folder).map((name) => shownKey(readKey(folder, name), prefix(options)))
  const cells = all.map(({ name, address }) => [name, address])
  const lines = table(cells, [say('row.name'), say('row.address')])
  print(options, all, all.length > 0 ? lines : [say('keys.list.none')])
}

function showKey(name: string, options: KeyOptions): void {
  const key = shownKey(readKey(homeOf(options).keys, name), prefix(options))
  print(
    options,
    key,
    rows([
      [say('row.name'), key.name],
      [say('row.address'), key.address],
      [say('row.publicKey'), key.publicKey],
    ]),
  )
}

async function exportKey(name: string, options: KeyOptions & { out: string }): Promise<void> {
  const secret = await openKey(homeOf(options).keys, name, askPassphrase)
  await writeNew(options.out, `${toHex(secret)}\n`)
  print(options, { name, file: options.out }, [say('keys.export.done', { name, file: options.out })])
}

function prefix(options: KeyOptions): string {
  return options.prefix ?? prefixOf(homeOf(options))
}
