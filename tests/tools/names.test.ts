import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { inPlace, type Place, type RunningChain } from '../processes/chain-process.ts'
import { namesNetwork } from '../processes/names-network.ts'

const run = promisify(execFile)

let place: Place
inPlace((made) => {
  place = made
})

test('dig resolves a name of a network of four, also while one of them is killed, and is refused a transfer', {
  timeout: 900_000,
}, async () => {
  const { dns, running, gateway } = await namesNetwork(place)
  const [host = '', port = ''] = dns.split(':')
  const dig = async (...words: readonly string[]) =>
    (await run('dig', [`@${host}`, '-p', port, '+timeout=20', '+tries=3', ...words])).stdout.trim()
  const all = async () => {
    expect(await dig('+short', 'lab.harbour', 'A')).toBe('127.0.0.1')
    expect(await dig('+short', '+tcp', 'LAB.harbour', 'A')).toBe('127.0.0.1')
    expect(await dig('+short', 'report-17.lab.harbour', 'TXT')).toBe('"motd=hello from the lab"')
    expect(await dig('+short', '_http._tcp.lab.harbour', 'SRV')).toMatch(
      /^0 0 \d+ _127-0-0-1\.lab\.harbour\.$/m,
    )
    const missing = await dig('nobody.harbour', 'A')
    expect(missing).toMatch(/status: NXDOMAIN/)
    expect(missing).toMatch(/flags: qr aa rd/)
    expect(missing).toMatch(/^harbour\.\s+\d+\s+IN\s+SOA\s/m)
  }
  await all()
  expect(await dig('harbour', 'AXFR')).toMatch(/Transfer failed/)
  await (running[2] as RunningChain).end('SIGKILL')
  await all()
  expect(await gateway.end('SIGINT')).toBe(0)
})
