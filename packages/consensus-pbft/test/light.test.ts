import { encode } from '@mmtchain/codec'
import { certificate, type Statement, signMessage } from '@mmtchain/consensus-pbft'
import {
  advance,
  compareWitness,
  follow,
  type LightBlock,
  type LightChain,
  type Trusted,
} from '@mmtchain/consensus-pbft/light'
import { defaultSuites, secp256k1 } from '@mmtchain/crypto'
import {
  blockId,
  type Hash,
  type Header,
  hash,
  height as toHeight,
  type ValidatorSet,
  validatorsHash,
  ZERO_HASH,
} from '@mmtchain/kernel'
import { isChainError } from '@mmtchain/primitives'
import { testAccount, testAccountAt } from '@mmtchain/testkit'
import { describe, expect, test } from 'vitest'

const fingerprint = hash('ab'.repeat(32))
const suites = new Map(defaultSuites.map((suite) => [suite.code, suite]))
const chain: LightChain = { fingerprint, suites, unbondingMs: 10_000_000n }
const bondless: LightChain = { fingerprint, suites }
const SLOT = 1_000n
const BEGIN = 1_700_000_000_000n

/** The set of an epoch: `count` of an endless row of people, the first `epoch` of whom have left. */
function setOf(epoch: bigint, count: number, heightsOfEpoch: bigint): ValidatorSet {
  const validators = Array.from({ length: count }, (_, i) => {
    const { address, authority } = testAccount(`light ${Number(epoch) + i}`)
    return { address, key: authority.keys[0] as never }
  })
  return { epoch, epochStartTurn: epoch * heightsOfEpoch + 1n, seed: ZERO_HASH, validators }
}

interface Plan {
  readonly count?: number
  readonly heightsOfEpoch?: bigint
  readonly print?: Hash
}

/** A chain whose set loses one validator and gains another with each epoch. */
function history({ count = 4, heightsOfEpoch = 4n, print = fingerprint }: Plan = {}) {
  const rule = (height: bigint) => setOf((height - 1n) / heightsOfEpoch, count, heightsOfEpoch)
  const made = new Map<bigint, LightBlock>()
  function headerOf(height: bigint, change: Partial<Header> = {}): Header {
    return {
      ...{ version: 1, height: toHeight(height), parent: ZERO_HASH, timeMs: BEGIN + height * SLOT, round: 0 },
      ...{
        proposer: testAccount('light 0').address,
        protocolHash: ZERO_HASH,
        txRoot: ZERO_HASH,
        receiptRoot: ZERO_HASH,
      },
      ...{ stateRoot: ZERO_HASH, evidenceRoot: ZERO_HASH, consensus: new Uint8Array() },
      validatorsHash: validatorsHash(print, rule(height === 0n ? 1n : height)),
      nextValidatorsHash: validatorsHash(print, rule(height + 1n)),
      ...change,
    }
  }
  function signed(
    header: Header,
    set: ValidatorSet,
    seats: readonly number[],
    round = header.round,
  ): Uint8Array {
    const id = blockId(print, header)
    const statement: Statement = { kind: 'commit', value: { height: header.height, round, blockId: id } }
    const message = signMessage({ fingerprint: print, validatorsHash: header.validatorsHash, statement })
    const bitmap = new Uint8Array(Math.ceil(set.validators.length / 8))
    for (const seat of seats) bitmap[seat >> 3] = (bitmap[seat >> 3] as number) | (1 << (seat & 7))
    const signatures = seats.map((seat) =>
      secp256k1.sign(message, testAccountAt(set.validators[seat]?.address as never).secret),
    )
    return encode(certificate, { height: header.height, round, blockId: id, bitmap, signatures })
  }
  function block(height: bigint): LightBlock {
    const found = made.get(height)
    if (found) return found
    const header = headerOf(height)
    const validators = rule(height)
    const seats = validators.validators.map((_, i) => i)
    const one = {
      header,
      seal: signed(header, validators, seats),
      validators,
      nextValidators: rule(height + 1n),
    }
    made.set(height, one)
    return one
  }
  const first = headerOf(0n)
  const genesis: Trusted = { header: first, id: blockId(print, first), nextValidators: rule(1n) }
  return { rule, headerOf, signed, block, genesis }
}
const now = (height: bigint) => BEGIN + height * SLOT + 5_000n
const real = history()

describe('a light client', () => {
  test('skips to a header that f + 1 of those whom it trusts have signed', () => {
    const trusted = advance(chain, { trusted: real.genesis, block: real.block(7n), nowMs: now(7n) })
    expect(trusted.header.height).toBe(7n)
  })

  test.each([100n, 1_000n, 4_000n])(
    'follows %i heights in O(log) steps for each change of two thirds of the set',
    async (height) => {
      // 31 validators, f = 10; one leaves every 128 heights.
      const long = history({ count: 31, heightsOfEpoch: 128n })
      let asked = 0
      const fetch = async (at: bigint) => {
        asked += 1
        return long.block(at)
      }
      const found = await follow(chain, { trusted: long.genesis, height, nowMs: now(height), fetch })
      expect(found.header.height).toBe(height)
      const changes = Number(height / 128n)
      expect(asked).toBeLessThanOrEqual(
        1 + Math.ceil(changes / 20) * (1 + Math.ceil(Math.log2(Number(height)))),
      )
    },
  )

  test('of a chain without bonds goes epoch by epoch', async () => {
    const seen: bigint[] = []
    const fetch = async (at: bigint) => {
      seen.push(at)
      return real.block(at)
    }
    const found = await follow(bondless, { trusted: real.genesis, height: 30n, nowMs: now(30n), fetch })
    expect(found.header.height).toBe(30n)
    expect(() => advance(bondless, { trusted: real.genesis, block: real.block(7n), nowMs: now(7n) })).toThrow(
      'no bonds',
    )
    // Within an epoch it skips.
    expect(
      advance(bondless, { trusted: real.genesis, block: real.block(4n), nowMs: now(4n) }).header.height,
    ).toBe(4n)
  })

  const target = 7n
  const good = real.block(target)
  const set = real.rule(target)
  const foreign: ValidatorSet = { ...set, validators: setOf(900n, 4, 4n).validators }
  const withSet = (validators: ValidatorSet, seats: readonly number[]) => {
    const header = real.headerOf(target, { validatorsHash: validatorsHash(fingerprint, validators) })
    return {
      header,
      validators,
      nextValidators: good.nextValidators,
      seal: real.signed(header, validators, seats),
    }
  }
  const withHeader = (change: Partial<Header>) => {
    const header = real.headerOf(target, change)
    return { ...good, header, seal: real.signed(header, set, [0, 1, 2]) }
  }
  /** One of those who are trusted still rules with three strangers: q sign, but only one of f + 1 = 2. */
  const mixed: ValidatorSet = {
    ...set,
    validators: [...set.validators.slice(0, 1), ...foreign.validators.slice(0, 3)],
  }
  const twice = { ...set, validators: [...set.validators.slice(0, 2), ...set.validators.slice(0, 2)] }
  const attacks: readonly (readonly [
    name: string,
    attack: () => LightBlock,
    code: string,
    nowMs?: bigint,
  ])[] = [
    ['a header without a certificate', () => ({ ...good, seal: new Uint8Array() }), 'BAD_HEADER'],
    [
      'an altered header',
      () => ({ ...good, header: { ...good.header, stateRoot: fingerprint } }),
      'BAD_HEADER',
    ],
    [
      'a certificate of f + 1',
      () => ({ ...good, seal: real.signed(good.header, set, [0, 1]) }),
      'BAD_HEADER',
    ],
    ['the certificate of another height', () => ({ ...good, seal: real.block(6n).seal }), 'BAD_HEADER'],
    ['one signature instead of all', () => ({ ...good, seal: repeated() }), 'BAD_HEADER'],
    ['bits of seats that are not there', () => ({ ...good, seal: bits(0x17) }), 'BAD_HEADER'],
    ['a longer bitmap', () => ({ ...good, seal: bits(7, 0) }), 'BAD_HEADER'],
    ['another set than the header’s', () => ({ ...good, validators: foreign }), 'BAD_HEADER'],
    ['another next set than the header’s', () => ({ ...good, nextValidators: foreign }), 'BAD_HEADER'],
    ['a set of strangers', () => withSet(foreign, [0, 1, 2]), 'TOO_FEW_TRUSTED'],
    ['a set with f of those who are trusted', () => withSet(mixed, [0, 1, 2]), 'TOO_FEW_TRUSTED'],
    ['a header from the future', () => withHeader({ timeMs: now(target) + 10_001n }), 'FROM_FUTURE'],
    ['a header that is older than the trusted one', () => withHeader({ timeMs: BEGIN }), 'BAD_HEADER'],
    ['trust that has expired', () => good, 'TRUST_EXPIRED', BEGIN + 5_000_000n],
    ['PREPAREs instead of COMMITs', () => ({ ...good, seal: prepares() }), 'BAD_HEADER'],
    ['votes of another chain', () => elsewhere(), 'BAD_HEADER'],
    ['a COMMIT of an earlier round than the block’s', () => earlier(), 'BAD_HEADER'],
  ]
  function parts(seats: readonly number[], kind: 'prepare' | 'commit' = 'commit') {
    const id = blockId(fingerprint, good.header)
    const value = { height: good.header.height, round: 0, blockId: id }
    const message = signMessage({
      fingerprint,
      validatorsHash: good.header.validatorsHash,
      statement: { kind, value },
    })
    const signatures = seats.map((seat) =>
      secp256k1.sign(message, testAccountAt(set.validators[seat]?.address as never).secret),
    )
    return { ...value, signatures }
  }
  const repeated = () => encode(certificate, { ...parts([0, 0, 0]), bitmap: Uint8Array.of(7) })
  const bits = (...bitmap: number[]) =>
    encode(certificate, { ...parts([0, 1, 2]), bitmap: Uint8Array.from(bitmap) })
  const prepares = () => encode(certificate, { ...parts([0, 1, 2], 'prepare'), bitmap: Uint8Array.of(7) })
  const elsewhere = () => ({ ...good, seal: history({ print: hash('cd'.repeat(32)) }).block(target).seal })
  const earlier = () => {
    const header = real.headerOf(target, { round: 2 })
    return { ...good, header, seal: real.signed(header, set, [0, 1, 2], 1) }
  }

  const named = attacks.map(([name, attack, code, nowMs = now(target)]) => ({ name, attack, code, nowMs }))
  test.each(named)('is not taken in by $name', ({ attack, code, nowMs }) => {
    expect(codeOf(() => advance(chain, { trusted: real.genesis, block: attack(), nowMs }))).toBe(
      `light/${code}`,
    )
  })

  test('does not go back, and does not believe an heir whom the parent does not name', () => {
    const trusted = advance(chain, { trusted: real.genesis, block: good, nowMs: now(target) })
    expect(codeOf(() => advance(chain, { trusted, block: real.block(6n), nowMs: now(target) }))).toBe(
      'light/NOT_AFTER',
    )
    const next = real.headerOf(8n, { validatorsHash: validatorsHash(fingerprint, mixed) })
    const heir = {
      ...real.block(8n),
      header: next,
      validators: mixed,
      seal: real.signed(next, mixed, [0, 1, 2]),
    }
    expect(codeOf(() => advance(chain, { trusted, block: heir, nowMs: now(8n) }))).toBe('light/BAD_HEADER')
  })

  test('counts a validator by its key, too: one who has changed it vouches for nothing', () => {
    const [, second] = set.validators
    const stolen = {
      ...set,
      validators: foreign.validators.map((one, i) =>
        i === 0 && second ? { ...one, address: second.address } : one,
      ),
    }
    const header = real.headerOf(target, { validatorsHash: validatorsHash(fingerprint, stolen) })
    const seal = real.signed(header, foreign, [0, 1, 2])
    const block = { header, seal, validators: stolen, nextValidators: good.nextValidators }
    expect(codeOf(() => advance(chain, { trusted: real.genesis, block, nowMs: now(target) }))).toBe(
      'light/TOO_FEW_TRUSTED',
    )
  })

  test('refuses a set that has a validator twice', () => {
    expect(
      codeOf(() =>
        advance(chain, { trusted: real.genesis, block: withSet(twice, [0, 1, 2]), nowMs: now(target) }),
      ),
    ).toBe('light/BAD_HEADER')
  })

  test('tells of two certified headers of one height', () => {
    const trusted = advance(chain, { trusted: real.genesis, block: good, nowMs: now(target) })
    expect(codeOf(() => compareWitness(chain, { trusted, witness: good }))).toBeUndefined()
    const witness = withHeader({ stateRoot: fingerprint })
    expect(codeOf(() => compareWitness(chain, { trusted, witness }))).toBe('light/CONFLICT')
    expect(
      codeOf(() => compareWitness(chain, { trusted, witness: withSet(foreign, [0, 1, 2]) })),
    ).toBeUndefined()
  })

  test('is not led astray by a node that answers with another height', async () => {
    const fetch = async () => real.block(6n)
    const asking = follow(chain, { trusted: real.genesis, height: 30n, nowMs: now(30n), fetch })
    await expect(asking).rejects.toThrow('height 6, not 30')
  })
})

function codeOf(work: () => unknown): string | undefined {
  try {
    work()
    return undefined
  } catch (error) {
    if (!isChainError(error)) throw error
    return error.code
  }
}
