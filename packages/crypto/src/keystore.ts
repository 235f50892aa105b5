// Secrets at rest: age files (https://age-encryption.org/v1) under a passphrase: scrypt, then ChaCha20-Poly1305. The
// `age` command opens them, too. The library is loaded on first use.
import { cryptoFail } from './refusals.ts'

/** 2^18 blocks of 1 KiB: 256 MiB of memory, and about a second. */
const SCRYPT_LOG2_N = 18
/** The age library refuses to open a file with more. */
const SCRYPT_LOG2_N_MAX = 20
const SECRET_BYTES_MAX = 4096
const PASSPHRASE_MAX = 1024
const KEYSTORE_MAX = 16_384

/**
 * Encrypts 1 to 4,096 secret bytes under a passphrase, which is used in Unicode form NFKC, so that every keyboard opens
 * it. The answer is an age file in ASCII armour. `scryptLog2N` makes tests fast; leave it out for anything else. Throws
 * `crypto/KEYSTORE_BAD_SECRET`, `crypto/BAD_PASSPHRASE` and `crypto/BAD_SCRYPT_COST`.
 */
export async function encryptSecret({
  secret,
  passphrase,
  scryptLog2N = SCRYPT_LOG2_N,
}: {
  readonly secret: Uint8Array
  readonly passphrase: string
  readonly scryptLog2N?: number | undefined
}): Promise<string> {
  const { length } = secret
  if (length < 1 || length > SECRET_BYTES_MAX) throw cryptoFail.KEYSTORE_BAD_SECRET({ length })
  const normal = normalPassphrase(passphrase)
  if (!Number.isInteger(scryptLog2N) || scryptLog2N < 1 || scryptLog2N > SCRYPT_LOG2_N_MAX) {
    throw cryptoFail.BAD_SCRYPT_COST({ scryptLog2N })
  }
  const { armor, Encrypter } = await import('age-encryption')
  const encrypter = new Encrypter()
  encrypter.setPassphrase(normal)
  encrypter.setScryptWorkFactor(scryptLog2N)
  return armor.encode(await encrypter.encrypt(secret))
}

/**
 * The secret in a keystore of `encryptSecret`. Throws `crypto/BAD_PASSPHRASE`, `crypto/KEYSTORE_WRONG_PASSPHRASE`
 * when the passphrase does not open it, and `crypto/KEYSTORE_DAMAGED` when the file is not whole.
 */
export async function decryptSecret({
  keystore,
  passphrase,
}: {
  readonly keystore: string
  readonly passphrase: string
}): Promise<Uint8Array> {
  const normal = normalPassphrase(passphrase)
  if (keystore.length > KEYSTORE_MAX) throw cryptoFail.KEYSTORE_DAMAGED({ reason: 'it is too long' })
  const { armor, Decrypter } = await import('age-encryption')
  const decrypter = new Decrypter()
  decrypter.addPassphrase(normal)
  try {
    return await decrypter.decrypt(armor.decode(keystore))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    if (reason.startsWith('no identity matched')) throw cryptoFail.KEYSTORE_WRONG_PASSPHRASE({})
    throw cryptoFail.KEYSTORE_DAMAGED({ reason })
  }
}

function normalPassphrase(passphrase: string): string {
  if (passphrase === '') throw cryptoFail.BAD_PASSPHRASE({ reason: 'it is empty' })
  if (passphrase.length > PASSPHRASE_MAX) throw cryptoFail.BAD_PASSPHRASE({ reason: 'it is too long' })
  return passphrase.normalize('NFKC')
}
