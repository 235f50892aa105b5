import { type Codec, decode, encode } from '@mmtchain/codec'
import type { Address, Amount } from '@mmtchain/primitives'
import type { ContractSpec } from './contract.ts'
import { openTable } from './tables.ts'

/** What the chain gives to code (the page of `@mmtchain/contracts`). Keys are hex; what fails throws an error with a `code`. */
export interface HostApi {
  get(key: string): Uint8Array | undefined
  set(key: string, value: Uint8Array): void
  delete(key: string): void
  scan(prefix: string, from: string, limit: number): Uint8Array
  emit(name: string, data: Uint8Array): void
  pay(to: string, amount: bigint): void
  balance(owner: string): bigint
  call(contract: string, method: string, input: Uint8Array, amount: bigint, gas: bigint): Uint8Array
  use(capability: string, input: Uint8Array): Uint8Array
  refuse(key: string, message: string, hint: string): void
}

/** What the chain calls: the export of this name of a built contract. */
export type Exported = (
  input: Uint8Array,
  self: string,
  sender: string,
  amount: bigint,
  height: bigint,
  timeMs: bigint,
) => Uint8Array

/** A method as the chain calls it: the build exports one for each method, query, `init` and `migrate`. */
export function methodOf({ spec }: { readonly spec: ContractSpec }, name: string): Exported {
  const { host } = globalThis as unknown as { readonly host: HostApi }
  const method = [...spec.methods, ...spec.queries].find((one) => one.name === name)
  if (method === undefined) throw new Error(`the contract has no method ${name}`)
  const { input: takes, output: gives, run } = method
  return (input, self, sender, amount, height, timeMs) => {
    const ctx = {
      state: mapped(spec.state, (table) => openTable(host, table, spec.state[table] as never)),
      emit: mapped(spec.events, (event) => (data: unknown) => {
        host.emit(event, encode(spec.events[event] as Codec<unknown>, data))
      }),
      fail: mapped(spec.errors, (key) => (values: never) => {
        const { message, hint } = (spec.errors[key] as (given: never) => { message: string; hint: string })(
          values,
        )
        host.refuse(key, message, hint)
      }),
      ...{ self, sender, amount, block: { height, timeMs } },
      pay: (to: Address, value: Amount) => {
        if (value > 0n) host.pay(to, value)
      },
      balance: (owner: Address) => host.balance(owner),
      call: (to: Address, asked: AnyRemote, value: unknown, given: { amount?: bigint; gas?: bigint } = {}) =>
        decode(
          asked.output,
          host.call(to, asked.name, encode(asked.input, value), given.amount ?? 0n, given.gas ?? 0n),
        ),
      use: (asked: AnyRemote, value: unknown) =>
        decode(asked.output, host.use(asked.name, encode(asked.input, value))),
    }
    return encode(gives, run(ctx as never, decode(takes, input) as never))
  }
}

interface AnyRemote {
  readonly name: string
  readonly input: Codec<unknown>
  readonly output: Codec<unknown>
}

function mapped(names: object, value: (name: string) => unknown): object {
  return Object.fromEntries(Object.keys(names).map((name) => [name, value(name)]))
}
