import { encode } from '@mmtchain/codec'
import { evidence, type Message, type Signed, type Statement, signMessage } from '@mmtchain/consensus-pbft'
import { type Hash, validatorsHash } from '@mmtchain/kernel'
import type { LieTools, StageOptions } from '@mmtchain/simulator'

/**
 * A validator that claims what is not so: that q prepared an old block in the round before, with a certificate that nobody signed but
 * itself, or with none; and that votes for one block here and for another there.
 */
export const claims: NonNullable<StageOptions['altered']> = ({ to, message }, tools) => {
  const said = message as Message
  const isOdd = (to.codePointAt(1) ?? 0) % 2 === 1
  if (said.kind === 'prePrepare') {
    const { round } = said.value.signed.statement.value
    const old = oldProposal(tools, round)
    if (!old || round === 0) return [message]
    const { block } = old.value
    const { blockId } = old.value.signed.statement.value
    const validRound = round - 1
    const signed = sign(tools, said.value.signed, {
      kind: 'prePrepare',
      value: { height: block.header.height, round, blockId: blockId as Hash, validRound },
    })
    return [
      {
        kind: 'prePrepare',
        value: { signed, block, prepareCert: isOdd ? forged(tools, signed, validRound) : null },
      },
    ]
  }
  if (said.kind !== 'votes') return [message]
  return [message, ...claimsOf(tools, said.value, isOdd)]
}

/** What goes along with its votes: votes for another block, in the name of others, or of far rounds, and evidence against the others. */
function claimsOf(tools: LieTools, votes: readonly Signed[], isOdd: boolean): readonly Message[] {
  const [vote] = votes
  if (!vote || vote.statement.kind === 'prePrepare') return []
  const { kind, value } = vote.statement
  const other = oldProposal(tools, value.round + 1)?.value.signed.statement.value.blockId ?? null
  const said = sign(tools, vote, { kind, value: { ...value, blockId: other } } as Statement)
  const far = sign(tools, vote, { kind, value: { ...value, round: value.round + 500 } } as Statement)
  const seats = tools.tip.validators.validators.map((_, seat) => ({ ...said, seat }))
  return [
    ...(isOdd ? [{ kind: 'votes', value: seats } as const] : [{ kind: 'votes', value: [far] } as const]),
    ...framing(tools),
  ]
}

/** Two votes of one validator in two rounds, as if that were an offence. */
function framing({ fingerprint, tip, known }: LieTools): readonly Message[] {
  const heard = (known as readonly Message[]).flatMap((one) => (one.kind === 'votes' ? one.value : []))
  const setHash = validatorsHash(fingerprint, tip.validators)
  for (const first of heard) {
    const second = heard.find(
      ({ seat, statement: { kind, value } }) =>
        seat === first.seat && kind === first.statement.kind && value.round > first.statement.value.round,
    )
    const culprit = tip.validators.validators[first.seat]?.address
    if (!second || !culprit) continue
    const half = ({ statement, signature }: Signed) => ({ statement, validatorsHash: setHash, signature })
    const { epoch } = tip.validators
    // In both orders, since one of them is the right one.
    return [
      [first, second],
      [second, first],
    ].map(([a, b]) => ({
      kind: 'evidence',
      value: encode(evidence, { epoch, culprit, first: half(a as Signed), second: half(b as Signed) }),
    }))
  }
  return []
}

/** The first proposal that it knows of a round below. */
function oldProposal({ known }: LieTools, round: number) {
  return (known as readonly Message[]).find(
    (one): one is Extract<Message, { kind: 'prePrepare' }> =>
      one.kind === 'prePrepare' && one.value.signed.statement.value.round < round,
  )
}

function sign({ fingerprint, tip, key }: LieTools, { seat }: Signed, statement: Statement): Signed {
  const hash = validatorsHash(fingerprint, tip.validators)
  const message = signMessage({ fingerprint, validatorsHash: hash, statement })
  return { statement, seat, signature: key.suite.sign(message, key.secret) }
}

/** A certificate of all seats, each with the liar's own signature. */
function forged(tools: LieTools, { statement, seat, ...rest }: Signed, round: number) {
  const { height, blockId } = statement.value
  const seats = tools.tip.validators.validators.length
  const vote: Statement = { kind: 'prepare', value: { height, round, blockId } }
  const { signature } = sign(tools, { statement, seat, ...rest }, vote)
  const bitmap = new Uint8Array(Math.ceil(seats / 8))
  for (let i = 0; i < seats; i++) bitmap[i >> 3] = (bitmap[i >> 3] as number) | (1 << (i & 7))
  return { height, round, blockId, bitmap, signatures: Array.from({ length: seats }, () => signature) }
}
