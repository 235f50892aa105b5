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
  expect(ENGINE_SHA256).toBe('e97e50a487fd14dcb0ae29f5687e44cdb756137def172abcb2761e9b50894f2d')
})
