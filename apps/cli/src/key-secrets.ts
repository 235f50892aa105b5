import { DEFAULT_PATH, mnemonicToSecret, newMnemonic } from '@mmtchain/crypto'
import type { StoredKey } from '@mmtchain/node'
import { formatAddress, fromHex, toHex } from '@mmtchain/primitives'
import { readGiven } from './files.ts'
import { say } from './language.ts'

/** Where the secret of a key comes from. */
export interface SecretOptions {
  readonly words?: string
  readonly secret?: string
  readonly path: string
}

/** A new secret and the 24 words that bring it back. */
export function newSecret(): { readonly secret: Uint8Array; readonly mnemonic: string } {
  const mnemonic = newMnemonic({ words: 24 })
  return { mnemonic, secret: mnemonicToSecret({ mnemonic, path: DEFAULT_PATH }) }
}

/** The words of a new key, for people to write down. */
export function mnemonicLines(mnemonic: string): readonly string[] {
  const words = mnemonic.split(' ')
  const lines = Array.from({ length: words.length / 6 }, (_, i) => words.slice(i * 6, i * 6 + 6))
  return [say('keys.new.words'), '', ...lines.map((line) => `  ${line.join(' ')}`)]
}

/** The secret in the file that the options name. */
export function givenSecret(options: SecretOptions): Uint8Array {
  const text = readGiven((options.words ?? options.secret) as string)
    .toString('utf8')
    .trim()
  return options.words
    ? mnemonicToSecret({ mnemonic: text.split(/\s+/).join(' '), path: options.path })
    : fromHex(text.replace(/^0x/, '').toLowerCase())
}

/** A key as it is shown. */
export function shownKey(key: StoredKey, addressPrefix: string) {
  return {
    name: key.name,
    address: formatAddress(key.address, { prefix: addressPrefix }),
    publicKey: toHex(key.publicKey),
  }
}
