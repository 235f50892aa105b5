export {
  DEFAULT_ADDRESS_PREFIX,
  formatAddress,
  isAddressPrefix,
  parseAddress,
  showAddresses,
} from './address.ts'
export {
  type Address,
  type Amount,
  addressFromBytes,
  addressToBytes,
  amount,
  type Brand,
  formatAmount,
  type Hash,
  type Height,
  hash,
  hashToBytes,
  height,
  parseAmount,
} from './brands.ts'
export {
  compareBytes,
  concatBytes,
  copyOfBytes,
  equalBytes,
  fromHex,
  fromUtf8,
  newBytes,
  toHex,
  utf8,
} from './bytes.ts'
export {
  ChainError,
  type Explanation,
  type Failures,
  failures,
  isChainError,
  type Refusal,
} from './errors.ts'
export { primitivesRefusals } from './refusals.ts'
export { firstNotBelow } from './sorted.ts'
