// Who is behind an account: kept by the registrar, encrypted under a key of each holder, which is destroyed to erase it.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sha256 } from '@mmtchain/crypto'
import { type Address, type Hash, hash, isChainError, utf8 } from '@mmtchain/primitives'
import { credentialFail } from './refusals.ts'

/** What a registrar keeps of a holder. */
export interface Identity {
  readonly holder: Address
  /** What the person is known by, and what was shown. */
  readonly identity: string
  readonly claims: { readonly [name: string]: unknown }
  /** The credential whose commitment is on the chain. */
  readonly credential: string
  readonly claimSalt: string
  readonly personSalt: string
}
/** Where identities are kept. Another store than files implements these three. */
export interface IdentityVault {
  put(identity: Identity): Promise<void>
  /** Throws `kyc/NO_IDENTITY`. */
  get(holder: Address): Promise<Identity>
  /** Destroys key and data; a second time does nothing. */
  destroy(holder: Address): Promise<void>
}
/** A look-up as the chain has it (query `lookUp`). */
export interface LoggedLookUp {
  readonly regulator: Address
  readonly holder: Address
  readonly registrar: Address
  readonly answer: Hash | null
}

const CIPHER = 'aes-256-gcm'
const NONCE_BYTES = 12
const TAG_BYTES = 16

/**
 * A vault in files: data in `path/data`, keys in `path/keys`, so that backups of the data alone tell nothing. To erase a holder its key is
 * overwritten and removed; whoever backs up `keys` must destroy the key there too.
 */
export async function fileVault({ path }: { readonly path: string }): Promise<IdentityVault> {
  const folders = { data: join(path, 'data'), keys: join(path, 'keys') }
  for (const folder of Object.values(folders)) await mkdir(folder, { recursive: true, mode: 0o700 })
  const file = (folder: keyof typeof folders, holder: Address) => {
    if (!/^0x[0-9a-f]{64}$/.test(holder)) throw credentialFail.NO_IDENTITY({ holder })
    return join(folders[folder], holder)
  }
  return {
    async put(identity) {
      const { holder } = identity
      const [key, nonce] = [randomBytes(32), randomBytes(NONCE_BYTES)]
      const cipher = createCipheriv(CIPHER, key, nonce).setAAD(Buffer.from(holder))
      const sealed = Buffer.concat([cipher.update(JSON.stringify(identity), 'utf8'), cipher.final()])
      await writeFile(file('keys', holder), key, { mode: 0o600, flush: true })
      await writeFile(file('data', holder), Buffer.concat([nonce, cipher.getAuthTag(), sealed]), {
        mode: 0o600,
        flush: true,
      })
    },
    async get(holder) {
      try {
        const [key, data] = await Promise.all([
          readFile(file('keys', holder)),
          readFile(file('data', holder)),
        ])
        const decipher = createDecipheriv(CIPHER, key, data.subarray(0, NONCE_BYTES)).setAAD(
          Buffer.from(holder),
        )
        decipher.setAuthTag(data.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES))
        const plain = Buffer.concat([
          decipher.update(data.subarray(NONCE_BYTES + TAG_BYTES)),
          decipher.final(),
        ])
        return JSON.parse(plain.toString('utf8')) as Identity
      } catch (error) {
        if (isChainError(error)) throw error
        throw credentialFail.NO_IDENTITY({ holder })
      }
    },
    async destroy(holder) {
      await overwrite(file('keys', holder))
      await rm(file('keys', holder), { force: true })
      await rm(file('data', holder), { force: true })
    },
  }
}

async function overwrite(path: string): Promise<void> {
  try {
    const handle = await open(path, 'r+')
    await handle.write(randomBytes(32), 0, 32, 0).finally(() => handle.sync())
    await handle.close()
  } catch (error) {
    if ((error as { code?: string }).code !== 'ENOENT') throw error
  }
}

/**
 * The identity that a regulator asked for, when the chain has its look-up and this registrar was asked; with the hash that answers it on the
 * chain (command `answerLookUp`). Throws `kyc/NOT_LOGGED`, `kyc/NO_IDENTITY`.
 */
export async function releaseIdentity(given: {
  readonly vault: IdentityVault
  readonly registrar: Address
  readonly regulators: readonly Address[]
  /** From a final block; nothing where the chain has none of that number. */
  readonly lookUp: LoggedLookUp | null
}): Promise<{ readonly identity: Identity; readonly answer: Hash }> {
  const { vault, registrar, regulators, lookUp } = given
  if (!lookUp) throw credentialFail.NOT_LOGGED({ why: 'the chain has no such look-up' })
  if (lookUp.registrar !== registrar) throw credentialFail.NOT_LOGGED({ why: `it asks ${lookUp.registrar}` })
  if (lookUp.answer !== null) throw credentialFail.NOT_LOGGED({ why: 'it is answered' })
  if (!regulators.includes(lookUp.regulator))
    throw credentialFail.NOT_LOGGED({ why: `${lookUp.regulator} is no regulator any more` })
  const identity = await vault.get(lookUp.holder)
  return { identity, answer: answerHash(identity) }
}

/** The hash of what is handed over. The salts in it keep it from being guessed. */
export function answerHash(identity: Identity): Hash {
  return hash(sha256(utf8(JSON.stringify(identity))))
}
