// Which libraries are used where. Each test starts a process or a bare context of its own, since the choice is made once.
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { createContext, Script } from 'node:vm'
import { decryptSecret, ed25519, encryptSecret, mlDsa65, secp256k1 } from '@mmtchain/crypto'
import { toHex } from '@mmtchain/primitives'
import { build } from 'esbuild'
import { describe, expect, test } from 'vitest'
import { vectors } from './vectors/load.ts'

const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url))

async function report({
  env = {},
  args = [],
  bundle = [] as string[],
}: {
  env?: object
  args?: string[]
  bundle?: string[]
}) {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [...args, here('fixtures/report.mjs'), ...bundle],
    { env: { ...process.env, MMT_SECP256K1: '', ...env } },
  )
  return JSON.parse(stdout) as Record<string, string>
}

async function bundleFor(options: {
  readonly platform: 'browser' | 'node'
  readonly format: 'esm' | 'iife'
}) {
  const { outputFiles, warnings } = await build({
    stdin: { contents: "export * from '@mmtchain/crypto'", resolveDir: here('.') },
    bundle: true,
    write: false,
    globalName: 'mmtCrypto',
    logLevel: 'silent',
    logOverride: { 'empty-import-meta': 'silent' },
    ...options,
  })
  expect(warnings).toEqual([])
  return outputFiles[0]?.text ?? ''
}

describe('in Node.js', () => {
  test('the native library and OpenSSL are used where they are there', async () => {
    expect(await report({})).toEqual({ secp256k1: 'native', ed25519: 'openssl', digest: EMPTY })
  })

  test('WebAssembly steps in where there is no binary for the platform, and elliptic never does', async () => {
    // node-gyp-build, which finds the binary, lets these variables name another platform.
    const env = { npm_config_platform: 'linux', npm_config_arch: 's390x' }
    expect(await report({ env })).toMatchObject({ secp256k1: 'wasm' })
    expect(await report({ env: { ...env, MMT_SECP256K1: 'native' } })).toMatchObject({
      refusal: 'crypto/BACKEND_UNAVAILABLE',
      message: expect.stringContaining('No native build was found'),
    })
  })

  for (const secp256k1 of ['native', 'wasm', 'noble']) {
    test(`MMT_SECP256K1=${secp256k1} is obeyed`, async () => {
      expect(await report({ env: { MMT_SECP256K1: secp256k1 } })).toMatchObject({ secp256k1 })
    })
  }

  test('an unknown name in MMT_SECP256K1 is refused, not ignored', async () => {
    expect(await report({ env: { MMT_SECP256K1: 'openssl' } })).toMatchObject({
      refusal: 'crypto/BACKEND_UNAVAILABLE',
    })
  })

  test('JavaScript does everything where the host offers no modules', async () => {
    const args = ['--import', here('fixtures/without-builtins.mjs')]
    expect(await report({ args })).toEqual({ secp256k1: 'noble', ed25519: 'noble', digest: EMPTY })
    expect(await report({ args, env: { MMT_SECP256K1: 'wasm' } })).toMatchObject({
      refusal: 'crypto/BACKEND_UNAVAILABLE',
    })
  })

  test('a bundle in another folder finds the native library beside the program that was started', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mmt-crypto-'))
    try {
      const file = join(folder, 'chain.mjs')
      await writeFile(file, await bundleFor({ platform: 'node', format: 'esm' }))
      expect(await report({ bundle: [pathToFileURL(file).href] })).toMatchObject({ secp256k1: 'native' })
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

describe('in a browser', () => {
  /** A realm with the language and the few globals of a page that the package may use; no `process`, no `require`. */
  async function page(): Promise<(code: string) => unknown> {
    const { crypto, TextEncoder, TextDecoder, ReadableStream, TransformStream, Response } = globalThis
    const context = createContext({
      crypto,
      TextEncoder,
      TextDecoder,
      ReadableStream,
      TransformStream,
      Response,
    })
    new Script(await bundleFor({ platform: 'browser', format: 'iife' })).runInContext(context)
    return (code) => new Script(code).runInContext(context)
  }

  test('the bundle has no import left and names no Node.js module statically', async () => {
    const text = await bundleFor({ platform: 'browser', format: 'esm' })
    expect(text).not.toMatch(/\bfrom\s*["']|\bimport\s*\(\s*["']|\brequire\s*\(\s*["']/)
  })

  test('noble does all the work, with the same answers', async () => {
    const run = await page()
    expect(run('mmtCrypto.secp256k1Backend() + mmtCrypto.ed25519Backend()')).toBe('noblenoble')
    expect(run('mmtCrypto.secp256k1Backends().join()')).toBe('noble')
    run('var hex = (bytes) => Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("")')
    run('var secret = new Uint8Array(32).fill(7), message = new Uint8Array(5)')
    expect(run('hex(mmtCrypto.sha256(new Uint8Array(0)))')).toBe(EMPTY)
    const secret = new Uint8Array(32).fill(7)
    const message = new Uint8Array(5)
    for (const [name, suite] of Object.entries({ secp256k1, ed25519, mlDsa65 })) {
      expect(run(`hex(mmtCrypto.${name}.publicKey(secret))`)).toBe(toHex(suite.publicKey(secret)))
      expect(run(`hex(mmtCrypto.${name}.sign(message, secret))`)).toBe(toHex(suite.sign(message, secret)))
    }
  })

  test('the edge cases are judged as in Node.js', async () => {
    const run = await page()
    run('var bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (h) => parseInt(h, 16))')
    run(
      'var judge = (suite, e) => suite.verify({ key: bytes(e.key), message: bytes(e.message), signature: bytes(e.signature) })',
    )
    for (const suite of ['secp256k1', 'ed25519']) {
      const edges = vectors<{ valid: boolean }>(`${suite}-edges.json`)
      const judged = run(`(${JSON.stringify(edges)}).map((e) => judge(mmtCrypto.${suite}, e)).join()`)
      expect(judged).toBe(edges.map(({ valid }) => valid).join())
    }
  })

  test('a keystore opens that Node.js made, and the other way round', async () => {
    const run = await page()
    const secret = new Uint8Array(32).fill(7)
    const passphrase = 'correct horse'
    const made = await encryptSecret({ secret, passphrase, scryptLog2N: 4 })
    const opened = run(`mmtCrypto.decryptSecret(${JSON.stringify({ keystore: made, passphrase })})`)
    expect(toHex((await opened) as Uint8Array)).toBe(toHex(secret))
    const keystore = run(
      `mmtCrypto.encryptSecret({ secret: new Uint8Array(32).fill(7), passphrase: '${passphrase}', scryptLog2N: 4 })`,
    )
    expect(await decryptSecret({ keystore: (await keystore) as string, passphrase })).toEqual(secret)
  })

  test('the native library is refused by name', async () => {
    const run = await page()
    run('try { mmtCrypto.selectSecp256k1Backend("native") } catch (error) { var refusal = error.code }')
    expect(run('refusal')).toBe('crypto/BACKEND_UNAVAILABLE')
  })
})
