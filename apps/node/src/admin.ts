import { createHash, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { fromJson, type Infer, struct, text } from '@mmtchain/codec'
import { isChainError, hash as toHash } from '@mmtchain/primitives'
import type { RpcSettings } from '@mmtchain/rpc'
import { writeAtomic } from './atomic-file.ts'
import { type Home, readJson } from './home.ts'
import { homeFail } from './refusals.ts'

// Who may read the secrets of a home may operate its node: each start makes a token of its own and leaves it in a file of mode 0600.

const adminFile = struct({ url: text({ bytesMax: 1_024 }), token: text({ bytesMax: 128 }) })

/** Where the running node of a home answers, and a token of it with all roles. */
export type HomeAdmin = Infer<typeof adminFile>

/** A token for the time that a node runs. */
export interface OwnToken {
  /** The settings with this token among the others. */
  readonly settings: RpcSettings
  /** Leaves the token in the home, for whoever may read that. */
  publish(url: string): Promise<void>
  remove(): Promise<void>
}

export function ownToken(home: Home, settings: RpcSettings): OwnToken {
  const token = randomBytes(32).toString('hex')
  const sha256 = toHash(createHash('sha256').update(token).digest('hex'))
  const own = { name: 'home', sha256, roles: ['read', 'submit', 'admin'] }
  return {
    settings: { ...settings, tokens: [...settings.tokens, own] },
    publish: (url) => writeAtomic(home.admin, `${JSON.stringify({ url, token })}\n`, { mode: 0o600 }),
    remove: () => rm(home.admin, { force: true }),
  }
}

/** What the node left that runs on a home, or that ran last and was killed; undefined where there is nothing. Throws `home/BAD_FILE`. */
export function readAdmin(home: Home): HomeAdmin | undefined {
  if (!existsSync(home.admin)) return undefined
  const json = readJson(home.admin)
  try {
    return fromJson(adminFile, json)
  } catch (error) {
    if (!isChainError(error)) throw error
    throw homeFail.BAD_FILE({ file: home.admin, why: error.message })
  }
}
