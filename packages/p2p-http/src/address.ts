import { BlockList, isIP, isIPv4 } from 'node:net'
import { type Infer, option, struct, text, u16 } from '@mmtchain/codec'
import type { PeerId } from '@mmtchain/kernel'
import { p2pFail } from './refusals.ts'

/** Where a node is reached, and which one is expected there, where that is known. */
export interface NodeAddress {
  readonly node: PeerId | undefined
  readonly host: string
  readonly port: number
}

/** The same as nodes tell each other. */
export const toldAddress = struct({
  node: option(text({ bytesMax: 64 })),
  host: text({ bytesMax: 255 }),
  port: u16,
})
export type ToldAddress = Infer<typeof toldAddress>

const NODE = /^[0-9a-f]{64}$/
const HOST_NAME = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?$/i

/** True for the name of a node: its public key in hex. */
export function isNodeName(text: string): boolean {
  return NODE.test(text)
}

/** Reads `HOST:PORT` or `NODE@HOST:PORT`. Throws `p2p/BAD_ADDRESS`. */
export function readAddress(text: string): NodeAddress {
  const [, node, bracketed, plain, digits] =
    /^(?:([0-9a-f]{64})@)?(?:\[([^\]]+)\]|([^:@[\]]+)):(\d{1,5})$/.exec(text) ?? []
  const host = bracketed ?? plain ?? ''
  const port = Number(digits)
  const isHost = bracketed === undefined ? isHostName(host) : isIP(bracketed) === 6
  if (!isHost || !(port > 0 && port <= 65_535)) throw p2pFail.BAD_ADDRESS({ text: text.slice(0, 100) })
  return { node, host, port }
}

/** True for an IP address or a name that DNS could know. */
export function isHostName(host: string): boolean {
  return isIP(host) > 0 || HOST_NAME.test(host)
}

/** An address that another node told; undefined when nobody could be there. */
export function readTold({ node, host, port }: ToldAddress): NodeAddress | undefined {
  if (!isHostName(host) || isWildcard(host) || port === 0) return undefined
  if (node !== null && !isNodeName(node)) return undefined
  return { node: node ?? undefined, host, port }
}

/** `HOST:PORT`, with IPv6 in brackets. */
export function placeText({ host, port }: Pick<NodeAddress, 'host' | 'port'>): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** An address without the prefix that IPv4 has on sockets of IPv6. */
export function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '')
}

/** True for a name or address of this machine itself. */
export function isLoopback(host: string): boolean {
  const plain = plainAddress(host)
  return plain === '::1' || plain.toLowerCase() === 'localhost' || (isIPv4(plain) && plain.startsWith('127.'))
}

/** True for `0.0.0.0` and `::`, which mean every address of a machine. */
export function isWildcard(host: string): boolean {
  return host === '' || host === '0.0.0.0' || /^[0:]+$/.test(host)
}

/**
 * The part of the network that is likely under one hand: the first 16 bits of an IPv4 address, the first 32 of IPv6, the last two
 * labels of a name. Who holds many addresses holds few of these.
 */
export function groupOf(host: string): string {
  const plain = plainAddress(host)
  if (isLoopback(plain)) return 'loopback'
  if (isIPv4(plain)) return plain.split('.', 2).join('.')
  if (isIP(plain) === 6) return wholeGroups(plain).slice(0, 2).join(':')
  return plain.toLowerCase().split('.').filter(Boolean).slice(-2).join('.')
}

function wholeGroups(address: string): readonly string[] {
  const [head = '', tail] = address.split('%')[0]?.split('::') ?? []
  const groups = (part: string | undefined) => (part ? part.split(':') : [])
  const [before, after] = [groups(head), groups(tail)]
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length
  return [...before, ...Array<string>(Math.max(0, zeros)).fill('0'), ...after]
}

/** Nodes by name, and addresses by network. */
export interface NodeList {
  readonly size: number
  has(args: { readonly node: PeerId | undefined; readonly address: string }): boolean
}

/** Reads names of nodes, IP addresses and networks such as `10.1.0.0/16`. Throws `p2p/BAD_RULE`. */
export function nodeList(rules: readonly string[]): NodeList {
  const nodes = new Set<string>()
  const networks = new BlockList()
  for (const rule of rules) {
    if (isNodeName(rule)) nodes.add(rule)
    else addNetwork(networks, rule)
  }
  return {
    size: rules.length,
    has({ node, address }) {
      if (node !== undefined && nodes.has(node)) return true
      const plain = plainAddress(address)
      return isIP(plain) > 0 && networks.check(plain, isIPv4(plain) ? 'ipv4' : 'ipv6')
    },
  }
}

function addNetwork(networks: BlockList, rule: string): void {
  const [address = '', digits, more] = rule.split('/')
  const bits = isIPv4(address) ? 32 : 128
  const prefix = digits === undefined ? bits : Number(digits)
  if (
    isIP(address) === 0 ||
    more !== undefined ||
    !(Number.isInteger(prefix) && prefix >= 0 && prefix <= bits)
  )
    throw p2pFail.BAD_RULE({ text: rule.slice(0, 100) })
  networks.addSubnet(address, prefix, bits === 32 ? 'ipv4' : 'ipv6')
}
