import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createClient, httpTransport } from '@mmtchain/client'
import { secp256k1 } from '@mmtchain/crypto'
import { createNode, memorySigner, silentLog, systemHost } from '@mmtchain/node-runtime'
import { hash } from '@mmtchain/primitives'
import { faultsOf } from '@mmtchain/process'
import { serveRpc } from '@mmtchain/rpc'
import { merkleStore } from '@mmtchain/storage-merkle'
import { testAccount, testChain } from '@mmtchain/testkit'
import encodeQR from 'qr'
import decodeQR from 'qr/decode.js'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { chain, sample } from './chain.ts'
import { qrPicture, qrText, type ReportFile, reportHash } from './report.ts'

const at = (name: string) => testAccount(name).address
const raw = (n: number) => hash(n.toString(16).padStart(64, '0'))
const roles = { sampler: 'sam', reviewer: 'rita', quality: 'quinn', director: 'dora' } as const
const REPORT = JSON.stringify({ sample: 1, place: 'Well 3', lead: '4200 ng/l', verdict: 'fit to drink' })

let home: string
let file: ReportFile
let header: unknown

test('the workflow has no fault', () => {
  expect(faultsOf(sample, { effects: [], sub: () => undefined })).toEqual([])
})

test('the analyst reviews neither its own test nor controls it, and a sample spoils in a fortnight', () => {
  const on = testChain(chain, {})
  on.as(at('dora')).process.publish({ definition: sample })
  const appoint = (role: string, name: string) =>
    on.as(at('dora')).process.appoint({ process: 'sample', role, who: at(name) })
  for (const [role, name] of Object.entries(roles)) appoint(role, name)
  for (const role of ['reviewer', 'quality']) appoint(role, 'anna')
  const set = [{ field: 'place', value: { kind: 'text', value: 'Well 3' } }] as const
  for (let n = 0; n < 2; n++) on.as(at('sam')).process.start({ process: 'sample', set })
  const act = (name: string, transition: string, more: object = {}) =>
    on.as(at(name)).process.act({ instance: 1n, transition, set: [], attachments: [], ...more }).code
  act('dora', 'assign', { set: [{ field: 'analyst', value: { kind: 'account', value: at('anna') } }] })
  const lead = [{ field: 'lead', value: { kind: 'number', value: 4_200n } }]
  expect(act('rita', 'test', { set: lead })).toBe('process/NOT_PERMITTED')
  expect(act('anna', 'test', { set: lead })).toBe('process/ATTACHMENT_MISSING')
  expect(act('anna', 'test', { set: lead, attachments: [{ name: 'rawData', hash: raw(1) }] })).toBeUndefined()
  expect(act('anna', 'review')).toBe('process/SAME_PERSON')
  expect(act('rita', 'review')).toBeUndefined()
  expect(act('anna', 'control', { attachments: [{ name: 'controlSample', hash: raw(2) }] })).toBe(
    'process/SAME_PERSON',
  )
  on.advance({ toMs: on.timeMs + 14n * 86_400_000n })
  expect(on.read.process.instance({ instance: 2n })?.state).toBe('spoiled')
})

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'mmt-lims-'))
  const { genesis } = testChain(chain, {})
  const { address, secret } = testAccount('validator')
  const node = await createNode({
    ...{ genesis, store: await merkleStore({ path: join(home, 'data') }), host: systemHost(silentLog) },
    validator: memorySigner({ address, suite: secp256k1, secret }),
  })
  const server = await serveRpc({ node, info: { name: 'test', version: '0' }, log: silentLog, port: 0 })
  try {
    const as = (name: string) =>
      createClient({ chain, url: server.url, signer: testAccount(name).signer }).send.process
    const included = { wait: 'included' } as const
    await as('dora').publish({ definition: sample }, included)
    for (const [role, name] of Object.entries(roles))
      await as('dora').appoint({ process: 'sample', role, who: at(name) }, included)
    const place = { field: 'place', value: { kind: 'text', value: 'Well 3' } } as const
    await as('sam').start({ process: 'sample', set: [place] }, included)
    const act = (name: string, transition: string, more: object = {}) =>
      as(name).act({ instance: 1n, transition, set: [], attachments: [], ...more }, included)
    await act('dora', 'assign', {
      set: [{ field: 'analyst', value: { kind: 'account', value: at('anna') } }],
    })
    const lead = [{ field: 'lead', value: { kind: 'number', value: 4_200n } }]
    await act('anna', 'test', { set: lead, attachments: [{ name: 'rawData', hash: raw(1) }] })
    await act('rita', 'review')
    await act('quinn', 'control', { attachments: [{ name: 'controlSample', hash: raw(2) }] })
    await act('dora', 'sign', { attachments: [{ name: 'report', hash: reportHash(REPORT) }] })
    const rows = [{ module: 'process', table: 'history', key: ['1', '6'] }]
    const answer = (await httpTransport({ url: server.url })('chain_proof', { rows })) as {
      readonly header: unknown
      readonly rows: readonly { readonly value: string }[]
      readonly proof: string
    }
    header = answer.header
    file = { report: REPORT, instance: '1', step: '6', row: answer.rows[0]?.value ?? '', proof: answer.proof }
  } finally {
    await server.close()
    await node.stop()
  }
}, 120_000)
afterAll(() => rmSync(home, { recursive: true, force: true }))

/** Runs the command on a report and a header, without any node. */
function verify(report: ReportFile, of: unknown = header, ...scanned: readonly string[]) {
  const paths = [join(home, 'report.json'), join(home, 'header.json')] as const
  writeFileSync(paths[0], JSON.stringify(report))
  writeFileSync(paths[1], JSON.stringify(of))
  const script = fileURLToPath(new URL('verify.mjs', import.meta.url))
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...paths, ...scanned], {
    encoding: 'utf8',
  })
  return { status, text: stdout + stderr }
}

test('a signed report is genuine by the header alone', () => {
  const { status, text } = verify(file, header, qrText(file))
  expect([status, text]).toEqual([0, expect.stringMatching(/^GENUINE: signed by lims1\w+ on 2/)])
})

test('whatever is changed in it shows', () => {
  const bent = (change: Partial<ReportFile>) => verify({ ...file, ...change })
  const flipped = (hex: string, at = hex.length >> 1) =>
    hex.slice(0, at) + (hex[at] === '0' ? '1' : '0') + hex.slice(at + 1)
  expect(bent({ report: REPORT.replace('4200', '9200') })).toEqual({
    status: 1,
    text: expect.stringMatching(/not the one that was signed/),
  })
  for (const change of [
    { row: flipped(file.row) },
    { proof: flipped(file.proof) },
    { step: '5' },
    { instance: '2' },
  ])
    expect(bent(change)).toEqual({ status: 1, text: expect.stringMatching(/does not lead to this header/) })
  const { stateRoot, ...rest } = header as { readonly stateRoot: string }
  expect(verify(file, { ...rest, stateRoot: flipped(stateRoot) }).text).toMatch(
    /does not lead to this header/,
  )
  expect(verify(file, header, qrText({ ...file, report: 'another' })).text).toMatch(
    /QR code is of another report/,
  )
})

test('its QR code is read back as it was written', () => {
  expect(qrPicture(file)).toMatch(/^<svg/)
  const bitmap = encodeQR(qrText(file), 'raw', { scale: 4, border: 4 })
  const height = bitmap.length
  const width = bitmap[0]?.length ?? 0
  const data = Uint8Array.from(
    bitmap.flat().flatMap((dark) => (dark ? [0, 0, 0, 255] : [255, 255, 255, 255])),
  )
  expect(decodeQR({ width, height, data })).toBe(qrText(file))
})
