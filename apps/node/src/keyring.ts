import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { bytes, fromJson, hash, type Infer, option, struct, text } from '@mmtchain/codec'
import { decryptSecret, encryptSecret, secp256k1 } from '@mmtchain/crypto'
import {
  type Address,
  addressFromBytes,
  equalBytes,
  formatAddress,
  fromHex,
  isChainError,
  toHex,
} from '@mmtchain/primitives'
import { authorityAddress, singleKey } from '@mmtchain/tx'
import { makeFolder, writeAtomic } from './atomic-file.ts'
import { homeFail } from './refusals.ts'

/** A key as its file shows it. The secret is inside `keystore`, encrypted. */
export interface StoredKey {
  readonly name: string
  /** The account that it signs for. */
  readonly address: Address
  readonly publicKey: Uint8Array
  readonly keystore: string
  /** A file beside the key that holds its passphrase; for the demo keys of development chains only. */
  readonly passphraseFile: string | null
}

/** Gives the passphrase of a key, by asking or from a file. */
export type AskPassphrase = (key: { readonly name: string; readonly isNew: boolean }) => Promise<string>

const keyFile = struct({
  name: text({ bytesMax: 64 }),
  suite: text({ bytesMax: 32 }),
  /** The 32 bytes of the address as hex, so that the file fits every chain; `address` beside it is for people. */
  account: hash,
  publicKey: bytes({ bytesMax: 64 }),
  keystore: text({ bytesMax: 16_384 }),
  passphraseFile: option(text({ bytesMax: 255 })),
})

/** Stores a secret under a name. Throws `home/KEY_EXISTS` and `home/BAD_KEY_NAME`; never overwrites. */
export async function storeKey(
  folder: string,
  args: {
    readonly name: string
    readonly secret: Uint8Array
    readonly addressPrefix: string
    readonly ask: AskPassphrase
    /** The account that this key shall have signed for; without it, the one that begins with this key. */
    readonly account?: Address
  },
): Promise<StoredKey> {
  const { name, secret, account } = args
  checkFree(folder, name)
  const passphrase = await args.ask({ name, isNew: true })
  return write(folder, {
    name,
    secret,
    addressPrefix: args.addressPrefix,
    keystore: await encryptSecret({ secret, passphrase }),
    passphraseFile: null,
    ...(account !== undefined && { account }),
  })
}

/**
 * Has the key `by` take the name of another, which is kept under a third name. Whatever interrupts it, both keys are there: the
 * copy under the new name is on disk before the old name is given away. Throws `home/UNKNOWN_KEY` and `home/KEY_EXISTS`.
 */
export async function replaceKey(
  folder: string,
  { name, by, keep }: { readonly name: string; readonly by: string; readonly keep: string },
): Promise<StoredKey> {
  const old = readKey(folder, name)
  readKey(folder, by)
  const path = (key: string) => join(folder, `${checkedName(key)}.json`)
  const named = (from: string, to: string) =>
    `${JSON.stringify({ ...Object(JSON.parse(readFileSync(path(from), 'utf8'))), name: to }, null, 2)}\n`
  try {
    await writeAtomic(path(keep), named(name, keep), { mode: 0o600, isNew: true })
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'EEXIST') throw error
    // A copy of the same key is from the run that was interrupted.
    if (!equalBytes(readKey(folder, keep).publicKey, old.publicKey)) throw homeFail.KEY_EXISTS({ name: keep })
  }
  await writeAtomic(path(name), named(by, name), { mode: 0o600 })
  await rm(path(by))
  return readKey(folder, name)
}

/**
 * Makes the keys of a development chain. Their passphrase is random, in a file of mode 0600 beside them; having 256 bits, it
 * needs no costly derivation.
 */
export async function makeDemoKeys(
  folder: string,
  { names, addressPrefix }: { readonly names: readonly string[]; readonly addressPrefix: string },
): Promise<readonly StoredKey[]> {
  await makeFolder(folder, { mode: 0o700 })
  const passphraseFile = 'demo-passphrase'
  const path = join(folder, passphraseFile)
  if (!existsSync(path))
    await writeAtomic(path, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600, isNew: true })
  const passphrase = readFileSync(path, 'utf8').trim()
  const made: StoredKey[] = []
  for (const name of names) {
    checkFree(folder, name)
    const secret = secp256k1.generateSecret()
    const keystore = await encryptSecret({ secret, passphrase, scryptLog2N: 10 })
    made.push(await write(folder, { name, secret, addressPrefix, keystore, passphraseFile }))
  }
  return made
}

/** The names of the keys in a folder. */
export function keyNames(folder: string): readonly string[] {
  if (!existsSync(folder)) return []
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'))
  return files.map((file) => file.slice(0, -'.json'.length)).sort()
}

/** Reads a key's file. Throws `home/UNKNOWN_KEY` and `home/BAD_FILE`. */
export function readKey(folder: string, name: string): StoredKey {
  const file = join(folder, `${checkedName(name)}.json`)
  if (!existsSync(file)) throw homeFail.UNKNOWN_KEY({ name, known: keyNames(folder) })
  try {
    const { address: _, ...stored } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
    const { account, ...key }: Infer<typeof keyFile> = fromJson(keyFile, stored)
    return { ...key, address: addressFromBytes(fromHex(account)) }
  } catch (error) {
    if (!isChainError(error) && !(error instanceof SyntaxError)) throw error
    throw homeFail.BAD_FILE({ file, why: error.message })
  }
}

/** Decrypts a key's secret. Throws `crypto/KEYSTORE_WRONG_PASSPHRASE`, and `home/NO_PASSPHRASE_FILE` for a demo key without it. */
export async function openKey(folder: string, name: string, ask: AskPassphrase): Promise<Uint8Array> {
  const key = readKey(folder, name)
  const beside = key.passphraseFile === null ? undefined : join(folder, checkedName(key.passphraseFile))
  const passphrase = beside ? readPassphrase(beside, name) : await ask({ name, isNew: false })
  return decryptSecret({ keystore: key.keystore, passphrase })
}

function readPassphrase(file: string, name: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    throw homeFail.NO_PASSPHRASE_FILE({ file, name, why: (error as Error).message })
  }
}

/** Takes passphrases from the file that `MMT_PASSPHRASE_FILE` names. Throws `home/PASSPHRASE_NEEDED` when there is none. */
export const passphraseFromFile: AskPassphrase = async ({ name }) => {
  const file = process.env.MMT_PASSPHRASE_FILE
  if (!file) throw homeFail.PASSPHRASE_NEEDED({ name })
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '')
  } catch (error) {
    throw homeFail.BAD_FILE({ file, why: String(error) })
  }
}

async function write(
  folder: string,
  args: {
    readonly name: string
    readonly secret: Uint8Array
    readonly addressPrefix: string
    readonly keystore: string
    readonly passphraseFile: string | null
    readonly account?: Address
  },
): Promise<StoredKey> {
  const { name, keystore, passphraseFile } = args
  const publicKey = secp256k1.publicKey(args.secret)
  const address = args.account ?? authorityAddress(singleKey({ suite: secp256k1.code, key: publicKey }))
  const shown = {
    name,
    address: formatAddress(address, { prefix: args.addressPrefix }),
    account: address.slice(2),
    suite: secp256k1.name,
    publicKey: toHex(publicKey),
    keystore,
    passphraseFile,
  }
  await makeFolder(folder, { mode: 0o700 })
  try {
    await writeAtomic(join(folder, `${name}.json`), `${JSON.stringify(shown, null, 2)}\n`, {
      mode: 0o600,
      isNew: true,
    })
  } catch (error) {
    if ((error as { code?: unknown }).code === 'EEXIST') throw homeFail.KEY_EXISTS({ name })
    throw error
  }
  return { name, address, publicKey, keystore, passphraseFile }
}

function checkFree(folder: string, name: string): void {
  if (existsSync(join(folder, `${checkedName(name)}.json`))) throw homeFail.KEY_EXISTS({ name })
}

function checkedName(name: string): string {
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_-]{0,63}$/.test(name)) throw homeFail.BAD_KEY_NAME({ name })
  return name
}
