import { decode } from '@mmtchain/codec'
import { type Amount, amount } from '@mmtchain/primitives'
import type { TransactionCall } from '@mmtchain/tx'
import { kernelFail } from '../refusals.ts'
import type { ChainData, UsedModule } from './chain.ts'
import type { CommandSpec, ModuleSpec } from './module.ts'

/**
 * What calls cost by the chain file, in its dearest release that has them: what a wallet expects before it asks anybody. What is
 * charged may differ where governance has changed a price. Throws `kernel/UNKNOWN_MODULE`, `kernel/UNKNOWN_COMMAND`, or what the
 * codec refuses.
 */
export function listedFee(chain: ChainData, calls: readonly TransactionCall[]): Amount {
  return amount(calls.reduce((sum, call) => sum + listedFeeOf(chain, call), 0n))
}

function listedFeeOf(chain: ChainData, call: TransactionCall): bigint {
  const prices = [chain, ...chain.upgrades].flatMap((release) => {
    const price = priceIn(release, call)
    return price === undefined ? [] : [price]
  })
  if (prices.length > 0) return prices.reduce((dearest, price) => (price > dearest ? price : dearest))
  const { module, command } = call
  const used = chain.modules.find(({ spec }) => spec.name === module)
  if (!used) throw kernelFail.UNKNOWN_MODULE({ module, known: chain.modules.map(({ spec }) => spec.name) })
  throw kernelFail.UNKNOWN_COMMAND({ module, command, known: [...used.spec.commands.keys()] })
}

function priceIn({ modules }: ChainData, { module, command, input }: TransactionCall): bigint | undefined {
  const used = modules.find(({ spec }) => spec.name === module)
  const spec = used?.spec.commands.get(command)
  if (!used || !spec) return undefined
  const feeModule = modules.find(({ spec: { feePolicy } }) => feePolicy)?.spec
  return priceOf({
    used,
    command: spec,
    name: command,
    // Decoded only where the price depends on it: what has one price need not be of the codec.
    get input() {
      return decode(spec.input, input)
    },
    feeModule,
    paramsOf: (_, { params }) => params?.value,
    from: undefined,
  })
}

/** What a command costs: the chain file's price, or the command's own, or what the fee policy takes for commands without one. */
export function priceOf<From>(args: {
  readonly used: UsedModule
  readonly command: CommandSpec
  readonly name: string
  readonly input: unknown
  readonly feeModule: ModuleSpec | undefined
  readonly paramsOf: (from: From, spec: ModuleSpec) => unknown
  readonly from: From
}): bigint {
  const { used, command, feeModule, paramsOf, from } = args
  const fee = used.fees[args.name] ?? command.fee
  if (typeof fee === 'function') return fee(args.input as never, paramsOf(from, used.spec) as never)
  return fee ?? (feeModule ? commandFeeOf(feeModule, paramsOf(from, feeModule)) : 0n)
}

/** What a command costs that declares no fee, by the policy of the fee module under these parameters. */
export function commandFeeOf({ feePolicy }: ModuleSpec, params: unknown): Amount {
  const fee = feePolicy?.commandFee ?? amount(0n)
  return typeof fee === 'function' ? fee(params as never) : fee
}
