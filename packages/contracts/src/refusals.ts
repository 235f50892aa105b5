import type { Address, Hash } from '@mmtchain/primitives'

/** The refusals of the module `contracts`. What a contract itself refuses is `contract/KEY`; what its machine refuses is `sandbox/KEY`. */
export const contractsRefusals = {
  // Code.
  CODE_TOO_LONG: (d: { have: number; max: number }) => ({
    message: `The code has ${d.have} bytes, over the maximum of ${d.max}.`,
    hint: 'Build it minified, or split the contract.',
  }),
  CODE_EXISTS: (d: { code: Hash }) => ({
    message: `The code ${d.code} is stored already.`,
    hint: 'Instantiate it; nobody needs to store it twice.',
  }),
  UNKNOWN_CODE: (d: { code: Hash }) => ({
    message: `There is no code ${d.code}.`,
    hint: 'Deploy it first; the query code tells what is stored.',
  }),
  CODE_IN_USE: (d: { code: Hash; uses: number }) => ({
    message: `${d.uses} contracts run the code ${d.code}.`,
    hint: 'It can be discarded when the last of them has been upgraded or cleared.',
  }),
  NOT_OWNER: (d: { owner: Address }) => ({
    message: `Only ${d.owner} may do this.`,
    hint: 'Sign with the key of that account.',
  }),

  // Contracts.
  UNKNOWN_CONTRACT: (d: { contract: Address }) => ({
    message: `There is no contract ${d.contract}.`,
    hint: 'The event instantiated tells the address of a new contract.',
  }),
  FROZEN: (d: { contract: Address }) => ({
    message: `The contract ${d.contract} is frozen.`,
    hint: 'A guardian of the chain can lift it (command freeze).',
  }),
  RETIRED: (d: { contract: Address }) => ({
    message: `The contract ${d.contract} is retired.`,
    hint: 'It cannot be called any more.',
  }),
  NOT_RETIRED: (d: { contract: Address }) => ({
    message: `The contract ${d.contract} is in use.`,
    hint: 'Retire it first.',
  }),
  NOT_ADMIN: (d: { contract: Address; admin: Address | null }) => ({
    message: `Only ${d.admin ?? 'nobody'} may change the contract ${d.contract}.`,
    hint: 'The admin is named when a contract is made; one without an admin never changes.',
  }),
  NOT_GUARDIAN: (d: { who: Address }) => ({
    message: `${d.who} is no guardian of this chain’s contracts.`,
    hint: 'The parameter guardians lists who may freeze contracts; governance changes it.',
  }),
  HOLDS_FUNDS: (d: { contract: Address; balance: bigint }) => ({
    message: `The contract ${d.contract} still holds ${d.balance} units.`,
    hint: 'Have it pay them out before it is retired.',
  }),
  NOTHING_TO_CHANGE: (_: object) => ({
    message: 'It is so already.',
    hint: 'Look at the queries contract and plan.',
  }),

  // Calls.
  NOT_CALLABLE: (d: { method: string }) => ({
    message: `The method ${d.method} runs only when a contract is made or upgraded.`,
    hint: 'Call another of its methods.',
  }),
  GAS_TOO_LOW: (d: { have: bigint; want: bigint }) => ({
    message: `${d.have} gas does not cover loading the code, which takes ${d.want}.`,
    hint: 'Offer more gas; what is not used is given back.',
  }),
  GAS_TOO_HIGH: (d: { have: bigint; max: bigint }) => ({
    message: `${d.have} gas is over the maximum of ${d.max} for a call.`,
    hint: 'Offer less gas, or do the work in several calls.',
  }),
  DEPOSIT_TOO_LOW: (d: { have: bigint; want: bigint }) => ({
    message: `The call stores data that takes a deposit of ${d.want} units, but it offers ${d.have}.`,
    hint: 'Raise depositMax; a deposit comes back when the data is deleted.',
  }),
  BAD_RESULT: (d: { contract: Address; method: string }) => ({
    message: `The method ${d.method} of ${d.contract} gave something else than bytes, or too many.`,
    hint: 'A method gives a Uint8Array or nothing; in a transaction at most 4,096 bytes.',
  }),
  TOO_DEEP: (d: { max: number }) => ({
    message: `Calls of contracts nest deeper than ${d.max}.`,
    hint: 'Let the outer contract make the calls one after the other.',
  }),
  REENTRANT: (d: { contract: Address }) => ({
    message: `The contract ${d.contract} is in the middle of a call.`,
    hint: 'A contract that waits for another cannot be called by it. Call it when it has returned.',
  }),
  READ_ONLY: (d: { what: string }) => ({
    message: `A query cannot ${d.what}.`,
    hint: 'Send a transaction for what changes something.',
  }),
  BAD_KEY: (_: object) => ({
    message: 'The key of a row is no hex text of 1 to 256 bytes.',
    hint: 'Use the tables of @mmtchain/contract.',
  }),
  ROW_TOO_LARGE: (d: { have: number; max: number }) => ({
    message: `The row has ${d.have} bytes, over the maximum of ${d.max}.`,
    hint: 'Keep large data in several rows.',
  }),
  BAD_ADDRESS: (_: object) => ({
    message: 'That is no address.',
    hint: 'Use an address that a codec has read, or that the chain gave.',
  }),
  BAD_NAME: (_: object) => ({
    message: 'That is no name.',
    hint: 'Use 1 to 32 letters and digits; keys of refusals are UPPER_CASE.',
  }),
  UNKNOWN_CAPABILITY: (d: { capability: string; known: readonly string[] }) => ({
    message: `This chain offers its contracts no ${d.capability}.`,
    hint: d.known.length > 0 ? `It offers ${d.known.join(', ')}.` : 'It offers none.',
  }),

  // Calls to come.
  BAD_PLAN: (d: { why: string }) => ({
    message: `The calls cannot be planned: ${d.why}.`,
    hint: 'Name a height to come, and at least one run.',
  }),
  TOO_MANY_TRIGGERS: (d: { source: Address; event: string; max: number; have: bigint; want: bigint }) => ({
    message: `${d.max} plans wait for ${d.event} of ${d.source} already. This one holds ${d.have} units for its runs; the place of the least takes more than ${d.want}.`,
    hint: 'Plan more runs or raise depositMax, which comes back; or wait until one of them has run out.',
  }),
  UNKNOWN_PLAN: (d: { plan: bigint }) => ({
    message: `There is no plan ${d.plan}.`,
    hint: 'It has run out, or was cancelled.',
  }),
}
