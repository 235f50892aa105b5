// Keys in order that know how many stand before each: a B-tree whose nodes carry the number of keys below them.
import type { StateKey } from '@mmtchain/kernel'
import { firstNotBelow } from '@mmtchain/primitives'

/** A set of keys. Adding, removing and counting take O(log n). */
export interface CountedKeys {
  readonly size: number
  has(key: StateKey): boolean
  /** False when it was there before. */
  add(key: StateKey): boolean
  /** False when it was not there. */
  remove(key: StateKey): boolean
  /** How many keys stand before this one, whether it is there or not. */
  countBefore(key: StateKey): number
}

/** Keys at the bottom, ascending. */
interface Leaf {
  readonly keys: StateKey[]
}
/** `least[i]` is not above any key of `nodes[i]`, and above all keys of those before it. */
interface Inner {
  readonly nodes: Node[]
  readonly least: StateKey[]
  size: number
}
type Node = Leaf | Inner

/** A node with more keys or nodes than this is split in two. */
const WIDTH_MAX = 64

/** Throws a RangeError unless the keys that it begins with ascend. */
export function countedKeys(ascending: Iterable<StateKey> = []): CountedKeys {
  let root = filled(ascending)

  function add(key: StateKey): boolean {
    if (!addTo(root, key)) return false
    const split = splitOf(root)
    if (split)
      root = {
        nodes: [root, split.node],
        least: [leastOf(root), split.least],
        size: sizeOf(root) + sizeOf(split.node),
      }
    return true
  }

  function remove(key: StateKey): boolean {
    if (!removeFrom(root, key)) return false
    while ('nodes' in root && root.nodes.length === 1) root = root.nodes[0] as Node
    if ('nodes' in root && root.nodes.length === 0) root = { keys: [] }
    return true
  }

  return {
    get size() {
      return sizeOf(root)
    },
    has(key) {
      const { keys, at } = placeOf(root, key)
      return keys[at] === key
    },
    add,
    remove,
    countBefore: (key) => placeOf(root, key).before,
  }
}

function sizeOf(node: Node): number {
  return 'nodes' in node ? node.size : node.keys.length
}

function leastOf(node: Node): StateKey {
  return ('nodes' in node ? node.least[0] : node.keys[0]) ?? ''
}

/** The leaf where a key is or would be, its place there, and how many keys stand before it in all. */
function placeOf(root: Node, key: StateKey) {
  let before = 0
  let node = root
  while ('nodes' in node) {
    const at = childOf(node, key)
    for (let i = 0; i < at; i++) before += sizeOf(node.nodes[i] as Node)
    node = node.nodes[at] as Node
  }
  const at = firstNotBelow(node.keys, key)
  return { keys: node.keys, at, before: before + at }
}

/** The node in which a key is or would be: the last whose least is not above it. */
function childOf({ least }: Inner, key: StateKey): number {
  const at = firstNotBelow(least, key)
  return least[at] === key ? at : Math.max(0, at - 1)
}

function addTo(node: Node, key: StateKey): boolean {
  if (!('nodes' in node)) {
    const at = firstNotBelow(node.keys, key)
    if (node.keys[at] === key) return false
    node.keys.splice(at, 0, key)
    return true
  }
  const at = childOf(node, key)
  const child = node.nodes[at] as Node
  if (!addTo(child, key)) return false
  node.size += 1
  if (key < (node.least[at] as StateKey)) node.least[at] = key
  const split = splitOf(child)
  if (split) {
    node.nodes.splice(at + 1, 0, split.node)
    node.least.splice(at + 1, 0, split.least)
  }
  return true
}

/** The upper half of a node that is too wide, taken out of it. */
function splitOf(node: Node): { readonly node: Node; readonly least: StateKey } | undefined {
  if (!('nodes' in node)) {
    if (node.keys.length <= WIDTH_MAX) return undefined
    const keys = node.keys.splice(WIDTH_MAX / 2)
    return { node: { keys }, least: keys[0] as StateKey }
  }
  if (node.nodes.length <= WIDTH_MAX) return undefined
  const nodes = node.nodes.splice(WIDTH_MAX / 2)
  const least = node.least.splice(WIDTH_MAX / 2)
  const size = nodes.reduce((sum, one) => sum + sizeOf(one), 0)
  node.size -= size
  return { node: { nodes, least, size }, least: least[0] as StateKey }
}

/** Nodes that are left empty go; narrow ones stay, which costs no more than a visit. */
function removeFrom(node: Node, key: StateKey): boolean {
  if (!('nodes' in node)) {
    const at = firstNotBelow(node.keys, key)
    if (node.keys[at] !== key) return false
    node.keys.splice(at, 1)
    return true
  }
  const at = childOf(node, key)
  const child = node.nodes[at] as Node
  if (!removeFrom(child, key)) return false
  node.size -= 1
  if (sizeOf(child) === 0) {
    node.nodes.splice(at, 1)
    node.least.splice(at, 1)
  }
  return true
}

/** A tree of nodes that are half full, bottom up. */
function filled(ascending: Iterable<StateKey>): Node {
  let level: Node[] = []
  let keys: StateKey[] = []
  let last: StateKey | undefined
  for (const key of ascending) {
    if (last !== undefined && key <= last) throw new RangeError('keys do not ascend')
    last = key
    if (keys.length === WIDTH_MAX / 2) {
      level.push({ keys })
      keys = []
    }
    keys.push(key)
  }
  level.push({ keys })
  while (level.length > 1) {
    const above: Node[] = []
    for (let i = 0; i < level.length; i += WIDTH_MAX / 2) {
      const nodes = level.slice(i, i + WIDTH_MAX / 2)
      const size = nodes.reduce((sum, one) => sum + sizeOf(one), 0)
      above.push({ nodes, least: nodes.map(leastOf), size })
    }
    level = above
  }
  return level[0] as Node
}
