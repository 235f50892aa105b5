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
  expect(ENGINE_SHA256).toBe('921ba1fccb9d18c37a2d8d00c3d16dab3c6e22c724ff77b3205e38e6e28dd9bd')
})
