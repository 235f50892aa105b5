import { moduleAddress } from '@mmtchain/crypto'
import { type Address, addressToBytes, fromHex, toHex } from '@mmtchain/primitives'
import { describe, expect, test } from 'vitest'
import { vectors } from './vectors/load.ts'

interface ModuleAccount {
  readonly module: string
  readonly label: string
  readonly address: string
}

const refusal = (code: string) => expect.objectContaining({ code: `crypto/${code}` })

describe('the account of a module', () => {
  test('is the hash of section 4.3', () => {
    for (const { module, label, address } of vectors<ModuleAccount>('formats-4.3-modules.json')) {
      expect(moduleAddress(module, fromHex(label))).toBe(`0x${address}`)
    }
  })

  test('differs for each module and label', () => {
    const accounts: readonly Address[] = [
      moduleAddress('ab', new Uint8Array(0)),
      moduleAddress('a', fromHex('62')),
      moduleAddress('a', new Uint8Array(0)),
      moduleAddress('a', new Uint8Array(1)),
      moduleAddress('a', new Uint8Array(2)),
    ]
    expect(new Set(accounts).size).toBe(accounts.length)
  })

  test('needs a module name and a label of at most 64 bytes', () => {
    for (const name of ['', 'Token', '1token', 'a'.repeat(33), 'a b', 'é', 'token\n']) {
      expect(() => moduleAddress(name, new Uint8Array(65)), name).toThrow(refusal('BAD_MODULE_NAME'))
    }
    expect(() => moduleAddress('token', new Uint8Array(65))).toThrow(refusal('BAD_MODULE_LABEL'))
    expect(toHex(addressToBytes(moduleAddress('token', new Uint8Array(64))))).toHaveLength(64)
  })
})
