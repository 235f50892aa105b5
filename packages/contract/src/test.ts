// Tests a contract in this process, on the real kernel, the real module and the real sandbox.
import { fileURLToPath } from 'node:url'
import { type Codec, decode, encode } from '@mmtchain/codec'
import { calledEvent, contractAddress, contracts, saidEvent } from '@mmtchain/contracts'
import { sha256 } from '@mmtchain/crypto'
import { defineChain, solo } from '@mmtchain/kernel'
import { type Address, amount, hash, utf8 } from '@mmtchain/primitives'
import { type Outcome, testAddresses, testChain } from '@mmtchain/testkit'
import { token } from '@mmtchain/token-rewards'
import { createSandbox } from '@mmtchain/vm-sandbox'
import { type Artifact, buildContract, inSource } from './build.ts'
import type { Contract, ContractTypes, MethodSpec } from './contract.ts'
import { kitFail } from './refusals.ts'

/** What came of a call. */
export interface Done<O> {
  /** The code of the refusal, undefined when all went well: `contract/NOT_OPEN`, `sandbox/OUT_OF_GAS`. */
  readonly code: string | undefined
  /** Why, in words, with the author's lines. */
  readonly why: string | undefined
  readonly result: O | undefined
  /** What the contract said, by name, with its data decoded. */
  readonly events: readonly { readonly name: string; readonly data: unknown }[]
  readonly gasUsed: bigint
  /** What it cost, in the smallest unit. */
  readonly fee: bigint
}

export interface CallOptions {
  /** What is paid to the contract with the call. */
  readonly amount?: bigint
  readonly gas?: bigint
}

type Asked<M> = {
  readonly [N in keyof M]: M[N] extends { input: infer I; output: infer O }
    ? (input: I, options?: CallOptions) => Done<O>
    : never
}
type Answered<Q> = {
  readonly [N in keyof Q]: Q[N] extends { input: infer I; output: infer O } ? (input: I) => O : never
}

/** A contract on a chain of its own. */
export interface ContractUnderTest<T extends ContractTypes> {
  readonly address: Address
  as(sender: Address): Asked<T['methods']>
  readonly read: Answered<T['queries']>
  balance(owner: Address): bigint
  /** Empty blocks, or time that passes. */
  advance(args: { readonly blocks: number } | { readonly toMs: bigint }): void
  readonly timeMs: bigint
  readonly height: bigint
  /** How much gas each method took: least, most, and how often it was called. */
  gasReport(): string
}

/** The accounts of tests, each with a million tokens of 10^8 units. */
export const people: readonly Address[] = testAddresses('ann', 'ben', 'cat', 'dan')

const GAS = 50_000_000n
const DEPOSIT = amount(10n ** 12n)

const chain = () =>
  defineChain({ id: 'contract-test-1', slotMs: 1_000, consensus: solo() })
    .use(token({ symbol: 'HKT' }))
    .use(contracts({ sandbox: createSandbox }), { grants: { kernel: ['attempt'], token: ['move'] } })

/**
 * Builds a contract from its file and makes it on a chain in this process: `await testContract(contract, new URL('../src/contract.ts',
 * import.meta.url), { init: { … } })`. Throws what the build refuses, and `kit/REFUSED` when `init` is refused.
 */
export async function testContract<T extends ContractTypes>(
  contract: Contract<T>,
  file: URL,
  options: { readonly init?: T['init']; readonly by?: Address; readonly amount?: bigint } = {},
): Promise<ContractUnderTest<T>> {
  return onChain(contract, await buildContract(fileURLToPath(file)), options)
}

function onChain<T extends ContractTypes>(
  { spec }: Contract<T>,
  artifact: Artifact,
  options: { readonly init?: unknown; readonly by?: Address; readonly amount?: bigint },
): ContractUnderTest<T> {
  const { by = people[0] as Address } = options
  const on = testChain(chain(), {
    token: { balances: people.map((owner) => ({ owner, amount: amount(10n ** 14n) })) },
  })
  const code = hash(sha256(utf8(artifact.code)))
  const init = spec.methods.find(({ name }) => name === 'init')
  const mapped = (text: string | undefined) => text && inSource(text, artifact.sourceMap)
  expectDone(on.as(by).contracts.deploy({ code: artifact.code, gas: 200_000_000n }))
  expectDone(
    on.as(by).contracts.instantiate({
      ...{ code, admin: by, amount: amount(options.amount ?? 0n), gas: GAS, depositMax: DEPOSIT },
      input: init ? encode(init.input, options.init) : null,
    }),
  )
  const address = contractAddress(0n)
  const gas = new Map<string, { readonly least: bigint; readonly most: bigint; readonly calls: number }>()

  function expectDone(outcome: Outcome): void {
    if (outcome.code !== undefined)
      throw kitFail.REFUSED({ code: outcome.code, why: mapped(outcome.refusal?.message) ?? '' })
  }

  function call(sender: Address, method: MethodSpec, input: unknown, given: CallOptions = {}): Done<unknown> {
    const outcome = on.as(sender).contracts.call({
      ...{ contract: address, method: method.name, input: encode(method.input, input) },
      ...{ amount: amount(given.amount ?? 0n), gas: given.gas ?? GAS, depositMax: DEPOSIT },
    })
    const own = outcome.receipt?.events.filter(({ module }) => module === 'contracts') ?? []
    const called = own.filter(({ name }) => name === 'called').map(({ data }) => decode(calledEvent, data))[0]
    if (called) {
      const { least, most, calls } = gas.get(method.name) ?? { least: called.gasUsed, most: 0n, calls: 0 }
      gas.set(method.name, {
        least: called.gasUsed < least ? called.gasUsed : least,
        most: called.gasUsed > most ? called.gasUsed : most,
        calls: calls + 1,
      })
    }
    return {
      code: outcome.code,
      why: mapped(outcome.refusal?.message),
      result: called && decode(method.output, called.result),
      events: own
        .filter(({ name }) => name === 'said')
        .map(({ data }) => decode(saidEvent, data))
        .map(({ name, data }) => ({ name, data: decode(spec.events[name] as Codec<unknown>, data) })),
      gasUsed: called?.gasUsed ?? 0n,
      fee: outcome.receipt?.fee ?? 0n,
    }
  }

  const byName = (all: readonly MethodSpec[], value: (one: MethodSpec) => unknown) =>
    Object.fromEntries(all.map((one) => [one.name, value(one)]))
  return {
    address,
    as: (sender) =>
      byName(
        spec.methods,
        (one) => (input: unknown, given?: CallOptions) => call(sender, one, input, given),
      ) as never,
    read: byName(spec.queries, ({ name, input: takes, output: gives }) => (input: unknown) => {
      const given = { contract: address, method: name, input: encode(takes, input) }
      return decode(gives, on.read.contracts.view(given))
    }) as never,
    balance: (owner) => on.read.token.balance({ owner }),
    advance: (args) => on.advance(args),
    get timeMs() {
      return on.timeMs
    },
    get height() {
      return on.height
    },
    gasReport: () =>
      [...gas]
        .map(([name, { least, most, calls }]) => `${name}: ${least} to ${most} gas in ${calls} calls`)
        .join('\n'),
  }
}
