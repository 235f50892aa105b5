import { type Asked, admin, auditAsCsv, auditAsJsonLines } from '@mmtchain/admin'
import { createClient, describeChain, httpTransport } from '@mmtchain/client'
import { secp256k1 } from '@mmtchain/crypto'
import { defineChain, memoryStore, solo } from '@mmtchain/kernel'
import { createNode, memorySigner, silentLog, systemHost } from '@mmtchain/node-runtime'
import { serveRpc } from '@mmtchain/rpc'
import { testAccount, testChain } from '@mmtchain/testkit'
import { describe, expect, test } from 'vitest'
import {
  act,
  at,
  choices,
  enact,
  newest,
  OPTIONS,
  organisations,
  propose,
  standings,
  start,
} from './harbour.ts'

async function gathered(lines: AsyncIterable<string>): Promise<readonly string[]> {
  const all: string[] = []
  for await (const line of lines) all.push(line)
  return all
}

describe('the audit log', () => {
  test('says who did what, for whom, under which right; a refusal leaves no line', () => {
    const on = start()
    act(on, 'h1', 'setApprovalsNeeded', 3)
    act(on, 'h2', 'setApprovalsNeeded', 3)
    act(on, 'h1', 'setApprovalsNeeded', 3)
    act(on, 'c1', 'invite', { who: at('ann'), standing: standings.member })
    on.as(at('ann')).admin.join({ organisation: 'customs' })
    act(on, 'c1', 'grantRole', { who: at('ann'), role: 'releaser' })
    on.as(at('ann')).cargo.release(null)
    on.as(at('ann')).cargo.inspect(null)
    const lines = on.read.admin.audit({ from: 1n, limit: 256 })
    expect(
      lines.map(({ number, who, organisation, what, right }) => [number, who, organisation, what, right]),
    ).toEqual([
      [1n, at('h1'), 'harbour', 'admin.approve', 'approver of harbour, 1 of 2'],
      [2n, at('h2'), 'harbour', 'admin.setApprovalsNeeded', 'approver of harbour, 2 of 2'],
      [3n, at('h1'), 'harbour', 'admin.approve', 'approver of harbour, 1 of 3'],
      [4n, at('c1'), 'customs', 'admin.invite', 'approver of customs, 1 of 1'],
      [5n, at('ann'), 'customs', 'admin.join', 'invitation of customs'],
      [6n, at('c1'), 'customs', 'admin.grantRole', 'approver of customs, 1 of 1'],
      [7n, at('ann'), 'customs', 'cargo.release', 'role releaser, granted by customs'],
    ])
    expect(lines.map(({ subject }) => subject).slice(3)).toEqual([
      ...[
        expect.stringMatching(/^hbr1\w+ as member$/),
        'member',
        expect.stringMatching(/^releaser to hbr1\w+$/),
        '',
      ],
    ])
    expect(lines[6]).toMatchObject({ at: on.height - 1n, timeMs: on.timeMs - 1_000n })
    const mine = { who: at('ann'), from: 6n, limit: 9 }
    expect(on.read.admin.auditOf(mine).map(({ number }) => number)).toEqual([7n])
  })

  test('names the vote under which a proposal was executed', () => {
    const on = start()
    enact(on, { kind: 'freezeModule', value: { module: 'cargo', frozen: true } })
    expect(on.read.admin.audit({ from: 1n, limit: 256 }).at(-1)).toMatchObject({
      ...{ what: 'admin.freezeModule', subject: 'proposal 1: a change' },
      right: 'vote of organisations: 3 yes, 0 no, 0 abstained',
    })
    on.as(at('k1')).admin.vote({ proposal: newest(on), choice: choices.yes })
    propose(on, { kind: 'text', value: 'Hello' })
    on.as(at('k1')).admin.vote({ proposal: newest(on), choice: choices.abstain })
    expect(on.read.admin.auditOf({ who: at('k1'), from: 1n, limit: 9 })).toMatchObject([
      { what: 'admin.vote', subject: 'proposal 2: abstain', right: 'seat in the council' },
    ])
  })
})

describe('its export', () => {
  test('reads a running chain page by page, as CSV that no spreadsheet runs and as JSON lines', async () => {
    const chain = defineChain({ id: 'harbour-9', slotMs: 20, consensus: solo() }).use(
      admin({ rule: OPTIONS.rule }),
      {
        grants: { kernel: ['setParameter', 'scheduleUpgrade', 'cancelUpgrade'] },
      },
    )
    const { genesis } = testChain(chain, { admin: { organisations } })
    const { address, secret } = testAccount('validator')
    const validator = memorySigner({ address, suite: secp256k1, secret })
    const node = await createNode({ genesis, store: memoryStore(), host: systemHost(silentLog), validator })
    const server = await serveRpc({ node, info: { name: 'test', version: '0' }, log: silentLog, port: 0 })
    try {
      const client = createClient({ chain, url: server.url, signer: testAccount('c1').signer })
      const change = { kind: 'text', value: 'Hello' } as const
      const titles = ['=1+1', '+a "quoted", title', '-', '@x']
      for (const title of titles)
        await client.send.admin.act(
          { action: { kind: 'propose', value: { title, change, executeAt: null } } },
          { wait: 'included' },
        )
      const described = await describeChain(httpTransport({ url: server.url }))
      const csv = await gathered(auditAsCsv(described))
      expect(csv[0]).toBe('number,at,timeMs,who,organisation,what,subject,right\r\n')
      expect(csv).toHaveLength(5)
      expect(csv[2]).toMatch(/,"proposal 2: \+a ""quoted"", title",/)
      const json = await gathered(auditAsJsonLines(described, { from: 3n }))
      expect(json.map((line) => JSON.parse(line).subject)).toEqual(['proposal 3: -', 'proposal 4: @x'])
      const who = JSON.parse(json[0] ?? '').who as string
      expect(await gathered(auditAsJsonLines(described, { who }))).toHaveLength(4)
      expect(await gathered(auditAsJsonLines(described, { who, from: 5n }))).toEqual([])
    } finally {
      await server.close()
      await node.stop()
    }
  })

  test('goes on where a page ends, and writes every kind of cell so that it comes back as it was', async () => {
    const starts = ['=', '+', '-', '@', '\t', '\r', '\n', 'plain', 'a,b', '"', 'x\ny', '']
    const lines = Array.from({ length: 600 }, (_, i) => ({
      ...{
        number: String(i + 1),
        at: '1',
        timeMs: '1',
        who: 'hbr1',
        organisation: '',
        what: 'cargo.release',
      },
      ...{ subject: starts[i % starts.length] ?? '', right: '' },
    }))
    const asked: number[] = []
    const chain: Asked = {
      async read(_module, _query, input) {
        const { from, limit } = input as { from: string; limit: number }
        asked.push(Number(from))
        return lines.slice(Number(from) - 1, Number(from) - 1 + limit)
      },
    }
    expect(await gathered(auditAsJsonLines(chain))).toHaveLength(600)
    expect(asked).toEqual([1, 257, 513])
    const rows = (await gathered(auditAsCsv(chain))).slice(1)
    const cells = rows.map((row) => /^\d+,1,1,hbr1,,cargo\.release,(.*),\r\n$/s.exec(row)?.[1] ?? 'no row')
    expect(cells.slice(0, starts.length)).toEqual([
      ...["'=", "'+", "'-", "'@", "'\t", `"'\r"`, `"'\n"`, 'plain', '"a,b"', '""""', '"x\ny"', ''],
    ])
  })
})
