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
  expect(ENGINE_SHA256).toBe('d0436e01d60ee4f043f3ac5e89501fb90f34ab75a92bb6448dec74abd4061c54')
})
