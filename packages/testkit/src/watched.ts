import type { ChainData, FeePolicy, GenesisData, Handler, ModuleSpec } from '@mmtchain/kernel'
import { asKernel, asModule } from './shuffle.ts'

type Code = (...args: readonly never[]) => unknown

/** A genesis whose modules are told from the kernel while they run. */
export function watched(genesis: GenesisData): GenesisData {
  return { ...genesis, chain: watchedChain(genesis.chain) }
}

function watchedChain(chain: ChainData): ChainData {
  return {
    ...chain,
    modules: chain.modules.map((used) =>
      used.spec.name === 'kernel' ? used : { ...used, spec: watchedSpec(used.spec) },
    ),
    upgrades: chain.upgrades.map(watchedChain),
  }
}

/** Queries and invariants decide no block, so they stay as they are. */
function watchedSpec(spec: ModuleSpec): ModuleSpec {
  const { genesis, open, granted, reads, feePolicy, validatorSource } = spec
  return {
    ...spec,
    genesis: genesis && { ...genesis, load: handler(genesis.load) },
    commands: new Map(
      [...spec.commands].map(([name, { fee, run, ...command }]) => [
        name,
        { ...command, fee: typeof fee === 'function' ? asModule(fee) : fee, run: handler(run) },
      ]),
    ),
    open: open && provider(open),
    granted: granted && provider(granted),
    reads: reads && provider(reads),
    beforeCommand: spec.beforeCommand.map(handler),
    feePolicy: feePolicy && watchedPolicy(feePolicy),
    validatorSource: validatorSource && handler(validatorSource),
    beginBlock: spec.beginBlock.map(handler),
    endBlock: spec.endBlock.map(handler),
    migrations: new Map([...spec.migrations].map(([from, run]) => [from, handler(run)])),
  }
}

function watchedPolicy({ commandFee, reserve, settle }: FeePolicy<never>): FeePolicy<never> {
  return {
    commandFee: typeof commandFee === 'function' ? asModule(commandFee) : commandFee,
    reserve: handler(reserve as Handler) as typeof reserve,
    settle: handler(settle as Handler) as typeof settle,
  }
}

function handler(run: Handler): Handler {
  const code = asModule(run as Code)
  return ((ctx: object, ...rest: readonly never[]) => code(seen(ctx) as never, ...rest)) as Handler
}

/** What a module provides is its code as well, whoever calls it. */
function provider(provide: Handler): Handler {
  return ((ctx: object) => mapped((provide as Code)(seen(ctx) as never) as object, asModule)) as Handler
}

const contexts = new WeakMap<object, object>()

/** A context through which a module calls the kernel, and through that other modules. */
function seen(ctx: object): object {
  const known = contexts.get(ctx)
  if (known) return known
  const { state, emit, needs, ...rest } = descriptorsOf(ctx)
  const made = {}
  for (const [name, descriptor] of Object.entries(rest)) {
    const { get } = descriptor
    const shown = get ? { get: asKernel(() => get.call(ctx)), enumerable: true } : descriptor
    Object.defineProperty(made, name, shown)
  }
  const add = (name: string, value: object) =>
    Object.defineProperty(made, name, { value: Object.freeze(value), enumerable: true })
  add(
    'state',
    mapped(state?.value, (table) => mapped(table as object, kernelCall)),
  )
  add('emit', mapped(emit?.value ?? {}, asKernel))
  add(
    'needs',
    mapped(needs?.value ?? {}, (api) => mapped(api as object, asKernel)),
  )
  contexts.set(ctx, Object.freeze(made))
  return made
}

/** Of its own fields, and of what its class answers. */
function descriptorsOf(ctx: object): Record<string, PropertyDescriptor> {
  const parent = Object.getPrototypeOf(ctx) as object
  const { constructor: _, ...inherited } = parent === Object.prototype ? {} : descriptorsOf(parent)
  return { ...inherited, ...Object.getOwnPropertyDescriptors(ctx) }
}

function kernelCall(code: Code): Code {
  const call = asKernel(code)
  return (...args) => {
    const result = call(...args)
    return isIterator(result) ? steps(result) : result
  }
}

function isIterator(value: unknown): value is Iterator<unknown> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value && 'next' in value
}

/** An iterator whose every step is the kernel's. */
function* steps(iterator: Iterator<unknown>): Generator<unknown> {
  const next = asKernel(() => iterator.next())
  const end = asKernel(() => iterator.return?.())
  try {
    for (let step = next(); !step.done; step = next()) yield step.value
  } finally {
    end()
  }
}

/** An object with each of its functions, or objects, replaced. */
function mapped(from: object, change: (value: never) => unknown): object {
  const entries = Object.entries(from).map(([name, value]) => [
    name,
    typeof value === 'function' || typeof value === 'object' ? change(value as never) : value,
  ])
  return Object.freeze(Object.fromEntries(entries))
}
