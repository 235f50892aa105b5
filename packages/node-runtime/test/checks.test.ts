import { ed25519, mlDsa65, type Suite, secp256k1 } from '@mmtchain/crypto'
import { defineChain, memoryStore, solo } from '@mmtchain/kernel'
import { createNode, memorySigner, type Node } from '@mmtchain/node-runtime'
import { amount } from '@mmtchain/primitives'
import { manualClock, testAccount, testAddresses, testChain } from '@mmtchain/testkit'
import { token } from '@mmtchain/token-rewards'
import { secretSigner, signTransaction, type Transaction, transactionBytes } from '@mmtchain/tx'
import { afterEach, expect, test } from 'vitest'
import { hostOf, validator } from './nodes.ts'

const [bob] = testAddresses('bob')
const running: Node[] = []
afterEach(async () => {
  for (const node of running.splice(0)) await node.stop()
})

/** A node whose chain takes a suite, and a transaction of one of its accounts. */
async function nodeWith(suite: Suite): Promise<{ readonly node: Node; readonly sound: Transaction }> {
  const signer = secretSigner({ suite, secret: testAccount('anyone').secret })
  const balances = [{ owner: signer.address, amount: amount(1_000n) }]
  const chain = defineChain({
    id: 'checks',
    slotMs: 1_000,
    consensus: solo(),
  }).use(token({ symbol: 'TST', decimals: 2 }))
  const model = testChain(chain, { token: { balances, unclaimed: [] } })
  const clock = manualClock(() => new Promise((resolve) => setImmediate(resolve)))
  const node = await createNode({
    genesis: model.genesis,
    store: memoryStore(),
    host: hostOf(clock),
    validator: memorySigner(validator),
  })
  running.push(node)
  const input = { to: bob, amount: amount(1n) }
  const made = model.body(validator.address, [{ module: 'token', command: 'transfer', input }])
  const body = {
    ...made,
    sender: signer.address,
    authority: signer.authority,
    // Signatures of other suites weigh more.
    weightMax: 10_000n,
    fingerprint: model.genesis.fingerprint,
  }
  return { node, sound: (await signTransaction({ body, signer })).transaction }
}

test.each([secp256k1, ed25519, mlDsa65])(
  'what has passed passes with these signatures alone: $name',
  async (suite) => {
    const { node, sound } = await nodeWith(suite)
    const id = await node.submit(sound)
    expect(await node.submit(sound)).toBe(id)
    expect(await node.submit(transactionBytes(sound))).toBe(id)
    const [{ index, signature }] = sound.signatures as [{ index: number; signature: Uint8Array }]
    const signatures = [
      signature.map((byte, i) => (i === 5 ? byte ^ 1 : byte)),
      signature.map((byte, i) => (i === signature.length - 1 ? byte ^ 1 : byte)),
      signature.slice(1),
      new Uint8Array(signature.length),
      new Uint8Array(),
    ]
    const others = [
      [],
      ...signatures.map((one) => [{ index, signature: one }]),
      [{ index: index + 1, signature }],
    ]
    for (const other of others) {
      const forged = { ...sound, signatures: other }
      await expect(node.submit(forged)).rejects.toThrow()
      await expect(node.submit(transactionBytes(forged))).rejects.toThrow()
    }
    expect(await node.submit(sound)).toBe(id)
  },
)
