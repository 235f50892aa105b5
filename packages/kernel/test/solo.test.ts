import { defaultSuites, secp256k1 } from '@mmtchain/crypto'
import {
  type Block,
  defineChain,
  type EngineInput,
  hash,
  height,
  sealMessage,
  solo,
  type Tip,
  ZERO_HASH,
} from '@mmtchain/kernel'
import { describe, expect, test } from 'vitest'
import { account, start, timeMs, validator } from './trial.ts'

const engine = solo()
const trial = start(defineChain({ id: 'harbour-1', consensus: engine }), {})
const { tip } = trial
const chain = trial.machine.engineChain
const id = hash('5'.repeat(64))

/** The effects of inputs, one after the other, on a node that holds the validator's key or none. */
function effectsOf(self: typeof validator.address | undefined, ...inputs: readonly EngineInput[]) {
  let state = engine.start({ chain, self })
  return inputs.map((input) => {
    const step = engine.step(state, input)
    state = step.state
    return step.effects
  })
}
const started = (nowMs: bigint): EngineInput => ({
  kind: 'started',
  nowMs,
  tip,
  checkpoint: new Uint8Array(),
})
const next: Block = {
  header: { ...tip.header, height: height(1n), parent: tip.id, timeMs: timeMs + 10_000n },
  transactions: [],
  evidence: [],
  missProofs: [],
}
const seal = secp256k1.sign(sealMessage(chain.fingerprint, id), validator.secret)
const sent = (change: { readonly block?: Block; readonly seal?: Uint8Array } = {}): EngineInput => ({
  ...{ kind: 'block', from: 'peer', block: next, id, seal, nowMs: timeMs },
  ...change,
})
const verdict = (valid: boolean): EngineInput => ({ kind: 'validated', id, valid, nowMs: timeMs })
const fired = (nowMs: bigint): EngineInput => ({ kind: 'timer', name: 'slot', nowMs })

describe('solo', () => {
  test('waits a slot after the parent, then builds, signs and commits', () => {
    const effects = effectsOf(
      validator.address,
      started(timeMs),
      fired(timeMs + 10_000n),
      { kind: 'built', block: next, id, nowMs: timeMs + 10_000n },
      {
        kind: 'signed',
        at: { height: 1n, round: 0, step: 0 },
        signature: Uint8Array.of(1, 2),
        nowMs: timeMs,
      },
      { kind: 'tip', nowMs: timeMs + 10_000n, tip: { ...tip, header: next.header, id } },
    )
    expect(effects).toMatchObject([
      [{ kind: 'setTimer', name: 'slot', atMs: timeMs + 10_000n }],
      [{ kind: 'buildBlock', request: { timeMs: timeMs + 10_000n, round: 0, evidence: [], missProofs: [] } }],
      [
        { kind: 'setTimer', name: 'slot', atMs: timeMs + 20_000n },
        { kind: 'sign', at: { height: 1n, round: 0, step: 0 } },
      ],
      [{ kind: 'commitBlock', id, seal: Uint8Array.of(1, 2) }],
      [
        { kind: 'sendBlock', height: 1n },
        { kind: 'setTimer', atMs: timeMs + 20_000n },
      ],
    ])
  })

  test('sets its clock by the later of now and the parent', () => {
    const [late] = effectsOf(validator.address, started(timeMs + 99_999n))
    expect(late).toMatchObject([{ atMs: timeMs + 99_999n }])
    const [, early] = effectsOf(validator.address, started(timeMs), fired(timeMs - 50_000n))
    expect(early).toMatchObject([{ request: { timeMs: timeMs + 10_000n } }])
  })

  test('begins the next slot when a block is committed', () => {
    const next: Tip = { ...tip, header: { ...tip.header, height: height(1n), timeMs: timeMs + 20_000n } }
    const effects = effectsOf(validator.address, started(timeMs), {
      kind: 'tip',
      nowMs: timeMs,
      tip: next,
    })
    expect(effects[1]).toMatchObject([{ kind: 'setTimer', atMs: timeMs + 30_000n }])
  })

  test('signs a block that it makes again at a later place, before and after a restart', () => {
    const built = (nowMs: bigint): EngineInput => ({ kind: 'built', block: next, id, nowMs })
    const signed = { at: { height: 1n, round: 4, step: 0 }, message: new Uint8Array() }
    const again = { ...started(timeMs), signed } as EngineInput
    const [, first, second, late, good] = effectsOf(
      validator.address,
      again,
      built(timeMs),
      built(timeMs),
      { kind: 'signed', at: { height: 1n, round: 5, step: 0 }, signature: seal, nowMs: timeMs },
      { kind: 'signed', at: { height: 1n, round: 6, step: 0 }, signature: seal, nowMs: timeMs },
    )
    expect(first?.[1]).toMatchObject({ kind: 'sign', at: { height: 1n, round: 5, step: 0 } })
    expect(second?.[1]).toMatchObject({ kind: 'sign', at: { height: 1n, round: 6, step: 0 } })
    expect(late).toEqual([])
    expect(good).toMatchObject([{ kind: 'commitBlock', id }])
  })

  test('makes no block below one that it has signed, and takes those that others have', () => {
    const signed = { at: { height: 3n, round: 0, step: 0 }, message: new Uint8Array() }
    const behind = { ...started(timeMs), signed } as EngineInput
    const at = (h: bigint): EngineInput => ({
      ...{ kind: 'tip', nowMs: timeMs },
      tip: { ...tip, header: { ...tip.header, height: height(h) } },
    })
    expect(effectsOf(validator.address, behind, sent(), at(2n), at(3n))).toMatchObject([
      [],
      [{ kind: 'validateBlock', id }],
      [],
      [{ kind: 'setTimer', name: 'slot' }],
    ])
  })

  test('follows the sealed blocks of the validator on another node', () => {
    expect(effectsOf(undefined, started(timeMs), sent(), verdict(true)).slice(1)).toMatchObject([
      [{ kind: 'validateBlock', id }],
      [{ kind: 'commitBlock', id, seal }],
    ])
  })

  test('blames who sends a block with a bad seal, and passes over one that does not follow the tip', () => {
    const altered = seal.map((byte, i) => (i === 9 ? byte ^ 1 : byte))
    expect(effectsOf(undefined, started(timeMs), sent({ seal: altered }))[1]).toMatchObject([
      { kind: 'blame', peer: 'peer' },
    ])
    const other = { ...next, header: { ...next.header, parent: id } }
    expect(effectsOf(undefined, started(timeMs), sent({ block: other }))[1]).toEqual([])
  })

  test('stops the node when a sealed block is not valid', () => {
    expect(effectsOf(undefined, started(timeMs), sent(), verdict(false))[2]).toMatchObject([{ kind: 'stop' }])
  })

  test('does nothing on a node that is not the validator, nor before it has started', () => {
    expect(effectsOf(undefined, started(timeMs))).toEqual([[]])
    expect(effectsOf(account('alice').address, started(timeMs))).toEqual([[]])
    expect(effectsOf(validator.address, fired(timeMs))).toEqual([[]])
  })

  test('is pure: the same input on the same state gives the same step', () => {
    const state = engine.start({ chain, self: validator.address })
    expect(engine.step(state, started(timeMs))).toEqual(engine.step(state, started(timeMs)))
  })

  test('takes seals of the first validator alone', () => {
    const suites = new Map(defaultSuites.map((suite) => [suite.code, suite]))
    const seal = new Uint8Array(64)
    const check = () =>
      engine.checkSeal({
        chain: { ...chain, suites },
        header: tip.header,
        id: ZERO_HASH,
        seal,
        validators: tip.validators,
      })
    expect(check).toThrow('The seal of block')
  })
})
