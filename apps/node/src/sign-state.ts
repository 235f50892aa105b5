import { rm } from 'node:fs/promises'
import { secp256k1 } from '@mmtchain/crypto'
import type { Engine, GenesisData, Header } from '@mmtchain/kernel'
import {
  type ConsensusSigner,
  checkMemory,
  inspectSignState,
  type Log,
  localSigner,
  loseSignState,
  nodeFail,
  openSignState,
  type RawFile,
  type SignStateOwner,
  systemFile,
  type ValidatorKey,
  writeSignState,
} from '@mmtchain/node-runtime'
import type { Hash } from '@mmtchain/primitives'
import type { Home } from './home.ts'
import type { StoredKey } from './keyring.ts'

/** What to do about a sign state that is missing. */
export type MissingSignState =
  /** Refuse it: the rule. */
  | 'refuse'
  /** The operator says that it is lost: the validator observes before it signs again. */
  | 'lost'
  /** Make one that signs nothing up to the newest block here: for a chain that lives on this machine alone. */
  | 'make'

export function ownerOf(
  fingerprint: Hash,
  { address, publicKey }: Pick<StoredKey, 'address' | 'publicKey'>,
): SignStateOwner {
  return { fingerprint, address, publicKey: { suite: secp256k1.code, key: publicKey } }
}

/** Writes the sign state of a new home: nothing was signed. One that is there stays as it is. */
export async function makeSignState(
  home: Pick<Home, 'signState'>,
  of: { readonly fingerprint: Hash; readonly owner?: SignStateOwner | undefined; readonly floor?: bigint },
): Promise<void> {
  let file: RawFile
  try {
    file = await systemFile(home.signState, 'new')
  } catch (error) {
    if ((error as { code?: unknown }).code === 'EEXIST') return
    throw error
  }
  try {
    await writeSignState(file, of)
  } finally {
    await file.close()
  }
}

/** The signer of a home, whose key lies there. Throws `node/SIGN_STATE_…`. The store must be open, so that no other process has it. */
export async function openSigner(
  home: Home,
  args: {
    readonly key: ValidatorKey
    readonly fingerprint: Hash
    /** The height of the newest block here. */
    readonly tip: bigint
    readonly missing: MissingSignState
    readonly log: Log
  },
): Promise<ConsensusSigner> {
  const { key, fingerprint, tip, missing, log } = args
  const owner = ownerOf(fingerprint, { address: key.address, publicKey: key.suite.publicKey(key.secret) })
  if (missing === 'lost') await lose(home, owner)
  if (missing === 'make') await makeSignState(home, { fingerprint, owner, floor: tip })
  const file = await openExisting(home)
  return localSigner({ key, state: await openSignState({ file, owner, log }) })
}

async function lose(home: Home, owner: SignStateOwner): Promise<void> {
  await rm(home.inputs, { force: true })
  const file = await systemFile(home.signState, 'create')
  try {
    await loseSignState(file, owner, BigInt(Date.now()))
  } finally {
    await file.close()
  }
}

async function openExisting({ signState }: Pick<Home, 'signState'>): Promise<RawFile> {
  try {
    return await systemFile(signState, 'existing')
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT')
      throw nodeFail.SIGN_STATE_MISSING({ file: signState })
    throw error
  }
}

/** What a start would find of the sign state of a home whose node does not run. Throws as that would. */
export async function checkSignState(
  home: Home,
  args: {
    readonly genesis: Pick<GenesisData, 'fingerprint'> & { readonly chain: { readonly engine: Engine } }
    readonly key: StoredKey
    readonly tip: Pick<Header, 'height' | 'proposer'> | undefined
  },
): Promise<{ readonly signedUpTo: bigint; readonly isObserving: boolean; readonly losses: number }> {
  const { genesis, key, tip } = args
  const file = await openExisting(home)
  try {
    const found = await inspectSignState(file, ownerOf(genesis.fingerprint, key))
    const { engine } = genesis.chain
    if (tip) checkMemory({ address: key.address, ...found }, { header: tip, engine, hasNetwork: false })
    return found
  } finally {
    await file.close()
  }
}
