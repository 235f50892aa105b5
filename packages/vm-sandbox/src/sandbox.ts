import { hashTagged, sha256, tag } from '@mmtchain/crypto'
import type {
  SandboxCall as CallRequest,
  HostFunction,
  HostFunctions,
  SandboxOutcome as Outcome,
  SandboxProgram as Program,
  Sandbox,
  SandboxPrices,
} from '@mmtchain/kernel'
import { type ChainError, type Hash, isChainError, hash as toHash, toHex, utf8 } from '@mmtchain/primitives'
import { ENGINE_SHA256 } from './engine.ts'
import { isOfKind } from './host.ts'
import { checkedLimits, SANDBOX_LIMITS_DEFAULT, type SandboxLimits } from './limits.ts'
import {
  ENGINE_GAVE_UP,
  type Image,
  imageBytes,
  type Machine,
  type MachineHost,
  newMachine,
  STOPPED,
  stopReasons,
} from './machine.ts'
import { sandboxFail } from './refusals.ts'
import {
  callWith,
  GAS_PER_BYTE,
  type Helpers,
  isException,
  objectAt,
  readValue,
  readZeroEnded,
  type Unfit,
  type Value,
  writeValue,
} from './values.ts'
import { builtins, evaluate, makeWorld, PRELUDE, randomOf } from './world.ts'

/**
 * So much gas stands for a millisecond when a chain bounds the time of its blocks. The worst programs known take less than a third
 * of it (`bench/worst.bench.mjs`); weaker machines use up the rest.
 */
export const GAS_PER_MS = 1_000_000

/** What else decides results, as a number that goes up: 2 since a fault of the engine takes all gas. */
const RULES = 2

/** A module without imports. */
const MODULE = 1
/** What the host's own functions take of the stack between two machines, in the engine's measure (a quarter of the host's). */
const HOST_STACK_BYTES = 4 * 1024
/** What a call of a host function costs before it does anything. */
const HOST_CALL_GAS = 4_000n
const REFUSAL_GAS = 120_000n
const RANDOM_GAS = 5_000n
/** What every call costs for a machine to begin on, beside one gas for each byte that the program adds to the image of the world. */
const MACHINE_GAS = 200_000n
/** What a program that is kept takes beside its image, from above. */
const PROGRAM_BYTES = 8 * 1024
/** No name of a type is longer. */
const TYPE_BYTES_MAX = 16
const promise = { pending: 0, fulfilled: 1, rejected: 2 } as const

const unfitTexts: { readonly [K in Unfit]: string } = {
  kind: 'it is of a kind that does not cross',
  size: 'it is too long',
  text: 'it is text with zeros or unpaired surrogates',
}

/** A program as it stands after loading, or why it does not load. */
type Loaded = { readonly gas: bigint; readonly bytes: number } & (
  | { readonly ok: true; readonly image: Image; readonly namespace: number }
  | { readonly ok: false; readonly error: ChainError }
)

/** A fault of the engine takes all gas: there is nothing to be gained from one, and nothing to be read from where it came. */
const isFault = (error: ChainError): boolean => error.code === 'sandbox/ENGINE_FAULT'

const notLoaded = ({ error, gas }: Extract<Loaded, { ok: false }>, gasMax: bigint) =>
  ({ ok: false, gasUsed: isFault(error) ? gasMax : gas, logs: [], error }) as const

/** Makes a sandbox. Throws `sandbox/BAD_LIMIT`. */
export function createSandbox<Context>(args: {
  readonly host: HostFunctions<Context>
  readonly limits?: Partial<SandboxLimits> | undefined
  readonly prices?: SandboxPrices | undefined
}): Sandbox<Context> {
  const limits = checkedLimits({ ...SANDBOX_LIMITS_DEFAULT, ...args.limits })
  const table = Object.values(args.host)
  const newOne = () => newMachine({ memoryBytesMax: limits.memoryBytesMax })
  const idle: Machine[] = []
  let made: ReturnType<typeof makeWorld> | undefined
  const active: Machine[] = []
  const loadGasMax = BigInt(limits.loadGasMax)
  const programs = new Map<string, Loaded>()
  let kept = 0

  /** Where every load begins, made at the first use: who reads a chain file for its types alone needs no engine. */
  function world(): ReturnType<typeof makeWorld> {
    if (made) return made
    const first = newOne()
    made = makeWorld(first, args.host)
    idle.push(first)
    return made
  }

  /** Lends a machine in the state of an image. One that a fault of the host left is not used again. */
  function onMachine<T>(image: Image, use: (machine: Machine) => T): T {
    const outer = active.at(-1)
    const machine = idle.pop() ?? newOne()
    machine.restore(image, outer === undefined ? 0 : outer.stackBytes() + HOST_STACK_BYTES)
    active.push(machine)
    try {
      const result = use(machine)
      idle.push(machine)
      return result
    } finally {
      active.pop()
    }
  }

  /** The program as loaded, with the gas that a call pays for it, whether that was done now or before. */
  function load(program: Program, gasMax: bigint): Loaded {
    const outOfGas = (): Loaded => ({
      ok: false,
      gas: gasMax,
      bytes: 0,
      error: sandboxFail.OUT_OF_GAS({ gasMax }),
    })
    const known = programs.get(program.hash)
    if (known !== undefined) {
      programs.delete(program.hash)
      programs.set(program.hash, known)
      return known.gas <= gasMax ? known : outOfGas()
    }
    if (gasMax < MACHINE_GAS) return outOfGas()
    const most = gasMax < loadGasMax ? gasMax : loadGasMax
    const loaded = loadNow(program, most)
    // What too little gas did not pay for says nothing about the program.
    if (!loaded.ok && loaded.error.code === 'sandbox/OUT_OF_GAS' && most < loadGasMax) return outOfGas()
    keep(program.hash, loaded)
    return loaded.gas <= gasMax ? loaded : outOfGas()
  }

  function loadNow(program: Program, gasMax: bigint): Loaded {
    const { image, helpers } = world()
    return onMachine(image, (machine) => {
      machine.host = loadingHost(machine, helpers)
      const run = metered(machine, { gasMax: gasMax - MACHINE_GAS, limits }, () => {
        const result = evaluate(machine, helpers, { code: program.code, file: 'contract', flags: MODULE })
        const settled = settle(machine, helpers, result)
        if (settled.state === 'done') return settled.value
        return settled.state === 'threw'
          ? sandboxFail.BAD_CODE({ why: explain(machine, helpers, settled.value) })
          : sandboxFail.NEVER_SETTLED({})
      })
      const failed = (error: ChainError, gas: bigint): Loaded => ({ ok: false, gas, bytes: 0, error })
      const gas = MACHINE_GAS + run.gasUsed
      if (!run.ok) return failed(run.error, gas)
      if (typeof run.value !== 'number') return failed(run.value, gas)
      const frozen = machine.freeze()
      const bytes = imageBytes(frozen)
      const whole = gas + BigInt(Math.max(0, bytes - imageBytes(image)))
      if (whole > loadGasMax) return failed(sandboxFail.OUT_OF_GAS({ gasMax: loadGasMax }), loadGasMax)
      return { ok: true, gas: whole, bytes, image: frozen, namespace: run.value }
    })
  }

  /** Keeps a program, and forgets those that were used longest ago for it. */
  function keep(hash: string, loaded: Loaded): void {
    programs.set(hash, loaded)
    kept += loaded.bytes + PROGRAM_BYTES
    for (const [oldest, { bytes }] of programs) {
      if (kept <= limits.imagesBytesMax) return
      programs.delete(oldest)
      kept -= bytes + PROGRAM_BYTES
    }
  }

  function call(request: CallRequest<Context>): Outcome<Value> {
    const { gasMax } = request
    checkArguments(request.args, limits)
    if (active.length >= limits.depthMax)
      return { ok: false, gasUsed: 0n, logs: [], error: sandboxFail.OUT_OF_STACK({}) }
    const loaded = load(request.program, gasMax)
    if (!loaded.ok) return notLoaded(loaded, gasMax)
    const { helpers } = world()
    return onMachine(loaded.image, (machine) => {
      const session = callingHost(machine, { helpers, table, limits, request })
      machine.host = session.host
      const run = metered(machine, { gasMax: gasMax - loaded.gas, limits }, () =>
        callMethod(machine, { helpers, limits, request, namespace: loaded.namespace, session }),
      )
      const gasUsed = loaded.gas + run.gasUsed
      const { logs } = session
      if (!run.ok)
        return { ok: false, gasUsed: isFault(run.error) ? gasMax : gasUsed, logs, error: run.error }
      const { value } = run
      return 'error' in value
        ? { ok: false, gasUsed, logs, error: value.error, refusal: value.refusal }
        : { ok: true, gasUsed, logs, value: value.value }
    })
  }

  return {
    hash: sandboxHash(args.host, limits, args.prices),
    program(code) {
      const bytes = utf8(code)
      if (bytes.length > limits.codeBytesMax || code.includes('\0'))
        throw sandboxFail.BAD_CODE({
          why: `it has zeros, or ${bytes.length} bytes where ${limits.codeBytesMax} may be`,
        })
      return { hash: toHex(sha256(bytes)), code }
    },
    load({ program, gasMax }) {
      const loaded = load(program, gasMax)
      return loaded.ok
        ? { ok: true, gasUsed: loaded.gas, logs: [], value: undefined }
        : notLoaded(loaded, gasMax)
    },
    call,
    gasLeft() {
      const left = active.at(-1)?.engine.gas.value ?? 0n
      return left > 0n ? left : 0n
    },
    charge: (gas) => active.at(-1)?.charge(gas),
  }
}

type Metered<T> = { readonly gasUsed: bigint } & (
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: ChainError }
)

/** Runs work on a machine, and tells what stopped it. What is none of the machine's stops is thrown on: it is the host's. */
function metered<T>(
  machine: Machine,
  args: { readonly gasMax: bigint; readonly limits: SandboxLimits },
  work: () => T,
): Metered<T> {
  const { engine } = machine
  const { gasMax } = args
  engine.gas.value = gasMax
  const gasUsed = () => (engine.gas.value < 0n ? gasMax : gasMax - engine.gas.value)
  const stopped = (error: ChainError) => ({ ok: false, gasUsed: gasUsed(), error }) as const
  try {
    const value = work()
    if (engine.gas.value < 0n) return stopped(sandboxFail.OUT_OF_GAS({ gasMax }))
    return { ok: true, gasUsed: gasUsed(), value }
  } catch (error) {
    switch (engine.stop.value) {
      case stopReasons.gas:
        return stopped(sandboxFail.OUT_OF_GAS({ gasMax }))
      case stopReasons.memory:
        return stopped(sandboxFail.OUT_OF_MEMORY({ bytesMax: args.limits.memoryBytesMax }))
      case stopReasons.stack:
        return stopped(sandboxFail.OUT_OF_STACK({}))
    }
    if (error !== ENGINE_GAVE_UP && !(error instanceof WebAssembly.RuntimeError)) throw error
    // Between two looks at the gas the engine can fault with none left: with as little gas it would have been stopped before.
    if (engine.gas.value < 0n) return stopped(sandboxFail.OUT_OF_GAS({ gasMax }))
    return stopped(sandboxFail.ENGINE_FAULT({}))
  }
}

interface Session {
  readonly host: MachineHost
  readonly logs: string[]
  /** The refusal that this value of code stands for. */
  refusalOf(value: number): ChainError | undefined
}

function loadingHost(machine: Machine, helpers: Helpers): MachineHost {
  return {
    nowMs: () => 0,
    callHost(_count, _values, id) {
      machine.charge(HOST_CALL_GAS)
      if (id === builtins.log) return 0
      return throwError(machine, helpers, 'there is no host while code loads')
    },
  }
}

function callingHost<Context>(
  machine: Machine,
  args: {
    readonly helpers: Helpers
    readonly table: readonly HostFunction<Context>[]
    readonly limits: SandboxLimits
    readonly request: CallRequest<Context>
  },
): Session {
  const { helpers, table, limits, request } = args
  const random = randomOf(request.seed)
  const logs: string[] = []
  const refusals = new Map<number, ChainError>()
  let [calls, logBytes] = [0, 0]

  const log = (count: number, values: number) => {
    if (count === 0) return 0
    const line = readValue(machine, helpers, values, limits.logBytesMax)
    if (!line.ok || typeof line.value !== 'string') return 0
    logBytes += line.value.length + 1
    if (logBytes <= limits.logBytesMax) logs.push(line.value)
    return 0
  }

  const refuse = (error: ChainError) => {
    machine.charge(REFUSAL_GAS)
    const value = writeValue(machine, helpers, error.code)
    const made = callWith(machine, helpers, helpers.toError, [
      value,
      machine.engine.dupValue(helpers.context, value),
    ])
    const at = objectAt(machine, made)
    // The value is never freed, so that no other comes to its place.
    if (at !== undefined) refusals.set(at, error)
    return machine.engine.throwValue(helpers.context, made)
  }

  const callHost = (count: number, values: number, id: number) => {
    if (id === builtins.random) {
      machine.charge(RANDOM_GAS)
      return writeValue(machine, helpers, random())
    }
    machine.charge(HOST_CALL_GAS)
    calls++
    if (calls > limits.hostCallsMax) return throwError(machine, helpers, 'too many calls of the host')
    if (id === builtins.log) return log(count, values)
    const one = table[id]
    if (one === undefined) throw ENGINE_GAVE_UP
    machine.charge(BigInt(one.gas))
    if (count < one.takes.length) return throwError(machine, helpers, 'too few arguments')
    const given: Value[] = []
    for (const [index, kind] of one.takes.entries()) {
      const read = readValue(machine, helpers, values + 8 * index, limits.valueBytesMax)
      if (!read.ok) return throwError(machine, helpers, `argument ${index}: ${unfitTexts[read.why]}`)
      if (!isOfKind(read.value, kind)) return throwError(machine, helpers, `argument ${index}: not ${kind}`)
      given.push(read.value)
    }
    let result: Value
    try {
      result = one.run(request.context, ...given)
    } catch (error) {
      if (error === STOPPED || !isChainError(error)) throw error
      return refuse(error)
    }
    return writeValue(machine, helpers, result)
  }

  return {
    logs,
    host: { nowMs: () => Number(request.timeMs), callHost },
    refusalOf(value) {
      const at = objectAt(machine, value)
      return at === undefined ? undefined : refusals.get(at)
    },
  }
}

/** Throws an error within code, which may catch it. */
function throwError(machine: Machine, helpers: Helpers, message: string): number {
  const value = writeValue(machine, helpers, message)
  const error = callWith(machine, helpers, helpers.toError, [value])
  return machine.engine.throwValue(helpers.context, error)
}

type Returned =
  | { readonly value: Value }
  | { readonly error: ChainError; readonly refusal?: ChainError | undefined }

function callMethod<Context>(
  machine: Machine,
  args: {
    readonly helpers: Helpers
    readonly limits: SandboxLimits
    readonly request: CallRequest<Context>
    readonly namespace: number
    readonly session: Session
  },
): Returned {
  const { helpers, limits, request, session } = args
  const { engine } = machine
  const name = writeValue(machine, helpers, request.method)
  const method = engine.getProp(helpers.context, args.namespace, name)
  if (typeOf(machine, helpers, method) !== 'function')
    return { error: sandboxFail.NO_METHOD({ method: request.method }) }
  const values = request.args.map((value) => writeValue(machine, helpers, value))
  const settled = settle(machine, helpers, callWith(machine, helpers, method, values))
  if (settled.state === 'pending') return { error: sandboxFail.NEVER_SETTLED({}) }
  if (settled.state === 'threw') {
    const why = explain(machine, helpers, settled.value)
    return { error: sandboxFail.THREW({ why }), refusal: session.refusalOf(settled.value) }
  }
  const read = readValue(machine, helpers, settled.value, limits.valueBytesMax)
  return read.ok ? { value: read.value } : { error: sandboxFail.BAD_RESULT({ why: unfitTexts[read.why] }) }
}

function typeOf(machine: Machine, helpers: Helpers, value: number): string {
  const at = machine.engine.typeOf(helpers.context, value)
  const text = String.fromCharCode(...(readZeroEnded(machine, at, TYPE_BYTES_MAX) ?? []))
  machine.engine.free(at)
  return text
}

type Settled = { readonly state: 'done' | 'threw'; readonly value: number } | { readonly state: 'pending' }

/** Does all that waits, then says what became of a result, or of the promise that it is. */
function settle(machine: Machine, helpers: Helpers, result: number): Settled {
  const { engine } = machine
  if (isException(machine, result))
    return { state: 'threw', value: engine.resolveException(helpers.context, result) }
  const contextOut = engine.malloc(4)
  while (engine.isJobPending(helpers.runtime) !== 0)
    engine.freeValue(helpers.context, engine.executePendingJob(helpers.runtime, 1, contextOut))
  switch (engine.promiseState(helpers.context, result)) {
    case promise.pending:
      return { state: 'pending' }
    case promise.fulfilled:
      return { state: 'done', value: engine.promiseResult(helpers.context, result) }
    case promise.rejected:
      return { state: 'threw', value: engine.promiseResult(helpers.context, result) }
    default:
      return { state: 'done', value: result }
  }
}

/** What people read of something that was thrown. Part of the call: what it runs is metered. */
function explain(machine: Machine, helpers: Helpers, thrown: number): string {
  const kept = machine.engine.dupValue(helpers.context, thrown)
  const text = callWith(machine, helpers, helpers.explain, [kept])
  const read = readValue(machine, helpers, text, 8_000)
  return read.ok && typeof read.value === 'string' ? read.value : 'something that cannot be shown'
}

function checkArguments(args: readonly Value[], limits: SandboxLimits): void {
  if (args.length > limits.argumentsMax)
    throw sandboxFail.BAD_ARGUMENT({
      index: limits.argumentsMax,
      why: `only ${limits.argumentsMax} may be given`,
    })
  args.forEach((value, index) => {
    const isText = typeof value === 'string'
    if (isText && (value.includes('\0') || !isWellFormed(value)))
      throw sandboxFail.BAD_ARGUMENT({ index, why: unfitTexts.text })
    const bytes = isText ? utf8(value).length : value instanceof Uint8Array ? value.length : 0
    const digits = typeof value === 'bigint' ? value.toString().length : 0
    if (bytes > limits.valueBytesMax || digits > 1_300)
      throw sandboxFail.BAD_ARGUMENT({ index, why: unfitTexts.size })
  })
}

const isWellFormed = (text: string): boolean => !/\p{Surrogate}/u.test(text)

function sandboxHash<Context>(
  host: HostFunctions<Context>,
  limits: SandboxLimits,
  prices: SandboxPrices = {},
): Hash {
  const { imagesBytesMax: _, ...deciding } = limits
  const functions = Object.entries(host).map(([name, { takes, gas }]) => [name, takes, gas])
  const own = [HOST_CALL_GAS, REFUSAL_GAS, RANDOM_GAS, MACHINE_GAS, GAS_PER_BYTE].map(Number)
  const text = JSON.stringify([
    ENGINE_SHA256,
    RULES,
    PRELUDE,
    HOST_STACK_BYTES,
    own,
    Object.entries(deciding).sort(),
    functions,
    Object.entries(prices)
      .map(([work, gas]) => [work, String(gas)])
      .sort(),
  ])
  return toHash(hashTagged(tag('mmt/sandbox'), utf8(text)))
}
