// Delegates that sign what no honest one signs: seen, proven, and brought into a block once.
import type { ValidatorSet } from '@mmtchain/kernel'
import { tipOf } from './branch.ts'
import { EVIDENCE_MAX, evidenceBytes, offenceIn, offenceKey } from './offence.ts'
import { isSealed } from './seal.ts'
import { type DposState, type Proof, type Run, type Seen, set, tipIn } from './state.ts'
import { voteRange } from './votes.ts'

/** How many headers of a delegate are kept to compare. */
const SEEN_MAX = 4
/** How many delegates' headers are kept. */
const DELEGATES_MAX = 2_048
const PROOFS_MAX = 16

/** Compares a header that has a good seal with what its delegate signed before. */
export function look(run: Run, one: Seen): void {
  const { proposer } = one.header
  const before = run.state.seen.get(proposer) ?? []
  if (before.some(({ id }) => id === one.id)) return
  const seen = new Map(run.state.seen)
  // The delegate that signed anew moves to the end; the one that has not signed for longest goes first.
  seen.delete(proposer)
  seen.set(proposer, [...before, one].slice(-SEEN_MAX))
  for (const [who] of seen) {
    if (seen.size <= DELEGATES_MAX) break
    seen.delete(who)
  }
  set(run, { seen })
  for (const first of before) {
    const offence = offenceIn(first.header, one.header)
    if (offence) accuse(run, { offence, first, second: one })
  }
}

function accuse(run: Run, proof: Proof): void {
  const { proofs, self } = run.state
  const key = offenceKey(proof.offence)
  if (proofs.some(({ offence }) => offenceKey(offence) === key)) return
  const { culprit, height, kind } = proof.offence
  const fields = { delegate: culprit, height: String(height), kind }
  if (culprit === self) {
    const what = 'another node signs with the key of this one; stop one of them at once'
    run.effects.push({ kind: 'note', fields, what })
    return
  }
  run.effects.push({ kind: 'note', fields, what: 'a delegate signed two blocks that no honest one signs' })
  set(run, { proofs: [...proofs, proof].slice(-PROOFS_MAX) })
}

/** The evidence for the next block: what the branch does not have yet, not older than votes reach, and checkable on this branch. */
export function evidenceFor(state: DposState): readonly Uint8Array[] {
  const next = tipOf(state.branch).height + 1n
  const oldest = next - BigInt(voteRange(tipIn(state).validators.validators.length))
  const known = new Set(state.accused.map(offenceKey))
  return state.proofs
    .filter(({ offence }) => !known.has(offenceKey(offence)))
    .filter(({ offence }) => offence.height >= oldest && offence.height <= next)
    .flatMap(({ first, second }) => {
      const set = setsOf(state).find((one) =>
        [first, second].every((header) => isSealed(state.chain, header as Seen, one)),
      )
      return set ? [evidenceBytes({ epoch: set.epoch, first, second })] : []
    })
    .slice(0, EVIDENCE_MAX)
}

/** The sets that are known to have ruled on the branch, the newest first. */
function setsOf({ branch }: DposState): readonly ValidatorSet[] {
  const sets = new Map(branch.links.flatMap(({ next }) => (next ? [[next.hash, next.set] as const] : [])))
  return [...sets.values()].reverse()
}
