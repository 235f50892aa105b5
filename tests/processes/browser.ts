// A page in a worker where code sees what browsers have, and nothing that only Node.js has.
import { Worker } from 'node:worker_threads'
import { build } from 'esbuild'

const browser = `
const { workerData, parentPort } = require('node:worker_threads')
const page = { ...workerData.page, done: (result) => parentPort.postMessage(result) }
const shared = ['AbortController', 'AbortSignal', 'TextDecoder', 'TextEncoder', 'URL', 'WebAssembly', 'atob', 'btoa', 'clearInterval',
  'clearTimeout', 'crypto', 'fetch', 'performance', 'queueMicrotask', 'setInterval', 'setTimeout', 'structuredClone']
const window = { page }
for (const name of shared) window[name] = globalThis[name]
window.globalThis = window.self = window.window = window
const hidden = ['process', 'Buffer', 'global', 'setImmediate', 'clearImmediate', 'require', 'module', 'exports', '__dirname', '__filename']
const names = Object.keys(window)
new Function(...names, ...hidden, workerData.code)(...names.map((name) => window[name]))
`

/** Bundles a page for browsers, runs it with `page` as a global, and gives what it calls `page.done` with. */
export async function runPage(file: string, page: object): Promise<unknown> {
  const { outputFiles } = await build({
    entryPoints: [file],
    logLevel: 'error',
    ...({ bundle: true, platform: 'browser', format: 'iife', target: 'es2022', write: false } as const),
  })
  const worker = new Worker(browser, { eval: true, workerData: { code: outputFiles[0]?.text ?? '', page } })
  try {
    return await new Promise((resolve, reject) => {
      worker.once('message', resolve)
      worker.once('error', reject)
      worker.once('exit', (status) => reject(new Error(`the page ended with ${status}`)))
    })
  } finally {
    await worker.terminate()
  }
}
