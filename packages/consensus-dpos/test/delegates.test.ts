import { election, LAYERS_MAX, makeOnion, onionLayer, possessionMessage } from '@mmtchain/consensus-dpos'
import { ed25519, secp256k1 } from '@mmtchain/crypto'
import { defineChain, type Hash } from '@mmtchain/kernel'
import { hashToBytes } from '@mmtchain/primitives'
import { testChain, turns } from '@mmtchain/testkit'
import { token } from '@mmtchain/token-rewards'
import { describe, expect, test } from 'vitest'
import {
  accountKey,
  ann,
  application,
  at,
  ben,
  chainOf,
  coins,
  DEPOSIT,
  epochs,
  FUNDS,
  field,
  keyOf,
  LAYERS,
  onionOf,
  ruling,
  said,
  small,
  standing,
} from './harbour.ts'

const four = ['v1', 'v2', 'v3', 'v4'] as const
const start = () => field({ options: { seats: 4 }, validators: four })
const delegateOf = (on: ReturnType<typeof start>, who = ann) => on.read.election.delegate({ delegate: who })

describe('registering', () => {
  test('makes a candidate with no votes, locks the deposit and costs the fee', () => {
    const on = start()
    const asked = application(on, ann)
    const done = on.as(ann).election.register(asked)
    expect(said(on, done)).toEqual([
      ['token.locked', { owner: ann, purpose: 'election.deposit', amount: DEPOSIT }],
      ['election.registered', { delegate: ann, name: 'ann', key: asked.key, deposit: DEPOSIT }],
    ])
    expect(delegateOf(on)).toMatchObject({
      profile: {
        name: 'ann',
        url: 'https://harbour.example',
        deposit: DEPOSIT,
        standing: { kind: 'candidate' },
      },
      duty: { produced: 0n, onion: { layer: asked.commitment, left: LAYERS } },
      votes: 0n,
    })
    expect(on.read.token.balance({ owner: ann })).toBe(FUNDS - DEPOSIT - 200n)
    expect(on.read.election.delegateNamed({ name: 'ann' })).toBe(ann)
  })

  test('is refused for these reasons, in this order', () => {
    const on = start()
    on.as(ben).election.register(application(on, ben))
    const good = application(on, ann)
    const strange = { suite: 9, key: new Uint8Array(3) }
    const { key, proof } = application(on, ben)
    const flaws = [
      ['election/BAD_NAME', { name: 'Ann Smith' }],
      ['election/NAME_TAKEN', { name: 'ben' }],
      ['election/BAD_URL', { url: 'javascript:alert(1)' }],
      ['election/KEY_NOT_ACCEPTED', { key: strange }],
      ['election/KEY_TAKEN', { key, proof }],
      ['election/BAD_PROOF', { proof: proof.slice(1) }],
      ['election/BAD_ONION', { layers: 0 }],
      ['election/DEPOSIT_TOO_SMALL', { deposit: coins(999) }],
      ['token/INSUFFICIENT_BALANCE', { deposit: FUNDS }],
    ] as const
    for (const [i, [code, flaw]] of flaws.entries()) {
      // Everything that is looked at later is wrong too, where a field can be wrong in one way only.
      const later = Object.assign({}, ...flaws.slice(i + 1).map(([, other]) => other))
      expect(on.as(ann).election.register({ ...good, ...flaw }).code).toBe(code)
      expect(on.as(ann).election.register({ ...good, ...later, ...flaw }).code).toBe(code)
    }
    expect(on.as(ann).election.register(good).code).toBeUndefined()
    expect(on.as(ann).election.register({ ...good, name: 'Ann Smith' }).code).toBe(
      'election/ALREADY_REGISTERED',
    )
    expect(on.as(at('v1')).election.register(good).code).toBe('election/ALREADY_REGISTERED')
  })

  test('takes names of 1 to 20 plain characters and an empty or ASCII URL only', () => {
    const on = start()
    const code = (change: object) =>
      on
        .fork()
        .as(ann)
        .election.register({ ...application(on, ann), ...change }).code
    for (const name of ['a', 'a-b_c.9', 'a'.repeat(20)]) expect(code({ name })).toBeUndefined()
    for (const name of ['', 'ä', 'a b', 'A']) expect(code({ name })).toBe('election/BAD_NAME')
    for (const url of ['', 'http://a', `https://${'a'.repeat(120)}`]) expect(code({ url })).toBeUndefined()
    for (const url of ['ftp://a', 'https://', 'https://a b', 'https://ä'])
      expect(code({ url })).toBe('election/BAD_URL')
    for (const layers of [LAYERS_MAX + 1, 0]) expect(code({ layers })).toBe('election/BAD_ONION')
  })

  test('wants a proof for this chain, this account and this key', () => {
    const on = start()
    const good = application(on, ann)
    const { secret, key } = keyOf('ann')
    const { fingerprint } = on.genesis
    const proofs = [
      possessionMessage({ fingerprint, delegate: ben, key }),
      possessionMessage({ fingerprint: on.genesis.protocolHash, delegate: ann, key }),
      possessionMessage({ fingerprint, delegate: ann, key: keyOf('ben').key }),
    ].map((message) => secp256k1.sign(message, secret))
    for (const proof of proofs)
      expect(on.as(ann).election.register({ ...good, proof }).code).toBe('election/BAD_PROOF')
    const edward = { suite: ed25519.code, key: ed25519.publicKey(secret) }
    const message = possessionMessage({ fingerprint, delegate: ann, key: edward })
    const other = { ...good, key: edward, proof: ed25519.sign(message, secret) }
    expect(on.as(ann).election.register(other).code).toBeUndefined()
  })
})

describe('a consensus key', () => {
  test('that is rotated rules from the epoch after the next on, and never belongs to anyone else', () => {
    const on = start()
    const who = at('v1')
    const { key, proof } = application(on, who, { key: 'second' })
    const keyInForce = () => on.validators.validators.find((one) => one.address === who)?.key
    expect(on.as(who).election.rotateKey({ key, proof }).events).toEqual(['election.keyRotated'])
    epochs(on, 1)
    expect(keyInForce()).toEqual(accountKey(who))
    epochs(on, 1)
    expect(keyInForce()).toEqual(key)
    expect(on.as(who).election.rotateKey({ key, proof }).code).toBe('election/KEY_TAKEN')
    const old = { key: accountKey(who), proof }
    expect(on.as(at('v2')).election.rotateKey(old).code).toBe('election/KEY_TAKEN')
    expect(on.as(ben).election.rotateKey(old).code).toBe('election/NOT_REGISTERED')
    expect(on.as(who).election.rotateKey({ ...application(on, who, { key: 'third' }), proof }).code).toBe(
      'election/BAD_PROOF',
    )
  })
})

describe('an onion', () => {
  test('is peeled from outside, one layer after another', () => {
    const onion = makeOnion({ secret: new Uint8Array(32), layers: 2_050 })
    let layer = hashToBytes(onion.commitment)
    for (let left = onion.layers; left > 0; left--) {
      const inner = onion.reveal(left)
      expect(onionLayer(inner)).toEqual(layer)
      layer = inner
    }
    for (const left of [0, 2_051, 1.5]) expect(() => onion.reveal(left)).toThrow(/layers/)
    for (const layers of [0, LAYERS_MAX + 1])
      expect(() => makeOnion({ secret: new Uint8Array(32), layers })).toThrow(/layers/)
  })

  test('that is committed to anew counts from the epoch after the next on', () => {
    const on = start()
    const who = at('v1')
    const { commitment } = onionOf(who, 1)
    expect(on.as(who).election.commit({ commitment, layers: 0 }).code).toBe('election/BAD_ONION')
    expect(on.as(ben).election.commit({ commitment, layers: 5 }).code).toBe('election/NOT_REGISTERED')
    epochs(on, 1)
    expect(on.as(who).election.commit({ commitment, layers: LAYERS }).code).toBeUndefined()
    expect(delegateOf(on, who)?.duty.nextOnion).toEqual({
      from: 3n,
      onion: { layer: commitment, left: LAYERS },
    })
    epochs(on, 2)
    expect(delegateOf(on, who)?.duty.onion.left).toBe(LAYERS - 3)
    // The harbour reveals from the new onion now; a layer of the old one would be refused.
    const before = on.fork()
    epochs(on, 1)
    expect(delegateOf(on, who)?.duty).toMatchObject({ onion: { left: LAYERS - 1 }, nextOnion: null })
    while (before.proposer() !== who) before.advance({ blocks: 1 })
    expect(() => before.advance({ blocks: 1, reveal: onionOf(who).reveal(LAYERS - 3) })).toThrow(/onion/)
  })
})

describe('resigning', () => {
  test('leaves the ranking at once and the seats at the next election; the deposit is free after unbonding', () => {
    const on = field({ options: { seats: 4 }, validators: four, candidates: ['c1'] })
    const who = at('v1')
    expect(on.as(who).election.resign(null).events).toEqual(['election.resigned'])
    expect(on.read.election.rank({ delegate: who })).toBeNull()
    const left = on.height + 100n
    epochs(on, 1)
    expect(ruling(on)).toContain('v1')
    epochs(on, 1)
    expect(ruling(on)).toEqual(['c1', 'v2', 'v3', 'v4'])
    const early = on.as(who).election.withdraw(null)
    expect(early.code).toBe('election/NOTHING_FREE')
    expect(early.refusal?.message).toContain(`height ${left}`)
    on.advance({ blocks: Number(left - on.height) - 1 })
    const balance = on.read.token.balance({ owner: who })
    expect(said(on, on.as(who).election.withdraw(null))).toEqual([
      ['token.unlocked', { owner: who, purpose: 'election.deposit', amount: DEPOSIT }],
      ['election.withdrawn', { owner: who, amount: DEPOSIT }],
    ])
    expect(on.read.token.balance({ owner: who })).toBe(balance + DEPOSIT - 5n)
    expect(on.as(who).election.withdraw(null).code).toBe('election/NOTHING_FREE')
  })

  test('is for ever', () => {
    const on = start()
    const { election } = on.as(at('v1'))
    election.resign(null)
    expect(standing(on, 'v1')).toBe('resigned')
    expect(election.resign(null).code).toBe('election/RESIGNED')
    expect(election.register(application(on, at('v1'))).code).toBe('election/ALREADY_REGISTERED')
    expect(election.addDeposit({ amount: coins(1) }).code).toBe('election/RESIGNED')
    expect(election.unjail(null).code).toBe('election/RESIGNED')
    expect(on.as(ann).election.vote({ delegate: at('v1'), amount: coins(10) }).code).toBe('election/RESIGNED')
    expect(on.as(ann).election.resign(null).code).toBe('election/NOT_REGISTERED')
  })
})

test('a deposit grows by what is added', () => {
  const on = start()
  const { election } = on.as(at('v1'))
  expect(election.addDeposit({ amount: coins(0) }).code).toBe('election/ZERO_AMOUNT')
  expect(election.addDeposit({ amount: FUNDS }).code).toBe('token/INSUFFICIENT_BALANCE')
  expect(election.addDeposit({ amount: coins(5) }).events).toEqual(['token.locked', 'election.deposited'])
  expect(delegateOf(on, at('v1'))?.profile.deposit).toBe(DEPOSIT + 5n)
})

describe('a genesis', () => {
  test('lists every validator with its key', () => {
    expect(() => field({ options: { seats: 4 }, validators: ['v1'], candidates: ['v1'] })).toThrow(
      /registered before/,
    )
    const one = { delegate: at('v1'), name: 'v1', url: '', key: keyOf('other').key, deposit: DEPOSIT }
    const begin = (
      ...delegates: readonly (typeof one & { readonly commitment: Hash; readonly layers: number })[]
    ) =>
      testChain(
        chainOf({ seats: 1 }),
        { token: { balances: [{ owner: at('v1'), amount: FUNDS }] }, election: { delegates } },
        { validators: [at('v1')] },
      )
    const { commitment } = onionOf(at('v1'))
    const right = { ...one, key: accountKey(at('v1')), commitment, layers: 5 }
    expect(() => begin()).toThrow(/no delegate with that address and key/)
    expect(() => begin({ ...right, key: one.key })).toThrow(/no delegate with that address and key/)
    expect(() => begin({ ...right, layers: 0 })).toThrow(/layers/)
    expect(() => begin({ ...right, deposit: coins(1) })).toThrow(/deposit/)
    expect(begin(right).read.election.epoch(null).elected).toEqual([at('v1')])
  })
})

test('options that no election can have are refused by name', () => {
  const wrong = [
    { seats: 0 },
    { seats: 1025 },
    { seats: 4, votesMax: 129 },
    { seats: 4, voteMin: coins(0) },
    { seats: 4, weight: 'some' as 'one' },
    { seats: 4, missesToSuspend: 0 },
    { seats: 4, awayEpochs: 0 },
    { seats: 4, jailEpochs: 1 },
    { seats: 4, cutPercent: 101 },
    { seats: 4, reporterPercent: 51 },
    { seats: 4, unbondingHeights: 20, evidenceHeights: 9 },
    { seats: 4, dec: { seatsMin: 5 } },
    { seats: 4, dec: { fullPercent: 20, idlePercent: 20 } },
  ]
  for (const options of wrong)
    expect(() => election(options), Object.keys(options).join()).toThrow(/cannot be defined/)
  expect(election({ seats: 108 }).spec.params?.value).toMatchObject({
    ...{ weight: 'split', votesMax: 10, voteMin: 100_000_000n, depositMin: 100_000_000_000n },
    ...{
      registerFee: 20_000_000_000n,
      unbondingHeights: 60_480,
      evidenceHeights: 30_240,
      missesToSuspend: 3,
    },
    ...{ awayEpochs: 2, jailEpochs: 100, cutPercent: 50, reporterPercent: 5, dec: null },
  })
  expect(election({ seats: 108, dec: {} }).spec.params?.value).toMatchObject({
    dec: { seatsMin: 72, fullPercent: 75, idlePercent: 25 },
  })
})

test.each(['weight', 'registerFee'] as const)(
  'a genesis that lets governance change %s is refused',
  (name) => {
    const chain = ({ seats }: { readonly seats: number }) =>
      defineChain({ id: 'harbour-1', addressPrefix: 'hbr', slotMs: 1_000, consensus: turns() })
        .use(token({ symbol: 'HKT', decimals: 2, commandFee: coins(5) }))
        .use(election({ ...small, seats }), {
          ...{ grants: { token: ['lock', 'unlock', 'burn', 'move'] }, governable: [name] },
        })
    const one = { chain: chain as unknown as typeof chainOf, options: { seats: 1 }, validators: ['v1'] }
    expect(() => field(one)).toThrow(new RegExp(`${name} is governable`))
  },
)
