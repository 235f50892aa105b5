// The table "Layers: imports point down only" of docs/ARCHITECTURE.md as data.
import { builtinModules } from 'node:module'
import type { Manifest } from './workspace.ts'

export type Layer = 'L0' | 'L1' | 'L2' | 'L3' | 'L4' | 'L5' | 'apps'

const named: Readonly<Record<string, Layer>> = {
  primitives: 'L0',
  codec: 'L1',
  crypto: 'L1',
  tx: 'L2',
  kernel: 'L3',
  'node-runtime': 'L5',
  rpc: 'L5',
  client: 'L5',
  testkit: 'L5',
  simulator: 'L5',
  contract: 'L5',
  node: 'apps',
  cli: 'apps',
  'create-mmt-chain': 'apps',
  console: 'apps',
}

/** The ports of L4: engines, stores, networks. Every other package of L4 is a module of chains. */
const ports = new Set(['storage-merkle', 'consensus-dpos', 'consensus-pbft', 'p2p-http', 'vm-sandbox'])

/**
 * Specifiers that one package may import against the table: the browser-safe verifiers, the client for resolving names, and the chain on
 * which the kit tests contracts.
 */
const exceptions: Readonly<Record<string, readonly string[]>> = {
  client: ['@mmtchain/storage-merkle/verify', '@mmtchain/consensus-pbft/light'],
  // Its entries beside the module of chains resolve names: they are clients (ADR 0082).
  'named-router': ['@mmtchain/client'],
  contract: ['@mmtchain/contracts', '@mmtchain/token-rewards', '@mmtchain/vm-sandbox'],
}

/** What is not named elsewhere is a package of L4. */
export const layerOf = (folder: string): Layer => named[folder] ?? 'L4'

/** A module of chains: its code runs inside state transitions. */
export const isChainModule = (folder: string): boolean => layerOf(folder) === 'L4' && !ports.has(folder)

/** The package a specifier names: `@mmtchain/x` of `@mmtchain/x/verify`, `fastify` of `fastify/types`. */
export function packageName(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
}

export const isRelative = (specifier: string): boolean =>
  /^\.{0,2}\//.test(specifier) || /^\.\.?$/.test(specifier)

export const isBuiltin = (specifier: string): boolean =>
  specifier.startsWith('node:') || builtinModules.includes(packageName(specifier))

/** The folder of one of our packages, `kernel` of `@mmtchain/kernel/x`; nothing for any other specifier. */
export function ownFolder(specifier: string): string | undefined {
  const name = packageName(specifier)
  return name.startsWith('@mmtchain/') ? name.slice('@mmtchain/'.length) : undefined
}

/** Why the package in folder `from` may not import `specifier`; nothing when it may. */
export function refuseImport({ from, specifier }: { from: string; specifier: string }): string | undefined {
  const to = ownFolder(specifier)
  if (to === undefined || to === from || exceptions[from]?.includes(specifier)) return undefined
  const [above, below] = [layerOf(from), layerOf(to)]
  // 'L0' < … < 'L5' < 'apps' is also their order as texts. Engines and modules meet only in apps and chain files.
  if (below < above && !(above === 'L5' && below === 'L4')) return undefined
  if (above === below && (above === 'L5' || above === 'apps')) return undefined
  return `${from} (${above}) may not import ${specifier} (${below})`
}

/** Why a package.json may not name the dependency `name`; nothing when it may. */
export function refuseDependency({ from, name }: { from: string; name: string }): string | undefined {
  const excepted = exceptions[from]?.some((specifier) => packageName(specifier) === name)
  return excepted ? undefined : refuseImport({ from, specifier: name })
}

/** Why `specifier` is not one of the entries that the imported package declares. */
export function refuseEntry(specifier: string, manifests: ReadonlyMap<string, Manifest>): string | undefined {
  const name = packageName(specifier)
  const manifest = manifests.get(name)
  if (ownFolder(specifier) === undefined) return undefined
  if (manifest === undefined) return `there is no package ${name}`
  const entry = `.${specifier.slice(name.length)}`
  return entry in (manifest.exports ?? {}) ? undefined : `${name} does not export ${entry}`
}

/** What a package's users get with it; development dependencies are not among that. */
export function shippedDependencies(manifest: Manifest): Readonly<Record<string, string>> {
  return { ...manifest.dependencies, ...manifest.optionalDependencies, ...manifest.peerDependencies }
}
