import { bytes, decode, encode, encodeKey, text, tuple } from '@mmtchain/codec'
import type { UsedModule } from './declare/chain.ts'
import { tablePrefix } from './execution/journal.ts'
import type { ChainContext, StateKey, StateReader } from './ports.ts'

/** Gives a module's parameters, with those that governance has changed up to the block before, so that no handler can change them. */
export function paramsInForce(
  chain: ChainContext,
  { spec, governable }: UsedModule,
  state: StateReader,
): () => unknown {
  const { params } = spec
  if (!params) return () => undefined
  const copy = () => {
    const whole = decode(params.codec, encode(params.codec, params.value))
    for (const name of governable) {
      const changed = parameterInForce(state, spec.name, name)
      const known = chain.governable.get(`${spec.name}.${name}`)
      if (changed && known) (whole as Record<string, unknown>)[name] = decode(known.codec, changed)
    }
    return whole
  }
  const one = copy()
  return frozen(one) ? () => one : copy
}

/** Freezes the objects and lists of a value. False when something in it, bytes or a map, can be changed all the same. */
function frozen(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true
  if (value instanceof Uint8Array || value instanceof Map) return false
  Object.freeze(value)
  return Object.values(value).every(frozen)
}

const parameterRow = bytes({ bytesMax: 65_536 })
const parameterRowKey = tuple(text({ bytesMax: 32 }), text({ bytesMax: 32 }))
const PARAMETERS = tablePrefix('kernel', 'parameters')

function parameterKey(module: string, name: string): StateKey {
  return PARAMETERS + encodeKey(parameterRowKey, [module, name])
}

/** The BCS of a governable parameter in force, or undefined while it is as the chain file has it. */
export function parameterInForce(state: StateReader, module: string, name: string): Uint8Array | undefined {
  const row = state.get(parameterKey(module, name))
  return row && decode(parameterRow, row)
}
