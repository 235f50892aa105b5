import { address, amount, encode, hash, type Infer, list, struct, u32 } from '@mmtchain/codec'
import { equalBytes } from '@mmtchain/primitives'
import { publicKey } from '@mmtchain/tx'
import { checkApplication, checkKey, checkOnion, enter } from './delegates.ts'
import { type ElectionContext, name, url } from './nouns.ts'
import { SEATS_MAX } from './options.ts'
import { vote } from './voting.ts'

/** Who stands, and who votes for whom, from block 0 on. Every validator of the genesis is among the delegates. */
export const genesisDocument = struct({
  delegates: list(
    struct({ delegate: address, name, url, key: publicKey, commitment: hash, layers: u32, deposit: amount }),
    { max: SEATS_MAX },
  ),
  votes: list(struct({ voter: address, delegate: address, amount }), { max: 100_000 }),
})

/** What governance cannot change. */
const FIXED = [
  ['weight', 'votes are counted by it since they were cast'],
  ['registerFee', 'the fee follows the chain file alone'],
] as const

/** Nobody proves here that it holds its key: the fingerprint, which a proof covers, depends on this document. */
export function loadGenesis(ctx: ElectionContext, document: Infer<typeof genesisDocument>): undefined {
  const { state, block, fail, chain } = ctx
  for (const [parameter, why] of FIXED)
    if (chain.governable.has(`election.${parameter}`))
      throw fail.BAD_OPTIONS({ why: `${parameter} is governable, but ${why}` })
  for (const one of document.delegates) {
    checkApplication(ctx, one.delegate, one)
    checkKey(ctx, one.key)
    checkOnion(ctx, one.layers)
    enter(ctx, one.delegate, one)
  }
  for (const one of document.votes) vote(ctx, one)
  const { epoch, seed, validators } = block.validators
  for (const { address: delegate, key } of validators) {
    const found = state.delegates.get(delegate)
    if (!found || !equalBytes(encode(publicKey, found.key), encode(publicKey, key)))
      throw fail.BAD_VALIDATORS({ delegate })
  }
  state.elected.set(validators)
  state.progress.set({ ...state.progress.get(), epoch, seed, seats: ctx.params.seats })
}
