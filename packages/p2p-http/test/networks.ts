import { bytes, struct, text, u32, union } from '@mmtchain/codec'
import type { Membership, NetworkMember, PeerId } from '@mmtchain/kernel'
import { type HttpNetwork, type HttpNetworkOptions, httpNetwork } from '@mmtchain/p2p-http'
import { type Hash, hash } from '@mmtchain/primitives'

/** What the nodes of these tests say to each other; the kinds are those of real ones. */
export const message = union({
  consensus: text({ bytesMax: 1_000 }),
  block: bytes({ bytesMax: 100_000 }),
  announce: struct({ number: u32 }),
  transactions: bytes({ bytesMax: 100_000 }),
})
export type Message = { readonly kind: string; readonly value: unknown }
export const MESSAGE_BYTES_MAX = 100_000

export const FINGERPRINT: Hash = hash('ab'.repeat(32))

export const secretOf = (number: number) =>
  Uint8Array.from({ length: 32 }, (_, i) => (number >>> (8 * (i % 4))) % 256)

/** A network that a test joined, and what happened in it. */
export interface TestNode {
  readonly network: HttpNetwork
  readonly name: PeerId
  /** `HOST:PORT` */
  readonly address: string
  readonly membership: Membership<Message>
  readonly received: { readonly from: PeerId; readonly message: Message }[]
  readonly events: string[]
  readonly warned: { readonly fields: Readonly<Record<string, unknown>>; readonly what: string }[]
  leave(): Promise<void>
}

const running = new Set<TestNode>()

export async function openNode(
  number: number,
  options: Partial<HttpNetworkOptions> & {
    readonly fingerprint?: Hash
    readonly onMessage?: NetworkMember<Message>['onMessage']
  } = {},
): Promise<TestNode> {
  const { fingerprint = FINGERPRINT, onMessage, ...rest } = options
  const warned: TestNode['warned'][number][] = []
  const log = {
    debug: () => undefined,
    info: () => undefined,
    warn: (fields: object, what: string) =>
      void warned.push({ fields: fields as Readonly<Record<string, unknown>>, what }),
  }
  const network = httpNetwork({
    nodeSecret: secretOf(number),
    version: '1.2.3',
    listen: { host: '127.0.0.1', port: 0 },
    log,
    ...rest,
  })
  const received: TestNode['received'][number][] = []
  const events: string[] = []
  const membership = await network.join<Message>({
    fingerprint,
    addressPrefix: 'mmt',
    message: message as never,
    messageBytesMax: MESSAGE_BYTES_MAX,
    async onMessage(from, one) {
      received.push({ from, message: one })
      await onMessage?.(from, one)
    },
    onJoined: (peer) => void events.push(`joined ${peer}`),
    onLeft: (peer) => void events.push(`left ${peer}`),
  })
  const node: TestNode = {
    network,
    name: network.name,
    address: network.address as string,
    membership,
    received,
    events,
    warned,
    async leave() {
      running.delete(node)
      await membership.leave()
    },
  }
  running.add(node)
  return node
}

export async function closeAll(): Promise<void> {
  await Promise.all([...running].map((node) => node.leave()))
}

/** Waits until a condition holds. The limit is for a machine that is very busy. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = performance.now() + 45_000
  while (!(await holds())) {
    if (performance.now() > endMs) throw new Error(`it did not come to this: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** The sum of a counter over the labels that hold the given text. */
export async function counted(node: TestNode, name: string, label = ''): Promise<number> {
  const lines = (await node.network.metrics())
    .split('\n')
    .filter((line) => line.startsWith(name) && line.includes(label))
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
}

export const say = (text: string): Message => ({ kind: 'consensus', value: text })
