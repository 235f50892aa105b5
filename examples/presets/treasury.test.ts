import { encode } from '@mmtchain/codec'
import { secp256k1 } from '@mmtchain/crypto'
import { address, amount, createMachine, memoryStore, solo, struct } from '@mmtchain/kernel'
import { compareBytes, height } from '@mmtchain/primitives'
import { testAccount } from '@mmtchain/testkit'
import { authorityAddress, jointSigner, type PublicKey, secretSigner, signTransaction } from '@mmtchain/tx'
import { expect, test } from 'vitest'
import { coins } from './allocation.ts'
import { at, firstDelegates, purses } from './first-delegates.ts'
import { zzm } from './zzm.ts'

const NONE = new Uint8Array()

test('a treasury of 5 of 5 is an ordinary account: it pays when all five have signed, and not before', async () => {
  const holders = ['h1', 'h2', 'h3', 'h4', 'h5'].map((name) => testAccount(name))
  const authority = {
    threshold: 5,
    keys: holders.map((one) => one.authority.keys[0] as PublicKey).sort((a, b) => compareBytes(a.key, b.key)),
  }
  const treasury = authorityAddress(authority)
  const genesis = zzm(solo(), { rewardsAccount: at('rewards') }).genesis({
    timeMs: 1_700_000_000_000n,
    validators: firstDelegates()
      .slice(0, 1)
      .map(({ delegate, key }) => ({ address: delegate, key })),
    documents: {
      token: { balances: [{ owner: treasury, amount: coins(100n) }, ...purses] },
      election: { delegates: firstDelegates() },
      pools: { pools: [] },
    },
  })
  const machine = createMachine(genesis)
  const store = memoryStore()
  const first = machine.begin(store)
  store.commitNow({ ...first, seal: NONE, checkpoint: NONE })

  const input = encode(struct({ to: address, amount }), { to: at('h1'), amount: coins(1n) })
  const draft = {
    ...{ fingerprint: genesis.fingerprint, sender: treasury, authority, nonce: 0n, validUntil: height(10n) },
    ...{ fee: coins(0n), weightMax: 0n, payer: null },
    calls: [{ module: 'token', command: 'transfer', input }],
  }
  const { fee, weight } = machine.quote({ body: draft, signatures: [], payerConsent: null }, store)
  const body = { ...draft, fee, weightMax: weight }
  const signers = holders.map(({ secret }) => secretSigner({ suite: secp256k1, secret, authority }))
  const by = (some: typeof signers) => signTransaction({ body, signer: jointSigner(some) })

  const { transaction: four } = await by(signers.slice(0, 4))
  expect(() => machine.prepare(four)).toThrow(/signature/)

  const prepared = machine.prepare((await by(signers)).transaction)
  const built = machine.build(store, {
    parent: first.tip,
    proposer: at('v1'),
    request: {
      ...{ timeMs: first.tip.header.timeMs + 10_000n, round: 0, consensus: NONE },
      ...{ evidence: [], missProofs: [] },
    },
    candidates: [prepared],
  })
  expect(built.receipts.transactions.map(({ error }) => error)).toEqual([null])
  store.commitNow({ ...built, seal: NONE, checkpoint: NONE })
  const balance = (owner: string | typeof treasury) =>
    machine.query(store, built.tip, { module: 'token', query: 'balance', input: { owner } })
  expect([balance(treasury), balance(at('h1'))]).toEqual([coins(99n) - fee, coins(1n)])
})
