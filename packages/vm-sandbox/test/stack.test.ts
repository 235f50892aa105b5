import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { attacks } from './attacks.ts'
import { main } from './run.ts'

const LITTLE_GAS = 100_000_000n
const deep = attacks.filter(([name]) => /^a recursion|^deep|^a (cyclic|lying)|nested/.test(name))

/** Runs all of these on a thread whose stack is of so many MiB, of which V8 itself keeps 0.2 free. */
function outcomesOn(stackSizeMb: number): Promise<readonly string[]> {
  const library = pathToFileURL(createRequire(import.meta.url).resolve('@mmtchain/vm-sandbox')).href
  const code = `
    const { parentPort, workerData } = require('node:worker_threads')
    import(workerData.library).then(({ createSandbox }) => {
      const sandbox = createSandbox({ host: {} })
      parentPort.postMessage(workerData.programs.map((code) => {
        const outcome = sandbox.call({
          program: sandbox.program(code), method: 'main', args: [], gasMax: ${LITTLE_GAS}n,
          timeMs: 0n, seed: new Uint8Array(32), context: null,
        })
        return (outcome.ok ? 'ok' : outcome.error.code) + ' ' + outcome.gasUsed
      }))
    })`
  const worker = new Worker(code, {
    ...{ eval: true, resourceLimits: { stackSizeMb } },
    workerData: { library, programs: deep.map(([, body]) => main(body)) },
  })
  return new Promise((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
  })
}

test('the deepest recursions end the same on a large stack and on half the usual one', async () => {
  expect(deep.length).toBeGreaterThan(30)
  const [large, small] = [await outcomesOn(8), await outcomesOn(0.7)]
  expect(small).toEqual(large)
  const ends = new Set(large.map((end) => end.split(' ')[0]))
  expect([...ends].sort()).toEqual(['ok', 'sandbox/OUT_OF_GAS', 'sandbox/THREW'])
})
