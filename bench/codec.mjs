// Encodes and decodes a transfer: our codec, @mysten/bcs and @ipld/dag-cbor, and as the physical limit a layout written
// by hand for this one value. Run from the root: node bench/codec.mjs
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

const ROUNDS = 41
const CALLS_PER_ROUND = 4_000

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

// The peers get their natural value: bytes where ours has hex text, which they would have to convert besides.
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

const filled = (length, seed) => Uint8Array.from({ length }, (_, i) => (i * 7 + seed * 13) & 0xff)
const hex = (part) => Buffer.from(part).toString('hex')

function transfers(count) {
  return Array.from({ length: count }, (_, i) => {
    const peer = {
      fingerprint: filled(32, 1),
      sender: filled(32, i),
      authority: { threshold: 1, keys: [{ suite: 1, key: filled(33, i + 3) }] },
      nonce: BigInt(i * 1000),
      validUntil: 1_234_567n,
      fee: 50_000_000n + BigInt(i),
      weightMax: 20_000n,
      payer: i % 4 === 0 ? filled(32, 9) : null,
      calls: [{ module: 'token', command: 'transfer', input: filled(40, i + 4) }],
      signatures: [{ index: 0, signature: filled(64, i + 5) }],
    }
    const own = {
      ...peer,
      fingerprint: hex(peer.fingerprint),
      sender: `0x${hex(peer.sender)}`,
      payer: peer.payer && `0x${hex(peer.payer)}`,
    }
    return { own, peer }
  })
}

// By hand: every field at its place, room for names of 32 bytes, written for this value and no other.
const HAND_BYTES = 32 + 32 + 2 + 33 + 8 * 4 + 33 + 33 + 33 + 40 + 1 + 64
const handEncode = (v) => {
  const out = new Uint8Array(HAND_BYTES)
  const view = new DataView(out.buffer)
  const buffer = Buffer.from(out.buffer)
  buffer.hexWrite(v.fingerprint, 0, 32)
  buffer.hexWrite(v.sender.slice(2), 32, 32)
  out[64] = v.authority.threshold
  out[65] = v.authority.keys[0].suite
  out.set(v.authority.keys[0].key, 66)
  view.setBigUint64(99, v.nonce, true)
  view.setBigUint64(107, v.validUntil, true)
  view.setBigUint64(115, v.fee, true)
  view.setBigUint64(123, v.weightMax, true)
  if (v.payer !== null) {
    out[131] = 1
    buffer.hexWrite(v.payer.slice(2), 132, 32)
  }
  const { module, command, input } = v.calls[0]
  out[164] = module.length
  for (let i = 0; i < module.length; i++) out[165 + i] = module.charCodeAt(i)
  out[197] = command.length
  for (let i = 0; i < command.length; i++) out[198 + i] = command.charCodeAt(i)
  out.set(input, 230)
  out[270] = v.signatures[0].index
  out.set(v.signatures[0].signature, 271)
  return out
}
const handDecode = (raw) => {
  const view = new DataView(raw.buffer, raw.byteOffset, raw.length)
  const buffer = Buffer.from(raw.buffer, raw.byteOffset, raw.length)
  return {
    fingerprint: buffer.hexSlice(0, 32),
    sender: `0x${buffer.hexSlice(32, 64)}`,
    authority: { threshold: raw[64], keys: [{ suite: raw[65], key: raw.slice(66, 99) }] },
    nonce: view.getBigUint64(99, true),
    validUntil: view.getBigUint64(107, true),
    fee: view.getBigUint64(115, true),
    weightMax: view.getBigUint64(123, true),
    payer: raw[131] === 1 ? `0x${buffer.hexSlice(132, 164)}` : null,
    calls: [
      {
        module: buffer.latin1Slice(165, 165 + raw[164]),
        command: buffer.latin1Slice(198, 198 + raw[197]),
        input: raw.slice(230, 270),
      },
    ],
    signatures: [{ index: raw[270], signature: raw.slice(271, 335) }],
  }
}

const values = transfers(64)
const candidates = [
  { name: 'by hand, fixed layout', encode: handEncode, decode: handDecode, value: (v) => v.own },
  {
    name: '@mmtchain/codec',
    encode: (v) => encode(ours, v),
    decode: (b) => decode(ours, b),
    value: (v) => v.own,
  },
  {
    name: '@mysten/bcs',
    encode: (v) => mysten.serialize(v).toBytes(),
    decode: (b) => mysten.parse(b),
    value: (v) => v.peer,
  },
  { name: '@ipld/dag-cbor', encode: dagCbor.encode, decode: dagCbor.decode, value: (v) => v.peer },
].map((candidate) => {
  const inputs = values.map(candidate.value)
  return { ...candidate, inputs, encoded: inputs.map(candidate.encode), encodeNs: [], decodeNs: [] }
})

let kept
function nsPerCall(run, inputs) {
  const start = process.hrtime.bigint()
  for (let i = 0; i < CALLS_PER_ROUND; i++) kept = run(inputs[i % inputs.length])
  return Number(process.hrtime.bigint() - start) / CALLS_PER_ROUND
}
const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1]

for (let round = 0; round < ROUNDS; round++) {
  for (const c of candidates) {
    const [encodeNs, decodeNs] = [nsPerCall(c.encode, c.inputs), nsPerCall(c.decode, c.encoded)]
    if (round < 8) continue // warm-up
    c.encodeNs.push(encodeNs)
    c.decodeNs.push(decodeNs)
  }
}

const [hand, own, ...peers] = candidates.map((c) => ({
  name: c.name,
  bytes: c.encoded[1].length,
  encode: median(c.encodeNs),
  decode: median(c.decodeNs),
}))
console.table(
  [hand, own, ...peers].map((c) => ({
    codec: c.name,
    bytes: c.bytes,
    'encode, thousands/s': Math.round(1e6 / c.encode),
    'decode, thousands/s': Math.round(1e6 / c.decode),
  })),
)
for (const peer of peers) {
  console.log(
    `@mmtchain/codec is ${(peer.encode / own.encode).toFixed(1)}x ${peer.name} at encoding, ${(peer.decode / own.decode).toFixed(1)}x at decoding`,
  )
}
console.log(
  `and takes ${(own.encode / hand.encode).toFixed(2)}x the time of the layout by hand at encoding, ${(own.decode / hand.decode).toFixed(2)}x at decoding`,
)
