import type { EngineEffect, EngineInput } from '@mmtchain/kernel'

/** Effects whose answer has not come. */
export interface Awaited {
  asked(effect: EngineEffect): void
  answered(input: EngineInput): void
  /** In the order in which they were asked for. */
  rest(): readonly EngineEffect[]
}

/** True for an effect that the engine will hear of again. */
export function isAwaited({ kind }: EngineEffect): boolean {
  return kind !== 'setTimer' && answerOf[kind] !== undefined
}

const answerOf: Readonly<Partial<Record<EngineEffect['kind'], EngineInput['kind']>>> = {
  setTimer: 'timer',
  buildBlock: 'built',
  validateBlock: 'validated',
  sign: 'signed',
  commitBlock: 'tip',
  revert: 'tip',
}

/** Keeps account of what an engine asked while its log of inputs is played again. */
export function createAwaited(): Awaited {
  let open: EngineEffect[] = []
  return {
    asked(effect) {
      if (answerOf[effect.kind] === undefined) return
      if (effect.kind === 'setTimer')
        open = open.filter((one) => one.kind !== 'setTimer' || one.name !== effect.name)
      open.push(effect)
    },
    answered(input) {
      const at = open.findIndex((effect) => isAnswer(input, effect))
      if (at >= 0) open.splice(at, 1)
    },
    rest: () => open,
  }
}

function isAnswer(input: EngineInput, effect: EngineEffect): boolean {
  if (answerOf[effect.kind] !== input.kind) return false
  if (input.kind === 'timer') return effect.kind === 'setTimer' && effect.name === input.name
  if (input.kind === 'validated') return effect.kind === 'validateBlock' && effect.id === input.id
  if (input.kind !== 'signed' || effect.kind !== 'sign') return true
  const { height, round, step } = input.at
  return effect.at.height === height && effect.at.round === round && effect.at.step === step
}
