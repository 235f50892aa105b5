import type { Hash } from '@mmtchain/primitives'
import type { ChainData } from '../declare/chain.ts'
import { type GenesisData, parameterBytes, protocolHashOf, releaseHash } from '../declare/genesis.ts'
import type { ModuleSpec } from '../declare/module.ts'
import { releaseIn, upgradeIn } from '../kernel-module.ts'
import { parameterInForce } from '../parameters.ts'
import type { StateReader } from '../ports.ts'
import { kernelFail } from '../refusals.ts'
import { newRuntime, type Session } from './session.ts'
import { expectNothing, kernelContext, type Rules } from './transaction.ts'

/** One release of a chain's code, ready to execute blocks. */
export interface Release {
  readonly hash: Hash
  readonly code: ChainData
  readonly specs: readonly ModuleSpec[]
  readonly rules: Rules
}
/** All releases that a node has; the first began the chain. */
export type Releases = readonly [Release, ...Release[]]

export function newReleases({ chain, fingerprint }: GenesisData): Releases {
  return [newRelease(chain, fingerprint), ...chain.upgrades.map((code) => newRelease(code, fingerprint))]
}

function newRelease(code: ChainData, fingerprint: Hash): Release {
  const specs = code.modules.map(({ spec }) => spec)
  const rules: Rules = {
    runtime: newRuntime(code, fingerprint),
    limits: code.limits,
    suites: code.suites,
    feeModule: specs.find((spec) => spec.feePolicy),
  }
  return { hash: releaseHash(fingerprint, code), code, specs, rules }
}

/** The release in force after the block of this state. Throws `kernel/UPGRADE_MISSING` when this node does not have it. */
export function releaseOf(releases: Releases, state: StateReader): Release {
  const name = releaseIn(state)
  return name === undefined ? releases[0] : releaseNamed(releases, name, 0n)
}

/** The release for the next block, and whether it begins there. Throws like `releaseOf`. */
export function releaseFor(
  releases: Releases,
  state: StateReader,
  height: bigint,
): { readonly release: Release; readonly begins: boolean } {
  const upgrade = upgradeIn(state)
  if (upgrade?.height !== height) return { release: releaseOf(releases, state), begins: false }
  return { release: releaseNamed(releases, upgrade.release, height), begins: true }
}

function releaseNamed(releases: Releases, name: Hash, height: bigint): Release {
  const found = releases.find(({ hash }) => hash === name)
  if (!found) throw kernelFail.UPGRADE_MISSING({ height, release: name })
  return found
}

/** The protocol hash of a block: the release that executes it, and the parameters that govern it. */
export function protocolHash({ code, hash }: Release, fingerprint: Hash, state: StateReader): Hash {
  if (code.modules.every(({ governable }) => governable.length === 0)) return hash
  return protocolHashOf(fingerprint, code, ({ spec, governable }) =>
    governable.map((name) => [name, parameterInForce(state, spec.name, name) ?? parameterBytes(spec, name)]),
  )
}

/**
 * Lifts every module's state to the version of the release. A module that is new starts from version 0. What governance has
 * chosen for parameters that are fixed from now on is forgotten, so that no later release meets it again.
 */
export function migrate({ specs, hash }: Release, session: Session): void {
  const kernel = kernelContext(session)
  for (const { name, version, migrations } of specs) {
    for (let from = kernel.state.modules.get(name) ?? 0; from < version; from++) {
      const run = migrations.get(from)
      if (run) expectNothing(run(session.contexts(name).hook, undefined as never))
    }
    kernel.state.modules.set(name, version)
  }
  for (const [row] of kernel.state.parameters.entries())
    if (!kernel.chain.governable.has(row.join('.'))) kernel.state.parameters.delete(row)
  kernel.state.release.set(hash)
  kernel.state.upgrade.set(null)
  kernel.emit.upgraded({ height: kernel.block.height, release: hash })
}
