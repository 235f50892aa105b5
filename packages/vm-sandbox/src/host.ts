import type { SandboxValueKind as ValueKind } from '@mmtchain/kernel'
import type { Value } from './values.ts'

/** Whether what code gave is what a host function takes. */
export function isOfKind(value: Value, kind: ValueKind): boolean {
  switch (kind) {
    case 'text':
      return typeof value === 'string'
    case 'bytes':
      return value instanceof Uint8Array
    case 'integer':
      return typeof value === 'bigint'
    case 'number':
      return typeof value === 'number'
    case 'flag':
      return typeof value === 'boolean'
    case 'value':
      return true
  }
}
