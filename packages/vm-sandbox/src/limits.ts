import { sandboxFail } from './refusals.ts'

/** What bounds code. All of it but `imagesBytesMax` decides results, so every node of a chain has the same. */
export interface SandboxLimits {
  /** The engine's memory, of which it keeps about 6 MB for itself. */
  readonly memoryBytesMax: number
  readonly codeBytesMax: number
  /** Of a single argument, result, or value that crosses to or from a host function. */
  readonly valueBytesMax: number
  readonly argumentsMax: number
  readonly hostCallsMax: number
  /** How deep calls nest whose host functions call the sandbox again. */
  readonly depthMax: number
  readonly logBytesMax: number
  /** What loading may take at most. A call pays for loading, whether this node still has the program loaded or not. */
  readonly loadGasMax: number
  /** Of the loaded programs that are kept, about 0.4 MB each. Changes only the speed. */
  readonly imagesBytesMax: number
}

export const SANDBOX_LIMITS_DEFAULT: SandboxLimits = {
  memoryBytesMax: 32 * 1024 * 1024,
  codeBytesMax: 512 * 1024,
  valueBytesMax: 64 * 1024,
  argumentsMax: 16,
  hostCallsMax: 10_000,
  depthMax: 8,
  logBytesMax: 16 * 1024,
  loadGasMax: 1_000_000_000,
  imagesBytesMax: 64 * 1024 * 1024,
}

const MIB = 1024 * 1024
const ranges: { readonly [K in keyof SandboxLimits]: readonly [least: number, most: number] } = {
  memoryBytesMax: [8 * MIB, 1024 * MIB],
  codeBytesMax: [1, 16 * MIB],
  valueBytesMax: [1, MIB],
  argumentsMax: [0, 64],
  hostCallsMax: [0, 1_000_000],
  depthMax: [1, 32],
  logBytesMax: [0, MIB],
  loadGasMax: [1, Number.MAX_SAFE_INTEGER],
  imagesBytesMax: [0, 65_536 * MIB],
}

/** Throws `sandbox/BAD_LIMIT` for a limit that no sandbox can keep. */
export function checkedLimits(limits: SandboxLimits): SandboxLimits {
  for (const [name, [least, most]] of Object.entries(ranges)) {
    const value = limits[name as keyof SandboxLimits]
    if (!Number.isSafeInteger(value) || value < least || value > most)
      throw sandboxFail.BAD_LIMIT({ name, least, most })
  }
  return limits
}
