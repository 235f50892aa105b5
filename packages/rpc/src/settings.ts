import { bool, hash, type Infer, list, struct, text, u32 } from '@mmtchain/codec'
import { rpcFail } from './refusals.ts'

/** What a caller may do. `read` looks, `submit` sends transactions, `admin` operates the node. */
export type Role = 'read' | 'submit' | 'admin'

const roles = list(text({ bytesMax: 16 }), { max: 3 })

/** What bounds callers. A call of a batch counts as one request; so does a block that is replayed for a subscription. */
export const rpcLimits = struct({
  /** The longest body of a request, and the longest message of a WebSocket. */
  bodyBytesMax: u32,
  /** The most calls of one batch. */
  batchMax: u32,
  /** How deep arrays and objects of a request may stand in each other. */
  nestingMax: u32,
  /** The most bytes of one answer; a batch whose answers have passed them is cut short. */
  answerBytesMax: u32,
  /** The most connections at a time, and of them from one address. */
  connectionsMax: u32,
  connectionsPerAddressMax: u32,
  /** Requests a second of one connection and of one address; twice as many may come at once. */
  connectionRate: u32,
  addressRate: u32,
  /**
   * Milliseconds of the node's own thread in a second that queries, trials and long answers may take, of one address and of all together: they run
   * beside the chain. One that has begun is done; what it took too much is missing from the next seconds.
   */
  addressWorkMs: u32,
  workMs: u32,
  /** The most weight of a transaction that is tried by `tx_simulate`, about a microsecond each. */
  trialWeightMax: u32,
  /** Whether the limits of connections, rates and work per address hold for callers on this machine, a proxy among them. */
  limitLoopback: bool,
  /** The most subscriptions of one connection. */
  subscriptionsMax: u32,
  /** How long a request may take, and how long a connection may leave an answer unread before it is dropped. */
  requestTimeoutMs: u32,
  stallTimeoutMs: u32,
})
export type RpcLimits = Infer<typeof rpcLimits>

/** A bearer token. Only its SHA-256 is written down: `openssl rand -hex 32`, then `printf %s TOKEN | sha256sum`. */
const token = struct({ name: text({ bytesMax: 64 }), sha256: hash, roles })

/** How a server meets its callers: for the configuration of a node. */
export const rpcSettingsFields = {
  limits: rpcLimits,
  /** Pages of these origins may call, for example `https://explorer.example`; `*` is any. The server's own origin always may. */
  origins: list(text({ bytesMax: 255 }), { max: 64 }),
  /** Names under which the server is known, besides `localhost` and IP addresses. */
  hosts: list(text({ bytesMax: 255 }), { max: 64 }),
  /** The roles of callers without a token. */
  anonymous: roles,
  tokens: list(token, { max: 256 }),
}
export const rpcSettings = struct(rpcSettingsFields)
export type RpcSettings = Infer<typeof rpcSettings>

/** Timers of Node.js fire at once when they are set to more. */
const TIMER_MS_MAX = 2 ** 31 - 1

/** Throws `rpc/BAD_SETTINGS` for a limit under which nothing could be answered, or that no timer can keep. */
export function checkLimits(limits: RpcLimits): void {
  for (const [name, value] of Object.entries(limits)) {
    const path = `limits.${name}`
    // Without subscriptions a server is of use all the same.
    const min = name === 'subscriptionsMax' ? 0 : 1
    if (typeof value !== 'number') continue
    if (value < min) throw rpcFail.BAD_SETTINGS({ path, why: `${value} is less than ${min}` })
    if (name.endsWith('Ms') && value > TIMER_MS_MAX)
      throw rpcFail.BAD_SETTINGS({ path, why: `${value} is more than ${TIMER_MS_MAX}` })
  }
}

const MIB = 1024 * 1024

export const RPC_LIMITS_DEFAULT: RpcLimits = {
  bodyBytesMax: 8 * MIB,
  batchMax: 100,
  nestingMax: 64,
  answerBytesMax: 16 * MIB,
  connectionsMax: 1_000,
  connectionsPerAddressMax: 100,
  connectionRate: 500,
  addressRate: 1_000,
  addressWorkMs: 200,
  workMs: 400,
  trialWeightMax: 500_000,
  limitLoopback: false,
  subscriptionsMax: 16,
  requestTimeoutMs: 30_000,
  stallTimeoutMs: 30_000,
}

/** Callers without a token may read and submit; pages of other origins may not call. */
export const RPC_SETTINGS_DEFAULT: RpcSettings = {
  limits: RPC_LIMITS_DEFAULT,
  origins: [],
  hosts: [],
  anonymous: ['read', 'submit'],
  tokens: [],
}
