import { ChainError } from '@mmtchain/primitives'
import { createSandbox, hostFunction, type Outcome, type Value } from '@mmtchain/vm-sandbox'

/** What the tests' host functions work on: a table of bytes by text, and what was paid. */
export interface World {
  readonly table: Map<string, Uint8Array>
  readonly events: string[]
}

export const newWorld = (): World => ({ table: new Map(), events: [] })

/** The functions that a chain module would give: state, events, money, other code. */
export const host = {
  get: hostFunction({
    takes: ['text'],
    gas: 1_000,
    run: ({ table }: World, key) => table.get(key),
  }),
  put: hostFunction({
    takes: ['text', 'bytes'],
    gas: 2_000,
    run({ table }: World, key, value) {
      table.set(key, value)
    },
  }),
  event: hostFunction({
    takes: ['text', 'value'],
    gas: 1_000,
    run({ events }: World, name, value) {
      events.push(`${name} ${typeof value === 'object' && value !== null ? value.join() : String(value)}`)
    },
  }),
  pay: hostFunction({
    takes: ['integer'],
    gas: 5_000,
    run(_: World, amount) {
      if (amount > 100n)
        throw new ChainError({ code: 'token/POOR', message: `${amount} is too much.`, hint: 'Pay less.' })
      return true
    },
  }),
  /** Calls other code from within a call, and gives what it gives or the code of its error. */
  run: hostFunction({
    takes: ['text', 'integer'],
    gas: 10_000,
    run(world: World, code, gasMax): Value {
      const done = sandbox.call({ ...request(code, world), gasMax })
      return done.ok ? done.value : done.error.code
    },
  }),
}

export const sandbox = createSandbox({ host })

const request = (code: string, context: World) => ({
  ...{ program: sandbox.program(code), method: 'main', args: [] },
  ...{ gasMax: GAS, timeMs: 1_700_000_000_000n, seed: new Uint8Array(32), context },
})

/** Enough for anything honest in these tests. */
export const GAS = 200_000_000n

/** Calls `main` of some code. */
export function run(
  code: string,
  given: {
    readonly args?: readonly Value[]
    readonly gasMax?: bigint
    readonly world?: World
    readonly method?: string
    readonly timeMs?: bigint
    readonly seed?: Uint8Array
  } = {},
): Outcome<Value> {
  const { world = newWorld(), ...rest } = given
  return sandbox.call({ ...request(code, world), ...rest })
}

/** Code whose `main` has this body. */
export const main = (body: string) => `export function main() { ${body} }`

/** What a call gives, or the code of its error, beside nothing else. */
export function answer(outcome: Outcome<Value>): Value | { readonly error: string } {
  return outcome.ok ? outcome.value : { error: outcome.error.code }
}

/** All that a chain would keep of an outcome. */
export const kept = (outcome: Outcome<Value>) =>
  outcome.ok
    ? { value: outcome.value, gasUsed: outcome.gasUsed, logs: outcome.logs }
    : {
        code: outcome.error.code,
        refusal: outcome.refusal?.code,
        gasUsed: outcome.gasUsed,
        logs: outcome.logs,
      }
