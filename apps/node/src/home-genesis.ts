import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import {
  type Genesis,
  type GenesisData,
  readGenesis,
  readGenesisHead,
  writeGenesisHead,
} from '@mmtchain/kernel'
import { isChainError } from '@mmtchain/primitives'
import { writeAtomic } from './atomic-file.ts'
import type { AnyChain } from './chain-file.ts'
import { type Home, readJson } from './home.ts'
import { homeFail } from './refusals.ts'

/** A genesis whose documents lie in a file, with the chain that was loaded. */
type LoadedGenesis = GenesisData & { readonly chain: AnyChain }

/** The genesis of a home, for as long as a node runs. */
export interface HomeGenesis {
  /** Its documents come from the file; from the first that is asked for they are held until `settle`. */
  readonly genesis: LoadedGenesis
  /** Lets go of the documents once block 0 is there, and has later starts read no more of the file than its hash. */
  settle(): Promise<void>
}

/**
 * Reads the genesis of a home and compares it with the chain file. A file that a node began with before is only hashed: its
 * documents, which may name a million accounts, make block 0 and nothing else. Throws `home/BAD_FILE`, `kernel/BAD_GENESIS` and
 * `kernel/GENESIS_MISMATCH`.
 */
export async function readHomeGenesis(home: Home, chain: AnyChain): Promise<HomeGenesis> {
  const sha256 = await sha256Of(home.genesis)
  let held: Genesis<unknown> | undefined
  const document = (module: string) => {
    held ??= readGenesis(chain, readJson(home.genesis))
    if (held.fingerprint !== genesis.fingerprint)
      throw homeFail.BAD_FILE({ file: home.genesis, why: 'it was exchanged while the node ran.' })
    return held.document(module)
  }
  const remembered = readRemembered(home)
  const known = remembered?.sha256 === sha256 ? readKnown(chain, remembered.head, document) : undefined
  if (!known) held = readGenesis(chain, readJson(home.genesis))
  const head = held && writeGenesisHead(held)
  const genesis: LoadedGenesis = known ?? readGenesisHead(chain, head, document)
  return {
    genesis,
    async settle() {
      held = undefined
      if (head) await writeAtomic(home.genesisHead, `${JSON.stringify({ sha256, head })}\n`)
    },
  }
}

/** True if a node began with this very file before, so that nothing has to be read of it any more. */
export async function isRemembered(home: Home): Promise<boolean> {
  return existsSync(home.genesisHead) && readRemembered(home)?.sha256 === (await sha256Of(home.genesis))
}

/** What an earlier start wrote of a genesis file. */
interface Remembered {
  readonly sha256: string
  readonly head: unknown
}

/** A damaged file is as good as none: it is made anew. */
function readRemembered(home: Home): Remembered | undefined {
  if (!existsSync(home.genesisHead)) return undefined
  const text = readFileSync(home.genesisHead, 'utf8')
  try {
    return JSON.parse(text) ?? undefined
  } catch {
    return undefined
  }
}

/** The head that was remembered, unless it does not fit the chain file: then the whole file says why. */
function readKnown(
  chain: AnyChain,
  head: unknown,
  document: (module: string) => unknown,
): LoadedGenesis | undefined {
  try {
    return readGenesisHead(chain, head, document)
  } catch (error) {
    if (!isChainError(error)) throw error
    return undefined
  }
}

/** In pieces of one buffer: a large file is not to leave its size in garbage. */
async function sha256Of(file: string): Promise<string> {
  const sha256 = createHash('sha256')
  const piece = Buffer.allocUnsafe(1 << 20)
  try {
    const handle = await open(file)
    try {
      for (;;) {
        const { bytesRead } = await handle.read(piece)
        if (bytesRead === 0) return sha256.digest('hex')
        sha256.update(piece.subarray(0, bytesRead))
      }
    } finally {
      await handle.close()
    }
  } catch (error) {
    throw homeFail.BAD_FILE({ file, why: `${(error as Error).message}.` })
  }
}
