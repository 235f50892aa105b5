import { decode } from '@mmtchain/codec'
import { election, makeOnion } from '@mmtchain/consensus-dpos'
import {
  consensusFields,
  pbft,
  possessionMessage,
  type ValidatorsGranted,
  validators,
} from '@mmtchain/consensus-pbft'
import { secp256k1, sha256 } from '@mmtchain/crypto'
import {
  type Address,
  defineChain,
  defineModule,
  type Engine,
  memoryStore,
  need,
  slotMsOf,
  type Tip,
} from '@mmtchain/kernel'
import { amount, utf8 } from '@mmtchain/primitives'
import { testAccount, testAccountAt } from '@mmtchain/testkit'
import { token } from '@mmtchain/token-rewards'
import { describe, expect, test } from 'vitest'
import { nameOf, network, SLOT_MS, validatorsOf } from './network.ts'

const LAYERS = 500
const onionOf = (who: Address) =>
  makeOnion({ secret: sha256(utf8(`onion ${testAccountAt(who).name}`)), layers: LAYERS })

const dsft = defineChain({ id: 'harbour-dsft', slotMs: SLOT_MS, consensus: pbft() })
  .use(token({ symbol: 'HKT', decimals: 2 }))
  .use(
    election({
      seats: 4,
      depositMin: amount(10n),
      registerFee: amount(0n),
      voteMin: amount(1n),
      unbondingHeights: 100,
      evidenceHeights: 50,
    }),
    {
      grants: { token: ['lock', 'unlock', 'burn', 'move'] },
    },
  )

/** A council that lets a fifth validator in at height 3 and the first one out at height 9. */
const council = defineModule('council', { needs: { validators: need<{}, ValidatorsGranted>() } }).beginBlock(
  (ctx) => {
    const { height } = ctx.block
    const joins = testAccount(nameOf(4))
    const [key] = joins.authority.keys
    if (!key) return
    if (height === 3n) {
      const message = possessionMessage({ fingerprint: ctx.chain.fingerprint, validator: joins.address, key })
      const proof = secp256k1.sign(message, joins.secret)
      ctx.needs.validators.change({ join: [{ address: joins.address, key, proof }], leave: [] })
    }
    if (height === 9n) ctx.needs.validators.change({ join: [], leave: [testAccount(nameOf(0)).address] })
  },
)
const governedBy = (consensus: Engine) =>
  defineChain({ id: 'harbour-governed', slotMs: SLOT_MS, consensus })
    .use(validators())
    .use(council, { grants: { validators: ['change'] } })

describe('chain files', () => {
  test('election() and pbft() are DSFT: reveals go into the seed, misses and twins are charged', () => {
    const delegates = validatorsOf(5)
    const net = network({
      validators: 4,
      seed: 3,
      chain: dsft as never,
      observers: 1,
      twins: [1],
      documents: {
        token: { balances: delegates.map(({ address }) => ({ owner: address, amount: amount(1_000n) })) },
        election: {
          delegates: delegates.map(({ address, authority }, i) => ({
            ...{
              delegate: address,
              name: `delegate${i}`,
              url: '',
              key: authority.keys[0],
              deposit: amount(10n),
            },
            ...{ commitment: onionOf(address).commitment, layers: LAYERS },
          })),
          votes: delegates
            .slice(0, 4)
            .map(({ address }) => ({ voter: address, delegate: address, amount: amount(100n) })),
        },
      },
      reveal(proposer, machine, store, tip: Tip) {
        const found = machine.query(store as never, tip, {
          module: 'election',
          query: 'delegate',
          input: { delegate: proposer },
        })
        const { left } = (found as { duty: { onion: { left: number } } }).duty.onion
        return onionOf(proposer).reveal(left)
      },
    })
    const kindOf = (message: unknown) => (message as { kind: string; seal?: unknown }).kind
    const isSealed = (message: unknown) => Object.hasOwn(message as object, 'seal')
    // First a validator is down, while the copy of validator 1 only asks for blocks.
    net.filter(
      (from, to, message) => (from !== 4 || kindOf(message) === 'status') && (to !== 4 || isSealed(message)),
    )
    net.crash(3)
    net.until(() => net.height(0) >= 12n, 120_000)
    net.restart(3)
    // Then the copy hears votes, but gets no block before others decide, so that the two say different things.
    net.filter((_, to, message) => to !== 4 || kindOf(message) === 'votes')
    net.until(() => net.height(0) >= 24n, 240_000)
    const blocks = [...(net.history.get(0)?.values() ?? [])].map(({ block }) => block)
    expect(
      blocks.every(({ header }) => decode(consensusFields, header.consensus).reveal?.length === 32),
    ).toBe(true)
    expect(blocks.some(({ missProofs }) => missProofs.length > 0)).toBe(true)
    const query = (delegate: Address) =>
      net.machine.query(net.nodes[0]?.store as never, net.nodes[0]?.tip as Tip, {
        module: 'election',
        query: 'delegate',
        input: { delegate },
      }) as {
        profile: { standing: { kind: string }; deposit: bigint }
        duty: { missed: bigint }
      }
    expect(query(testAccount(nameOf(3)).address).duty.missed).toBeGreaterThan(0n)
    expect(blocks.flatMap(({ evidence }) => evidence).length).toBeGreaterThan(0)
    expect(query(testAccount(nameOf(1)).address).profile.deposit).toBeLessThan(10n)
    expect(query(testAccount(nameOf(0)).address).profile.deposit).toBe(10n)
  })

  test('validators() and pbft(): one joins, another leaves, and no height is lost', () => {
    const net = network({ validators: 4, seed: 5, chain: governedBy(pbft()) as never, extras: [4] })
    net.until(() => net.height(0) >= 30n, 240_000)
    net.run(3_000)
    const [last] = net.nodes.map(({ tip }) => tip)
    const names = last?.validators.validators.map((one) => testAccountAt(one.address).name).sort()
    expect(names).toEqual([1, 2, 3, 4].map(nameOf))
    const proposers = [...(net.history.get(2)?.values() ?? [])].map(({ block }) => block.header.proposer)
    expect(proposers).toContain(testAccount(nameOf(4)).address)
    expect(proposers.slice(-8)).not.toContain(testAccount(nameOf(0)).address)
    // Who left follows on as an observer.
    expect(net.height(0) >= net.height(1) - 1n).toBe(true)
    expect([...(net.history.get(2)?.values() ?? [])].every(({ block }) => block.header.round === 0)).toBe(
      true,
    )
  })

  test('with fullSeats slots are shorter in proportion while fewer rule, and no block comes earlier', () => {
    const engine = pbft({ fullSeats: 6 })
    const net = network({ validators: 4, seed: 6, chain: governedBy(engine) as never, extras: [4] })
    net.until(() => net.height(0) >= 40n, 240_000)
    const { engineChain } = net.machine
    const none = new Uint8Array()
    const quickest = new Map<number, bigint>()
    const store = memoryStore()
    const begun = net.machine.begin(store)
    store.commitNow({ ...begun, seal: none, checkpoint: none })
    let parent = begun.tip
    for (const { block } of net.history.get(0)?.values() ?? []) {
      const { timeMs } = parent.header
      const slotMs = slotMsOf(engineChain, parent.validators, 6)
      const seats = parent.validators.validators.length
      const passed = block.header.timeMs - timeMs
      quickest.set(seats, passed < (quickest.get(seats) ?? passed) ? passed : (quickest.get(seats) ?? passed))
      const early = { ...block, header: { ...block.header, timeMs: timeMs + slotMs - 1n } }
      const past = { validators: () => undefined }
      expect(() => engine.context({ chain: engineChain, block: early, parent, past })).toThrow(
        'one slot after its parent',
      )
      const again = net.machine.execute(store, { parent, block })
      store.commitNow({ ...again, seal: none, checkpoint: none })
      parent = again.tip
    }
    expect(Object.fromEntries(quickest)).toEqual({ 4: 667n, 5: 834n })
  })
})
