import { failures } from '@mmtchain/primitives'

/** The refusals of the command line itself, for the catalogue of error codes. */
export const cliRefusals = {
  BAD_FIELD: (d: { flag: string; value: string; why: string }) => ({
    message: `--${d.flag} ${d.value}: ${d.why}`,
    hint: 'Correct the value; --help shows the fields.',
  }),
  BAD_ARGUMENT: (d: { name: string; value: string; want: string }) => ({
    message: `${d.name} is "${d.value}", not ${d.want}.`,
    hint: 'See --help for an example.',
  }),
  NOT_EMPTY: (d: { file: string }) => ({
    message: `${d.file} exists already.`,
    hint: 'Name another file; nothing is overwritten.',
  }),
}

export const cliFail = failures('cli', cliRefusals)
