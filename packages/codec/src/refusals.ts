import { failures } from '@mmtchain/primitives'

/** Where the refused part is: the path from the value that was to be encoded, or the first byte that was read. */
export interface Place {
  readonly path?: string | undefined
  readonly at?: number | undefined
}

function place({ path, at }: Place): string {
  if (path !== undefined) return `${path}: `
  return at === undefined ? '' : `At byte ${at}: `
}

/** The refusals of this package, for the catalogue of error codes. */
export const codecRefusals = {
  WRONG_TYPE: (d: Place & { want: string; got: string }) => ({
    message: `${place(d)}Expected ${d.want}, got ${d.got}.`,
    hint: 'Pass a value of the declared type.',
  }),
  OUT_OF_RANGE: (d: Place & { want: string; got: string }) => ({
    message: `${place(d)}Expected ${d.want}, got ${d.got}.`,
    hint: `Pass ${d.want}.`,
  }),
  TOO_LONG: (d: Place & { max: number; got: number }) => ({
    message: `${place(d)}The length ${d.got} is over the bound of ${d.max}.`,
    hint: `Send at most ${d.max}.`,
  }),
  TOO_SHORT: (d: Place & { min: number; got: number }) => ({
    message: `${place(d)}The length ${d.got} is below the least of ${d.min}.`,
    hint: `Send at least ${d.min}.`,
  }),
  BAD_TEXT: (d: Place & { got: string }) => ({
    message: `${place(d)}Expected well-formed Unicode text, got ${d.got}.`,
    hint: 'Remove lone surrogates or broken UTF-8.',
  }),
  DUPLICATE: (d: Place & { what: string; got: string }) => ({
    message: `${place(d)}Expected distinct ${d.what}, got ${d.got} twice.`,
    hint: 'Give every one once.',
  }),
  TRAILING_BYTES: (d: Place & { left: number }) => ({
    message: `${place(d)}Expected the end of the value, got ${d.left} more bytes.`,
    hint: 'Send exactly the bytes of one value.',
  }),
  ENDS_EARLY: (d: Place & { want: number; left: number }) => ({
    message: `${place(d)}The value needs ${d.want} more bytes, but ${d.left} are left.`,
    hint: 'Send the whole value.',
  }),
  NOT_MINIMAL: (d: Place & { want: number; got: number }) => ({
    message: `${place(d)}Expected a length in ${d.want} bytes, got the same in ${d.got}.`,
    hint: 'Encode lengths as minimal ULEB128.',
  }),
  LENGTH_TOO_LARGE: (d: Place) => ({
    message: `${place(d)}Expected a length of at most 2^31 − 1, got a larger one.`,
    hint: 'Encode lengths as ULEB128 of at most 2^31 − 1.',
  }),
  BAD_TAG: (d: Place & { want: string; got: number }) => ({
    message: `${place(d)}Expected ${d.want}, got ${d.got}.`,
    hint: 'Encode the value as docs/spec/formats.md, section 2, says.',
  }),
  NOT_SORTED: (d: Place & { what: string }) => ({
    message: `${place(d)}Expected ${d.what} that ascend strictly, got one that is not above the one before it.`,
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
    hint: 'Use a schema made by this package (docs/spec/formats.md, section 3.5).',
  }),
  BAD_DEFINITION: (d: { why: string }) => ({
    message: `The codec cannot be defined: ${d.why}.`,
    hint: 'Change the declaration.',
  }),
}

export const codecFail = failures('codec', codecRefusals)
