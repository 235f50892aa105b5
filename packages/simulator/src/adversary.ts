import { type Block, blockId, type Engine, type EngineInput, type EngineState } from '@mmtchain/kernel'
import type { ConsensusSigner, ValidatorKey } from '@mmtchain/node-runtime'
import type { Hash } from '@mmtchain/primitives'
import type { Chance } from './chance.ts'
import type { Lie } from './plan.ts'

const HASH_OF_NOTHING = 'f'.repeat(64) as Hash

/** The lies that are told by an engine that does not do as it should. */
export function lyingEngine(engine: Engine, lie: Lie, chance: Chance, fingerprint: () => Hash): Engine {
  switch (lie) {
    case 'invalid':
      return { ...engine, step: (state, input) => engine.step(state, withBadBlock(input)) }
    case 'edge':
      return { ...engine, step: (state, input) => atTheEdge(engine.step(state, input)) }
    case 'amnesia':
      return forgetful(engine, chance)
    default:
      return engine
  }

  function withBadBlock(input: EngineInput): EngineInput {
    if (input.kind !== 'built' || chance.perMille(500)) return input
    const block = { ...input.block, header: { ...input.block.header, ...badField(input.block) } }
    return { ...input, block, id: blockId(fingerprint(), block.header) }
  }

  function badField({ header }: Block): Partial<Block['header']> {
    return chance.pick<Partial<Block['header']>>([
      { stateRoot: HASH_OF_NOTHING },
      { receiptRoot: HASH_OF_NOTHING },
      { txRoot: HASH_OF_NOTHING },
      { nextValidatorsHash: HASH_OF_NOTHING },
      { validatorsHash: HASH_OF_NOTHING },
      { parent: HASH_OF_NOTHING },
      { protocolHash: HASH_OF_NOTHING },
      { timeMs: header.timeMs - 100_000n },
      { round: header.round + 1 },
      { height: (header.height + 1n) as Block['header']['height'] },
    ])
  }

  function atTheEdge(step: ReturnType<Engine['step']>): ReturnType<Engine['step']> {
    const effects = step.effects.map((effect) => {
      if (effect.kind !== 'buildBlock') return effect
      const offMs = chance.pick([0, 100, 199, 200, 201, 400, 1_200, 3_000, 600_000])
      return { ...effect, request: { ...effect.request, timeMs: effect.request.timeMs + BigInt(offMs) } }
    })
    return { ...step, effects }
  }
}

/** Goes back to the begin of its height now and then, and so says other things than before. */
function forgetful(engine: Engine, chance: Chance): Engine {
  let born: EngineState | undefined
  let begin: EngineInput | undefined
  return {
    ...engine,
    start(args) {
      born = engine.start(args)
      return born
    },
    step(state, input) {
      if (input.kind === 'started') begin = input
      if (input.kind === 'tip' && begin?.kind === 'started')
        begin = { ...begin, nowMs: input.nowMs, tip: input.tip }
      const forgets = input.kind === 'message' && chance.perMille(5)
      if (!forgets || !born || begin?.kind !== 'started') return engine.step(state, input)
      const { signed: _, ...fresh } = begin
      const again = engine.step(born, { ...fresh, nowMs: input.nowMs })
      const next = engine.step(again.state, input)
      return { state: next.state, effects: [...again.effects, ...next.effects] }
    },
  }
}

/** Signs whatever it is asked to. */
export function lawlessSigner({ address, suite, secret }: ValidatorKey): ConsensusSigner {
  return {
    address,
    publicKey: { suite: suite.code, key: suite.publicKey(secret) },
    sign: async ({ message }) => suite.sign(message, secret),
    last: () => undefined,
    signedUpTo: () => 0n,
    remembers: true,
    isObserving: () => false,
    observed: async () => undefined,
    close: async () => undefined,
  }
}
