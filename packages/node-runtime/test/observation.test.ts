import { secp256k1 } from '@mmtchain/crypto'
import { memoryStore } from '@mmtchain/kernel'
import {
  localSigner,
  loseSignState,
  memoryFile,
  openSignState,
  silentLog,
  writeSignState,
} from '@mmtchain/node-runtime'
import type { Hash } from '@mmtchain/primitives'
import { expect, test } from 'vitest'
import { soloNodes, validator } from './nodes.ts'

/** A signer of the only validator, after a loss or with a sign state that is new. */
async function signerOf(fingerprint: Hash, isLost: boolean) {
  const publicKey = { suite: secp256k1.code, key: secp256k1.publicKey(validator.secret) }
  const owner = { fingerprint, address: validator.address, publicKey }
  const file = memoryFile()
  if (isLost) await loseSignState(file, owner, 0n)
  else await writeSignState(file, { fingerprint, owner })
  return localSigner({ key: validator, state: await openSignState({ file, owner, log: silentLog }) })
}

test('after a loss the only validator waits, then signs above all that other nodes have', async () => {
  const nodes = soloNodes()
  const { fingerprint } = nodes.model.genesis
  const signer = await signerOf(fingerprint, false)
  const leader = await nodes.start('validator', { signer })
  const observer = await nodes.start('observer')
  await nodes.clock.advance(20_500n)
  await leader.stop()

  const again = await nodes.start('validator', { signer: await signerOf(fingerprint, true) })
  await nodes.clock.advance(50_000n)
  expect(again.tip.id).toBe(observer.tip.id)
  expect(again.tip.header.height).toBe(20n)
  await nodes.clock.advance(20_000n)
  expect(again.tip.header.height).toBeGreaterThan(25n)
  expect(observer.tip.header.height).toBeGreaterThan(25n)
  await nodes.stop()
})

test('a sign state that is older than the chain, and blocks that nobody else has, are refused', async () => {
  const nodes = soloNodes()
  const { fingerprint } = nodes.model.genesis
  const store = memoryStore()
  const signer = await signerOf(fingerprint, false)
  await nodes.start('validator', { signer, store })
  await nodes.clock.advance(5_000n)
  const kept = store.fork()
  await nodes.stop()
  const alone = (options: Parameters<typeof nodes.start>[1]) =>
    nodes.start('validator', { ...options, isAlone: true })
  await expect(alone({ signer: await signerOf(fingerprint, false), store: kept })).rejects.toMatchObject({
    code: 'node/SIGN_STATE_STALE',
  })
  await expect(alone({ signer })).rejects.toMatchObject({ code: 'node/BLOCKS_LOST' })
})
