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
  TESTNET_EXISTS: (d: { dir: string; count: number }) => ({
    message: `${d.dir} already holds a network of ${d.count} nodes.`,
    hint: 'Name as many nodes as it has to go on with it, or another folder.',
  }),
  NOTHING_TRUSTED: (d: { home: string }) => ({
    message: `A proof is checked with the chain’s own code and genesis, and ${d.home} is no home that has them.`,
    hint: 'Name a home of the chain with --home, or its chain file with --chain and its fingerprint with --fingerprint.',
  }),
  NO_NAMES: (d: { fingerprint: string }) => ({
    message: `The chain ${d.fingerprint} has no names.`,
    hint: 'Its chain file must use names() of @mmtchain/named-router.',
  }),
  NOT_EMPTY: (d: { file: string }) => ({
    message: `${d.file} exists already.`,
    hint: 'Name another file; nothing is overwritten.',
  }),
  FOLDER_NOT_EMPTY: (d: { folder: string; found: string }) => ({
    message: `${d.folder} is not empty: it holds ${d.found}.`,
    hint: 'Name a new folder or an empty one; nothing is overwritten.',
  }),
  NO_PACKAGE: (d: { folder: string }) => ({
    message: `${d.folder} holds no project: package.json is missing.`,
    hint: 'Go to the folder of your project, or make one with mmt create.',
  }),
  SNAPSHOT_FAILED: (d: { why: string }) => ({
    message: `The node could not write the snapshot: ${d.why}`,
    hint: 'See whether the disk of its home has room, then try again; the chain goes on.',
  }),
  CANNOT_WRITE: (d: { file: string; why: string }) => ({
    message: `${d.file} cannot be written: ${d.why}.`,
    hint: 'Name a file in a folder that exists and that you may write to.',
  }),
  SYSTEM: (d: { code: string; path: string; why: string }) => ({
    message: `The system refused: ${d.why}.`,
    hint: 'Check that the path is right, that this user may read and write it, and that the disk has room.',
  }),
  BENCH_FAILED: (d: { why: string }) => ({
    message: `The benchmark did not finish: ${d.why}.`,
    hint: 'Look above for what a process said before it ended, and run it again.',
  }),
  NOT_A_VALIDATOR: (d: { address: string; height: string; count: number }) => ({
    message: `${d.address} is not among the ${d.count} validators of height ${d.height}.`,
    hint: 'mmt show validator without an address lists them.',
  }),
  VALIDATOR_KEY: (d: { name: string }) => ({
    message: `The node of this home signs blocks with the key ${d.name}, which stays as the chain knows it.`,
    hint: 'Keep your money in an account of its own, and rotate that one’s key.',
  }),
  OTHER_ACCOUNT: (d: { name: string; account: string }) => ({
    message: `There is a key ${d.name} already, and it is not one for the account of ${d.account}.`,
    hint: 'Rename its file in the folder keys, then rotate again.',
  }),
  OTHER_CHAIN_FILE: (d: { file: string; want: string; got: string }) => ({
    message: `${d.file} holds a transaction of another chain (${d.got}); the node runs ${d.want}.`,
    hint: 'Name a node of that chain with --rpc, or make the transaction anew for this one.',
  }),
  EXPIRED: (d: { id: string; validUntil: bigint }) => ({
    message: `Transaction ${d.id} was not in a block by height ${d.validUntil}.`,
    hint: 'It can no longer happen; make it anew.',
  }),
  NOTHING_STORED: (d: { home: string }) => ({
    message: `${d.home} has no block yet.`,
    hint: 'Run its node first with mmt start.',
  }),
  VERIFY_FAILED: (d: { height: bigint; field: string; want: string; got: string }) => ({
    message: `Block ${d.height} is not what its execution gives: its ${d.field} is ${d.got}, it should be ${d.want}.`,
    hint: 'The data or this program has changed since. Stop the node, check the disk, and restore the folder from a backup.',
  }),
  SIMULATION_FAILED: (d: { rule: string; what: string; seed: string }) => ({
    message: `Seed ${d.seed} breaks the rule "${d.rule}": ${d.what}.`,
    hint: `Run mmt sim --seed ${d.seed} with the same options to see it again, and tell those who make this software.`,
  }),
  NOT_CERTIFIED: (d: { height: bigint; id: string }) => ({
    message: `The snapshot's block ${d.id} of height ${d.height} is sealed by other validators than those of the genesis.`,
    hint: 'Ask several nodes that you trust for the id of that block (mmt show block), and give it with --block.',
  }),
  OTHER_BLOCK: (d: { height: bigint; want: string; got: string }) => ({
    message: `The snapshot's block of height ${d.height} has the id ${d.got}, not ${d.want}.`,
    hint: 'Take a snapshot of the chain of this home, and the id of the block of that height.',
  }),
  USAGE: (d: { message: string }) => ({
    message: `The command line cannot be read: ${d.message}`,
    hint: '--help shows how.',
  }),
}

export const cliFail = failures('cli', cliRefusals)
