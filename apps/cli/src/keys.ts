import { writeFile } from 'node:fs/promises'
import { DEFAULT_PATH, mnemonicToSecret, newMnemonic } from '@mmtchain/crypto'
import { keyNames, openKey, readKey, type StoredKey, storeKey } from '@mmtchain/node'
import { formatAddress, fromHex, toHex } from '@mmtchain/primitives'
import type { Command } from 'commander'
import { type CommonOptions, common, homeOf, prefixOf } from './context.ts'
import { print, rows } from './output.ts'
import { askPassphrase } from './passphrase.ts'
import { cliFail } from './refusals.ts'
import { readSecretFile } from './secret-file.ts'

interface KeyOptions extends CommonOptions {
  readonly prefix?: string
}

/** `mmt keys`: an encrypted keystore in the home. */
export function addKeys(program: Command): void {
  const keys = program.command('keys').description('make and keep keys, encrypted, in the home folder')

  common(
    keys.command('new').argument('<name>').description('make a key from 24 new words'),
    'mmt keys new ann',
  )
    .option('--prefix <letters>', 'the address prefix (that of the home’s chain)')
    .action(async (name: string, options: KeyOptions) => {
      const mnemonic = newMnemonic({ words: 24 })
      const secret = mnemonicToSecret({ mnemonic, path: DEFAULT_PATH })
      const key = await storeKey(homeOf(options).keys, {
        name,
        secret,
        addressPrefix: prefix(options),
        ask: askPassphrase,
      })
      print(options, { ...shown(key, prefix(options)), mnemonic }, [
        `Key ${name} is stored, encrypted with your passphrase.`,
        ...rows([['address', shown(key, prefix(options)).address]]),
        '',
        'These words are the only way to get the key back if the file or the passphrase is lost. Write them on paper:',
        '',
        ...chunks(mnemonic.split(' '), 6).map((words) => `  ${words.join(' ')}`),
      ])
    })

  common(
    keys
      .command('import')
      .argument('<name>')
      .description('store a key from its words or its secret, read from a file'),
    'mmt keys import ann --words words.txt',
  )
    .option('--words <file>', 'a file with BIP-39 words; - reads standard input')
    .option('--secret <file>', 'a file with 64 digits of hex; - reads standard input')
    .option('--path <path>', 'the BIP-32 path of the words', DEFAULT_PATH)
    .option('--prefix <letters>', 'the address prefix (that of the home’s chain)')
    .action(async (name: string, options: KeyOptions & { words?: string; secret?: string; path: string }) => {
      if ((options.words === undefined) === (options.secret === undefined)) {
        throw cliFail.BAD_ARGUMENT({
          name: 'keys import',
          value: name,
          want: 'given exactly one of --words and --secret',
        })
      }
      const text = await readSecretFile((options.words ?? options.secret) as string)
      const secret = options.words
        ? mnemonicToSecret({ mnemonic: text.trim().split(/\s+/).join(' '), path: options.path })
        : fromHex(text.trim().replace(/^0x/, '').toLowerCase())
      const key = await storeKey(homeOf(options).keys, {
        name,
        secret,
        addressPrefix: prefix(options),
        ask: askPassphrase,
      })
      print(options, shown(key, prefix(options)), [
        `Key ${name} is stored.`,
        ...rows([['address', shown(key, prefix(options)).address]]),
      ])
    })

  common(keys.command('list').description('list the keys'), 'mmt keys list').action((options: KeyOptions) => {
    const { keys: folder } = homeOf(options)
    const all = keyNames(folder).map((name) => shown(readKey(folder, name), prefix(options)))
    print(
      options,
      all,
      all.length > 0
        ? rows(all.map(({ name, address }) => [name, address]))
        : ['There are no keys yet; make one with mmt keys new NAME.'],
    )
  })

  common(
    keys.command('show').argument('<name>').description('show a key’s address and public key'),
    'mmt keys show ann',
  ).action((name: string, options: KeyOptions) => {
    const key = shown(readKey(homeOf(options).keys, name), prefix(options))
    print(
      options,
      key,
      rows([
        ['name', key.name],
        ['address', key.address],
        ['publicKey', key.publicKey],
      ]),
    )
  })

  common(
    keys
      .command('export')
      .argument('<name>')
      .description('write a key’s secret, unencrypted, to a new file of mode 0600'),
    'mmt keys export ann --out ann.secret',
  )
    .requiredOption('--out <file>', 'the file to write')
    .action(async (name: string, options: KeyOptions & { out: string }) => {
      const secret = await openKey(homeOf(options).keys, name, askPassphrase)
      await writeNew(options.out, `${toHex(secret)}\n`)
      print(options, { name, file: options.out }, [
        `The secret of ${name} is in ${options.out}. Whoever reads it owns the account.`,
      ])
    })
}

/** Writes a file that does not exist yet, readable by its owner alone. Throws `cli/NOT_EMPTY` and `cli/CANNOT_WRITE`. */
export async function writeNew(file: string, content: string | Uint8Array | Iterable<string>): Promise<void> {
  try {
    await writeFile(file, content, { mode: 0o600, flag: 'wx' })
  } catch (error) {
    const { code } = error as { code?: string }
    if (code === 'EEXIST') throw cliFail.NOT_EMPTY({ file })
    throw cliFail.CANNOT_WRITE({ file, why: code ?? String(error) })
  }
}

function prefix(options: KeyOptions): string {
  return options.prefix ?? prefixOf(homeOf(options))
}

function shown(key: StoredKey, addressPrefix: string) {
  return {
    name: key.name,
    address: formatAddress(key.address, { prefix: addressPrefix }),
    publicKey: toHex(key.publicKey),
  }
}

function chunks<T>(items: readonly T[], size: number): readonly T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  )
}
