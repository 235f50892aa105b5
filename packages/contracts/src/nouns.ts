import {
  address,
  amount,
  bool,
  bytes,
  hash,
  type Infer,
  list,
  option,
  set,
  struct,
  text,
  tuple,
  u32,
  u64,
  union,
  unit,
} from '@mmtchain/codec'
import {
  cell,
  defineModule,
  type KernelAttempts,
  type Need,
  need,
  params,
  type Read,
  type TypesOf,
  table,
  type WriteOf,
} from '@mmtchain/kernel'
import { type Address, type Amount, type Hash, amount as toAmount } from '@mmtchain/primitives'
import { contractsRefusals } from './refusals.ts'

/** All that contracts ask of a token. */
export interface Money {
  move(args: { readonly from: Address; readonly to: Address; readonly amount: Amount }): undefined
}
export interface MoneyReads {
  balance(owner: Address): Amount
}
export const ZERO = toAmount(0n)
/** The longest code of all; a chain's own limit is a parameter. */
export const CODE_BYTES_MAX = 524_288
export const KEY_BYTES_MAX = 256
export const ROW_BYTES_MAX = 16_384
/** What the input of a call has at most. */
export const INPUT_BYTES_MAX = 32_768
/** What a method gives back at most in a transaction; in a query it may be as large as a value of the sandbox. */
export const RESULT_BYTES_MAX = 4_096
export const EVENT_BYTES_MAX = 8_192
export const GUARDIANS_MAX = 16

/** The name of a method, of an event, of a capability. */
export const name = text({ bytesMax: 32 })
export const input = bytes({ bytesMax: INPUT_BYTES_MAX })

/** What the chain file chooses, and what of it governance may change. */
export const parameters = struct({
  /** What a command costs before gas. */
  baseFee: amount,
  /** What a million gas costs, about a millisecond of every node. */
  gasPrice: amount,
  /** What a byte of state or code is held for. It comes back when the byte is deleted. */
  depositPerByte: amount,
  codeBytesMax: u32,
  /** The most gas of a single call. */
  gasMax: u64,
  /** The most gas that planned calls of a block are given together. */
  plannedGasMax: u64,
  guardians: set(address, { max: GUARDIANS_MAX }),
  /** The capabilities of other modules that contracts may use, `module.name`. */
  offers: list(text({ bytesMax: 65 }), { max: 256 }),
})

/** Code, stored once. */
const code = struct({ owner: address, bytes: u32, loadGas: u64, deposit: amount, uses: u32 })
export type Code = Infer<typeof code>

export const contract = struct({
  code: hash,
  creator: address,
  admin: option(address),
  frozen: bool,
  retired: bool,
  number: u64,
})

/** What a contract takes of the state. */
export const kept = struct({ bytes: u64, deposit: amount })

/** What the event `called` says of a call that went well. */
export const calledEvent = struct({
  contract: address,
  method: name,
  by: address,
  gasUsed: u64,
  result: bytes({ bytesMax: RESULT_BYTES_MAX }),
})
/** What a contract says. */
export const saidEvent = struct({ contract: address, name, data: bytes({ bytesMax: EVENT_BYTES_MAX }) })

/** When a plan runs: at a height and from then on every so many blocks (0: once), or whenever a contract says something. */
export const occasion = union({
  at: struct({ height: u64, every: u32 }),
  on: struct({ source: address, event: name }),
})

export const plan = struct({
  by: address,
  contract: address,
  method: name,
  /** For an event, the event's own data is the input. */
  input,
  gas: u64,
  depositMax: amount,
  occasion,
  /** How many runs are left, those that are due among them. */
  runs: u32,
  /** How many runs are due. A plan that listens has a place for its event while more are left. */
  due: u32,
  /** What is held for each run. */
  held: amount,
  /** What is held for the plan itself, until it ends. */
  deposit: amount,
  /** Where the next run waits, of a plan for a height. */
  queued: option(struct({ height: u64, number: u64 })),
})
export type Plan = Infer<typeof plan>

/** What a module asks for and what a chain file grants it, for the contracts of the chain. */
export interface AnyNeeds {
  readonly [module: string]: Need<object, object, object>
}

/** What the module owns, says, refuses and needs. */
export function nouns(args: {
  readonly chosen: Infer<typeof parameters>
  readonly sandbox: Hash
  readonly offered: AnyNeeds
}) {
  return defineModule('contracts', {
    params: params(parameters, args.chosen),
    sandbox: args.sandbox,
    needs: {
      ...(args.offered as {}),
      kernel: need<{}, KernelAttempts>(),
      token: need<{}, Money, MoneyReads>(),
    },
    state: {
      codes: table(hash, code),
      programs: table(hash, text({ bytesMax: CODE_BYTES_MAX })),
      contracts: table(address, contract),
      /** A row and what each of its bytes is held for. */
      rows: table(
        tuple(address, bytes({ bytesMax: KEY_BYTES_MAX })),
        struct({ price: amount, value: bytes({ bytesMax: ROW_BYTES_MAX }) }),
      ),
      /** How many bytes a contract keeps, its own row among them, and what is held for them. */
      kept: table(address, kept, { bytes: 0n, deposit: ZERO }),
      plans: table(u64, plan),
      /** The runs that are due, by height and order; the data of the event, or null for what a plan brings itself. */
      due: table(tuple(u64, u64), struct({ plan: u64, data: option(bytes({ bytesMax: EVENT_BYTES_MAX })) })),
      triggers: table(tuple(address, name, u64), unit),
      /** The next number of a contract, of a plan, of a due run, of a seed. */
      numbers: cell(struct({ contract: u64, plan: u64, due: u64 }), { contract: 0n, plan: 0n, due: 0n }),
      seeds: cell(u64, 0n),
    },
    events: {
      deployed: struct({ code: hash, owner: address, bytes: u32, deposit: amount }),
      discarded: struct({ code: hash }),
      instantiated: struct({ contract: address, code: hash, creator: address }),
      called: calledEvent,
      said: saidEvent,
      upgraded: struct({ contract: address, code: hash }),
      adminSet: struct({ contract: address, admin: option(address) }),
      frozen: struct({ contract: address, frozen: bool }),
      retired: struct({ contract: address }),
      cleared: struct({ contract: address, rows: u32, done: bool }),
      planned: struct({ plan: u64, contract: address, method: name, held: amount }),
      ran: struct({
        plan: u64,
        contract: address,
        method: name,
        gasUsed: u64,
        error: option(text({ bytesMax: 96 })),
      }),
      /** Nothing more of the plan will become due; the runs that are due already still run. */
      planStopped: struct({ plan: u64, runs: u32, back: amount }),
      planEnded: struct({ plan: u64, back: amount }),
    },
    errors: contractsRefusals,
  })
}

type Declared = ReturnType<typeof nouns>
export type ContractsWrite = WriteOf<Declared>
export type ContractsRead = Read<TypesOf<Declared>>
