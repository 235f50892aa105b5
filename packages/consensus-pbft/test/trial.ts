// One engine under the hand of a test: the other validators say what the test lets them say.
import { encode } from '@mmtchain/codec'
import {
  type Certificate,
  certificate,
  consensusFields,
  pbft,
  type Signed,
  type Statement,
  signMessage,
} from '@mmtchain/consensus-pbft'
import { secp256k1 } from '@mmtchain/crypto'
import {
  type Block,
  createMachine,
  defineChain,
  type EngineEffect,
  type EngineInput,
  type EngineState,
  type Hash,
  memoryStore,
  type Tip,
  height as toHeight,
  validatorsHash,
} from '@mmtchain/kernel'
import { toHex } from '@mmtchain/primitives'
import { BEGIN_MS, SLOT_MS, validatorsOf } from './network.ts'

export const HEIGHT = toHeight(1n)
/** When round 0 of height 1 begins. */
export const START_MS = BEGIN_MS + BigInt(SLOT_MS)

export interface Made {
  readonly block: Block
  readonly id: Hash
}

/** What a validator says: for nil when the block is null. */
type Vote = readonly [kind: 'prepare' | 'commit', round: number, made: Made | null]

/** A validator of n, in the seat `self`, at height 1; nobody's seat when it is -1. */
export function trial({
  validators = 4,
  self = 3,
  options = {},
}: {
  validators?: number
  self?: number
  options?: object
} = {}) {
  const accounts = validatorsOf(validators)
  const engine = pbft(options)
  const chain = defineChain({ id: 'pbft-trial', slotMs: SLOT_MS, consensus: engine })
  const genesis = chain.genesis({
    timeMs: BEGIN_MS,
    validators: accounts.map(({ address, authority: { keys } }) => ({ address, key: keys[0] as never })),
    documents: {},
  })
  const machine = createMachine(genesis)
  const { fingerprint } = genesis
  const store = memoryStore()
  const begun = machine.begin(store)
  store.commitNow({ ...begun, seal: new Uint8Array(), checkpoint: new Uint8Array() })
  const { tip } = begun
  const setHash = validatorsHash(fingerprint, tip.validators)
  let state: EngineState = engine.start({ chain: machine.engineChain, self: accounts[self]?.address })
  let nowMs = START_MS
  let last: readonly EngineEffect[] = []
  let unread: EngineEffect[] = []
  const inputs: EngineInput[] = []
  const names = new Map<Hash, string>()

  function feed(input: EngineInput): readonly EngineEffect[] {
    inputs.push(input)
    const step = engine.step(state, input)
    state = step.state
    last = step.effects
    unread.push(...last)
    return last
  }

  const sign = (seat: number, said: Statement, hash = setHash, print = fingerprint): Signed => ({
    statement: said,
    seat,
    signature: secp256k1.sign(
      signMessage({ fingerprint: print, validatorsHash: hash, statement: said }),
      accounts[seat]?.secret as Uint8Array,
    ),
  })

  /** The block that a round's proposer makes, or another one when `extraMs` says so. */
  function block(
    round: number,
    { extraMs = 0n, proposer = round % validators, parent = tip as Tip } = {},
  ): Made {
    const turn = parent.header.height === 0n ? BigInt(1 + round) : BigInt(round + 2)
    const { block: made, id } = machine.build(store, {
      parent,
      proposer: accounts[proposer]?.address as never,
      request: {
        timeMs: nowMs + extraMs,
        round,
        consensus: encode(consensusFields, { turn, reveal: null }),
        evidence: [],
        missProofs: [],
      },
      candidates: [],
    })
    names.set(id, `block ${names.size}`)
    return { block: made, id }
  }

  const voteOf = ([kind, round, made]: Vote): Statement => ({
    kind,
    value: { height: HEIGHT, round, blockId: made?.id ?? null },
  })

  function cert(
    kind: 'prepare' | 'commit',
    round: number,
    made: Made,
    seats: readonly number[],
  ): Certificate {
    const bitmap = new Uint8Array(Math.ceil(validators / 8))
    for (const seat of seats) bitmap[seat >> 3] = (bitmap[seat >> 3] as number) | (1 << (seat & 7))
    const said = voteOf([kind, round, made])
    const signatures = seats.map((seat) => sign(seat, said).signature)
    return { height: HEIGHT, round, blockId: made.id, bitmap, signatures }
  }

  /** What a statement or an effect says in a word or two. */
  function text(effect: EngineEffect): string {
    switch (effect.kind) {
      case 'sign':
        return `sign ${effect.at.round}/${effect.at.step}`
      case 'setTimer':
        return `timer ${effect.name} ${effect.atMs - nowMs}`
      case 'send':
        return `send ${(effect.message as { kind: string }).kind}${effect.to === undefined ? '' : ' to one'}`
      case 'commitBlock':
        return `decide ${names.get(effect.id)}`
      default:
        return effect.kind
    }
  }

  const api = {
    engine,
    machine,
    tip,
    accounts,
    setHash,
    fingerprint,
    inputs,
    sign,
    block,
    cert,
    voteOf,
    feed,
    seal: (round: number, made: Made, seats: readonly number[]) =>
      encode(certificate, cert('commit', round, made, seats)),
    get state() {
      return state
    },
    get nowMs() {
      return nowMs
    },
    /** The effects of the last input. */
    effects: () => last.map(text),
    raw: () => last,
    pass(ms: number): void {
      nowMs += BigInt(ms)
    },
    start(more: object = {}) {
      feed({ kind: 'started', nowMs, tip, checkpoint: new Uint8Array(), ...more })
      return api.effects()
    },
    timer(name: string) {
      feed({ kind: 'timer', name, nowMs })
      return api.effects()
    },
    message(value: unknown, from = 'peer') {
      feed({ kind: 'message', from, message: value, nowMs })
      return api.effects()
    },
    /** A proposal by the round's proposer; a verdict on its block too, unless that is to wait. */
    propose(
      round: number,
      made: Made,
      {
        validRound = null as number | null,
        prepareCert = null as Certificate | null,
        verdict = true as boolean | 'later',
        seat = round % validators,
      } = {},
    ) {
      const said: Statement = {
        kind: 'prePrepare',
        value: { height: HEIGHT, round, blockId: made.id, validRound },
      }
      const effects = api.message({
        kind: 'prePrepare',
        value: { signed: sign(seat, said), block: made.block, prepareCert },
      })
      return verdict === 'later' ? effects : [...effects, ...api.verdict(made, verdict)]
    },
    verdict(made: Made, valid = true) {
      feed({ kind: 'validated', id: made.id, valid, nowMs })
      return api.effects()
    },
    /** The same vote of several seats, in one message. */
    votes(vote: Vote, seats: readonly number[]) {
      return api.message({ kind: 'votes', value: seats.map((seat) => sign(seat, voteOf(vote))) })
    },
    /** Answers the requests to sign of the last input. */
    signed() {
      const requests = last.filter((effect) => effect.kind === 'sign')
      const all: string[] = []
      for (const { at, message } of requests) {
        const signature = secp256k1.sign(message, accounts[self]?.secret as Uint8Array)
        feed({ kind: 'signed', at, signature, nowMs })
        all.push(...api.effects())
      }
      return all
    },
    /** What this validator asked its signer for since this was called last: `prepare nil`, `commit block 0`. */
    asked(): string[] {
      const effects = unread
      unread = []
      return effects.flatMap((effect) => {
        if (effect.kind !== 'sign') return []
        const told = (['prepare', 'commit'] as const).flatMap((kind) =>
          [null, ...names.keys()].flatMap((id) => {
            const said: Statement = { kind, value: { height: HEIGHT, round: effect.at.round, blockId: id } }
            const bytes = signMessage({ fingerprint, validatorsHash: setHash, statement: said })
            return toHex(bytes) === toHex(effect.message)
              ? [`${kind} ${id === null ? 'nil' : names.get(id)}`]
              : []
          }),
        )
        return told.length > 0 ? told : ['prePrepare']
      })
    },
    /** Goes to a later round as f + 1 others do. */
    skipTo(round: number) {
      const seats = [0, 1, 2].filter((seat) => seat !== self).slice(0, 2)
      return api.votes(['commit', round, null], seats)
    },
  }
  return api
}
