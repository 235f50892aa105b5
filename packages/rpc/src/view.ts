import { type ChainData, type Header, releaseHash } from '@mmtchain/kernel'
import type { Node } from '@mmtchain/node-runtime'

/** What the server shows of a node, under the release that is in force. */
export interface View {
  readonly node: Node
  /** The release in force at the tip. */
  readonly code: ChainData
  /** The release under which a block was executed; the one in force where that cannot be told. */
  codeOf(header: Header): ChainData
}

/** Follows a node: gives a view whose release is that of the tip, the same one until the release changes. */
export function followRelease(node: Node): () => View {
  const { chain, fingerprint } = node.genesis
  const releases = new Map([chain, ...chain.upgrades].map((code) => [releaseHash(fingerprint, code), code]))
  const viewOf = (code: ChainData): View => ({
    node,
    code,
    // Where governance may change parameters, their values are in the hash too, so that it tells the release only of others.
    codeOf: ({ protocolHash }) => releases.get(protocolHash) ?? code,
  })
  let tip = node.tip.id
  let view = viewOf(node.machine.release(node.store))
  return () => {
    if (node.tip.id !== tip) {
      const code = node.machine.release(node.store)
      tip = node.tip.id
      if (code !== view.code) view = viewOf(code)
    }
    return view
  }
}
