import {
  address,
  amountSum,
  hash,
  height,
  option,
  struct,
  text,
  tuple,
  u8,
  u16,
  u32,
  u64,
  union,
  unit,
} from '@mmtchain/codec'
import {
  type CommandContext,
  cell,
  defineModule,
  params,
  type Read,
  type TypesOf,
  table,
  type WriteOf,
} from '@mmtchain/kernel'
import { kycRefusals } from './refusals.ts'
import { type KycOptions, parameters, parametersOf, ruleId } from './rules.ts'

/** How many rows a query lists at most. */
export const PAGE_MAX = 256

/** Why a claim was revoked. There is no free text: it would invite personal data. */
export const reason = union({
  superseded: unit,
  falseStatement: unit,
  documentInvalid: unit,
  keyLost: unit,
  holderAsked: unit,
  sanctioned: unit,
})
export const status = union({
  /** Until its time runs out. */
  valid: unit,
  revoked: reason,
  /** The hash of the receipt that the registrar signed. */
  erased: hash,
})
/** What a registrar says of the person behind an account, without saying who that is. */
export const claim = struct({
  level: u8,
  /** The salted commitment to the credential; absent once erased. */
  digest: option(hash),
  /** The salted commitment to the person, the same for all its accounts; absent once erased. */
  person: option(hash),
  attestedMs: u64,
  untilMs: u64,
  renewals: u32,
  status,
  /** When the holder asked for erasure. */
  erasureAskedMs: option(u64),
})
export const lookUpFields = {
  regulator: address,
  holder: address,
  registrar: address,
  case: text({ bytesMax: 64 }),
  at: height,
  timeMs: u64,
  /** The hash of what the registrar handed over. */
  answer: option(hash),
}
const whose = { holder: address, registrar: address }

/** What kyc owns, says and refuses. */
export function nouns(options: KycOptions) {
  return defineModule('kyc', {
    params: params(parameters, parametersOf(options)),
    state: {
      /** By holder and registrar. */
      claims: table(tuple(address, address), claim),
      /** Persons on the sanctions list, and who listed them. */
      listings: table(tuple(hash, address), struct({ sinceMs: u64 })),
      /** What a person moved under the rules of an id, on the day of its last call; in all, and to each counterparty. */
      moved: table(tuple(hash, ruleId), struct({ day: u64, amount: amountSum })),
      movedTo: table(tuple(hash, ruleId, address), struct({ day: u64, amount: amountSum })),
      statusLists: table(tuple(address, u32), struct({ digest: hash, number: u64, timeMs: u64 })),
      lookUps: table(u64, struct(lookUpFields)),
      lookUpsOf: table(tuple(address, u64), unit),
      nextLookUp: cell(u64, 1n),
    },
    events: {
      attested: struct({ ...whose, level: u8, untilMs: u64 }),
      renewed: struct({ ...whose, untilMs: u64 }),
      revoked: struct({ ...whose, reason }),
      listed: struct({ person: hash, registrar: address }),
      lifted: struct({ person: hash, registrar: address }),
      erasureAsked: struct(whose),
      erased: struct({ ...whose, receipt: hash }),
      statusListPublished: struct({ registrar: address, list: u32, digest: hash }),
      lookedUp: struct({ lookUp: u64, regulator: address, ...whose }),
      lookUpAnswered: struct({ lookUp: u64, answer: hash }),
    },
    errors: kycRefusals,
  })
}

export const pageOf = <F extends object>(from: F) => ({ ...from, limit: u16 })
export const page = (limit: number): number => Math.min(limit, PAGE_MAX)

type Nouns = ReturnType<typeof nouns>
export type KycContext = WriteOf<Nouns>
export type KycReader = Read<TypesOf<Nouns>>
export type KycCommand = CommandContext<TypesOf<Nouns>>
