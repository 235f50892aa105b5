// Keys from words: BIP-39 (English list) and BIP-32.
import { HDKey } from '@scure/bip32'
import { entropyToMnemonic, mnemonicToSeedSync, validateMnemonic } from '@scure/bip39'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import { randomBytes, wipe } from './random.ts'
import { cryptoFail } from './refusals.ts'

/** The path of the first key. Its coin type 9999 is not registered in SLIP-44. */
export const DEFAULT_PATH = "m/44'/9999'/0'/0/0"

const PATH_DEPTH_MAX = 16

/**
 * New random words, separated by single spaces: 12 carry 128 bits, 24 carry 256. Throws `crypto/BAD_MNEMONIC_LENGTH` and
 * `crypto/NO_RANDOMNESS`.
 */
export function newMnemonic({ words }: { readonly words: 12 | 24 }): string {
  if (words !== 12 && words !== 24) throw cryptoFail.BAD_MNEMONIC_LENGTH({ words })
  const entropy = randomBytes(words === 12 ? 16 : 32)
  const mnemonic = entropyToMnemonic(entropy, wordlist)
  wipe(entropy)
  return mnemonic
}

/**
 * The 32-byte secret at a BIP-32 path below the words and the optional BIP-39 passphrase, the "25th word". It is a
 * secp256k1 secret and, being 32 bytes, also serves the other suites as a seed; SLIP-10 wallets derive ed25519 keys
 * differently. Refuses in this order: `crypto/BAD_MNEMONIC_LENGTH`, `crypto/UNKNOWN_MNEMONIC_WORD`,
 * `crypto/MNEMONIC_TYPO`, `crypto/BAD_KEY_PATH`. Takes some tens of milliseconds (PBKDF2).
 */
export function mnemonicToSecret({
  mnemonic,
  path = DEFAULT_PATH,
  passphrase = '',
}: {
  readonly mnemonic: string
  readonly path?: string | undefined
  readonly passphrase?: string | undefined
}): Uint8Array {
  checkMnemonic(mnemonic)
  checkPath(path)
  const seed = mnemonicToSeedSync(mnemonic, passphrase)
  const secret = secretAtPath(seed, path)
  wipe(seed)
  return secret
}

/**
 * The 32-byte secret at a BIP-32 path below a seed of 16 to 64 bytes, for those who keep seeds and not words. Throws
 * `crypto/BAD_SEED` and `crypto/BAD_KEY_PATH`.
 */
export function seedToSecret({
  seed,
  path = DEFAULT_PATH,
}: {
  readonly seed: Uint8Array
  readonly path?: string | undefined
}): Uint8Array {
  if (seed.length < 16 || seed.length > 64) throw cryptoFail.BAD_SEED({ length: seed.length })
  checkPath(path)
  return secretAtPath(seed, path)
}

function secretAtPath(seed: Uint8Array, path: string): Uint8Array {
  const root = HDKey.fromMasterSeed(seed)
  // BIP-32 skips an index whose key is no secret of the curve; the chance is below 2^-127, and scure throws.
  const key = root.derive(path)
  const secret = Uint8Array.from(key.privateKey as Uint8Array)
  key.wipePrivateData()
  root.wipePrivateData()
  return secret
}

function checkMnemonic(mnemonic: string): void {
  const words = mnemonic.split(' ')
  if (![12, 15, 18, 21, 24].includes(words.length))
    throw cryptoFail.BAD_MNEMONIC_LENGTH({ words: words.length })
  const unknown = words.findIndex((word) => !wordlist.includes(word))
  if (unknown >= 0) throw cryptoFail.UNKNOWN_MNEMONIC_WORD({ position: unknown + 1 })
  if (!validateMnemonic(mnemonic, wordlist)) throw cryptoFail.MNEMONIC_TYPO({})
}

function checkPath(path: string): void {
  const [root, ...steps] = path.split('/')
  const usable = root === 'm' && steps.length <= PATH_DEPTH_MAX && steps.every(isPathStep)
  if (!usable) throw cryptoFail.BAD_KEY_PATH({ path })
}

function isPathStep(step: string): boolean {
  const match = /^(0|[1-9][0-9]{0,9})'?$/.exec(step)
  return match !== null && Number(match[1]) < 2 ** 31
}
