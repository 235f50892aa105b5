import { address, amount, bool, bytes, hash, list, option, struct, text, u32, u64 } from '@mmtchain/codec'
import type { Module, Need, Sandbox, SandboxMaker, TypesOf } from '@mmtchain/kernel'
import { type Address, type Amount, ChainError, amount as toAmount } from '@mmtchain/primitives'
import { callContract, DEPTH_MAX, type Frame, type Ground, programsOf, readingRun } from './calls.ts'
import { capabilitiesOf, type Offer } from './capabilities.ts'
import { call, clear, deploy, discard, freeze, instantiate, retire, setAdmin, upgrade } from './commands.ts'
import { GAS_PER_WEIGHT, gasFee } from './gas.ts'
import { hostOf, pricesOf } from './host.ts'
import { invariants } from './invariants.ts'
import { CODE_BYTES_MAX, contract, GUARDIANS_MAX, input, kept, name, nouns, plan, ZERO } from './nouns.ts'
import { addPlan, cancelPlan, fire, runDue } from './plans.ts'

/** What a chain file says of its contracts. */
export interface ContractsOptions<O extends Offers = Offers> {
  /** `createSandbox` of `@mmtchain/vm-sandbox`. Its hash is part of the chain's `protocolHash`. */
  readonly sandbox: SandboxMaker
  /** What a command costs before gas, in the smallest unit; 10,000,000 by default. */
  readonly baseFee?: Amount
  /** What a million gas costs, about a millisecond of every node; 1,000,000 by default. */
  readonly gasPrice?: Amount
  /** What a byte of state or code is held for, until it is deleted; 10,000 by default. */
  readonly depositPerByte?: Amount
  /** The longest code; 98,304 bytes by default, which fit a transaction of the usual limit. */
  readonly codeBytesMax?: number
  /** The most gas of a call; 200 million by default. */
  readonly gasMax?: bigint
  /** The most gas that planned calls of a block get together; 200 million by default. */
  readonly plannedGasMax?: bigint
  /** Who may freeze contracts: accounts of organisations, at most 16. Governance changes them where `guardians` is governable. */
  readonly guardians?: readonly Address[]
  /** What contracts may use of other modules of the chain. */
  readonly offers?: O
}
export interface Offers {
  readonly [module: string]: Offer<object, object>
}

/** What later modules may do when the chain file grants it by name. */
export interface ContractsGranted {
  /** Says that something has happened at an account of the module's: the plans that wait for it run in the next block. */
  fire(args: { readonly source: Address; readonly event: string; readonly data: Uint8Array }): undefined
  freeze(args: { readonly contract: Address; readonly frozen: boolean }): undefined
}

/** A command with gas weighs this much before it, in microseconds; a machine is ready in about 100. */
const WEIGHT = 200n
const gas = u64
const offered = { gas, depositMax: amount }
/** Gas of a query, which is nobody's but the node's that answers. */
const QUERY_GAS = 100_000_000n
const ROWS_MAX = 256

interface Paid {
  readonly gas: bigint
}
const weight = (paid: Paid) => WEIGHT + paid.gas / GAS_PER_WEIGHT
const fee = (paid: Paid, params: { readonly baseFee: Amount; readonly gasPrice: Amount }) =>
  toAmount(params.baseFee + gasFee(paid.gas, params.gasPrice))
/** The gas of a command whose turn did not come, because one before it was refused or may not be sent. */
const unused = (paid: Paid, { gasPrice }: { readonly gasPrice: Amount }) =>
  toAmount(gasFee(paid.gas, gasPrice))

function declare(options: ContractsOptions) {
  const { chosen, offers } = checkOptions(options)
  const capabilities = capabilitiesOf(offers)
  const sandbox: Sandbox<Frame> = options.sandbox<Frame>({
    host: hostOf(() => sandbox),
    limits: { codeBytesMax: CODE_BYTES_MAX, depthMax: DEPTH_MAX },
    prices: pricesOf(capabilities),
  })
  const ground: Ground = { sandbox, capabilities, program: programsOf() }
  const needed = Object.fromEntries(Object.entries(offers).map(([module, { need }]) => [module, need]))
  const declared = nouns({ chosen, sandbox: sandbox.hash, offered: needed })
    .provides<{}, ContractsGranted>({
      granted: (ctx) => ({
        fire: (args) => void fire(ctx, args),
        freeze({ contract: which, frozen }) {
          const found = ctx.state.contracts.get(which)
          if (!found) throw ctx.fail.UNKNOWN_CONTRACT({ contract: which })
          if (found.frozen === frozen) throw ctx.fail.NOTHING_TO_CHANGE({})
          ctx.state.contracts.set(which, { ...found, frozen })
          ctx.emit.frozen({ contract: which, frozen })
        },
      }),
    })
    .beginBlock((ctx) => runDue(ground, ctx))
    .command(
      'deploy',
      struct({ code: text({ bytesMax: CODE_BYTES_MAX }), gas }),
      { weight, fee, unused },
      (ctx, given) => deploy(ground, ctx, given),
    )
    .command('discard', struct({ code: hash }), discard)
    .command(
      'instantiate',
      struct({ code: hash, input: option(input), admin: option(address), amount, ...offered }),
      { weight, fee, unused },
      (ctx, given) => instantiate(ground, ctx, given),
    )
    .command(
      'call',
      struct({ contract: address, method: name, input, amount, ...offered }),
      { weight, fee, unused },
      (ctx, given) => call(ground, ctx, given),
    )
    .command(
      'upgrade',
      struct({ contract: address, code: hash, input: option(input), ...offered }),
      { weight, fee, unused },
      (ctx, given) => upgrade(ground, ctx, given),
    )
    .command('setAdmin', struct({ contract: address, admin: option(address) }), setAdmin)
    .command('freeze', struct({ contract: address, frozen: bool }), freeze)
    .command('retire', struct({ contract: address }), retire)
    .command(
      'clear',
      struct({ contract: address, rows: u32 }),
      { weight: ({ rows }) => 50n + BigInt(rows) * 100n },
      (ctx, given) => clear(ground, ctx, given),
    )
    .command(
      'schedule',
      struct({ contract: address, method: name, input, height: u64, every: u32, runs: u32, ...offered }),
      { weight: 200n },
      (ctx, { height, every, ...rest }) =>
        addPlan(ctx, ctx.sender, { ...rest, occasion: { kind: 'at', value: { height, every } } }),
    )
    .command(
      'listen',
      struct({ source: address, event: name, contract: address, method: name, runs: u32, ...offered }),
      { weight: 200n },
      (ctx, { source, event, ...rest }) =>
        addPlan(ctx, ctx.sender, {
          ...{ ...rest, input: new Uint8Array() },
          occasion: { kind: 'on', value: { source, event } },
        }),
    )
    .command('cancel', struct({ plan: u64 }), (ctx, given) => cancelPlan(ctx, ctx.sender, given.plan))
    .query(
      'view',
      struct({ contract: address, method: name, input }),
      bytes({ bytesMax: 65_536 }),
      (ctx, { contract: which, method, input: given }) => {
        const called = callContract(readingRun(ground, ctx), {
          ...{ contract: which, method, input: given, sender: ctx.self },
          ...{ amount: ZERO, gas: QUERY_GAS },
        })
        if (!called.ok) throw called.error
        return called.result
      },
    )
    .query(
      'code',
      struct({ code: hash }),
      option(struct({ owner: address, bytes: u32, loadGas: u64, deposit: amount, uses: u32 })),
      (ctx, given) => ctx.state.codes.get(given.code) ?? null,
    )
    .query(
      'contract',
      struct({ contract: address }),
      option(contract),
      (ctx, given) => ctx.state.contracts.get(given.contract) ?? null,
    )
    .query('kept', struct({ contract: address }), kept, (ctx, given) => ctx.state.kept.get(given.contract))
    .query(
      'plan',
      struct({ plan: u64 }),
      option(plan),
      (ctx, given) => ctx.state.plans.get(given.plan) ?? null,
    )
    .query(
      'contracts',
      struct({ from: option(address), limit: u32 }),
      list(struct({ address, contract }), { max: ROWS_MAX }),
      (ctx, { from, limit }) =>
        [
          ...ctx.state.contracts.entries({
            ...(from !== null && { from }),
            limit: Math.min(limit, ROWS_MAX),
          }),
        ].map(([key, value]) => ({ address: key, contract: value })),
    )
  return invariants.reduce((built, { sentence, holds }) => built.invariant(sentence, holds), declared)
}

type Declared = TypesOf<ReturnType<typeof declare>>
/** What the module needs of the chain: a token, the kernel's `attempt`, and each module that it offers to contracts. */
export type ContractsNeeds<O extends Offers> = Declared['needs'] & {
  readonly [M in keyof O]: O[M] extends Offer<infer Granted, infer Reads> ? Need<{}, Granted, Reads> : never
}

/** Contracts in JavaScript: deployed by anybody, run by everybody, paid by gas. Throws `contracts/BAD_OPTIONS`. */
export function contracts<const O extends Offers = {}>(
  options: ContractsOptions<O>,
): Module<Omit<Declared, 'needs'> & { needs: ContractsNeeds<O> }> {
  // `nouns` has the needs of the offers; the compiler cannot see them in it.
  return declare(options) as unknown as Module<Omit<Declared, 'needs'> & { needs: ContractsNeeds<O> }>
}

/** The options with their defaults. */
function checkOptions(options: ContractsOptions) {
  const { codeBytesMax = 98_304, guardians = [], offers = {} } = options
  const { gasMax = 200_000_000n, plannedGasMax = 200_000_000n } = options
  const why =
    !Number.isInteger(codeBytesMax) || codeBytesMax < 1 || codeBytesMax > CODE_BYTES_MAX
      ? `codeBytesMax is no whole number from 1 to ${CODE_BYTES_MAX}`
      : guardians.length > GUARDIANS_MAX
        ? `more than ${GUARDIANS_MAX} guardians`
        : gasMax < 1n || plannedGasMax < 1n
          ? 'a limit of gas is below 1'
          : 'kernel' in offers || 'token' in offers || 'contracts' in offers
            ? 'kernel, token and contracts cannot be offered; contracts pay by host.pay'
            : undefined
  if (why !== undefined) {
    const hint = 'Correct the contracts in the chain file.'
    const message = `The contracts cannot be defined: ${why}.`
    throw new ChainError({ code: 'contracts/BAD_OPTIONS', message, hint })
  }
  const chosen = {
    baseFee: options.baseFee ?? toAmount(10_000_000n),
    gasPrice: options.gasPrice ?? toAmount(1_000_000n),
    depositPerByte: options.depositPerByte ?? toAmount(10_000n),
    ...{ codeBytesMax, gasMax, plannedGasMax, guardians },
    offers: [...capabilitiesOf(offers).keys()].sort(),
  }
  return { chosen, offers }
}
