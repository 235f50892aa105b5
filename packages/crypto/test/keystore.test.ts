import { decryptSecret, encryptSecret, randomBytes } from '@mmtchain/crypto'
import { toHex } from '@mmtchain/primitives'
import { describe, expect, test } from 'vitest'

const refusal = (code: string) => expect.objectContaining({ code: `crypto/${code}` })
const fast = { scryptLog2N: 4 }
const passphrase = 'correct horse battery staple'
const secret = new Uint8Array(32).fill(0x42)

describe('a keystore', () => {
  test('opens with its passphrase and gives the secret back', async () => {
    for (const length of [1, 32, 64, 4096]) {
      const secret = randomBytes(length)
      const keystore = await encryptSecret({ secret, passphrase, ...fast })
      expect(toHex(await decryptSecret({ keystore, passphrase }))).toBe(toHex(secret))
    }
  })

  test('costs scrypt with 2^18 unless a test asks for less', async () => {
    const keystore = await encryptSecret({ secret, passphrase })
    const header = Buffer.from(keystore.split('\n').slice(1, -2).join(''), 'base64').toString('latin1')
    expect(header).toMatch(/^age-encryption\.org\/v1\n-> scrypt \S+ 18\n/)
    expect(await decryptSecret({ keystore, passphrase })).toEqual(secret)
  }, 30_000)

  test('is another text each time and shows nothing of the secret', async () => {
    const [a, b] = await Promise.all([1, 2].map(() => encryptSecret({ secret, passphrase, ...fast })))
    expect(a).not.toBe(b)
    const raw = Buffer.from((a as string).split('\n').slice(1, -2).join(''), 'base64')
    expect(raw.includes(Buffer.from(secret.subarray(0, 8)))).toBe(false)
  })

  test('refuses another passphrase', async () => {
    const keystore = await encryptSecret({ secret, passphrase, ...fast })
    for (const wrong of ['x', `${passphrase} `, passphrase.toUpperCase()]) {
      await expect(decryptSecret({ keystore, passphrase: wrong })).rejects.toThrow(
        refusal('KEYSTORE_WRONG_PASSPHRASE'),
      )
    }
  })

  test('opens however the keyboard composes the letters of the passphrase', async () => {
    const keystore = await encryptSecret({ secret, passphrase: 'caf\u00e9 \ufb01', ...fast })
    expect(await decryptSecret({ keystore, passphrase: 'cafe\u0301 fi' })).toEqual(secret)
  })

  test('with any byte changed does not open', async () => {
    const keystore = await encryptSecret({ secret, passphrase, scryptLog2N: 1 })
    const [begin, end] = [keystore.indexOf('\n') + 1, keystore.indexOf('\n-----END')]
    const raw = Buffer.from(keystore.slice(begin, end).replaceAll('\n', ''), 'base64')
    for (let at = 0; at < raw.length; at++) {
      const changed = Buffer.from(raw)
      changed[at] = (changed[at] as number) ^ 1
      const lines = changed.toString('base64').match(/.{1,64}/g) as string[]
      const damaged = `${keystore.slice(0, begin)}${lines.join('\n')}${keystore.slice(end)}`
      await expect(decryptSecret({ keystore: damaged, passphrase }), `byte ${at}`).rejects.toThrow(
        expect.objectContaining({
          code: expect.stringMatching(/^crypto\/(KEYSTORE_DAMAGED|KEYSTORE_WRONG_PASSPHRASE)$/),
        }),
      )
    }
  })

  test('that is cut short, empty, something else or far too long is damaged', async () => {
    const keystore = await encryptSecret({ secret, passphrase, ...fast })
    const lines = keystore.split('\n')
    const damaged = [
      '',
      'x',
      '{}',
      keystore.slice(0, -40),
      keystore.slice(10),
      [...lines.slice(0, 2), ...lines.slice(3)].join('\n'),
      lines.filter((_, i) => i !== lines.length - 3).join('\n'),
      `${lines[0]}\n${lines.at(-2)}\n`,
      `${keystore}${' '.repeat(20_000)}`,
    ]
    for (const keystore of damaged) {
      await expect(decryptSecret({ keystore, passphrase }), keystore.slice(0, 60)).rejects.toThrow(
        refusal('KEYSTORE_DAMAGED'),
      )
    }
  })

  test('may have gained spaces round it or Windows line ends on its way', async () => {
    const keystore = await encryptSecret({ secret, passphrase, ...fast })
    expect(await decryptSecret({ keystore: `\n ${keystore.replaceAll('\n', '\r\n')} `, passphrase })).toEqual(
      secret,
    )
  })

  test('refuses an empty or endless passphrase, on both ways', async () => {
    const keystore = await encryptSecret({ secret, passphrase, ...fast })
    for (const passphrase of ['', 'x'.repeat(1025)]) {
      await expect(encryptSecret({ secret, passphrase, ...fast })).rejects.toThrow(refusal('BAD_PASSPHRASE'))
      await expect(decryptSecret({ keystore, passphrase })).rejects.toThrow(refusal('BAD_PASSPHRASE'))
    }
  })

  test('refuses no secret, one over 4,096 bytes, and a cost that nobody could open again', async () => {
    for (const length of [0, 4097]) {
      await expect(encryptSecret({ secret: new Uint8Array(length), passphrase, ...fast })).rejects.toThrow(
        refusal('KEYSTORE_BAD_SECRET'),
      )
    }
    for (const scryptLog2N of [0, -1, 1.5, 21, Number.NaN]) {
      await expect(encryptSecret({ secret, passphrase, scryptLog2N })).rejects.toThrow(
        refusal('BAD_SCRYPT_COST'),
      )
    }
  })

  test('never puts the passphrase or the secret into an error', async () => {
    const keystore = await encryptSecret({ secret, passphrase, ...fast })
    const error = await decryptSecret({ keystore, passphrase: 'a wrong one' }).catch((error: Error) => error)
    expect(JSON.stringify(error) + String((error as Error).stack)).not.toContain('a wrong one')
  })
})
