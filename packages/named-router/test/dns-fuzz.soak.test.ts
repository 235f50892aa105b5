import { answerPacket, createZone } from '@mmtchain/named-router/gateway'
import { createResolver } from '@mmtchain/named-router/resolve'
import { hash } from '@mmtchain/primitives'
import dnsPacket, { type Packet } from 'dns-packet'
import { expect, test } from 'vitest'

// Packets that are random, or questions with bytes changed, cut or added. Nothing may be thrown, every answer must be one to the question and fit, and
// nothing may take long. The zone has no node, so that only the packets are at work. MMT_SOAK_SCALE is the percentage of 1,000,000
// packets; MMT_SEED repeats a run.
const PACKETS = 10_000 * Number(process.env.MMT_SOAK_SCALE ?? '1')
const SEED = Number(process.env.MMT_SEED ?? Date.now() % 2 ** 31)

/** A small generator of pseudo-random numbers (xorshift32, Marsaglia 2003). */
function generator(seed: number) {
  let state = (seed | 0) === 0 ? 1 : seed | 0
  return (below: number) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}

const resolver = createResolver({ roots: { harbour: { fingerprint: hash('11'.repeat(32)), endpoints: [] } } })
const zone = createZone({ resolver })
const types = ['A', 'AAAA', 'TXT', 'SRV', 'CNAME', 'SOA', 'NS', 'ANY', 'AXFR', 'MX', 'OPT', 'HINFO']
const names = [
  'lab.harbour',
  'harbour',
  '_dnslink.lab.harbour',
  'example.org',
  '',
  'a'.repeat(63),
  '_http._tcp.lab.harbour',
]

function packetOf(random: (below: number) => number): Buffer {
  const pick = <T>(all: readonly T[]) => all[random(all.length)] as T
  if (random(4) === 0) return Buffer.from(Array.from({ length: random(80) }, () => random(256)))
  const option = {
    type: 'OPT',
    name: '.',
    udpPayloadSize: random(65_536),
    flags: random(65_536),
    ednsVersion: random(3),
    extendedRcode: 0,
    options: [],
  }
  const packet = dnsPacket.encode({
    ...{ type: 'query', id: random(65_536), flags: random(4) === 0 ? random(65_536) : 0 },
    questions: Array.from({ length: random(10) === 0 ? random(4) : 1 }, () => ({
      name: pick(names),
      type: pick(types),
      class: 'IN',
    })),
    additionals: random(2) === 0 ? [option] : [],
  } as unknown as Packet)
  for (let changes = random(5); changes > 0; changes--) packet[random(packet.length)] = random(256)
  const size = random(4) === 0 ? random(packet.length + 1) : packet.length
  return random(8) === 0
    ? Buffer.concat([packet, Buffer.alloc(random(600), random(256))])
    : packet.subarray(0, size)
}

test(`no packet stops the server or gets more than an answer (seed ${SEED})`, {
  timeout: 3_600_000,
}, async () => {
  const random = generator(SEED)
  const seen = new Map<string, number>()
  for (let i = 0; i < PACKETS; i++) {
    const packet = packetOf(random)
    const over = random(2) === 0 ? 'udp' : 'tcp'
    const answered = await answerPacket(zone, packet, over)
    const about = `seed ${SEED}, packet ${i}: ${packet.toString('hex')}`
    if (!answered) {
      expect(packet.length < 12 || ((packet[2] as number) & 0x80) !== 0, about).toBe(true)
      seen.set('none', (seen.get('none') ?? 0) + 1)
      continue
    }
    const bytes = Buffer.from(answered.packet)
    // No amplifier: without a resolver behind it an answer is hardly larger than the question.
    if (
      bytes.length > packet.length + 60 ||
      bytes.readUInt16BE(0) !== packet.readUInt16BE(0) ||
      (bytes[2] as number) < 0x80
    )
      expect.unreachable(about)
    const { rcode } = dnsPacket.decode(bytes) as unknown as { rcode: string }
    seen.set(rcode, (seen.get(rcode) ?? 0) + 1)
  }
  expect([...seen.keys()]).toEqual(
    expect.arrayContaining(['none', 'FORMERR', 'NOTIMP', 'REFUSED', 'SERVFAIL', 'NOERROR']),
  )
})
