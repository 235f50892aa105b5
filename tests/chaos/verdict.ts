// What must hold after a run: one chain, nothing signed twice, nothing lost that was final.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Final } from './clients.ts'
import type { ChaosNetwork, ChaosNode } from './nodes.ts'

interface BlockJson {
  readonly id: string
  readonly block?: { readonly evidence: readonly unknown[] }
  readonly evidence?: readonly unknown[]
}

/** Lines of a log that tell of lies, or of a node that took an honest one for a liar. */
const ACCUSATIONS = /a node broke the protocol|a node is banned|does not give blocks that it claims/
/** Lines of a log that tell of a defect. */
const DEFECTS = /a message failed|a listener to blocks failed|the node failed|it cannot go on/
/** What a node says that has to stop because its disk is full. */
const FULL_DISK = /No space left on device|ENOSPC/

const PAGE = 100

/** What is wrong; nothing when all holds. All nodes run and are level. */
export async function verdict(
  network: ChaosNetwork,
  { dir, finals }: { readonly dir: string; readonly finals: readonly Final[] },
): Promise<readonly string[]> {
  const { nodes } = network
  const heights = await Promise.all(nodes.map(heightOf))
  const last = Math.min(...heights)
  return [
    ...network.unasked,
    ...(await forks(nodes, last)),
    ...(await evidences(nodes[0] as ChaosNode, last)),
    ...(await losses(nodes, finals)),
    ...nodes.flatMap((node) => accusations(dir, node)),
  ]
}

export async function heightOf(node: ChaosNode): Promise<number> {
  const { finalisedHeight } = (await node.ask('chain_status', {})) as { finalisedHeight: string }
  return Number(finalisedHeight)
}

async function forks(nodes: readonly ChaosNode[], last: number): Promise<readonly string[]> {
  const found: string[] = []
  for (let from = 0; from <= last; from += PAGE) {
    const limit = Math.min(PAGE, last - from + 1)
    const pages = await Promise.all(
      nodes.map(async (node) => {
        const page = await node.ask('chain_blocks', { from: String(from), limit })
        return (page as { blocks: readonly { id: string }[] }).blocks.map(({ id }) => id)
      }),
    )
    for (let i = 0; i < limit; i++) {
      const ids = new Set(pages.map((page) => page[i]))
      if (ids.size !== 1 || ids.has(undefined)) found.push(`height ${from + i} has the ids ${[...ids]}`)
    }
  }
  return found
}

/** Honest nodes sign nothing twice; whoever did is proven in a block. */
async function evidences(node: ChaosNode, last: number): Promise<readonly string[]> {
  const found: string[] = []
  for (let height = 1; height <= last; height++) {
    const { evidence } = (await node.ask('chain_block', { height: String(height) })) as BlockJson
    if (evidence === undefined || evidence.length > 0)
      found.push(`block ${height} holds evidence of a double signature`)
  }
  return found
}

async function losses(nodes: readonly ChaosNode[], finals: readonly Final[]): Promise<readonly string[]> {
  const found: string[] = []
  for (const { id, height } of finals)
    for (const node of nodes) {
      const there = (await node.ask('chain_transaction', { id }).catch(() => undefined)) as
        | { height?: string; final: boolean }
        | undefined
      if (String(there?.height) !== height || there?.final !== true)
        found.push(`${node.name} does not have transaction ${id}, final at ${height}`)
    }
  return found
}

function accusations(dir: string, { name }: ChaosNode): readonly string[] {
  const file = join(dir, `${name}.log`)
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').split('\n')
  const bad = lines.filter((line) => ACCUSATIONS.test(line) || (DEFECTS.test(line) && !FULL_DISK.test(line)))
  return bad.slice(0, 5).map((line) => `${name} says: ${line.slice(0, 400)}`)
}
