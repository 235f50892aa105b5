import { failures } from '@mmtchain/primitives'

/** The refusals of the sandbox, for the catalogue of error codes. All but the last two end a call, and are the same on every node. */
export const sandboxRefusals = {
  OUT_OF_GAS: (d: { gasMax: bigint }) => ({
    message: `The code did more than ${d.gasMax} gas pays for.`,
    hint: 'Offer more gas, or do less in one call.',
  }),
  OUT_OF_MEMORY: (d: { bytesMax: number }) => ({
    message: `The code wanted more than ${d.bytesMax} bytes of memory.`,
    hint: 'Keep less in memory at once: work in parts, or keep data in state.',
  }),
  OUT_OF_STACK: (_: object) => ({
    message: 'The code nests too deeply.',
    hint: 'Turn the recursion into a loop, or call other code from less deep within.',
  }),
  ENGINE_FAULT: (_: object) => ({
    message: 'The engine gave up on the code.',
    hint: 'Find what the code does last, and do it otherwise. Report it: no code should be able to do this.',
  }),
  BAD_CODE: (d: { why: string }) => ({
    message: `The code does not load: ${d.why}`,
    hint: 'Give one ES module without imports. What it does while it loads has no host, no clock and no chance.',
  }),
  NO_METHOD: (d: { method: string }) => ({
    message: `The code exports no function ${d.method}.`,
    hint: 'Call one of its exported functions.',
  }),
  THREW: (d: { why: string }) => ({
    message: `The code threw ${d.why}`,
    hint: 'The author of the code knows what it asks of its callers.',
  }),
  NEVER_SETTLED: (_: object) => ({
    message: 'The promise that the function gave cannot settle any more.',
    hint: 'Await only what the call itself brings about.',
  }),
  BAD_RESULT: (d: { why: string }) => ({
    message: `The function's result cannot leave the sandbox: ${d.why}.`,
    hint: 'Return nothing, a boolean, a number, a bigint, well-formed text or a Uint8Array, within the limits.',
  }),
  BAD_ARGUMENT: (d: { index: number; why: string }) => ({
    message: `Argument ${d.index} cannot enter the sandbox: ${d.why}.`,
    hint: 'Give what the limits allow: text without zeros, bytes, whole numbers, booleans.',
  }),
  BAD_LIMIT: (d: { name: string; least: number; most: number }) => ({
    message: `The limit ${d.name} is not a whole number from ${d.least} to ${d.most}.`,
    hint: 'Correct it, or leave it out to have the default.',
  }),
}

export const sandboxFail = failures('sandbox', sandboxRefusals)
