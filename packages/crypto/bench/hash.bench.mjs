// SHA-256 by every route out of node:crypto, noble, and the package, in one run:
//   node packages/crypto/bench/hash.bench.mjs
import { createHash, hash, randomBytes } from 'node:crypto'
import { hashTagged, sha256, tag } from '@mmtchain/crypto'
import { sha256 as noble } from '@noble/hashes/sha2.js'
import { interleaved } from './interleaved.mjs'

for (const length of [32, 64, 112, 1024, 65_536]) {
  const inputs = Array.from({ length: 256 }, () => new Uint8Array(randomBytes(length)))
  const route = (f) => (i) => f(inputs[i & 255])
  const times = interleaved({
    'this package': route(sha256),
    'hash to buffer': route((bytes) => hash('sha256', bytes, 'buffer')),
    'hash to hex, Buffer': route((bytes) => Buffer.from(hash('sha256', bytes, 'hex'), 'hex')),
    'hash to latin1, Buffer': route((bytes) => Buffer.from(hash('sha256', bytes, 'latin1'), 'latin1')),
    createHash: route((bytes) => createHash('sha256').update(bytes).digest()),
    noble: route(noble),
  })
  console.log(`${length} bytes`)
  for (const [name, time] of Object.entries(times)) {
    console.log(
      `  ${name.padEnd(24)} ${Math.round(time).toString().padStart(7)} ns  ${(time / times['this package']).toFixed(2)} x`,
    )
  }
}

const name = tag('mmt/bench/1')
const [a, b] = [randomBytes(32), randomBytes(32)].map((bytes) => new Uint8Array(bytes))
const joined = () => {
  const bytes = new Uint8Array(80)
  bytes.set(name)
  bytes.set(a, 16)
  bytes.set(b, 48)
  return sha256(bytes)
}
const tagged = interleaved({ hashTagged: () => hashTagged(name, a, b), 'a new array, then sha256': joined })
console.log('tag and two hashes')
for (const [name, time] of Object.entries(tagged))
  console.log(`  ${name.padEnd(24)} ${Math.round(time).toString().padStart(7)} ns`)
