// A run of faults over real processes: one after the other and two at a time, from a seed.
import { rmSync } from 'node:fs'
import { join as joinPath } from 'node:path'
import { loadChainFile } from '@mmtchain/node'
import { chanceOf } from './chance.ts'
import { createClients } from './clients.ts'
import { canMake, FAULTS, type Fault, make } from './faults.ts'
import { join, leave } from './members.ts'
import { type ChaosNode, makeNetwork, memoryMib } from './nodes.ts'
import { heightOf, verdict } from './verdict.ts'

const VALIDATORS = 4
/** Nodes that follow, and of which each joins the validators once and leaves them once. */
const OBSERVERS = 2
const CLIENTS = ['demo1', 'demo2', 'demo3', 'demo4']
const KILLS: readonly Fault[] = FAULTS.filter((fault) => fault.startsWith('SIGKILL'))
/** Pays for those who join. */
const FUNDER = 'demo5'
/** After faults have ended, no node stands still for so long before all are level and two heights further. */
const BOUND_MS = 180_000

export interface ChaosPlan {
  readonly dir: string
  readonly chain: string
  readonly seed: number
  readonly ms: number
  /** `main.js` of the builds between which upgrades change. */
  readonly programs: readonly [string, string]
  /** The faults to choose from; all by default. */
  readonly faults?: readonly Fault[]
  readonly tell: (line: string) => void
}

export interface ChaosReport {
  readonly seed: number
  readonly problems: readonly string[]
  readonly height: number
  readonly kills: number
  readonly faults: ReadonlyMap<string, number>
  readonly submitted: number
  readonly finals: number
  /** How long it took, at most, until all nodes were level and further after a fault. */
  readonly longestHealMs: number
  readonly memoryMib: readonly (number | undefined)[]
}

export async function runChaos(plan: ChaosPlan): Promise<ChaosReport> {
  const { dir, seed, tell, programs } = plan
  const chance = chanceOf(seed)
  const { chain } = await loadChainFile(plan.chain)
  const network = await makeNetwork({
    ...{ dir, chain: plan.chain, validators: VALIDATORS, observers: OBSERVERS, program: programs[0] },
  })
  const { nodes } = network
  const clients = createClients({ chain, dir, nodes, chance: chanceOf(seed + 1) })
  const faults = new Map<string, number>()
  const count = (name: string) => faults.set(name, (faults.get(name) ?? 0) + 1)
  const problems: string[] = []
  let kills = 0
  let seen = 0
  let longestHealMs = 0
  const hold = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

  /** Resolves when these nodes have finalised this height. Throws when the last of them gains nothing for as long as the bound. */
  async function reach(which: readonly ChaosNode[], height: number): Promise<void> {
    let endMs = performance.now() + BOUND_MS
    let least = -1
    for (;;) {
      const heights = await Promise.all(which.map((node) => heightOf(node).catch(() => -1)))
      const now = Math.min(...heights)
      // A kill may leave nobody who tells, so what counts as further is kept here.
      seen = Math.max(seen, ...heights)
      if (now >= height) return
      if (now > least) endMs = performance.now() + BOUND_MS
      least = Math.max(least, now)
      if (performance.now() > endMs)
        throw new Error(`heights ${heights} of ${which.map(({ name }) => name)}: ${height} is not reached`)
      await hold(200)
    }
  }

  /** The greatest height that any node ever said is final. */
  async function newest(): Promise<number> {
    seen = Math.max(seen, ...(await Promise.all(nodes.map((node) => heightOf(node).catch(() => -1)))))
    return seen
  }

  const run = {
    ...{ network, validators: nodes.slice(0, VALIDATORS), chance, programs, hold },
    level: async (which: readonly ChaosNode[]) => reach(which, await newest()),
    killed(more: number) {
      kills += more
    },
  }

  /** Joins and leaves happen beside the faults, at set times of the run. */
  const members = nodes.slice(VALIDATORS).flatMap((node, i) => [
    {
      ...{ name: 'validator joins', at: (2 * i + 1) / (2 * OBSERVERS + 2) },
      go: () => join({ network, node, clients, funder: FUNDER, wallet: dir }),
    },
    {
      ...{ name: 'validator leaves', at: (2 * i + 2) / (2 * OBSERVERS + 2) },
      go: () => leave({ node, clients }),
    },
  ])

  try {
    for (const node of nodes) network.start(node)
    await reach(nodes, 2)
    await clients.begin(CLIENTS)
    const choices = (plan.faults ?? FAULTS).filter((fault) => canMake(fault, network))
    const isChosen = (fault: Fault) => choices.includes(fault)
    const beganMs = performance.now()
    const passed = () => (performance.now() - beganMs) / plan.ms
    // Each kind once before chance decides.
    const first: Fault[] = [...choices]
    while (passed() < 1 || first.length > 0) {
      const due = members[0] && passed() >= members[0].at ? members.shift() : undefined
      if (due) {
        await due.go()
        count(due.name)
      }
      // What kills is what this is for; some of the rest happens at the same time.
      const next = () => (chance.oneIn(2) ? chance.pick(KILLS.filter(isChosen)) : chance.pick(choices))
      const chosen: Fault[] = [first.shift() ?? next()]
      if (first.length === 0 && chance.oneIn(3)) chosen.push(chance.pick(choices))
      await Promise.all(chosen.map((fault) => make(fault, run)))
      for (const fault of chosen) count(fault)
      const before = await newest()
      const startMs = performance.now()
      await reach(nodes, before + 2)
      const healMs = Math.round(performance.now() - startMs)
      longestHealMs = Math.max(longestHealMs, healMs)
      const minutes = (((performance.now() - beganMs) / 60_000) | 0).toString()
      tell(
        `${minutes} min  height ${before + 2}  ${chosen.join(', ')}: all level after ${healMs} ms, ${kills} kills so far`,
      )
      if (network.unasked.length + clients.failures.length > 0) break
    }
    await clients.stop()
    for (const node of nodes) network.start(node)
    await reach(nodes, (await newest()) + 1)
    problems.push(...clients.failures, ...(await verdict(network, { dir, finals: clients.finals })))
  } catch (error) {
    problems.push(error instanceof Error ? `${error.stack}` : String(error), ...network.unasked)
  }
  await clients.stop().catch(() => undefined)
  const height = await newest().catch(() => -1)
  const memory = nodes.map(memoryMib)
  await network.close()
  if (problems.length === 0) rmSync(dir, { recursive: true, force: true })
  else tell(`The homes and logs stay in ${joinPath(dir)}.`)
  return {
    ...{ seed, problems, height, kills, faults, longestHealMs },
    ...{ submitted: clients.submitted, finals: clients.finals.length, memoryMib: memory },
  }
}

/** The report as a table of Markdown. */
export function table(report: ChaosReport): string {
  const { faults, memoryMib: memory } = report
  const rows: readonly (readonly [string, string | number])[] = [
    ['seed', report.seed],
    ['height', report.height],
    ['SIGKILLs', report.kills],
    ...[...faults].map(([name, times]) => [name, times] as const),
    ['transactions submitted', report.submitted],
    ['of these final and there on all nodes', report.finals],
    ['longest time until all were level and two heights further, ms', report.longestHealMs],
    ['memory of the nodes at the end, MiB', memory.map((mib) => mib ?? '–').join(' ')],
    ['problems', report.problems.length],
  ]
  return ['| | |', '| --- | ---: |', ...rows.map(([name, value]) => `| ${name} | ${value} |`)].join('\n')
}
