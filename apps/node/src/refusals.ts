import { failures } from '@mmtchain/primitives'

/** The refusals of homes, keys and configuration, for the catalogue of error codes. */
export const homeRefusals = {
  NOT_A_HOME: (d: { home: string }) => ({
    message: `${d.home} holds no node: genesis.json is missing.`,
    hint: 'Make one with mmt init, or name another folder with --home.',
  }),
  EXISTS: (d: { home: string }) => ({
    message: `${d.home} already holds a node.`,
    hint: 'Choose another folder, or remove this one if you really mean to begin anew.',
  }),
  OTHER_CHAIN: (d: { home: string; want: string; got: string; why: string }) => ({
    message: `${d.home} holds the chain ${d.want}; the chain file is of ${d.got}, which begins otherwise: ${d.why}`,
    hint: 'Name another folder with --home, or begin anew with --fresh, which removes the chain of this one.',
  }),
  ALREADY_BEGUN: (d: { home: string }) => ({
    message: `The chain in ${d.home} has begun; a genesis document can no longer change it.`,
    hint: 'Leave --document out, name another folder with --home, or begin anew with --fresh, which removes this chain.',
  }),
  PORT_IN_USE: (d: { host: string; port: number }) => ({
    message: `Another program listens at ${d.host}:${d.port}.`,
    hint: 'Stop it, or choose another port with --rpc-port, or rpc.port or p2p.port in config.json; 0 takes any free one.',
  }),
  CANNOT_LISTEN: (d: { host: string; port: number; why: string }) => ({
    message: `The node cannot listen at ${d.host}:${d.port}: ${d.why}.`,
    hint: 'Choose a port from 1024 on with --rpc-port, and in config.json a host that this machine has.',
  }),
  BAD_FILE: (d: { file: string; why: string }) => ({
    message: `${d.file} cannot be used: ${d.why}`,
    hint: 'Correct the file or restore it from a copy.',
  }),
  BAD_CONFIG: (d: { file: string; path: string; why: string }) => ({
    message: `${d.file} cannot be used: ${d.path === '' ? '' : `${d.path}: `}${d.why}.`,
    hint: 'Correct the value, or leave it out to have the default; config.schema.json beside it tells what each means.',
  }),
  BAD_LOG_LEVELS: (d: { part: string; levels: readonly string[]; components: readonly string[] }) => ({
    message: `"${d.part}" is no level of the log.`,
    hint: `Write one of ${d.levels.join(', ')}, or COMPONENT=LEVEL for ${d.components.join(', ')}, with commas between.`,
  }),
  BAD_CHAIN_FILE: (d: { file: string; why: string }) => ({
    message: `The chain file ${d.file} cannot be used: ${d.why}`,
    hint: 'A chain file exports `chain`, made with defineChain; see examples/01-token/chain.ts.',
  }),
  CANNOT_BEGIN: (d: { why: string }) => ({
    message: `Block 0 could not be made: ${d.why}.`,
    hint: 'A genesis of a million accounts needs 4 GB of memory once; free some, or begin on a larger machine and copy the home.',
  }),
  DOCUMENT_NEEDED: (d: { module: string }) => ({
    message: `The module ${d.module} needs a genesis document.`,
    hint: `Give it with --document ${d.module}=FILE.`,
  }),
  UNKNOWN_KEY: (d: { name: string; known: readonly string[] }) => ({
    message: `There is no key ${d.name} here.`,
    hint: d.known.length > 0 ? `There are ${d.known.join(', ')}.` : 'Make one with mmt keys new NAME.',
  }),
  KEY_EXISTS: (d: { name: string }) => ({
    message: `A key ${d.name} exists already.`,
    hint: 'Choose another name; keys are never overwritten.',
  }),
  BAD_KEY_NAME: (d: { name: string }) => ({
    message: `"${d.name}" is no name for a key.`,
    hint: 'Use up to 64 letters, digits, hyphens and underscores, beginning with a letter or digit.',
  }),
  NO_PASSPHRASE_FILE: (d: { file: string; name: string; why: string }) => ({
    message: `The passphrase of the demo key ${d.name} cannot be read from ${d.file}: ${d.why}.`,
    hint: 'Bring the file back; without it the demo keys are lost, and mmt dev --fresh with another --home makes new ones.',
  }),
  PASSPHRASE_NEEDED: (d: { name: string }) => ({
    message: `The key ${d.name} needs its passphrase.`,
    hint: 'Run this in a terminal, or name a file with the passphrase in MMT_PASSPHRASE_FILE.',
  }),
}

export const homeFail = failures('home', homeRefusals)
