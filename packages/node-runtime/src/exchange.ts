import {
  blockId,
  type EngineInput,
  type Machine,
  type Network,
  type PeerId,
  type StoredBlock,
} from '@mmtchain/kernel'
import { type Host, logOf } from './host.ts'
import { messageBytesMax, type NodeMessage, nodeMessage } from './messages.ts'
import type { Recorder } from './metrics.ts'

/** A node among others: what it tells them, and what it does with what they tell. */
export interface Exchange {
  /** How many other nodes it is connected with. */
  readonly peers: number
  sendConsensus(message: unknown, to: PeerId | undefined): void
  sendBlock(stored: StoredBlock, to: PeerId | undefined): void
  blame(peer: PeerId, why: string): void
  leave(): Promise<void>
}

export async function createExchange(args: {
  readonly network: Network
  readonly machine: Machine
  readonly host: Host
  readonly feed: (input: EngineInput) => Promise<void>
  readonly metrics: Recorder
}): Promise<Exchange> {
  const { network, machine, host, feed } = args
  const { chain, fingerprint } = machine.genesis
  const log = logOf(host.log, 'network')

  async function onMessage(from: PeerId, message: NodeMessage): Promise<void> {
    switch (message.kind) {
      case 'consensus':
        return feed({ kind: 'message', from, message: message.value, nowMs: host.nowMs() })
      case 'block': {
        const { block, seal } = message.value
        const id = blockId(fingerprint, block.header)
        return feed({ kind: 'block', from, block, id, seal, nowMs: host.nowMs() })
      }
      default:
        return
    }
  }

  function send(message: NodeMessage, to: PeerId | undefined): void {
    if (to === undefined) membership.broadcast(message)
    else membership.send(to, message)
  }

  const membership = await network.join<NodeMessage>({
    fingerprint,
    addressPrefix: chain.addressPrefix,
    message: nodeMessage(chain.engine),
    messageBytesMax: messageBytesMax(chain.limits),
    onMessage,
    onJoined: (peer) => log.info({ peer }, 'a node joined'),
    onLeft: (peer) => log.info({ peer }, 'a node left'),
  })
  return {
    get peers() {
      return membership.peers().length
    },
    sendConsensus: (message, to) => send({ kind: 'consensus', value: message }, to),
    sendBlock: ({ block, seal }, to) => send({ kind: 'block', value: { block, seal } }, to),
    blame(peer, why) {
      log.warn({ peer, why }, 'a node broke the protocol')
      membership.blame(peer, why)
    },
    leave: () => membership.leave(),
  }
}
