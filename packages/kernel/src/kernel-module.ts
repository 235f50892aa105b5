import {
  address,
  bytes,
  decode,
  encodeKey,
  hash,
  height,
  option,
  struct,
  text,
  tuple,
  u32,
  u64,
  unit,
} from '@mmtchain/codec'
import { type Hash, type Height, isChainError } from '@mmtchain/primitives'
import { authority, checkAuthority, checkKeys, type Suites } from '@mmtchain/tx'
import { readValidatorSet, type ValidatorSet, validatorSet } from './block.ts'
import { type Limits, limitsCodec } from './declare/limits.ts'
import { defineModule, params, type TypesOf } from './declare/module.ts'
import type { KernelAttempts, KernelGranted, KernelReads } from './declare/powers.ts'
import { cell, table } from './declare/tables.ts'
import { tablePrefix } from './execution/journal.ts'
import type { StateReader } from './ports.ts'
import { kernelRefusals } from './refusals.ts'

const account = struct({ nonce: u64, authority })
const name = text({ bytesMax: 32 })
const upgrade = struct({ height, release: hash })

/**
 * The module that every chain begins with: accounts and their authorities, the versions of the modules in force, and
 * the validator set of the next height. Rows of accounts are never deleted, so no nonce or rotated key comes back to life.
 */
export const kernelModule = ({ limits, suites }: { readonly limits: Limits; readonly suites: Suites }) =>
  defineModule('kernel', {
    params: params(limitsCodec, limits),
    state: {
      accounts: table(address, account),
      modules: table(name, u32),
      validators: cell(validatorSet),
      /** The sets of the newest epochs but the first one, for evidence. */
      sets: table(u64, validatorSet),
      /** Parameters that governance has changed: their BCS by module and name. */
      parameters: table(tuple(name, name), bytes({ bytesMax: 65_536 })),
      /** The release in force, named by its protocol hash with nothing governed. */
      release: cell(hash),
      upgrade: cell(option(upgrade), null),
    },
    events: {
      rotated: struct({ account: address, authority }),
      parameterSet: struct({ module: name, name, value: bytes({ bytesMax: 65_536 }) }),
      upgradeScheduled: upgrade,
      upgradeCancelled: upgrade,
      upgraded: upgrade,
    },
    errors: kernelRefusals,
  })
    .provides<{}, KernelGranted & KernelAttempts, KernelReads>({
      reads: (ctx) => ({
        parameter: ({ module, name: named }) =>
          ctx.state.parameters.get([module, named]) ?? ctx.chain.governable.get(`${module}.${named}`)?.chosen,
        upgrade: () => ctx.state.upgrade.get(),
      }),
      granted: (ctx) => ({
        setParameter(args) {
          const parameter = `${args.module}.${args.name}`
          const known = ctx.chain.governable.get(parameter)
          if (!known)
            throw ctx.fail.NOT_GOVERNABLE({ parameter, governable: [...ctx.chain.governable.keys()] })
          try {
            decode(known.codec, args.value)
          } catch (error) {
            if (!isChainError(error)) throw error
            throw ctx.fail.BAD_PARAMETER({ parameter, why: error.message })
          }
          ctx.state.parameters.set([args.module, args.name], args.value)
          ctx.emit.parameterSet(args)
        },
        scheduleUpgrade(args) {
          // An upgrade at this height or before would never come, and stay scheduled for ever.
          const heightMin = ctx.block.height + BigInt(Math.max(1, limits.upgradeNoticeHeights))
          if (args.height < heightMin) throw ctx.fail.UPGRADE_TOO_SOON({ height: args.height, heightMin })
          ctx.state.upgrade.set(args)
          ctx.emit.upgradeScheduled(args)
        },
        attempt: (run) => run(),
        cancelUpgrade() {
          const scheduled = ctx.state.upgrade.get()
          if (!scheduled) return
          ctx.state.upgrade.set(null)
          ctx.emit.upgradeCancelled(scheduled)
        },
      }),
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
    .query('upgrade', unit, option(upgrade), (ctx) => ctx.state.upgrade.get())

/** The types of the kernel module, with which every chain begins. */
export type KernelTypes = TypesOf<ReturnType<typeof kernelModule>>

/** The release in force, as the state has it; undefined before block 0. */
export function releaseIn(state: StateReader): Hash | undefined {
  const row = state.get(RELEASE)
  return row && decode(hash, row)
}

/** The upgrade that is scheduled, if any. */
export function upgradeIn(state: StateReader): { readonly height: Height; readonly release: Hash } | null {
  const row = state.get(UPGRADE)
  return row ? decode(option(upgrade), row) : null
}

/** Who rules the next height; undefined before block 0. */
export function validatorsIn(state: StateReader): ValidatorSet | undefined {
  const row = state.get(VALIDATORS)
  return row && readValidatorSet(row)
}

/** The validators of a past epoch, while they are remembered. */
export function setIn(state: StateReader, epoch: bigint): ValidatorSet | undefined {
  const row = state.get(SETS + encodeKey(u64, epoch))
  return row && readValidatorSet(row)
}

/** How many epochs back the sets are remembered. */
export const SETS_KEPT = 64n

const VALIDATORS = tablePrefix('kernel', 'validators')
const SETS = tablePrefix('kernel', 'sets')
const RELEASE = tablePrefix('kernel', 'release')
const UPGRADE = tablePrefix('kernel', 'upgrade')
