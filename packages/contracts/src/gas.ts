/** What a chain's blocks are weighed by: about a microsecond each. */
export const GAS_PER_WEIGHT = 1_000n
/** What a gas price is the price of. */
const GAS_UNIT = 1_000_000n

/** What gas costs, rounded up. */
export function gasFee(gas: bigint, price: bigint): bigint {
  return (gas * price + GAS_UNIT - 1n) / GAS_UNIT
}
