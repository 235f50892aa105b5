import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { ENGINE_SHA256 } from '@mmtchain/vm-sandbox'
import { expect, test } from 'vitest'
import { makeEngine } from '../engine/make.mjs'

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

test('the engine in the package is what its script makes of the pinned build of QuickJS', () => {
  const checkedIn = readFileSync(new URL('../engine/quickjs.wasm', import.meta.url))
  expect(sha256(makeEngine().bytes)).toBe(sha256(checkedIn))
  expect(ENGINE_SHA256).toBe(sha256(checkedIn))
  expect(ENGINE_SHA256).toBe('d0a1bd145ef9bfc965d7810c445518d5c491a40b04605560add72ecdc6dd22eb')
})
