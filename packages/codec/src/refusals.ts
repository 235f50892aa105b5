import { failures } from '@mmtchain/primitives'

/** The refusals of this package, for the catalogue of error codes. */
export const codecRefusals = {
  WRONG_TYPE: (d: { want: string; got: string }) => ({
    message: `Expected ${d.want}, got ${d.got}.`,
    hint: 'Pass a value of the declared type.',
  }),
  OUT_OF_RANGE: (d: { want: string; got: string }) => ({
    message: `${d.got} does not fit ${d.want}.`,
    hint: `Pass a value within the range of ${d.want}.`,
  }),
  TOO_LONG: (d: { max: number; got: number }) => ({
    message: `The length ${d.got} is over the bound of ${d.max}.`,
    hint: `Send at most ${d.max}.`,
  }),
  TOO_SHORT: (d: { min: number; got: number }) => ({
    message: `The length ${d.got} is below the least of ${d.min}.`,
    hint: `Send at least ${d.min}.`,
  }),
  DUPLICATE: (d: { what: string }) => ({
    message: `A ${d.what} appears twice.`,
    hint: `Give every ${d.what} once.`,
  }),
  TRAILING_BYTES: (d: { left: number }) => ({
    message: `${d.left} bytes follow the value.`,
    hint: 'Send exactly the bytes of one value.',
  }),
  ENDS_EARLY: (d: { want: number; left: number }) => ({
    message: `The value needs ${d.want} more bytes, but ${d.left} are left.`,
    hint: 'Send the whole value.',
  }),
  NOT_MINIMAL: (_: object) => ({
    message: 'A length is written with more bytes than it needs.',
    hint: 'Encode lengths as minimal ULEB128.',
  }),
  LENGTH_TOO_LARGE: (_: object) => ({
    message: 'A length is over 2^31 − 1.',
    hint: 'Encode lengths as ULEB128 of at most 2^31 − 1.',
  }),
  BAD_TAG: (d: { want: string; got: number }) => ({
    message: `The byte ${d.got} is not ${d.want}.`,
    hint: 'Encode the value as docs/spec/formats.md, section 2, says.',
  }),
  NOT_SORTED: (d: { what: string }) => ({
    message: `The ${d.what} do not ascend strictly.`,
    hint: `Sort the ${d.what} by their bytes and give each once.`,
  }),
  BAD_KEY: (d: { hex: string }) => ({
    message: `"${d.hex.slice(0, 80)}" is not a key of this table.`,
    hint: 'Use a key made by the table’s own codec.',
  }),
  BAD_JSON: (d: { path: string; want: string; got: string }) => ({
    message: `${d.path}: expected ${d.want}, got ${d.got}.`,
    hint: 'Correct this value; chain_metadata has the JSON Schema.',
  }),
  BAD_SCHEMA: (d: { why: string }) => ({
    message: `The schema does not describe a codec: ${d.why}.`,
    hint: 'Use a schema made by this package (docs/spec/formats.md, section 3.4).',
  }),
  BAD_DEFINITION: (d: { why: string }) => ({
    message: `The codec cannot be defined: ${d.why}.`,
    hint: 'Change the declaration.',
  }),
}

export const codecFail = failures('codec', codecRefusals)
