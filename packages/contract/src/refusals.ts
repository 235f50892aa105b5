import { failures } from '@mmtchain/primitives'

/** The refusals of the author's kit. What a contract itself refuses on a chain is `contract/KEY`. */
export const kitRefusals = {
  BUILD_FAILED: (d: { file: string; why: string }) => ({
    message: `${d.file} cannot be built: ${d.why}`,
    hint: 'Correct the file; it is TypeScript or JavaScript, with any library of pure JavaScript.',
  }),
  NO_CONTRACT: (d: { file: string }) => ({
    message: `${d.file} exports no contract.`,
    hint: 'Write `export const contract = defineContract(…)`.',
  }),
  NEEDS_NODE: (d: { module: string; chain: readonly string[] }) => ({
    message: `The contract would need ${d.module} of Node.js: ${d.chain.join(' → ')}.`,
    hint: 'Nodes of a chain run contracts without files, networks and processes. Use a library of pure JavaScript.',
  }),
  BAD_ARTIFACT: (d: { file: string; why: string }) => ({
    message: `${d.file} is no built contract: ${d.why}.`,
    hint: 'Build it with mmt contract build.',
  }),
  REFUSED: (d: { code: string; why: string }) => ({
    message: `${d.code}: ${d.why}`,
    hint: 'The test expected this step to go well.',
  }),
}

export const kitFail = failures('kit', kitRefusals)
