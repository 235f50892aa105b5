import { codecFromSchema, encode } from '@mmtchain/codec'
import { moduleAddress } from '@mmtchain/crypto'
import { type Address, type Failures, failures, type Hash, showAddresses } from '@mmtchain/primitives'
import { EVENTS_MAX, type Event, HOOK_EVENTS_MAX } from '../block.ts'
import { type ChainData, parameterSchema, type UsedModule } from '../declare/chain.ts'
import { parameterBytes } from '../declare/genesis.ts'
import type { Call, ModuleSpec } from '../declare/module.ts'
import { CommandContext, HandlerBlock, HookContext } from '../handler-contexts.ts'
import { paramsInForce } from '../parameters.ts'
import type { BlockContext, ChainContext, StateReader } from '../ports.ts'
import { kernelFail, kernelRefusals } from '../refusals.ts'
import { type Journal, newJournal, openTable, rollback, savepoint, stopsNode } from './journal.ts'

/** What stays the same for every block of a release: made once. */
export interface Runtime {
  readonly chain: ChainContext
  readonly modules: ReadonlyMap<string, UsedModule>
  /** The modules that check calls before they run. */
  readonly guards: readonly ModuleSpec[]
  /** The account of each module itself. */
  readonly accounts: ReadonlyMap<string, Address>
  readonly fails: ReadonlyMap<string, Failures<object>>
  readonly kernelFail: Failures<typeof kernelRefusals>
}

export function newRuntime(chain: ChainData, fingerprint: Hash): Runtime {
  const governable = chain.modules.flatMap(({ spec, governable: names }) =>
    names.map((name) => {
      const codec = codecFromSchema(parameterSchema(spec, name))
      return [`${spec.name}.${name}`, Object.freeze({ codec, chosen: parameterBytes(spec, name) })] as const
    }),
  )
  const show = (text: string) => showAddresses(text, { prefix: chain.addressPrefix })
  return {
    chain: Object.freeze({
      id: chain.id,
      fingerprint,
      addressPrefix: chain.addressPrefix,
      suites: chain.suites,
      governable: new Map(governable),
      commands: new Map(
        chain.modules.map(({ spec }) => [spec.name, Object.freeze([...spec.commands.keys()])]),
      ),
    }),
    modules: new Map(chain.modules.map((used) => [used.spec.name, used])),
    guards: chain.modules.map(({ spec }) => spec).filter(({ beforeCommand }) => beforeCommand.length > 0),
    accounts: new Map(
      chain.modules.map(({ spec: { name } }) => [name, moduleAddress(name, new Uint8Array())]),
    ),
    fails: new Map(
      chain.modules.map(({ spec }) => [spec.name, failures<object>(spec.name, spec.errors, show)]),
    ),
    kernelFail: failures('kernel', kernelRefusals, show),
  }
}

/** The contexts of one module within a session. `command` also knows the sender and holds the open capabilities. */
export interface Contexts {
  readonly hook: never
  readonly command: never
}

/** The same, with what the module provides to others. */
interface BuiltContexts extends Contexts {
  readonly open: object
  readonly granted: object
  readonly reads: object
}

/** One block, query or trial in execution: a journal, the events so far, and a context for each module. */
export interface Session {
  readonly journal: Journal
  readonly events: Event[]
  /** The call that is being executed, or undefined in hooks. */
  call: Call | undefined
  /** The `weightMax` of the transactions so far. */
  weight: bigint
  /** What of the transaction's fee its calls have given back. */
  refund: bigint
  contexts(module: string): Contexts
}

/** Begins a session over `state`, as of `block`. */
export function openSession(
  runtime: Runtime,
  state: StateReader,
  block: Omit<BlockContext, 'weight'>,
): Session {
  const journal = newJournal(state)
  const built = new Map<string, BuiltContexts>()
  const session: Session = { journal, events: [], call: undefined, weight: 0n, refund: 0n, contexts }
  const handlerBlock = new HandlerBlock(block, session)

  function contexts(name: string): BuiltContexts {
    return built.get(name) ?? makeContexts(name)
  }

  function makeContexts(name: string): BuiltContexts {
    const used = runtime.modules.get(name) as UsedModule
    const { spec, grants } = used
    const shared = {
      block: handlerBlock,
      chain: runtime.chain,
      self: runtime.accounts.get(name),
      state: mapped(spec.state, (table) => openTable(journal, name, table, spec.state[table] as never)),
      emit: mapped(spec.events, (event) => (data: unknown) => emit(name, event, data)),
      fail: runtime.fails.get(name),
      params: paramsInForce(runtime.chain, used, state),
    }
    const inHooks = (needed: string) => ({
      ...contexts(needed).reads,
      ...pick(needed, contexts(needed).granted, grants[needed] ?? []),
    })
    const hook = new HookContext(shared, mapped(spec.needs, inHooks))
    const inCommands = (needed: string) => ({ ...contexts(needed).open, ...inHooks(needed) })
    const command = new CommandContext(shared, mapped(spec.needs, inCommands), session)
    const open = whole(spec.open?.(command as never, undefined as never) ?? {})
    const granted = whole(spec.granted?.(hook as never, undefined as never) ?? {})
    const reads = spec.reads?.(hook as never, undefined as never) ?? {}
    const made = { hook: hook as never, command: command as never, open, granted, reads: reads as object }
    built.set(name, made)
    return made
  }

  /** What a module provides, each call all or nothing: whoever catches a refusal of it finds that nothing has changed. */
  function whole(api: object): object {
    const guarded = Object.entries(api).map(([name, provided]) => {
      if (typeof provided !== 'function') return [name, provided]
      const call = (...args: readonly unknown[]) => {
        const [start, eventsBefore] = [savepoint(journal), session.events.length]
        try {
          return provided.apply(api, args)
        } catch (error) {
          if (stopsNode(error)) journal.failure ??= error
          rollback(journal, start)
          session.events.length = eventsBefore
          throw error
        }
      }
      return [name, call]
    })
    return Object.freeze(Object.fromEntries(guarded))
  }

  function emit(module: string, event: string, data: unknown): undefined {
    const max = session.call ? EVENTS_MAX : HOOK_EVENTS_MAX
    if (session.events.length >= max) throw runtime.kernelFail.TOO_MANY_EVENTS({ max })
    const codec = runtime.modules.get(module)?.spec.events[event]
    const bytes = encode(codec as never, data as never)
    if (bytes.length > 65_536)
      throw runtime.kernelFail.EVENT_TOO_LARGE({ event: `${module}.${event}`, got: bytes.length })
    // Events of block 0 are dropped (formats.md, 13.4).
    if (block.height > 0n) session.events.push({ module, name: event, data: bytes })
  }

  return session
}

function mapped<V>(names: object, value: (name: string) => V): { readonly [name: string]: V } {
  return Object.freeze(Object.fromEntries(Object.keys(names).map((name) => [name, value(name)])))
}

/** The capabilities with these names. Throws `kernel/BAD_CHAIN` for a name that the module does not grant. */
function pick(module: string, from: object, names: readonly string[]): object {
  const missing = names.find((name) => !Object.hasOwn(from, name))
  if (missing !== undefined) throw kernelFail.BAD_CHAIN({ why: `${module} has no ${missing} to grant` })
  return Object.fromEntries(names.map((name) => [name, (from as Record<string, unknown>)[name]]))
}
