import { Resolver as DnsResolver } from 'node:dns/promises'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createResolver } from '@mmtchain/named-router/resolve'
import { expect, test } from 'vitest'
import { runPage } from './browser.ts'
import { inPlace, mmt, mmtJson, type Place, type RunningChain } from './chain-process.ts'
import { namesNetwork } from './names-network.ts'

let place: Place
inPlace((made) => {
  place = made
})

interface Shown {
  readonly owner: string
  readonly records: readonly object[]
  readonly id: string
}

test('a name of a network of four resolves in a browser, over DNS and HTTP, and believing no node, also while one of four is killed', {
  timeout: 900_000,
}, async () => {
  const all = await namesNetwork(place)
  const { nodes, fingerprint, owner, http, url, motd } = all
  const asking = new DnsResolver({ timeout: 20_000, tries: 3 })
  asking.setServers([all.dns])
  const endpoints = nodes.map(({ rpc, p2p }) => ({ rpc, p2p }))
  const resolver = createResolver({
    roots: { harbour: { fingerprint, endpoints } },
    ...{ lagMax: Number(all.lag), timeoutMs: 20_000 },
  })
  const everywhere = async () => {
    // A browser, with the resolver in its own page.
    const shown = (await runPage(join(import.meta.dirname, 'names-page.ts'), {
      ...{ name: 'lab.harbour', fingerprint, nodes: endpoints },
    })) as { owner: string; records: object[]; status: { fingerprint: string }; error?: string }
    expect(shown.error).toBeUndefined()
    expect([shown.owner, shown.records, shown.status.fingerprint]).toEqual([owner, [url], fingerprint])
    // DNS and HTTP.
    expect(await asking.resolve4('lab.harbour')).toEqual(['127.0.0.1'])
    expect(await asking.resolveTxt('report-17.lab.harbour')).toEqual([['motd=hello from the lab']])
    const page = await fetch(`${http}/name/lab.harbour`)
    expect([page.status, ((await page.json()) as { fingerprint: string }).fingerprint]).toEqual([
      200,
      fingerprint,
    ])
    // Clients that trust no node.
    expect(await resolver.resolve('report-17.lab.harbour')).toMatchObject({ owner, records: [motd] })
    const told = await mmtJson<Shown>(place, [
      'name',
      'resolve',
      'report-17.lab.harbour',
      ...all.home,
      '--lag',
      all.lag,
    ])
    expect([told.owner, told.records]).toEqual([all.address, [motd]])
  }
  await everywhere()
  const missing = await mmt(place, ['name', 'resolve', 'nobody.harbour', ...all.home, '--lag', all.lag])
  expect([missing.code, missing.err.includes('resolver/NOT_FOUND')]).toEqual([1, true])

  // No request is lost while a node goes.
  const first = nodes[1] as { p2p: string }
  const lost: string[] = []
  const served = new Set<string>()
  let asked = 0
  let stop = false
  const load = Array.from({ length: 4 }, async () => {
    while (!stop) {
      asked += 1
      const [page, found] = await Promise.all([
        fetch(`${http}/name/lab.harbour`).then(async (response) => {
          const text = await response.text()
          served.add(response.headers.get('mmt-place') ?? '')
          return response.status === 200 ? '' : `${response.status} ${text}`
        }),
        resolver.resolve('lab.harbour').then(
          () => '',
          (error) => String(error.code),
        ),
      ])
      for (const why of [page, found]) if (why !== '') lost.push(why)
    }
  })
  await expect.poll(() => asked, { timeout: 60_000 }).toBeGreaterThan(40)
  await (all.running[1] as RunningChain).end('SIGKILL')
  const before = asked
  await expect.poll(() => asked, { timeout: 240_000 }).toBeGreaterThan(before + 80)
  stop = true
  await Promise.all(load)
  expect(lost).toEqual([])
  expect(served.size).toBeGreaterThan(1)
  served.clear()
  await everywhere()

  // What the gateway keeps when it ends names the nodes that did well.
  expect(await all.gateway.end('SIGINT')).toBe(0)
  const kept = JSON.parse(readFileSync(all.keep, 'utf8')) as { chains: { nodes: string[]; newest: string }[] }
  expect(kept.chains[0]?.newest).toMatch(/^[0-9a-f]{64}$/)
  expect(kept.chains[0]?.nodes.length).toBeGreaterThan(0)
  expect(kept.chains[0]?.nodes).not.toContain(first.p2p)
})
