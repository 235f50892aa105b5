import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { defineChain, solo } from '@mmtchain/kernel'
import { token } from '@mmtchain/token-rewards'
import { build } from 'esbuild'
import { expect, test } from 'vitest'
import { alice, bob, start } from './running.ts'

/** Runs a page in a worker where code sees what browsers have, and nothing that only Node.js has. */
const browser = `
const { workerData, parentPort } = require('node:worker_threads')
const page = { ...workerData.page, done: (result) => parentPort.postMessage(result) }
const shared = ['AbortController', 'AbortSignal', 'TextDecoder', 'TextEncoder', 'URL', 'WebAssembly', 'atob', 'btoa', 'clearInterval',
  'clearTimeout', 'crypto', 'fetch', 'performance', 'queueMicrotask', 'setInterval', 'setTimeout', 'structuredClone']
const window = { page }
for (const name of shared) window[name] = globalThis[name]
// The WebSocket of the platform, which this version of Node.js may not have.
window.WebSocket = globalThis.WebSocket ?? require(workerData.ws).WebSocket
window.globalThis = window.self = window.window = window
const hidden = ['process', 'Buffer', 'global', 'setImmediate', 'clearImmediate', 'require', 'module', 'exports', '__dirname', '__filename']
const names = Object.keys(window)
new Function(...names, ...hidden, workerData.code)(...names.map((name) => window[name]))
`

test('a page reads, sends, follows events and checks proofs, with nothing of Node.js', async () => {
  const plain = defineChain({ id: 'client-test', slotMs: 20, consensus: solo() }).use(
    token({ symbol: 'TST', decimals: 2 }),
  )
  const { url, fingerprint, stop } = await start(undefined, plain as never)
  const { outputFiles, metafile } = await build({
    entryPoints: [join(import.meta.dirname, 'page.ts')],
    ...({
      bundle: true,
      platform: 'browser',
      format: 'iife',
      target: 'es2022',
      write: false,
      metafile: true,
    } as const),
  })
  // Of ws only the stub for browsers is in the bundle.
  const parts = Object.keys(metafile.inputs).filter((path) => path.includes('/ws/'))
  expect(parts.every((path) => path.endsWith('/browser.js'))).toBe(true)

  const code = outputFiles[0]?.text ?? ''
  const page = { url, fingerprint, secret: [...alice.secret], toSecret: [...bob.secret] }
  const ws = join(import.meta.dirname, '../node_modules/ws')
  const worker = new Worker(browser, { eval: true, workerData: { code, page, ws } })
  const result = await new Promise((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
    worker.once('exit', (status) => reject(new Error(`the page ended with ${status}`)))
  })
  expect(result).toEqual({
    ...{ gained: '70', proven: '70', final: true, amount: '70' },
    refused: 'token/INSUFFICIENT_BALANCE',
  })
  await worker.terminate()
  await stop()
})
