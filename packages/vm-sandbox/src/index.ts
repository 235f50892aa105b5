export { ENGINE_SHA256 } from './engine.ts'
export { type HostFunction, type HostFunctions, hostFunction, type ValueKind } from './host.ts'
export { SANDBOX_LIMITS_DEFAULT, type SandboxLimits } from './limits.ts'
export { sandboxRefusals } from './refusals.ts'
export {
  type CallRequest,
  createSandbox,
  GAS_PER_MS,
  type Outcome,
  type Program,
  type Sandbox,
} from './sandbox.ts'
export type { Value } from './values.ts'
