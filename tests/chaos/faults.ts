// What happens to the nodes of a network.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { versionOf } from './builds.ts'
import type { Chance } from './chance.ts'
import type { ChaosNetwork, ChaosNode } from './nodes.ts'

export const FAULTS = [
  'SIGKILL',
  'SIGKILL of many',
  'SIGKILL again and again',
  'SIGKILL of several at once',
  'SIGKILL of all',
  'SIGSTOP and SIGCONT',
  'restart',
  'wiped data folder',
  'full disk',
  'clock offset',
  'cut links',
  'silent links',
  'slow links',
  'upgrade one by one',
] as const
export type Fault = (typeof FAULTS)[number]

export interface FaultRun {
  readonly network: ChaosNetwork
  readonly validators: readonly ChaosNode[]
  readonly chance: Chance
  /** The builds between which an upgrade changes. */
  readonly programs: readonly [string, string]
  /** Lets time pass while the fault lasts. */
  hold(ms: number): Promise<void>
  /** Resolves when these nodes follow again. */
  level(nodes: readonly ChaosNode[]): Promise<void>
  killed(count: number): void
}

/** True where this machine can make the fault. */
export function canMake(fault: Fault, network: ChaosNetwork): boolean {
  if (fault === 'full disk') return network.canFillDisk
  return fault !== 'clock offset' || network.canShiftClock
}

/** How far a start may come before the next kill, in ms: while modules load, while files open, and up to a node that takes part. */
const START_MS = [150, 600, 2_500]

/** A second passes between two; no burst of kills lasts so long. */
const VERSION_TRIES = 300

/** Makes a fault, holds it, and takes it back. Nodes that it ended run again. */
export async function make(fault: Fault, run: FaultRun): Promise<void> {
  const { network, chance, validators, hold, killed } = run
  const holdMs = () => 200 + chance.below(5_000)
  const one = chance.pick(network.nodes)
  switch (fault) {
    case 'SIGKILL': {
      // One node twice or three times in a row, so that it dies while it starts, too.
      const times = 1 + chance.below(3)
      for (let i = 0; i < times; i++) {
        await kill([one], run)
        await hold(chance.below(4_000))
      }
      return
    }
    case 'SIGKILL of many': {
      // Mostly while they start, and sometimes more than f at a time.
      const times = 12 + chance.below(13)
      for (let i = 0; i < times; i++) {
        await kill([chance.pick(network.nodes)], run)
        await hold(chance.below(1_200))
      }
      return
    }
    case 'SIGKILL again and again': {
      const times = 25 + chance.below(40)
      for (let i = 0; i < times; i++) {
        await kill([one], run)
        await hold(chance.below(chance.pick(START_MS)))
      }
      return
    }
    case 'SIGKILL of several at once': {
      const times = 6 + chance.below(9)
      for (let i = 0; i < times; i++) {
        await kill(
          network.nodes.filter((node) => node === one || chance.oneIn(2)),
          run,
        )
        await hold(chance.below(chance.pick(START_MS)))
      }
      return
    }
    case 'SIGKILL of all': {
      const times = 1 + chance.below(4)
      for (let i = 0; i < times; i++) {
        await kill(network.nodes, run)
        await hold(chance.below(chance.pick(START_MS)))
      }
      return
    }
    case 'SIGSTOP and SIGCONT': {
      network.pause(one)
      await hold(2 * holdMs())
      return network.resume(one)
    }
    case 'restart': {
      await network.end(one, 'SIGTERM')
      await hold(holdMs())
      return network.start(one)
    }
    case 'wiped data folder': {
      await network.end(one, 'SIGKILL')
      killed(1)
      rmSync(join(one.home, 'data'), { recursive: true, force: true })
      network.start(one)
      return run.level([one])
    }
    case 'full disk': {
      const node = validators.at(-1) as ChaosNode
      // It may stop for it, and says why.
      node.mayEnd = true
      network.fillDisk(node)
      await hold(2_000 + holdMs())
      network.freeDisk(node)
      await network.end(node, 'SIGTERM')
      return network.start(node)
    }
    case 'clock offset': {
      network.shiftClock(one, chance.pick([-30, -3, -1, 1, 3, 30]))
      await hold(3_000 + 2 * holdMs())
      return network.shiftClock(one, 0)
    }
    case 'cut links':
    case 'silent links':
    case 'slow links': {
      const links = chance.oneIn(3)
        ? network.allLinks()
        : network.nodes.flatMap((other) => (other === one ? [] : network.links(one, other)))
      const state =
        fault === 'slow links'
          ? ({ kind: 'slow', delayMs: 50 + chance.below(600) } as const)
          : ({ kind: fault === 'cut links' ? 'cut' : 'silent' } as const)
      for (const link of links) link.set(state)
      await hold(2 * holdMs())
      for (const link of links) link.set({ kind: 'open' })
      return
    }
    case 'upgrade one by one': {
      for (const node of network.nodes) {
        // Before the end: another fault may start it again in the same moment.
        node.program = run.programs[node.program === run.programs[0] ? 1 : 0]
        await network.end(node, 'SIGTERM')
        network.start(node)
        await run.level([node])
        const version = await runningVersion(node, run)
        if (version !== versionOf(node.program))
          throw new Error(`${node.name} runs ${version} after an upgrade`)
      }
      return
    }
  }
}

/** Kills those of the nodes that run, all in the same moment, and starts them again. */
async function kill(nodes: readonly ChaosNode[], { network, killed }: FaultRun): Promise<void> {
  const running = nodes.filter((node) => node.process)
  killed(running.length)
  await Promise.all(running.map((node) => network.end(node, 'SIGKILL')))
  for (const node of nodes) network.start(node)
}

/** The version that a node says it is; asked again while another fault kills it. */
async function runningVersion(node: ChaosNode, { hold }: FaultRun): Promise<string> {
  for (let tries = 0; ; tries++)
    try {
      return ((await node.ask('node_info', {})) as { readonly version: string }).version
    } catch (error) {
      if (tries === VERSION_TRIES) throw error
      await hold(1_000)
    }
}
