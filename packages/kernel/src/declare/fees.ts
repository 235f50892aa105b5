import { decode } from '@mmtchain/codec'
import { type Amount, amount } from '@mmtchain/primitives'
import type { TransactionCall } from '@mmtchain/tx'
import { commandFeeOf } from '../execution/transaction.ts'
import { kernelFail } from '../refusals.ts'
import type { ChainData } from './chain.ts'

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
  const fee = used.fees[command] ?? spec.fee
  if (typeof fee === 'function') return fee(decode(spec.input, input) as never)
  const policy = modules.find(({ spec: { feePolicy } }) => feePolicy)?.spec
  return fee ?? (policy ? commandFeeOf(policy, policy.params?.value) : 0n)
}
