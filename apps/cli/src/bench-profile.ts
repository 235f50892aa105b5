// Where a node's main thread spends its time: a CPU profile, each sample given to the innermost part that it is in.
import { writeFile } from 'node:fs/promises'
import { Session } from 'node:inspector/promises'

/** The parts of a node's work, in the order in which a transaction meets them. */
export const PARTS = [
  'http',
  'signatures',
  'admit',
  'execute',
  'root',
  'disk',
  'gc',
  'other',
  'idle',
] as const
export type Part = (typeof PARTS)[number]

/** The share of each part in the time of the main thread, from 0 to 1. */
export type Shares = Readonly<Record<Part, number>>

interface Frame {
  readonly functionName: string
  readonly url: string
}
interface ProfileNode {
  readonly id: number
  readonly callFrame: Frame
  readonly children?: readonly number[] | undefined
}

/** Functions that begin a part, by where their code lies: `dist` of our packages, or the platform. */
const RULES: readonly (readonly [part: Part, url: RegExp, names: RegExp])[] = [
  ['idle', /^$/, /^\(idle\)$/],
  ['gc', /^$/, /^\(garbage collector\)$/],
  [
    'signatures',
    /\/(tx|kernel|crypto)\/dist\//,
    /^(checkTransaction|checkSignatures|prepare|verify|verifyBatch)$/,
  ],
  ['root', /\/(kernel|storage-merkle)\/dist\//, /^(stage|stageOn)$/],
  ['disk', /\/storage-merkle\/dist\//, /^(commit|writeNext|writesOf|write|block|transaction)$/],
  ['disk', /classic-level|abstract-level/, /./],
  ['execute', /\/(kernel|node-runtime)\/dist\//, /^(build|execute|workOff|carryOut)$/],
  ['admit', /\/(kernel|node-runtime)\/dist\//, /^(admit|add|submit|candidates|committed|drop)$/],
  ['http', /\/(rpc|fastify|find-my-way|light-my-request|avvio)[@/]/, /./],
  ['http', /^node:(internal\/(streams|stream_base|timers)|_http|net|internal\/http|stream)/, /./],
]

/** Starts a profile of this process. The function that it answers ends it, and writes it to `file` for other tools to show. */
export async function startProfile(file: string | undefined): Promise<() => Promise<Shares>> {
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.setSamplingInterval', { interval: 1_000 })
  await session.post('Profiler.start')
  return async () => {
    const { profile } = await session.post('Profiler.stop')
    session.disconnect()
    if (file !== undefined) await writeFile(file, JSON.stringify(profile))
    return sharesOf(profile)
  }
}

/** The shares of a profile. A frame belongs to the part that its innermost caller with a rule begins. */
export function sharesOf(profile: {
  readonly nodes: readonly ProfileNode[]
  readonly samples?: readonly number[] | undefined
  readonly timeDeltas?: readonly number[] | undefined
}): Shares {
  const byId = new Map(profile.nodes.map((node) => [node.id, node]))
  const partOf = new Map<number, Part>()
  const root = profile.nodes[0]
  const open: { readonly node: ProfileNode; readonly outer: Part }[] = root
    ? [{ node: root, outer: 'other' }]
    : []
  for (let next = open.pop(); next; next = open.pop()) {
    // The start of the profile is no part of the work.
    if (next.node.callFrame.functionName === startProfile.name) continue
    const part = beginOf(next.node.callFrame) ?? next.outer
    partOf.set(next.node.id, part)
    for (const id of next.node.children ?? []) open.push({ node: byId.get(id) as ProfileNode, outer: part })
  }
  const micros = Object.fromEntries(PARTS.map((part) => [part, 0])) as Record<Part, number>
  let total = 0
  for (const [i, id] of (profile.samples ?? []).entries()) {
    const part = partOf.get(id)
    if (part === undefined) continue
    const delta = Math.max(0, profile.timeDeltas?.[i] ?? 0)
    micros[part] += delta
    total += delta
  }
  return Object.fromEntries(PARTS.map((part) => [part, total === 0 ? 0 : micros[part] / total])) as Shares
}

function beginOf({ functionName, url }: Frame): Part | undefined {
  return RULES.find(([, where, names]) => where.test(url) && names.test(functionName))?.[0]
}
