// A regulator asks a registrar who is behind an account. That it asked stays on the chain, before it is told.
import type { Address, Hash } from '@mmtchain/primitives'
import { checkRegistrar } from './claims.ts'
import type { KycCommand } from './nouns.ts'

interface LookingUp {
  readonly holder: Address
  readonly registrar: Address
  readonly case: string
}

export function lookUp(ctx: KycCommand, given: LookingUp): undefined {
  const { sender: regulator, params, state, fail, block } = ctx
  const { holder, registrar } = given
  if (!params.regulators.includes(regulator)) throw fail.NOT_A_REGULATOR({ who: regulator })
  if (!/^[A-Za-z0-9./-]{1,64}$/.test(given.case)) throw fail.BAD_CASE({ given: given.case })
  if (!state.claims.get([holder, registrar])?.person) throw fail.NO_CLAIM({ holder, registrar })
  const number = state.nextLookUp.get()
  state.nextLookUp.set(number + 1n)
  state.lookUps.set(number, { ...given, regulator, at: block.height, timeMs: block.timeMs, answer: null })
  state.lookUpsOf.set([holder, number], null)
  ctx.emit.lookedUp({ lookUp: number, regulator, holder, registrar })
}

/** The registrar that was asked says what it handed over, by its hash. */
export function answerLookUp(
  ctx: KycCommand,
  { lookUp: number, answer }: { readonly lookUp: bigint; readonly answer: Hash },
): undefined {
  const { sender, state, fail } = ctx
  checkRegistrar(ctx, sender)
  const found = state.lookUps.get(number)
  if (!found) throw fail.UNKNOWN_LOOK_UP({ lookUp: number })
  if (found.registrar !== sender) throw fail.NOT_ASKED({ lookUp: number, registrar: found.registrar })
  if (found.answer !== null) throw fail.ALREADY_ANSWERED({ lookUp: number })
  state.lookUps.set(number, { ...found, answer })
  ctx.emit.lookUpAnswered({ lookUp: number, answer })
}
