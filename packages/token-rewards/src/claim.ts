import { recoverEthereumAddress } from '@mmtchain/crypto'
import { type Address, formatAddress, type Hash, toHex } from '@mmtchain/primitives'
import { credit, release, setVesting } from './books.ts'
import type { TokenContext } from './nouns.ts'
import { joined, released, SCHEDULES_MAX } from './vesting.ts'

/** The text that an Ethereum holder signs to claim (formats.md, 14.1). */
export function claimText(args: {
  readonly fingerprint: Hash
  readonly addressPrefix: string
  readonly to: Address
}): string {
  return `MMT claim\n${args.fingerprint}\n${formatAddress(args.to, { prefix: args.addressPrefix })}`
}

/** What a claim's input says: the receiver, and the holder's signature of the text. */
export interface Claim {
  readonly to: Address
  readonly signature: Uint8Array
}

/** What a claim gives. Throws `BAD_CLAIM_SIGNATURE`, `NOTHING_TO_CLAIM`, `TOO_MANY_SCHEDULES`. */
export function claimable(ctx: TokenContext, { to, signature }: Claim) {
  const holder = recoverEthereumAddress({ text: claimText({ ...ctx.chain, to }), signature })
  if (!holder) throw ctx.fail.BAD_CLAIM_SIGNATURE({})
  const free = ctx.state.unclaimed.get(holder)
  const schedules = ctx.state.unclaimedVesting.get(holder)
  if (free === 0n && schedules.length === 0) throw ctx.fail.NOTHING_TO_CLAIM({ holder: toHex(holder) })
  const { timeMs } = ctx.block
  const vesting = joined(released(ctx.state.vesting.get(to), timeMs), schedules)
  if (vesting.length > SCHEDULES_MAX) throw ctx.fail.TOO_MANY_SCHEDULES({ owner: to, max: SCHEDULES_MAX })
  return { holder, free, schedules, vesting }
}

/** Gives the holder's rows to the receiver: what is free to its balance, what unlocks by time to its schedules. */
export function claim(ctx: TokenContext, input: Claim): undefined {
  const { holder, free, schedules, vesting } = claimable(ctx, input)
  ctx.state.unclaimed.delete(holder)
  ctx.state.unclaimedVesting.delete(holder)
  credit(ctx, input.to, free)
  release(ctx, input.to)
  setVesting(ctx, input.to, vesting)
  const amount = schedules.reduce((sum, one) => sum + one.amount, free as bigint) as typeof free
  ctx.emit.claimed({ holder, to: input.to, amount })
}
