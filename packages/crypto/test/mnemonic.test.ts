import {
  DEFAULT_PATH,
  ethereumAddress,
  mnemonicToSecret,
  newMnemonic,
  secp256k1,
  seedToSecret,
  sha256,
  wipe,
} from '@mmtchain/crypto'
import { fromHex, toHex } from '@mmtchain/primitives'
import { createBase58check } from '@scure/base'
import { describe, expect, test } from 'vitest'
import { vectors } from './vectors/load.ts'

interface Words {
  readonly mnemonic: string
  readonly passphrase: string
  readonly path: string
  readonly xprv: string
}
interface Seed {
  readonly seed: string
  readonly keys: Readonly<Record<string, string>>
}

const ABANDON = `${'abandon '.repeat(11)}about`
const refusal = (code: string) => expect.objectContaining({ code: `crypto/${code}` })

/** The secret inside an extended private key (BIP-32, serialization format): its last 32 bytes. */
function secretOf(xprv: string): string {
  return toHex(createBase58check(sha256).decode(xprv).slice(-32))
}

describe('the secret of a mnemonic', () => {
  test('is the one of the vectors of BIP-39 and BIP-86', () => {
    for (const { mnemonic, passphrase, path, xprv } of vectors<Words>('bip39.json')) {
      expect(toHex(mnemonicToSecret({ mnemonic, passphrase, path }))).toBe(secretOf(xprv))
    }
  })

  test('is the one that Ethereum wallets derive on their path', () => {
    const mnemonic = `${'test '.repeat(11)}junk`
    const secret = mnemonicToSecret({ mnemonic, path: "m/44'/60'/0'/0/0" })
    expect(toHex(secret)).toBe('ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80')
    expect(toHex(ethereumAddress(secp256k1.publicKey(secret)))).toBe(
      'f39fd6e51aad88f6f4ce6ab8827279cfffb92266',
    )
  })

  test('is at the default path unless another is asked for', () => {
    expect(DEFAULT_PATH).toBe("m/44'/9999'/0'/0/0")
    const secret = mnemonicToSecret({ mnemonic: ABANDON })
    expect(toHex(secret)).toBe(toHex(mnemonicToSecret({ mnemonic: ABANDON, path: DEFAULT_PATH })))
    expect(toHex(secret)).not.toBe(toHex(mnemonicToSecret({ mnemonic: ABANDON, path: "m/44'/9999'/0'/0/1" })))
    expect(toHex(secret)).not.toBe(toHex(mnemonicToSecret({ mnemonic: ABANDON, passphrase: 'x' })))
  })

  test('takes a passphrase in any Unicode normal form', () => {
    const composed = mnemonicToSecret({ mnemonic: ABANDON, passphrase: 'caf\u00e9' })
    expect(toHex(mnemonicToSecret({ mnemonic: ABANDON, passphrase: 'cafe\u0301' }))).toBe(toHex(composed))
  })

  test('is refused in order: count of words, unknown word, checksum, path', () => {
    const path = 'nowhere'
    for (const words of [
      '',
      'abandon',
      ABANDON.slice(8),
      `${ABANDON} about`,
      `${ABANDON} `,
      ABANDON.replace(' ', '  '),
    ]) {
      expect(() => mnemonicToSecret({ mnemonic: words, path })).toThrow(refusal('BAD_MNEMONIC_LENGTH'))
    }
    for (const word of ['abandonn', 'Abandon', 'аbandon', '']) {
      const mnemonic = ['abandon', 'abandon', word, ...ABANDON.split(' ').slice(3)].join(' ')
      expect(() => mnemonicToSecret({ mnemonic, path })).toThrow(
        expect.objectContaining({ code: 'crypto/UNKNOWN_MNEMONIC_WORD', values: { position: 3 } }),
      )
    }
    expect(() => mnemonicToSecret({ mnemonic: ABANDON.replace('about', 'zoo'), path })).toThrow(
      refusal('MNEMONIC_TYPO'),
    )
    expect(() => mnemonicToSecret({ mnemonic: ABANDON, path })).toThrow(refusal('BAD_KEY_PATH'))
  })

  test('never appears in an error', () => {
    const mnemonic = ABANDON.replace('about', 'zoo')
    try {
      mnemonicToSecret({ mnemonic })
      expect.unreachable()
    } catch (error) {
      expect(JSON.stringify(error) + String((error as Error).stack)).not.toContain('abandon')
    }
  })
})

describe('the secret of a seed', () => {
  test('is the one of the vectors of BIP-32', () => {
    for (const { seed, keys } of vectors<Seed>('bip32.json')) {
      for (const [path, xprv] of Object.entries(keys)) {
        expect(toHex(seedToSecret({ seed: fromHex(seed), path })), path).toBe(secretOf(xprv))
      }
    }
  })

  test('needs a seed of 16 to 64 bytes, which it leaves alone', () => {
    for (const length of [0, 15, 65]) {
      expect(() => seedToSecret({ seed: new Uint8Array(length) })).toThrow(refusal('BAD_SEED'))
    }
    const seed = new Uint8Array(64).fill(1)
    seedToSecret({ seed })
    expect(seed).toEqual(new Uint8Array(64).fill(1))
  })
})

test('a path is m and up to 16 numbers below 2^31, each perhaps hardened', () => {
  const seed = new Uint8Array(32)
  for (const path of ['m', 'm/0', "m/2147483647'", `m${'/1'.repeat(16)}`]) {
    expect(seedToSecret({ seed, path }), path).toHaveLength(32)
  }
  const bad = [
    '',
    '/',
    'M',
    'm/',
    'm//0',
    'm/-1',
    'm/00',
    'm/2147483648',
    'm/1h',
    "m/1''",
    'm/1.5',
    'm/x',
    ' m',
    "m'",
  ]
  for (const path of [...bad, 'm/9999999999999999999999', `m${'/1'.repeat(17)}`, 'n/0', 'm/0\n']) {
    expect(() => seedToSecret({ seed, path }), path).toThrow(refusal('BAD_KEY_PATH'))
  }
})

describe('a new mnemonic', () => {
  test('has the words that were asked for, is new each time, and works', () => {
    for (const words of [12, 24] as const) {
      const made = new Set(Array.from({ length: 5 }, () => newMnemonic({ words })))
      expect(made.size).toBe(5)
      for (const mnemonic of made) {
        expect(mnemonic.split(' ')).toHaveLength(words)
        expect(mnemonicToSecret({ mnemonic })).toHaveLength(32)
      }
    }
  })

  test('exists with 12 or 24 words only', () => {
    for (const words of [0, 11, 15, 18, 21, 25] as unknown as 12[]) {
      expect(() => newMnemonic({ words })).toThrow(refusal('BAD_MNEMONIC_LENGTH'))
    }
  })
})

test('a wiped secret is all zeros', () => {
  const secret = secp256k1.generateSecret()
  wipe(secret)
  expect(secret).toEqual(new Uint8Array(32))
})
