// The servers of DNS, over UDP and TCP (RFC 1035, section 4.2; RFC 7766).
import { createSocket, type RemoteInfo } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, createServer, isIPv4, type Socket } from 'node:net'
import { answerPacket, cutPacket } from './packets.ts'
import type { Zone } from './zone.ts'

export interface DnsOptions {
  readonly zone: Zone
  readonly host?: string
  /** 0 takes one that is free, the same for UDP and TCP. */
  readonly port: number
  /** How many questions over UDP each network (/24, or /56 of IPv6) may ask a second before it is sent to TCP; 200 by default. */
  readonly perSecond?: number
  readonly onFault?: (error: unknown) => void
}

/** A running server. */
export interface DnsServer {
  readonly host: string
  readonly port: number
  close(): Promise<void>
}

/** How many questions are answered at a time; more over UDP are dropped, which their senders ask again. */
const UNDER_WAY_MAX = 1_024
const CONNECTIONS_MAX = 256
const IDLE_MS = 10_000
/** Questions of one connection that are under way; it is read no further until they are answered. */
const PIPELINED_MAX = 16
const NETWORKS_MAX = 10_000
const TRIES = 16

export async function serveDns(options: DnsOptions): Promise<DnsServer> {
  const { zone, host = '127.0.0.1', port, perSecond = 200, onFault = () => undefined } = options
  const udp = createSocket(host.includes(':') ? 'udp6' : 'udp4')
  const tcp = createServer({ noDelay: true })
  tcp.maxConnections = CONNECTIONS_MAX
  const sockets = new Set<Socket>()
  const mayAsk = rate(perSecond)
  let underWay = 0

  udp.on('message', (bytes, from) => {
    if (underWay >= UNDER_WAY_MAX) return
    const within = mayAsk(from.address)
    // Half of what is too much is dropped, so that a forged sender gets less than was sent in its name; the other half is told to use TCP.
    if (within === 'drop') return
    if (within === 'cut') {
      const packet = cutPacket(bytes)
      if (packet) send(packet, from)
      return
    }
    underWay += 1
    answerPacket(zone, bytes, 'udp')
      .then((answer) => answer && send(answer.packet, from))
      .catch(onFault)
      .finally(() => {
        underWay -= 1
      })
  })
  const send = (packet: Uint8Array, { port: to, address }: RemoteInfo) =>
    udp.send(packet, to, address, () => undefined)
  udp.on('error', onFault)

  tcp.on('connection', (socket) => {
    sockets.add(socket)
    socket.setTimeout(IDLE_MS, () => socket.destroy())
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
    converse(zone, socket).catch((error) => {
      socket.destroy()
      onFault(error)
    })
  })
  tcp.on('error', onFault)

  const bound = await listen()
  async function listen(): Promise<number> {
    for (let tries = 1; ; tries++) {
      tcp.listen(port, host)
      await once(tcp, 'listening')
      const { port: chosen } = tcp.address() as AddressInfo
      try {
        udp.bind(chosen, host)
        await once(udp, 'listening')
        return chosen
      } catch (error) {
        tcp.close()
        // A free port of TCP may be taken in UDP.
        if (port !== 0 || tries === TRIES) throw error
      }
    }
  }
  return {
    ...{ host, port: bound },
    async close() {
      for (const socket of sockets) socket.destroy()
      await Promise.all([
        new Promise<void>((resolve) => udp.close(() => resolve())),
        new Promise<void>((resolve) => tcp.close(() => resolve())),
      ])
    },
  }
}

/** Answers the questions of a connection, each behind two bytes of its length. */
async function converse(zone: Zone, socket: Socket): Promise<void> {
  let rest: Buffer = Buffer.alloc(0)
  const pending = new Set<Promise<void>>()
  for await (const part of socket as AsyncIterable<Buffer>) {
    rest = rest.length === 0 ? part : Buffer.concat([rest, part])
    for (
      let length = lengthOf(rest);
      length !== undefined && rest.length >= length + 2;
      length = lengthOf(rest)
    ) {
      const question = rest.subarray(2, length + 2)
      rest = rest.subarray(length + 2)
      if (pending.size >= PIPELINED_MAX) await Promise.race(pending)
      // Who does not take its answers is asked for no more questions, until it is idle for too long.
      if (socket.writableNeedDrain) await drained(socket)
      const done: Promise<void> = answerPacket(zone, question, 'tcp')
        .then((answer) => {
          if (!answer || socket.destroyed) return
          const size = Buffer.alloc(2)
          size.writeUInt16BE(answer.packet.length)
          socket.write(Buffer.concat([size, answer.packet]))
        })
        .finally(() => pending.delete(done))
      pending.add(done)
      done.catch(() => socket.destroy())
    }
  }
  await Promise.allSettled(pending)
  socket.end()
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      socket.off('drain', done).off('close', done)
      resolve()
    }
    socket.on('drain', done).on('close', done)
  })
}

function lengthOf(bytes: Buffer): number | undefined {
  return bytes.length >= 2 ? bytes.readUInt16BE(0) : undefined
}

/** Counts questions by network in buckets that fill again each second. */
function rate(perSecond: number): (address: string) => 'answer' | 'cut' | 'drop' {
  const used = new Map<string, number>()
  let second = 0
  return (address) => {
    const now = Math.floor(Date.now() / 1_000)
    if (now !== second || used.size > NETWORKS_MAX) {
      second = now
      used.clear()
    }
    const network = networkOf(address)
    const count = (used.get(network) ?? 0) + 1
    used.set(network, count)
    if (count <= perSecond) return 'answer'
    return count % 2 === 0 ? 'cut' : 'drop'
  }
}

function networkOf(address: string): string {
  return isIPv4(address) ? address.split('.', 3).join('.') : address.split(':', 4).join(':').slice(0, 17)
}
