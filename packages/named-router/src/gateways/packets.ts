// From packet to packet: what is refused before anybody is asked, and what fits into an answer (RFC 1035, RFC 6891, RFC 9210).
import dnsPacket, { type Packet } from 'dns-packet'
import type { Answer, Reply, Zone } from './zone.ts'

/** The most bytes of an answer over UDP: what passes every network in one piece (RFC 9715). */
export const UDP_BYTES_MAX = 1_232
const UDP_BYTES_MIN = 512
export const PACKET_BYTES_MAX = 65_535
const HEADER_BYTES = 12
const RCODES = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  BADVERS: 16,
} as const
type Rcode = keyof typeof RCODES

export interface Answered {
  readonly packet: Uint8Array
  /** How long it may be kept, in seconds. */
  readonly ttl: number
}

/** Answers a packet; undefined for what is no question at all, and gets no answer. */
export async function answerPacket(
  zone: Zone,
  given: Uint8Array,
  over: 'udp' | 'tcp' | 'https',
): Promise<Answered | undefined> {
  const bytes = Buffer.from(given.buffer, given.byteOffset, given.byteLength)
  // An answer is not answered, lest two servers talk for ever.
  if (bytes.length < HEADER_BYTES || ((bytes[2] as number) & 0x80) !== 0) return undefined
  const asked = readQuestion(bytes)
  if (typeof asked === 'string') return { packet: bare(bytes, asked), ttl: 0 }
  const { packet, edns } = asked
  const [question] = packet.questions ?? []
  if (!question) return { packet: bare(bytes, 'FORMERR'), ttl: 0 }
  const write = (reply: Omit<Reply, 'rcode'>, rcode: Rcode, isCut = false): Buffer =>
    encode({ packet, edns, rcode, isCut, ...reply })
  const nothing = { answers: [], authorities: [], additionals: [] }
  if (edns && edns.version !== 0) return { packet: write(nothing, 'BADVERS'), ttl: 0 }
  if (question.class !== 'IN') return { packet: write(nothing, 'REFUSED'), ttl: 0 }
  const { rcode, ...reply } = await zone.reply(question.name.toLowerCase(), question.type)
  const most =
    over === 'udp' ? Math.min(UDP_BYTES_MAX, Math.max(UDP_BYTES_MIN, edns?.size ?? 0)) : PACKET_BYTES_MAX
  const ttls = [...reply.answers, ...reply.authorities].map((one) => one.ttl)
  const ttl = ttls.length > 0 ? Math.min(...ttls) : 0
  for (const fitting of [reply, { ...reply, additionals: [] }]) {
    const whole = write(fitting, rcode)
    if (whole.length <= most) return { packet: whole, ttl }
  }
  // Whoever wants all of it asks again over TCP.
  return { packet: write(nothing, rcode, true), ttl: 0 }
}

/** The question again, with the sign that TCP has the answer: costs nothing to make, and is no larger than what was asked. */
export function cutPacket(given: Uint8Array): Uint8Array | undefined {
  const bytes = Buffer.from(given.buffer, given.byteOffset, given.byteLength)
  if (bytes.length < HEADER_BYTES || ((bytes[2] as number) & 0x80) !== 0) return undefined
  const asked = readQuestion(bytes)
  if (typeof asked === 'string') return bare(bytes, asked)
  const nothing = { answers: [], authorities: [], additionals: [] }
  return encode({ ...asked, ...nothing, rcode: 'NOERROR', isCut: true })
}

interface Asked {
  readonly packet: Packet
  readonly edns:
    | { readonly version: number; readonly size: number; readonly wantsDnssec: boolean }
    | undefined
}

/** A packet with one question that can be answered, or why there is none. */
function readQuestion(bytes: Buffer): Asked | Rcode {
  const opcode = ((bytes[2] as number) >> 3) & 0x0f
  if (opcode !== 0) return 'NOTIMP'
  if (bytes.readUInt16BE(4) !== 1 || !isPlainName(bytes)) return 'FORMERR'
  let packet: Packet
  try {
    packet = dnsPacket.decode(bytes)
  } catch {
    return 'FORMERR'
  }
  const options = (packet.additionals ?? []).filter((one) => one.type === 'OPT')
  if (options.length > 1) return 'FORMERR'
  const [option] = options
  if (option?.type !== 'OPT') return { packet, edns: undefined }
  const { ednsVersion: version = 0, udpPayloadSize: size = 0, flag_do: wantsDnssec = false } = option
  return { packet, edns: { version, size, wantsDnssec } }
}

/** Whether the name asked for can be said back as it was: the library would join labels that contain dots, and knows no bytes but characters. */
function isPlainName(bytes: Buffer): boolean {
  let at = HEADER_BYTES
  for (let length = bytes[at]; length !== undefined && length > 0; length = bytes[at]) {
    if (length > 63 || at - HEADER_BYTES > 254) return false
    for (const byte of bytes.subarray(at + 1, at + 1 + length))
      if (!/[!-\-/-~]/.test(String.fromCharCode(byte))) return false
    at += length + 1
  }
  return bytes[at] === 0
}

function encode(args: {
  readonly packet: Packet
  readonly edns: Asked['edns']
  readonly rcode: Rcode
  readonly isCut: boolean
  readonly answers: readonly Answer[]
  readonly authorities: readonly Answer[]
  readonly additionals: readonly Answer[]
}): Buffer {
  const { packet, edns, rcode, isCut } = args
  const option = {
    type: 'OPT',
    name: '.',
    udpPayloadSize: UDP_BYTES_MAX,
    extendedRcode: RCODES[rcode] >> 4,
    ednsVersion: 0,
    // RFC 3225, section 3: the bit comes back as it was asked.
    flags: edns?.wantsDnssec ? dnsPacket.DNSSEC_OK : 0,
    options: [],
  }
  const wantsRecursion = (packet.flags ?? 0) & dnsPacket.RECURSION_DESIRED
  return dnsPacket.encode({
    type: 'response',
    id: packet.id ?? 0,
    flags:
      (rcode === 'NOERROR' || rcode === 'NXDOMAIN' ? dnsPacket.AUTHORITATIVE_ANSWER : 0) |
      wantsRecursion |
      (isCut ? dnsPacket.TRUNCATED_RESPONSE : 0) |
      (RCODES[rcode] & 0x0f),
    questions: packet.questions ?? [],
    answers: args.answers.map(written),
    authorities: args.authorities.map(written),
    additionals: [...args.additionals.map(written), ...(edns ? [option] : [])],
  } as Packet)
}

/** The library takes bytes for texts, and otherwise the same names. */
function written(one: Answer): object {
  return one.type === 'TXT'
    ? { ...one, class: 'IN', data: one.data.map((part) => Buffer.from(part, 'latin1')) }
    : { ...one, class: 'IN' }
}

/** An answer with nothing but the header: what was asked could not be read. */
function bare(bytes: Buffer, rcode: Rcode): Uint8Array {
  const header = Buffer.alloc(HEADER_BYTES)
  bytes.copy(header, 0, 0, 2)
  header[2] = 0x80 | ((bytes[2] as number) & 0x79)
  header[3] = RCODES[rcode]
  return header
}
