// Makes quickjs.wasm: `node engine/make.mjs` writes it, `node engine/make.mjs --check` compares. The same bytes on every machine.
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { instrument } from './instrument.mjs'

/** The build of QuickJS 2025-09-13 in @jitl/quickjs-wasmfile-release-sync 0.32.0. */
const SOURCE = import.meta.resolve('@jitl/quickjs-wasmfile-release-sync/wasm')
const SOURCE_SHA256 = '105c3bed22d457e43e3d1c3c1c6959fda62a8fe06f0fc8a985303c3a2be72232'

const SIZE_PRODUCTS = 73

/** Its imports, which emscripten shortened, and what they are. */
const importNames = {
  ...{
    b: 'assertFailed',
    c: 'fdWrite',
    d: 'fdClose',
    e: 'environGet',
    f: 'environSizes',
    g: 'normalizeModule',
  },
  ...{ h: 'loadModule', i: 'interrupt', j: 'setTimer', k: 'growMemory', l: 'keepAlive', m: 'localTime' },
  ...{ n: 'timeZone', o: 'fdSeek', p: 'now', q: 'abort', r: 'exit', s: 'callHost', t: 'freeHostRef' },
}

/** Of its exports what this package calls. */
const exportNames = {
  ...{ u: 'initialise', v: 'malloc', M: 'free' },
  ...{ K: 'newRuntime', N: 'newContext', D: 'setMaxStackSize', ua: 'getGlobalObject' },
  ...{ pa: 'evaluate', ma: 'call', ha: 'getProp', ia: 'getPropNumber', ja: 'setProp', Da: 'newFunction' },
  ...{ U: 'newObject', Y: 'newFloat64', _: 'newString', X: 'newArrayBuffer', T: 'dupValue', P: 'freeValue' },
  ...{ Z: 'getFloat64', $: 'getString', S: 'freeCString', aa: 'getArrayBuffer', ba: 'getArrayBufferLength' },
  ...{ ra: 'typeOf', w: 'throwValue', na: 'resolveException' },
  ...{ fa: 'isJobPending', ga: 'executePendingJob', wa: 'promiseState', xa: 'promiseResult' },
}

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex')

/** The instrumented engine. */
export function makeEngine() {
  const source = readFileSync(new URL(SOURCE))
  if (sha256(source) !== SOURCE_SHA256) throw new Error(`${SOURCE} is not the build that this script knows.`)
  const made = instrument(source, { importNames, exportNames })
  // Of another build, the products that become sizes must be looked through again: see docs/spec/sandbox.md, section 6.
  if (made.counts.sizeProducts !== SIZE_PRODUCTS)
    throw new Error(`${made.counts.sizeProducts} sizes are products, where ${SIZE_PRODUCTS} are known.`)
  return made
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const target = new URL('./quickjs.wasm', import.meta.url)
  const { bytes, counts } = makeEngine()
  if (process.argv.includes('--check')) {
    if (sha256(readFileSync(target)) !== sha256(bytes)) throw new Error('engine/quickjs.wasm is another.')
  } else writeFileSync(target, bytes)
  console.log(`${sha256(bytes)} ${bytes.length} bytes ${JSON.stringify(counts)}`)
}
