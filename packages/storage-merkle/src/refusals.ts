import { failures } from '@mmtchain/primitives'

/** The refusals of this store beside those that every store has (`storeRefusals` of the kernel). */
export const merkleStoreRefusals = {
  LOCKED: (d: { path: string }) => ({
    message: `The store at ${d.path} is in use by another process, or opened twice by this one.`,
    hint: 'Stop the other node, or give this one a folder of its own. The lock goes with its process; no file needs deleting.',
  }),
  UNKNOWN_FORMAT: (d: { path: string; want: number; got: number | undefined }) => ({
    message:
      d.got === undefined
        ? `The database at ${d.path} says no format: other software made it, or it is damaged.`
        : `The store at ${d.path} has format ${d.got}; this software reads format ${d.want}.`,
    hint: 'Give the folder of this chain’s store, or run the release that wrote it.',
  }),
  CANNOT_OPEN: (d: { path: string; why: string }) => ({
    message: `The store at ${d.path} cannot be opened: ${d.why}.`,
    hint: 'Check that the path is a folder that this process may read and write, and that the disk has room.',
  }),
  DAMAGED: (d: { record: string; why: string }) => ({
    message: `The store is damaged at ${d.record}: ${d.why}.`,
    hint: 'Stop the node, check the disk, and restore the folder from a backup or let the node fetch the chain anew.',
  }),
  WRITE_FAILED: (d: { height: bigint; why: string }) => ({
    message: `Block ${d.height} could not be written: ${d.why}.`,
    hint: 'Check the disk and its free space, then open the store again: it has all of that block or nothing of it.',
  }),
  MISMATCH: (d: { field: string; want: string; got: string }) => ({
    message: `The block's ${d.field} is ${d.got}; on this store it must be ${d.want}.`,
    hint: 'Commit a block with the stage that it was built on.',
  }),
  BAD_SNAPSHOT: (d: { file: string; why: string }) => ({
    message: `The snapshot's file "${d.file}" cannot be used: ${d.why}.`,
    hint: 'Fetch that file anew, from another node if need be; a restore goes on where it stopped.',
  }),
  ROW_TOO_LARGE: (d: { key: string; bytes: number; max: number }) => ({
    message: `The row ${d.key} has ${d.bytes} bytes; a file of a snapshot has at most ${d.max}.`,
    hint: 'Copy the folder of the stopped node instead, and have the module split the value into rows.',
  }),
  RESTORING: (d: { next: number }) => ({
    message: `The store holds a part of a snapshot, up to chunk ${d.next}.`,
    hint: 'Restore the same snapshot again; it goes on where it stopped.',
  }),
  NOT_EMPTY: (_: object) => ({
    message: 'The store already has blocks, or a part of another snapshot.',
    hint: 'Restore into an empty folder.',
  }),
  NO_BLOCKS: (_: object) => ({
    message: 'The store has no block.',
    hint: 'Begin the chain first, or restore a snapshot.',
  }),
  NO_ICS23: (d: { key: string; why: string }) => ({
    message: `ICS-23 has no proof for the key ${d.key}: ${d.why}.`,
    hint: 'Ask for the proof in this chain’s own form.',
  }),
  UNSORTED: (d: { key: string }) => ({
    message: `The changed row ${d.key} does not come after the one before it.`,
    hint: 'Stage each row once, in ascending order of their keys.',
  }),
  BAD_PROOF: (d: { why: string }) => ({
    message: `The proof does not show these rows under this state root: ${d.why}.`,
    hint: 'Do not trust the answer; ask another node, and check that the state root is of the height of the proof.',
  }),
}

export const merkleStoreFail = failures('store', merkleStoreRefusals)
