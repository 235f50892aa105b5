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
  CANNOT_WRITE: (d: { file: string; why: string }) => ({
    message: `${d.file} cannot be written: ${d.why}.`,
    hint: 'Name a file in a folder that exists and that you may write to.',
  }),
  USAGE: (d: { message: string }) => ({
    message: `The command line cannot be read: ${d.message}`,
    hint: '--help shows how.',
  }),
}

export const cliFail = failures('cli', cliRefusals)
