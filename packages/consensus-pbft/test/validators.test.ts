import {
  possessionMessage,
  type ValidatorsGranted,
  type ValidatorsReads,
  validators,
} from '@mmtchain/consensus-pbft'
import { secp256k1, sha256 } from '@mmtchain/crypto'
import {
  type Address,
  address,
  bytes,
  defineChain,
  defineModule,
  list,
  need,
  struct,
  validator,
} from '@mmtchain/kernel'
import { utf8 } from '@mmtchain/primitives'
import { testAccount, testAccountAt, testChain, turns } from '@mmtchain/testkit'
import { beforeEach, describe, expect, test } from 'vitest'

const joining = struct({ validator, proof: bytes({ bytesMax: 4096 }) })

/** The simplest governance: whoever asks is obeyed. */
const council = defineModule('council', {
  needs: { validators: need<{}, ValidatorsGranted, ValidatorsReads>() },
}).command(
  'change',
  struct({ join: list(joining, { max: 8 }), leave: list(address, { max: 8 }) }),
  (ctx, { join, leave }) =>
    ctx.needs.validators.change({ join: join.map((one) => ({ ...one.validator, proof: one.proof })), leave }),
)
const chain = defineChain({ id: 'harbour-1', slotMs: 1_000, consensus: turns() })
  .use(validators())
  .use(council, { grants: { validators: ['change'] } })

const at = (name: string): Address => testAccount(name).address
const names = ['ann', 'ben', 'cat', 'dan']
const begin = () => testChain(chain, {}, { validators: names.map(at) })
let on: ReturnType<typeof begin>
beforeEach(() => {
  on = begin()
})

/** Somebody who joins with a key of its own, as it should be. */
function newcomer(name: string, other: { readonly secret?: Uint8Array; readonly signer?: Uint8Array } = {}) {
  const { secret = sha256(utf8(`key of ${name}`)) } = other
  const { signer = secret } = other
  const key = { suite: secp256k1.code, key: secp256k1.publicKey(secret) }
  const { fingerprint } = on.genesis
  const proof = secp256k1.sign(possessionMessage({ fingerprint, validator: at(name), key }), signer)
  return { validator: { address: at(name), key }, proof }
}
const change = (join: readonly ReturnType<typeof newcomer>[], leave: readonly string[] = []) =>
  on.as(at('ann')).council.change({ join, leave: leave.map(at) })
const ruling = () => on.validators.validators.map((one) => testAccountAt(one.address).name).sort()
function nextEpoch(): undefined {
  for (const { epoch } = on.validators; on.validators.epoch === epoch; ) on.advance({ blocks: 1 })
}

describe('validators', () => {
  test('are those of the genesis, epoch by epoch, in an order of each epoch’s own', () => {
    const orders = new Set<string>()
    for (let epoch = 0n; epoch < 12n; epoch++) {
      expect(on.validators.epoch).toBe(epoch)
      expect(ruling()).toEqual(names)
      orders.add(on.validators.validators.map((one) => one.address).join())
      nextEpoch()
    }
    expect(on.height).toBe(48n)
    expect(on.read.validators.current(null).length).toBe(4)
  })

  test('join and leave with the next epoch, without a stop', () => {
    on.advance({ blocks: 1 })
    const outcome = change([newcomer('eve'), newcomer('fay')], ['ben'])
    expect(outcome.events).toEqual(['validators.left', 'validators.joined', 'validators.joined'])
    expect(
      on.read.validators
        .next(null)
        .map((one) => testAccountAt(one.address).name)
        .sort(),
    ).toEqual(['ann', 'cat', 'dan', 'eve', 'fay'])
    expect(ruling()).toEqual(names)
    nextEpoch()
    expect(ruling()).toEqual(['ann', 'cat', 'dan', 'eve', 'fay'])
    expect(on.validators.epochStartTurn).toBe(on.height + 1n)
    change([], ['cat', 'dan', 'eve', 'fay'])
    nextEpoch()
    expect(ruling()).toEqual(['ann'])
    nextEpoch()
    expect(ruling()).toEqual(['ann'])
  })

  test('change their key by leaving and joining in one change', () => {
    expect(change([newcomer('ann')], ['ann']).code).toBeUndefined()
    nextEpoch()
    const found = on.validators.validators.find((one) => one.address === at('ann'))
    expect(found?.key).toEqual(newcomer('ann').validator.key)
  })

  test.each([
    ['NOTHING_TO_CHANGE', () => change([])],
    ['NOT_A_VALIDATOR', () => change([newcomer('ann')], ['eve'])],
    ['ALREADY_A_VALIDATOR', () => change([newcomer('ann')])],
    [
      'KEY_NOT_ACCEPTED',
      () =>
        change([
          {
            ...newcomer('eve'),
            validator: { address: at('eve'), key: { suite: 1, key: new Uint8Array(33) } },
          },
        ]),
    ],
    ['KEY_TAKEN', () => change([newcomer('eve', { secret: testAccount('ben').secret })], ['ben'])],
    ['BAD_PROOF', () => change([newcomer('eve', { signer: sha256(utf8('another')) })])],
    ['NO_VALIDATORS', () => change([], names)],
  ] as const)('refuse with %s, and change nothing', (code, attempt) => {
    expect(attempt().code).toBe(`validators/${code}`)
    nextEpoch()
    expect(ruling()).toEqual(names)
  })

  test('never take a key that another validator ever had', () => {
    change([newcomer('eve')], ['ben'])
    change([], ['eve'])
    expect(change([newcomer('fay', { secret: sha256(utf8('key of eve')) })]).code).toBe(
      'validators/KEY_TAKEN',
    )
    expect(change([newcomer('eve')]).code).toBeUndefined()
  })

  test('without a module that is granted `change` stay the same', () => {
    const fixed = testChain(
      defineChain({ id: 'harbour-2', slotMs: 1_000, consensus: turns() }).use(validators()),
      {},
      { validators: names.map(at) },
    )
    fixed.advance({ blocks: 9 })
    expect(fixed.validators.epoch).toBe(2n)
    expect(fixed.validators.validators.length).toBe(4)
  })

  test('that offend are named', () => {
    on.advance({ blocks: 1 })
    on.advance({ blocks: 1, evidence: [{ culprit: at('ben'), height: on.height, kind: 'prepare' }] })
    expect(on.hookEvents).toEqual(['validators.offended'])
  })
})
