import { failures } from './errors.ts'

/** The refusals of this package, for the catalogue of error codes. */
export const primitivesRefusals = {
  NOT_HEX: (d: { text: string }) => ({
    message: `"${d.text.slice(0, 80)}" is not lower-case hex.`,
    hint: 'Give an even number of digits 0-9 and a-f, without 0x.',
  }),
  BAD_TEXT: (_: object) => ({
    message: 'The text is not well-formed Unicode.',
    hint: 'Remove lone surrogates or broken UTF-8.',
  }),
  BAD_ADDRESS_BYTES: (d: { length: number }) => ({
    message: `An address has 32 bytes, not ${d.length}.`,
    hint: 'Pass the 32 bytes of the address.',
  }),
  BAD_ADDRESS_PREFIX: (d: { prefix: string }) => ({
    message: `"${d.prefix.slice(0, 80)}" is not an address prefix.`,
    hint: 'A prefix is 1 to 16 letters a-z.',
  }),
  ADDRESS_UPPER_CASE: (d: { text: string }) => ({
    message: `The address "${d.text.slice(0, 100)}" has upper-case letters.`,
    hint: 'Only the lower-case form of an address is valid.',
  }),
  ADDRESS_MALFORMED: (d: { text: string }) => ({
    message: `"${d.text.slice(0, 100)}" is not an address.`,
    hint: 'An address is its chain’s prefix, the digit 1 and 58 letters and digits.',
  }),
  ADDRESS_TYPO: (d: { text: string }) => ({
    message: `The address "${d.text.slice(0, 100)}" fails its checksum.`,
    hint: 'A character is wrong, missing or swapped: copy the address again.',
  }),
  ADDRESS_WRONG_PREFIX: (d: { want: string; got: string }) => ({
    message: `The address belongs to a chain with prefix "${d.got}", not "${d.want}".`,
    hint: `Use an address that begins with ${d.want}1.`,
  }),
  ADDRESS_WRONG_LENGTH: (d: { text: string; want: number; got: number }) => ({
    message: `The address "${d.text.slice(0, 100)}" has ${d.got} characters of data, not ${d.want}.`,
    hint: 'Addresses of this software hold 32 bytes; this is an address of another system.',
  }),
  ADDRESS_BAD_PADDING: (d: { text: string }) => ({
    message: `The address "${d.text.slice(0, 100)}" has bits behind its 32 bytes.`,
    hint: 'The software that wrote it is wrong: each address has exactly one text.',
  }),
  BAD_HASH: (d: { got: string }) => ({
    message: `"${d.got.slice(0, 80)}" is not a hash.`,
    hint: 'A hash is 64 digits of lower-case hex.',
  }),
  AMOUNT_OUT_OF_RANGE: (d: { units: bigint }) => ({
    message: `${d.units} is not an amount.`,
    hint: 'An amount is at least 0 and below 2^64 of the smallest unit.',
  }),
  AMOUNT_NOT_A_NUMBER: (d: { text: string }) => ({
    message: `"${d.text.slice(0, 80)}" is not an amount.`,
    hint: 'Write digits with an optional decimal point, for example 12.5.',
  }),
  AMOUNT_TOO_PRECISE: (d: { text: string; decimals: number }) => ({
    message: `"${d.text.slice(0, 80)}" has more than ${d.decimals} decimals.`,
    hint: `Give at most ${d.decimals} digits after the point; amounts are never rounded.`,
  }),
  HEIGHT_OUT_OF_RANGE: (d: { value: bigint }) => ({
    message: `${d.value} is not a height.`,
    hint: 'A height is at least 0 and below 2^64.',
  }),
}

export const primitivesFail = failures('primitives', primitivesRefusals)
