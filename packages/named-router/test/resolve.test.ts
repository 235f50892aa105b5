import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createResolver, type ResolverOptions } from '@mmtchain/named-router/resolve'
import { hash } from '@mmtchain/primitives'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { account, text } from './harbour.ts'
import { between, lab, type Running, runChain, web } from './running.ts'

let folder: string
let harbour: Running
let ocean: Running

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mmt-names-'))
  harbour = await runChain('harbour', join(folder, 'harbour'))
  ocean = await runChain('ocean', join(folder, 'ocean'))
  await harbour.give('lab')
  await harbour.give('report-17.lab')
  await harbour.set('report-17.lab', text('motd', 'hello'))
})
afterAll(async () => {
  await Promise.all([harbour.stop(), ocean.stop()])
  await rm(folder, { recursive: true, force: true })
})

const resolver = (urls: readonly string[] = [harbour.url], more: Partial<ResolverOptions> = {}) =>
  createResolver({
    roots: {
      harbour: { fingerprint: harbour.fingerprint, endpoints: urls.map((rpc) => ({ rpc })) },
      ocean: { fingerprint: ocean.fingerprint, endpoints: [{ rpc: ocean.url }] },
    },
    lagMax: 1_000,
    timeoutMs: 10_000,
    privatePlaces: true,
    ...more,
  })

describe('a resolver', () => {
  test('gives what a name holds, proven by a certified header, in any case of letters', async () => {
    const found = await resolver().resolve('Report-17.LAB.harbour.')
    expect(found).toMatchObject({
      ...{ name: 'report-17.lab.harbour', owner: lab.address, records: [text('motd', 'hello')] },
      ...{ fingerprint: harbour.fingerprint, via: [harbour.fingerprint] },
    })
    const { id } = (await harbour.client.request('chain_header', {
      height: String(found.header?.height),
    })) as {
      id: string
    }
    expect(found.id).toBe(id)
    const told = await resolver().resolve('report-17.lab.harbour', { proven: false })
    expect([told.records, told.header]).toEqual([found.records, undefined])
  })

  test('refuses what is no name of its roots, and proves that a name is not there', async () => {
    const refused = {
      'a.b.example': 'UNKNOWN_ROOT',
      harbour: 'BAD_NAME',
      'a_b.harbour': 'BAD_NAME',
      '': 'BAD_NAME',
    }
    for (const [name, code] of Object.entries({
      ...refused,
      'nobody.harbour': 'NOT_FOUND',
      'x.lab.harbour': 'NOT_FOUND',
    }))
      await expect(resolver().resolve(name), name).rejects.toMatchObject({ code: `resolver/${code}` })
  })

  test('believes no node: one that lies is passed over for one that does not', async () => {
    const lies = [
      (answer: string) => answer.replace(/"value":"[0-9a-f]+"/g, '"value":null'),
      (answer: string) => answer.replace(/"stateRoot":"[0-9a-f]{8}/, '"stateRoot":"00000000'),
      (answer: string) => answer.replace(/"seal":"[0-9a-f]{8}/, '"seal":"00000000'),
      (answer: string) => answer.replace(/"bytes":"[0-9a-f]{4}/, '"bytes":"0000'),
      () => '{"jsonrpc":"2.0","id":1,"result":{}}',
      () => 'not even JSON',
    ]
    for (const [i, lie] of lies.entries()) {
      const liar = await between(harbour.url, lie)
      try {
        const alone = await resolver([liar.url])
          .resolve('report-17.lab.harbour')
          .catch((error) => error)
        expect([i, alone.code]).toEqual([i, 'resolver/NO_NODE'])
        const both = await resolver([liar.url, harbour.url]).resolve('report-17.lab.harbour')
        expect(both.records).toEqual([text('motd', 'hello')])
      } finally {
        await liar.stop()
      }
    }
    const wrong = createResolver({
      roots: { harbour: { fingerprint: hash('11'.repeat(32)), endpoints: [{ rpc: harbour.url }] } },
    })
    await expect(wrong.resolve('lab.harbour')).rejects.toMatchObject({ code: 'resolver/NO_NODE' })
  })

  test('does not take a chain for another root’s', async () => {
    const wrong = createResolver({
      roots: { pier: { fingerprint: harbour.fingerprint, endpoints: [{ rpc: harbour.url }] } },
    })
    await expect(wrong.resolve('lab.pier')).rejects.toMatchObject({ code: 'resolver/NO_NAMES' })
  })

  test('serves nothing older than its bound, by the clock and by what other nodes have shown', async () => {
    const ahead = resolver([harbour.url], { lagMax: 50, nowMs: () => Date.now() + 60_000 })
    await expect(ahead.resolve('lab.harbour')).rejects.toMatchObject({ code: 'resolver/STALE' })
    // A node that answers each question as it did the first time.
    const first = new Map<string, string>()
    const frozen = await between(harbour.url, (answer, body) => {
      const { method, params } = JSON.parse(body)
      const key = JSON.stringify([method, params])
      first.set(key, first.get(key) ?? answer)
      return (first.get(key) as string).replace(/"id":\d+/, `"id":${JSON.parse(body).id}`)
    })
    try {
      // The clock stands still, so that heights alone tell.
      const at = Date.now()
      const one = resolver([frozen.url, harbour.url], { lagMax: 5, nowMs: () => at })
      const before = await resolver([frozen.url], { lagMax: 'any' }).resolve('lab.harbour')
      for await (const { height } of harbour.client.heads())
        if (height > (before.header?.height ?? 0n) + 20n) break
      for (let i = 0; i < 4; i++) await one.resolve('lab.harbour')
      const now = await one.resolve('lab.harbour')
      expect(now.header?.height).toBeGreaterThan((before.header?.height ?? 0n) + 5n)
      expect((await resolver([frozen.url], { lagMax: 'any' }).resolve('lab.harbour')).header?.height).toBe(
        before.header?.height,
      )
    } finally {
      await frozen.stop()
    }
  })

  test('goes on to the chain that a name is delegated to, and ends loops and chains of them', async () => {
    await harbour.give('sea')
    const to = (chain: Running, under: string) =>
      ({
        kind: 'delegation',
        value: { fingerprint: chain.fingerprint, under, endpoints: [{ rpc: chain.url, p2p: null }] },
      }) as const
    await harbour.set('sea', to(ocean, 'ships'))
    await ocean.give('ships')
    await ocean.give('anna.ships')
    await ocean.set('anna.ships', text('motd', 'ahoy'))
    const found = await resolver().resolve('anna.sea.harbour')
    expect(found).toMatchObject({ records: [text('motd', 'ahoy')], fingerprint: ocean.fingerprint })
    expect(found.via).toEqual([harbour.fingerprint, ocean.fingerprint])
    expect(found.endsMs).toBe((await resolver().resolve('sea.harbour')).endsMs)
    expect((await resolver().resolve('sea.harbour')).records[0]?.kind).toBe('delegation')
    expect((await resolver().resolve('anna.sea.harbour', { proven: false })).records).toEqual(found.records)
    // There and back again.
    await ocean.set('ships', to(harbour, 'sea'))
    await expect(resolver().resolve('anna.sea.harbour')).rejects.toMatchObject({
      code: 'resolver/DELEGATION_LOOP',
    })
    // One label more each time never comes back to the same name.
    await ocean.set('ships', to(harbour, 'a.sea'))
    await expect(resolver().resolve('anna.sea.harbour')).rejects.toMatchObject({
      code: 'resolver/TOO_MANY_DELEGATIONS',
    })
  })

  test('knows the name of an account, checked both ways', async () => {
    await harbour.give('me')
    await harbour.set('me', account(lab.address))
    const root = { root: 'harbour' }
    expect(await resolver().reverse(lab.address, root)).toBeUndefined()
    await harbour.client.send.names.setPrimary({ name: 'me' })
    expect(await resolver().reverse(lab.address, root)).toBe('me.harbour')
    await harbour.client.send.names.removeRecord({
      ...{ name: 'me', which: { kind: { kind: 'account', value: null }, key: '' } },
    })
    expect(await resolver().reverse(lab.address, root)).toBeUndefined()
  })
})

describe('a resource', () => {
  test('comes from the places in turn, each within a tenth of its share, and no request is lost while one goes', async () => {
    const counts = [0, 0, 0, 0]
    const servers = await Promise.all(
      counts.map((_, i) =>
        web((_, response) => {
          counts[i] = (counts[i] as number) + 1
          response.end(`place ${i}`)
        }),
      ),
    )
    await harbour.give('web')
    await harbour.set('web', { kind: 'url', value: { places: servers.map(({ url }) => `${url}/page`) } })
    const one = resolver()
    const get = async () => new TextDecoder().decode((await one.get('web.harbour')).body)
    for (let i = 0; i < 50; i++) await Promise.all(Array.from({ length: 4 }, get))
    for (const count of counts) expect(Math.abs(count - 50), `${counts}`).toBeLessThanOrEqual(5)
    const asked = Array.from({ length: 80 }, (_, i) =>
      i === 40 ? servers[2]?.stop().then(() => 'place 2 stopped') : get(),
    )
    for (const answer of await Promise.all(asked)) expect(answer).toMatch(/^place \d/)
    expect(await Promise.all(Array.from({ length: 9 }, get))).not.toContain('place 2')
    await Promise.all([0, 1, 3].map((i) => servers[i]?.stop()))
    await expect(get()).rejects.toMatchObject({ code: 'resolver/NO_NODE' })
  })

  test('of the chain’s nodes is asked of those that one of them calls healthy, and these are kept', async () => {
    const nodes = await Promise.all([0, 1].map((i) => web((_, response) => void response.end(`node ${i}`))))
    const list = nodes.map(({ url }) => ({ node: url, url, height: '5', latencyMs: 1, loadMs: 0 }))
    const seed = await web((_, response) => void response.end(JSON.stringify({ nodes: list })))
    await harbour.give('nodes')
    await harbour.set('nodes', { kind: 'url', value: { places: ['/p2p/v1/status'] } })
    const roots = (endpoints: readonly { rpc: string; p2p?: string }[]) => ({
      roots: { harbour: { fingerprint: harbour.fingerprint, endpoints } },
    })
    const one = resolver([], roots([{ rpc: harbour.url, p2p: seed.url }]))
    expect(new TextDecoder().decode((await one.get('nodes.harbour')).body)).toMatch(/^node/)
    const kept = JSON.parse(JSON.stringify(one.keep()))
    expect(kept.chains[0].nodes).toEqual(nodes.map(({ url }) => url))
    // The one that told of them is gone; what was kept is enough.
    await seed.stop()
    const next = resolver([], { ...roots([{ rpc: harbour.url }]), kept })
    expect(new TextDecoder().decode((await next.get('nodes.harbour')).body)).toMatch(/^node/)
    await expect(resolver([], roots([{ rpc: harbour.url }])).get('nodes.harbour')).rejects.toMatchObject({
      code: 'resolver/NOT_PUBLIC',
    })
    await Promise.all(nodes.map((node) => node.stop()))
  })

  test('of one chain is not asked of nodes that somebody’s delegation names, nor of those that a node makes up', async () => {
    const evil = await web((_, response) => void response.end('evil'))
    const list = [{ node: 'x', url: evil.url, height: '5', latencyMs: 0, loadMs: 0 }]
    const node = await web(
      (request, response) =>
        void response.end(request.url === '/p2p/v1/best' ? JSON.stringify({ nodes: list }) : 'node'),
    )
    await harbour.give('status')
    await harbour.set('status', { kind: 'url', value: { places: ['/p2p/v1/status'] } })
    await harbour.give('trap')
    const endpoints = [{ rpc: harbour.url, p2p: evil.url }]
    const value = { fingerprint: harbour.fingerprint, under: '', endpoints }
    await harbour.set('trap', { kind: 'delegation', value })
    const roots = {
      harbour: { fingerprint: harbour.fingerprint, endpoints: [{ rpc: harbour.url, p2p: node.url }] },
    }
    const careful = resolver([], { roots, privatePlaces: false })
    for (const name of ['status.trap.harbour', 'status.harbour', 'status.trap.harbour'])
      expect(new TextDecoder().decode((await careful.get(name)).body)).toBe('node')
    await Promise.all([evil.stop(), node.stop()])
  })

  test('is not fetched from private networks, beyond its bound, or where a place leads on to', async () => {
    const inner = await web((_, response) => void response.end('secret'))
    const leads = await web((_, response) => void response.writeHead(302, { location: inner.url }).end())
    await harbour.give('inner')
    await harbour.set('inner', { kind: 'url', value: { places: [inner.url] } })
    const careful = resolver(undefined, { privatePlaces: false })
    await expect(careful.get('inner.harbour')).rejects.toMatchObject({ code: 'resolver/NOT_PUBLIC' })
    await expect(resolver(undefined, { bodyBytesMax: 3 }).get('inner.harbour')).rejects.toMatchObject({
      code: 'resolver/TOO_LARGE',
    })
    await harbour.set('inner', { kind: 'url', value: { places: [leads.url] } })
    await expect(resolver().get('inner.harbour')).rejects.toMatchObject({ code: 'resolver/NO_NODE' })
    await Promise.all([inner.stop(), leads.stop()])
  })
})
