import { type CallsToSend, createProver, type DescribedChain } from '@mmtchain/client'
import { type GenesisData, listedFee } from '@mmtchain/kernel'
import { isHome } from '@mmtchain/node'
import { type Amount, ChainError, isChainError, parseAmount } from '@mmtchain/primitives'
import type { TransactionCall } from '@mmtchain/tx'
import { type CommonOptions, genesisOf, homeOf, nodeHomeOf, transportOf } from './context.ts'
import { showAmount, type Unit } from './fields.ts'
import { explain, say } from './language.ts'
import { cliFail } from './refusals.ts'

/** What `--fee-max` says. Throws `cli/BAD_FIELD`. */
export function feeMaxOf(text: unknown, { decimals }: Unit): Amount | undefined {
  if (typeof text !== 'string') return undefined
  try {
    return parseAmount(text, { decimals })
  } catch (error) {
    if (!isChainError(error)) throw error
    throw cliFail.BAD_FIELD({
      flag: 'fee-max',
      value: text,
      why: `${explain(error).message} ${explain(error).hint}`,
    })
  }
}

/**
 * What calls cost by the chain file of the home, if it is a home of this chain, and how the node proves what governance has made of
 * that: the node describes the chain too, and would describe its own prices.
 */
export async function listedByHome(
  options: CommonOptions,
  { metadata }: DescribedChain,
  calls: readonly TransactionCall[],
): Promise<Pick<CallsToSend, 'listedFee' | 'governedFee'>> {
  if (!isHome(nodeHomeOf(homeOf(options)))) return {}
  let genesis: GenesisData
  try {
    genesis = await genesisOf(options)
  } catch (error) {
    // A home that cannot be read says nothing of prices; sending does not need it otherwise.
    if (!isChainError(error)) throw error
    return {}
  }
  if (genesis.fingerprint !== metadata.fingerprint) return {}
  return {
    listedFee: listedFee(genesis.chain, calls),
    governedFee: async (unsigned) =>
      (await createProver(transportOf(options), genesis).fee(unsigned, {})).value,
  }
}

/** Throws what the client says of a fee, which counts in the smallest unit, as people count and with the flag that they have. */
export function inTokens(error: unknown, unit: Unit): never {
  if (!isChainError(error)) throw error
  const { code, values } = error
  const { want, max, listed } = values as { want: bigint; max: bigint; listed: bigint }
  const show = (fee: bigint) => showAmount(fee, unit)
  const said: { readonly [code: string]: () => readonly [message: string, hint: string] } = {
    'client/FEE_TOO_HIGH': () => [
      say('tx.feeTooHigh', { want: show(want), max: show(max) }),
      say('tx.feeTooHigh.hint'),
    ],
    'client/FEE_NOT_LISTED': () => [
      say('tx.feeNotListed', { want: show(want), listed: show(listed) }),
      say('tx.feeNotListed.hint'),
    ],
    'client/FEE_MAX_NEEDED': () => [
      say('tx.feeMaxNeeded', { want: show(want) }),
      say('tx.feeMaxNeeded.hint'),
    ],
  }
  const [message, hint] = said[code]?.() ?? []
  if (message === undefined || hint === undefined) throw error
  throw new ChainError({ code, message, hint, values })
}
