import { Resolver as DnsResolver } from 'node:dns/promises'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  answerPacket,
  createZone,
  type DnsServer,
  type HttpServer,
  serveDns,
  serveNames,
  type Zone,
} from '@mmtchain/named-router/gateway'
import { createResolver, type Resolver } from '@mmtchain/named-router/resolve'
import { hash } from '@mmtchain/primitives'
import dnsPacket, { type Packet } from 'dns-packet'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { text } from './harbour.ts'
import { lab, type Running, runChain, web } from './running.ts'

let folder: string
let harbour: Running
let resolver: Resolver
let zone: Zone
let dns: DnsServer
let http: HttpServer
let page: Awaited<ReturnType<typeof web>>
const asking = new DnsResolver()
const faults: unknown[] = []
const onFault = (error: unknown) => faults.push(error)

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mmt-gateway-'))
  harbour = await runChain('harbour', join(folder, 'harbour'))
  page = await web((_, response) => response.setHeader('content-type', 'text/html').end('<h1>The lab</h1>'))
  const fingerprint = hash('11'.repeat(32))
  const endpoints = [{ rpc: 'https://rpc.ocean.example/rpc', p2p: 'http://127.0.0.1:7000' }]
  await harbour.give('lab')
  await harbour.set('lab', {
    kind: 'url',
    value: { places: [`${page.url}/`, 'https://[2606:4700::1111]:8443/lab'] },
  })
  await harbour.set('lab', text('motd', 'grüße from the lab'))
  await harbour.set('lab', text('long', 'x'.repeat(512)))
  await harbour.give('report-17.lab')
  await harbour.set('report-17.lab', {
    kind: 'data',
    value: { cid: 'bafkreigh2akiscaildc', places: [page.url] },
  })
  await harbour.give('alias')
  await harbour.set('alias', { kind: 'url', value: { places: ['https://lab.example/'] } })
  await harbour.give('ocean')
  await harbour.set('ocean', { kind: 'chain', value: { fingerprint, endpoints } })
  await harbour.give('odd')
  const odd = [`http://${'a'.repeat(100)}.example/`, 'http://a..b/', 'http://127.0.0.7/']
  await harbour.set('odd', { kind: 'url', value: { places: odd } })
  await harbour.give('plain')
  await harbour.set('plain', text('motd', 'hello'))
  await harbour.give('big')
  for (let i = 0; i < 8; i++) await harbour.set('big', text(`t${i}`, 'y'.repeat(500)))
  resolver = createResolver({
    roots: { harbour: { fingerprint: harbour.fingerprint, endpoints: [{ rpc: harbour.url }] } },
    ...{ lagMax: 5_000, timeoutMs: 10_000, privatePlaces: true },
  })
  zone = createZone({ resolver, onFault })
  dns = await serveDns({ zone, port: 0, onFault, perSecond: 10_000 })
  http = await serveNames({ resolver, zone, port: 0, onFault })
  asking.setServers([`127.0.0.1:${dns.port}`])
})
afterAll(async () => {
  await Promise.all([dns.close(), http.close(), page.stop()])
  await harbour.stop()
  await rm(folder, { recursive: true, force: true })
  expect(faults).toEqual([])
})

const question = (name: string, type: string, more: object = {}): Buffer =>
  dnsPacket.encode({
    type: 'query',
    id: 7,
    flags: 0,
    questions: [{ name, type, class: 'IN' }],
    ...more,
  } as Packet)
async function ask(packet: Buffer, over: 'udp' | 'tcp' | 'https' = 'tcp') {
  const answered = await answerPacket(zone, packet, over)
  if (!answered) throw new Error('there is no answer')
  return {
    ...dnsPacket.decode(Buffer.from(answered.packet)),
    bytes: answered.packet.length,
    ttl: answered.ttl,
  } as unknown as Packet & {
    readonly rcode: string
    readonly bytes: number
    readonly ttl: number
    readonly flag_tc: boolean
    readonly flag_aa: boolean
  }
}

describe('DNS', () => {
  test('has addresses, texts, services, aliases and DNSLink of names, over UDP and TCP', async () => {
    const port = Number(new URL(page.url).port)
    expect(await asking.resolve4('lab.harbour')).toEqual(['127.0.0.1'])
    expect(await asking.resolve6('LAB.harbour')).toEqual(['2606:4700::1111'])
    const texts = (await asking.resolveTxt('lab.harbour')).map((parts) =>
      // What Node.js gives has a character for each byte.
      Buffer.from(parts.join(''), 'latin1').toString('utf8'),
    )
    expect(texts).toEqual([`long=${'x'.repeat(512)}`, 'motd=grüße from the lab'])
    expect(await asking.resolveSrv('_http._tcp.lab.harbour')).toEqual([
      { name: '_127-0-0-1.lab.harbour', port, priority: 0, weight: 0 },
    ])
    expect(await asking.resolve4('_127-0-0-1.lab.harbour')).toEqual(['127.0.0.1'])
    expect(await asking.resolveSrv('_https._tcp.lab.harbour')).toMatchObject([{ port: 8443 }])
    expect(await asking.resolveCname('alias.harbour')).toEqual(['lab.example'])
    expect(await asking.resolveTxt('_dnslink.report-17.lab.harbour')).toEqual([
      ['dnslink=/ipfs/bafkreigh2akiscaildc'],
    ])
    expect(await asking.resolveSrv('_mmt-rpc._tcp.ocean.harbour')).toMatchObject([
      { name: 'rpc.ocean.example', port: 443 },
    ])
    expect(await asking.resolveSrv('_mmt-p2p._tcp.ocean.harbour')).toMatchObject([{ port: 7000 }])
    // More than goes over UDP is asked for over TCP.
    expect((await asking.resolveTxt('big.harbour')).length).toBe(8)
    const soa = await asking.resolveSoa('harbour')
    expect(soa).toMatchObject({ nsname: 'ns.harbour', hostmaster: 'hostmaster.harbour' })
    expect(soa.serial).toBeGreaterThan(0)
    expect(await asking.resolveNs('harbour')).toEqual(['ns.harbour'])
  })

  test('tells what is not there from what has nothing of a type, with the SOA of the zone', async () => {
    const missing = {
      'nobody.harbour': 'A',
      'x.lab.harbour': 'A',
      '_none.lab.harbour': 'TXT',
      '_dnslink.plain.harbour': 'TXT',
    }
    for (const [name, type] of Object.entries({
      ...missing,
      'a_b.harbour': 'A',
      'xn--a.harbour': 'A',
      '_tcp.plain.harbour': 'A',
    })) {
      const { rcode, authorities, flag_aa } = await ask(question(name, type))
      expect([name, rcode, authorities?.[0]?.type, flag_aa]).toEqual([name, 'NXDOMAIN', 'SOA', true])
    }
    for (const [name, type] of Object.entries({
      'plain.harbour': 'A',
      '_tcp.lab.harbour': 'A',
      harbour: 'A',
      'lab.harbour': 'MX',
    })) {
      const { rcode, answers, authorities } = await ask(question(name, type))
      expect([name, rcode, answers?.length, authorities?.[0]?.type]).toEqual([name, 'NOERROR', 0, 'SOA'])
    }
  })

  test('writes no host that DNS has no form for, and answers for what nobody can have as for what nobody has', async () => {
    const { answers } = await ask(question('odd.harbour', 'A'))
    expect(answers).toMatchObject([{ type: 'A', data: '127.0.0.7' }])
    const services = await ask(question('_http._tcp.odd.harbour', 'SRV'))
    expect(services.answers).toMatchObject([{ data: { target: '_127-0-0-7.odd.harbour' } }])
    for (const name of ['*.harbour', 'a/b.harbour', 'a b.harbour'.replace(' ', '+')])
      expect([name, (await ask(question(name, 'A'))).rcode]).toEqual([name, 'NXDOMAIN'])
    expect((await ask(question('*.example', 'A'))).rcode).toBe('REFUSED')
  })

  test('says a question back as it came, also of a type that it does not know', async () => {
    const mixed = await ask(question('lAb.HarBOUR', 'A'))
    expect(mixed.questions).toMatchObject([{ name: 'lAb.HarBOUR', type: 'A' }])
    const unknown = await ask(question('lab.harbour', 'UNKNOWN_65280'))
    expect([unknown.rcode, unknown.answers, unknown.questions?.[0]?.type]).toEqual([
      ...['NOERROR', [], 'UNKNOWN_65280'],
    ])
    expect([unknown.id, unknown.flag_aa, unknown.authorities?.[0]?.type]).toEqual([7, true, 'SOA'])
  })

  test('speaks with authority of its own zones alone, and gives the bit of DNSSEC back', async () => {
    expect((await ask(question('lab.harbour', 'A'))).flag_aa).toBe(true)
    expect((await ask(question('example.org', 'A'))).flag_aa).toBe(false)
    const edns = {
      type: 'OPT',
      name: '.',
      udpPayloadSize: 1_232,
      ednsVersion: 0,
      extendedRcode: 0,
      options: [],
    }
    for (const wants of [true, false]) {
      const additionals = [{ ...edns, flags: wants ? dnsPacket.DNSSEC_OK : 0 }]
      const answer = await ask(question('lab.harbour', 'A', { additionals }))
      expect(answer.additionals).toMatchObject([{ type: 'OPT', flag_do: wants }])
    }
  })

  test('refuses transfers of the zone, other zones, other classes and what is no query', async () => {
    for (const type of ['AXFR', 'IXFR'])
      for (const over of ['udp', 'tcp', 'https'] as const)
        for (const name of ['harbour', 'lab.harbour'])
          expect((await ask(question(name, type), over)).rcode).toBe('REFUSED')
    expect((await ask(question('example.org', 'A'))).rcode).toBe('REFUSED')
    expect((await ask(question('', 'NS'))).rcode).toBe('REFUSED')
    const chaos = { questions: [{ name: 'lab.harbour', type: 'TXT', class: 'CH' }] }
    expect((await ask(question('', 'A', chaos))).rcode).toBe('REFUSED')
    expect((await ask(question('lab.harbour', 'A', { flags: 5 << 11 }))).rcode).toBe('NOTIMP')
    const two = { questions: [1, 2].map(() => ({ name: 'lab.harbour', type: 'A', class: 'IN' })) }
    expect((await ask(question('', 'A', two))).rcode).toBe('FORMERR')
    const edns = {
      type: 'OPT',
      name: '.',
      udpPayloadSize: 4_096,
      flags: 0,
      ednsVersion: 1,
      extendedRcode: 0,
      options: [],
    }
    const answer = await ask(question('lab.harbour', 'A', { additionals: [edns] }))
    expect(answer.additionals).toMatchObject([{ type: 'OPT', extendedRcode: 1 }])
    expect((await ask(question('lab.harbour', 'ANY'))).answers).toMatchObject([{ type: 'HINFO' }])
    // A response is not answered, and a label with a dot in it is no two labels.
    expect(
      await answerPacket(zone, question('lab.harbour', 'A', { type: 'response' }), 'udp'),
    ).toBeUndefined()
    const dotted = question('lab.harbour', 'A')
    Buffer.from('\x0blab.harbour\x00').copy(dotted, 12)
    expect((await ask(dotted)).rcode).toBe('FORMERR')
  })

  test('gives over UDP what the asker can take, and says when there is more', async () => {
    const plain = await ask(question('big.harbour', 'TXT'), 'udp')
    expect([plain.flag_tc, plain.answers?.length]).toEqual([true, 0])
    const edns = {
      type: 'OPT',
      name: '.',
      udpPayloadSize: 65_000,
      flags: 0,
      ednsVersion: 0,
      extendedRcode: 0,
      options: [],
    }
    const larger = await ask(question('lab.harbour', 'TXT', { additionals: [edns] }), 'udp')
    expect([larger.flag_tc, larger.answers?.length]).toEqual([false, 2])
    expect(larger.bytes).toBeLessThanOrEqual(1_232)
    expect((await ask(question('lab.harbour', 'TXT'), 'udp')).flag_tc).toBe(true)
  })

  test('lets nobody keep an answer beyond the bound of staleness', async () => {
    expect((await ask(question('lab.harbour', 'A'))).ttl).toBeGreaterThan(0)
    const strict = createZone({
      resolver: createResolver({
        roots: { harbour: { fingerprint: harbour.fingerprint, endpoints: [{ rpc: harbour.url }] } },
        ...{ lagMax: 'any', privatePlaces: true },
      }),
    })
    expect(await strict.reply('lab.harbour', 'A')).toMatchObject({ answers: [{ ttl: 0 }] })
    const stale = createZone({
      resolver: createResolver({
        roots: { harbour: { fingerprint: harbour.fingerprint, endpoints: [{ rpc: harbour.url }] } },
        nowMs: () => Date.now() + 3_600_000,
      }),
    })
    expect((await stale.reply('lab.harbour', 'A')).rcode).toBe('SERVFAIL')
  })

  test('over TCP answers what comes in pieces or many at once, and ends with nonsense', async () => {
    const packet = question('lab.harbour', 'A')
    const framed = Buffer.concat([Buffer.from([0, packet.length]), packet])
    const socket = connect(dns.port, '127.0.0.1')
    const got: Buffer[] = []
    socket.on('data', (part) => got.push(part))
    for (const byte of framed) socket.write(Buffer.from([byte]))
    socket.write(Buffer.concat(Array.from({ length: 40 }, () => framed)))
    const answer = (await ask(packet)).bytes + 2
    await expect.poll(() => Buffer.concat(got).length, { timeout: 60_000 }).toBe(41 * answer)
    socket.end()
    const nonsense = connect(dns.port, '127.0.0.1')
    nonsense.end(Buffer.from([0, 3, 1, 2, 3]))
    const ended = new Promise((resolve) => nonsense.on('close', resolve))
    nonsense.resume()
    await ended
  })

  test('over TCP asks on behalf of nobody who does not take the answers', async () => {
    const asked = { greedy: 0, patient: 0 }
    const reply: Zone['reply'] = async (name) => {
      asked[name === 'greedy' ? 'greedy' : 'patient'] += 1
      const data = Array.from({ length: 230 }, () => 'x'.repeat(255))
      const answers = [{ type: 'TXT', name, ttl: 0, data }] as const
      return { rcode: 'NOERROR', answers, authorities: [], additionals: [] }
    }
    const server = await serveDns({ zone: { reply }, port: 0 })
    const framed = (name: string) => {
      const packet = question(name, 'TXT')
      return Buffer.concat([Buffer.from([0, packet.length]), packet])
    }
    const greedy = connect(server.port, '127.0.0.1')
    greedy.on('error', () => undefined)
    greedy.write(Buffer.concat(Array.from({ length: 5_000 }, () => framed('greedy'))))
    const patient = connect(server.port, '127.0.0.1')
    let got = 0
    patient.on('data', (part) => {
      got += part.length
    })
    for (let n = 1; n <= 400; n++) {
      patient.write(framed('patient'))
      await expect.poll(() => asked.patient, { timeout: 60_000, interval: 1 }).toBe(n)
    }
    await expect.poll(() => got, { timeout: 60_000 }).toBeGreaterThan(400 * 58_000)
    // What the system keeps between the two is some megabytes, and an answer has 59,000 bytes.
    expect(asked.greedy).toBeLessThan(1_000)
    for (const socket of [greedy, patient]) socket.destroy()
    await server.close()
  })

  test('whoever asks too often is sent to TCP', async () => {
    const busy = await serveDns({ zone, port: 0, perSecond: 5 })
    const few = new DnsResolver({ timeout: 5_000, tries: 4 })
    few.setServers([`127.0.0.1:${busy.port}`])
    const all = await Promise.all(Array.from({ length: 20 }, () => few.resolve4('lab.harbour')))
    expect(all.every(([one]) => one === '127.0.0.1')).toBe(true)
    await busy.close()
  })
})

describe('HTTP', () => {
  test('gives the resource of a name, or its records, with the block that says so', async () => {
    const response = await fetch(`${http.url}/name/lab.harbour`)
    expect([response.status, await response.text()]).toEqual([200, '<h1>The lab</h1>'])
    expect(response.headers.get('content-security-policy')).toBe('sandbox')
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(Number(response.headers.get('mmt-height'))).toBeGreaterThan(0)
    const records = (await (await fetch(`${http.url}/records/plain.harbour`)).json()) as Record<
      string,
      unknown
    >
    expect(records).toMatchObject({ name: 'plain.harbour', via: [harbour.fingerprint] })
    expect(records.records).toEqual([text('motd', 'hello')])
    expect(await (await fetch(`${http.url}/name/plain.harbour`)).json()).toEqual(records)
    expect(records.owner).toMatch(/^mmt1/)
    expect(lab.address).toMatch(/^0x/)
    const health = (await (await fetch(`${http.url}/healthz`)).json()) as object
    expect(health).toMatchObject({ ok: true, roots: [{ root: 'harbour' }] })
  })

  test('sends browsers on where it is told to', async () => {
    const other = await serveNames({ resolver, zone, port: 0, mode: 'redirect' })
    const response = await fetch(`${other.url}/name/alias.harbour`, { redirect: 'manual' })
    expect([response.status, response.headers.get('location')]).toEqual([302, 'https://lab.example/'])
    await other.close()
  })

  test('refuses by code and status', async () => {
    const wanted = { nobody: [404, 'resolver/NOT_FOUND'], x_y: [400, 'resolver/BAD_NAME'] }
    for (const [label, [status, code]] of Object.entries(wanted)) {
      const response = await fetch(`${http.url}/name/${label}.harbour`)
      const { error } = (await response.json()) as { error: { code: string } }
      expect([response.status, error.code]).toEqual([status, code])
    }
    expect((await fetch(`${http.url}/name/${'a'.repeat(5_000)}`)).status).toBeGreaterThanOrEqual(400)
    expect((await fetch(`${http.url}/nothing`)).status).toBe(404)
  })

  test('answers DNS questions (RFC 8484), by GET and POST', async () => {
    const packet = dnsPacket.encode({ type: 'query', id: 0, questions: [{ name: 'lab.harbour', type: 'A' }] })
    const type = 'application/dns-message'
    const responses = await Promise.all([
      fetch(`${http.url}/dns-query?dns=${packet.toString('base64url')}`),
      fetch(`${http.url}/dns-query`, {
        method: 'POST',
        body: packet as never,
        headers: { 'content-type': type },
      }),
    ])
    for (const response of responses) {
      expect([response.status, response.headers.get('content-type')]).toEqual([200, type])
      expect(response.headers.get('cache-control')).toMatch(/^max-age=\d+$/)
      const { answers } = dnsPacket.decode(Buffer.from(await response.arrayBuffer()))
      expect(answers).toMatchObject([{ type: 'A', data: '127.0.0.1' }])
    }
    for (const query of ['', '?dns=', '?dns=**', '?dns=AAAA', `?dns=${'A'.repeat(9_000)}`])
      expect((await fetch(`${http.url}/dns-query${query}`)).status).toBeGreaterThanOrEqual(400)
    expect((await fetch(`${http.url}/dns-query`, { method: 'POST', body: 'x' })).status).toBe(415)
  })
})
