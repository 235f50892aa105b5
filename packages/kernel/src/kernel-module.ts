import { address, option, struct, text, u32, u64 } from '@mmtchain/codec'
import { isChainError } from '@mmtchain/primitives'
import { authority, checkAuthority, checkKeys, type Suites } from '@mmtchain/tx'
import { validatorSet } from './block.ts'
import { cell, defineModule, params, type TypesOf, table } from './module.ts'
import { kernelRefusals } from './refusals.ts'

/** What bounds a chain's blocks and transactions. */
export interface Limits {
  readonly blockBytesMax: number
  /** The sum of the `weightMax` of a block's transactions; about one microsecond each. */
  readonly blockWeightMax: bigint
  readonly transactionBytesMax: number
  /** How many heights ahead a transaction may stay valid. */
  readonly validHeightsMax: number
}
const limitsCodec = struct({
  blockBytesMax: u32,
  blockWeightMax: u64,
  transactionBytesMax: u32,
  validHeightsMax: u32,
})

/** The limits of a chain that names none: half of a slot for execution. */
export function defaultLimits(slotMs: number): Limits {
  return {
    blockBytesMax: 2_097_152,
    blockWeightMax: BigInt(slotMs) * 500n,
    transactionBytesMax: 131_072,
    validHeightsMax: 10_000,
  }
}

const account = struct({ nonce: u64, authority })

/**
 * The module that every chain begins with: accounts and their authorities, the versions of the modules in force, and
 * the validator set of the next height. Rows of accounts are never deleted, so no nonce or rotated key comes back to life.
 */
export const kernelModule = ({ limits, suites }: { readonly limits: Limits; readonly suites: Suites }) =>
  defineModule('kernel', {
    params: params(limitsCodec, limits),
    state: {
      accounts: table(address, account),
      modules: table(text({ bytesMax: 32 }), u32),
      validators: cell(validatorSet),
    },
    events: { rotated: struct({ account: address, authority }) },
    errors: kernelRefusals,
  })
    .command('rotate', struct({ authority }), (ctx, { authority: next }) => {
      try {
        checkKeys(checkAuthority(next), suites)
      } catch (error) {
        if (!isChainError(error)) throw error
        throw ctx.fail.KEY_NOT_ACCEPTED({ why: error.message })
      }
      const { nonce } = ctx.state.accounts.get(ctx.sender) as { nonce: bigint }
      ctx.state.accounts.set(ctx.sender, { nonce, authority: next })
      ctx.emit.rotated({ account: ctx.sender, authority: next })
    })
    .query(
      'account',
      struct({ address }),
      struct({ nonce: u64, authority: option(authority) }),
      (ctx, input) => {
        const found = ctx.state.accounts.get(input.address)
        return { nonce: found?.nonce ?? 0n, authority: found?.authority ?? null }
      },
    )

/** The types of the kernel module, with which every chain begins. */
export type KernelTypes = TypesOf<ReturnType<typeof kernelModule>>
