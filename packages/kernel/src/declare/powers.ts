import type { Hash, Height } from '@mmtchain/primitives'

/** The kernel's own powers, which the chain file grants by name: `.use(admin(), { grants: { kernel: ['setParameter'] } })`. */
export interface KernelGranted {
  /** Changes a governable parameter from the next block on; `value` is its BCS. Throws `kernel/NOT_GOVERNABLE`, `kernel/BAD_PARAMETER`. */
  setParameter(args: {
    readonly module: string
    readonly name: string
    readonly value: Uint8Array
  }): undefined
  /** Has all nodes go on with another release from `height` on, instead of one scheduled before. Throws `kernel/UPGRADE_TOO_SOON`. */
  scheduleUpgrade(args: { readonly height: Height; readonly release: Hash }): undefined
  cancelUpgrade(): undefined
}

/** Granted apart from the powers: `.use(contracts(…), { grants: { kernel: ['attempt'] } })`. */
export interface KernelAttempts {
  /** Runs something all or nothing: when it throws, whatever it has done to state and events is taken back, and the error goes on. */
  attempt(run: () => undefined): undefined
}

/** What every module may ask of the kernel. */
export interface KernelReads {
  /** The BCS of a governable parameter, with a change that this block has made already; undefined for any other parameter. */
  parameter(args: { readonly module: string; readonly name: string }): Uint8Array | undefined
  /** The upgrade that is scheduled, if any. */
  upgrade(): { readonly height: Height; readonly release: Hash } | null
}
