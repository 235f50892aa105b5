// Encodes and decodes a signed transfer: our codec, @mysten/bcs, @ipld/dag-cbor, and as the limit a layout that is
// written by hand for this one value. Candidates take turns in one run; medians. From the root: node bench/codec.mjs

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import * as dagCbor from '@ipld/dag-cbor'
import {
  address,
  amount,
  bytes,
  decode,
  encode,
  hash,
  height,
  list,
  option,
  struct,
  text,
  u8,
  u64,
} from '@mmtchain/codec'
import { bcs } from '@mysten/bcs'

const ROUNDS = 500
const WARM_UP_ROUNDS = 100
const CALLS_PER_ROUND = 500
const TRANSFERS = 1_000

const ours = struct({
  fingerprint: hash,
  sender: address,
  authority: struct({
    threshold: u8,
    keys: list(struct({ suite: u8, key: bytes({ bytesMax: 4096 }) }), { min: 1, max: 16 }),
  }),
  nonce: u64,
  validUntil: height,
  fee: amount,
  weightMax: u64,
  payer: option(address),
  calls: list(
    struct({
      module: text({ bytesMax: 32 }),
      command: text({ bytesMax: 32 }),
      input: bytes({ bytesMax: 1_048_576 }),
    }),
    { min: 1, max: 16 },
  ),
  signatures: list(struct({ index: u8, signature: bytes({ bytesMax: 65_536 }) }), { max: 16 }),
})

// The peers have hashes and addresses as bytes, which is the fastest for them: only we and the layout by hand make hex.
const mysten = bcs.struct('Transfer', {
  fingerprint: bcs.bytes(32),
  sender: bcs.bytes(32),
  authority: bcs.struct('Authority', {
    threshold: bcs.u8(),
    keys: bcs.vector(bcs.struct('PublicKey', { suite: bcs.u8(), key: bcs.byteVector() })),
  }),
  nonce: bcs.u64(),
  validUntil: bcs.u64(),
  fee: bcs.u64(),
  weightMax: bcs.u64(),
  payer: bcs.option(bcs.bytes(32)),
  calls: bcs.vector(
    bcs.struct('Call', { module: bcs.string(), command: bcs.string(), input: bcs.byteVector() }),
  ),
  signatures: bcs.vector(bcs.struct('KeySignature', { index: bcs.u8(), signature: bcs.byteVector() })),
})

/** `length` bytes that look random and are the same in every run; senders all differ. */
const someBytes = (length, seed) =>
  Uint8Array.from(createHash('shake128', { outputLength: length }).update(String(seed)).digest())
const hex = (part) => Buffer.from(part).toString('hex')

const transfers = Array.from({ length: TRANSFERS }, (_, i) => {
  const forPeers = {
    fingerprint: someBytes(32, 'fingerprint'),
    sender: someBytes(32, i),
    authority: { threshold: 1, keys: [{ suite: 1, key: someBytes(33, i) }] },
    nonce: BigInt(i * 1000),
    validUntil: 1_234_567n,
    fee: 50_000_000n + BigInt(i),
    weightMax: 20_000n,
    payer: i % 4 === 0 ? someBytes(32, 'payer') : null,
    calls: [{ module: 'token', command: 'transfer', input: someBytes(40, i) }],
    signatures: [{ index: 0, signature: someBytes(64, i) }],
  }
  const own = {
    ...forPeers,
    fingerprint: hex(forPeers.fingerprint),
    sender: `0x${hex(forPeers.sender)}`,
    payer: forPeers.payer && `0x${hex(forPeers.payer)}`,
  }
  return { own, forPeers }
})

// By hand: every field at its own place, names in 32 bytes, good for this value and for no other.
const HAND_BYTES = 335
function encodeByHand(value) {
  const out = new Uint8Array(HAND_BYTES)
  const view = new DataView(out.buffer)
  const buffer = Buffer.from(out.buffer)
  buffer.hexWrite(value.fingerprint, 0, 32)
  buffer.hexWrite(value.sender.slice(2), 32, 32)
  out[64] = value.authority.threshold
  out[65] = value.authority.keys[0].suite
  out.set(value.authority.keys[0].key, 66)
  view.setBigUint64(99, value.nonce, true)
  view.setBigUint64(107, value.validUntil, true)
  view.setBigUint64(115, value.fee, true)
  view.setBigUint64(123, value.weightMax, true)
  if (value.payer !== null) {
    out[131] = 1
    buffer.hexWrite(value.payer.slice(2), 132, 32)
  }
  const { module, command, input } = value.calls[0]
  out[164] = module.length
  for (let i = 0; i < module.length; i++) out[165 + i] = module.charCodeAt(i)
  out[197] = command.length
  for (let i = 0; i < command.length; i++) out[198 + i] = command.charCodeAt(i)
  out.set(input, 230)
  out[270] = value.signatures[0].index
  out.set(value.signatures[0].signature, 271)
  return out
}

function decodeByHand(raw) {
  const view = new DataView(raw.buffer, raw.byteOffset, raw.length)
  const buffer = Buffer.from(raw.buffer, raw.byteOffset, raw.length)
  const module = buffer.latin1Slice(165, 165 + raw[164])
  const command = buffer.latin1Slice(198, 198 + raw[197])
  return {
    fingerprint: buffer.hexSlice(0, 32),
    sender: `0x${buffer.hexSlice(32, 64)}`,
    authority: { threshold: raw[64], keys: [{ suite: raw[65], key: raw.slice(66, 99) }] },
    nonce: view.getBigUint64(99, true),
    validUntil: view.getBigUint64(107, true),
    fee: view.getBigUint64(115, true),
    weightMax: view.getBigUint64(123, true),
    payer: raw[131] === 1 ? `0x${buffer.hexSlice(132, 164)}` : null,
    calls: [{ module, command, input: raw.slice(230, 270) }],
    signatures: [{ index: raw[270], signature: raw.slice(271, 335) }],
  }
}

const own = transfers.map((transfer) => transfer.own)
const forPeers = transfers.map((transfer) => transfer.forPeers)
const candidates = [
  { name: 'layout by hand', encode: encodeByHand, decode: decodeByHand, values: own },
  { name: '@mmtchain/codec', encode: (v) => encode(ours, v), decode: (b) => decode(ours, b), values: own },
  {
    name: '@mysten/bcs',
    encode: (v) => mysten.serialize(v).toBytes(),
    decode: (b) => mysten.parse(b),
    values: forPeers,
  },
  { name: '@ipld/dag-cbor', encode: dagCbor.encode, decode: dagCbor.decode, values: forPeers },
].map((candidate) => ({
  ...candidate,
  encoded: candidate.values.map(candidate.encode),
  encodeNs: [],
  decodeNs: [],
}))

const [byHand, codec, ...peers] = candidates
assert.deepEqual(byHand.encoded.map(decodeByHand), own)
assert.deepEqual(codec.encoded.map(codec.decode), own)
assert.deepEqual(codec.encoded, peers[0].encoded)

/** Nanoseconds of one call, over a round that is short enough to fall between two switches of processes. */
function nsPerCall(run, inputs, from) {
  let last
  const start = process.hrtime.bigint()
  for (let i = 0; i < CALLS_PER_ROUND; i++) last = run(inputs[(from + i) % inputs.length])
  const ns = Number(process.hrtime.bigint() - start) / CALLS_PER_ROUND
  assert(last)
  return ns
}
const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]

for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round++) {
  for (const candidate of candidates) {
    const encodeNs = nsPerCall(candidate.encode, candidate.values, round)
    const decodeNs = nsPerCall(candidate.decode, candidate.encoded, round)
    if (round < WARM_UP_ROUNDS) continue
    candidate.encodeNs.push(encodeNs)
    candidate.decodeNs.push(decodeNs)
  }
}

console.table(
  candidates.map(({ name, encoded, encodeNs, decodeNs }) => ({
    codec: name,
    bytes: encoded[1].length,
    'encode, thousands/s': Math.round(1e6 / median(encodeNs)),
    'decode, thousands/s': Math.round(1e6 / median(decodeNs)),
  })),
)
const ratio = (a, b, digits) => (median(a) / median(b)).toFixed(digits)
for (const { name, encodeNs, decodeNs } of peers) {
  const [encoding, decoding] = [ratio(encodeNs, codec.encodeNs, 1), ratio(decodeNs, codec.decodeNs, 1)]
  console.log(
    `@mmtchain/codec is ${encoding} x as fast as ${name} at encoding and ${decoding} x at decoding.`,
  )
}
const [encoding, decoding] = [
  ratio(codec.encodeNs, byHand.encodeNs, 2),
  ratio(codec.decodeNs, byHand.decodeNs, 2),
]
console.log(
  `It takes ${encoding} x the time of the layout by hand at encoding and ${decoding} x at decoding.`,
)
