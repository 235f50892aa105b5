export {
  type HostFunction,
  type HostFunctions,
  hostFunction,
  type Sandbox,
  type SandboxCall as CallRequest,
  type SandboxOutcome as Outcome,
  type SandboxProgram as Program,
  type SandboxValue as Value,
  type SandboxValueKind as ValueKind,
} from '@mmtchain/kernel'
export { ENGINE_SHA256 } from './engine.ts'
export { SANDBOX_LIMITS_DEFAULT, type SandboxLimits } from './limits.ts'
export { sandboxRefusals } from './refusals.ts'
export { createSandbox, GAS_PER_MS } from './sandbox.ts'
