import { address, toJson } from '@mmtchain/codec'
import { amount, defineChain, solo } from '@mmtchain/kernel'
import { faultOfName, type NameRecord, names, TEXTS_MAX } from '@mmtchain/named-router'
import { hash } from '@mmtchain/primitives'
import { testChain } from '@mmtchain/testkit'
import { describe, expect, test } from 'vitest'
import {
  account,
  at,
  commitment,
  FEE,
  type Harbour,
  PRICES,
  register,
  SUBNAME,
  secret,
  start,
  text,
} from './harbour.ts'

const [lab, port, thief] = [at('lab'), at('port'), at('thief')]
const owner = (on: Harbour, name: string) => on.read.names.name({ name })?.owner

describe('a name', () => {
  test('is registered by a commitment and its reveal, and paid by its length and terms', () => {
    const on = start()
    const before = on.read.token.balance({ owner: at('treasury') })
    expect(
      on.as(lab).names.commit({ commitment: commitment(on, { sender: lab, label: 'lab' }) }).events,
    ).toEqual(['names.committed'])
    on.advance({ blocks: 1 })
    expect(on.read.names.quote({ label: 'lab', terms: 2 })).toEqual({ price: 200n, holder: null })
    const done = on.as(lab).names.register({ label: 'lab', owner: lab, terms: 2, secret })
    expect(done.events).toEqual(['token.transferred', 'names.registered'])
    expect(on.read.token.balance({ owner: at('treasury') }) - before).toBe(200n)
    expect(on.read.names.name({ name: 'lab' })).toEqual({
      ...{ name: 'lab', owner: lab, number: 1n, endsMs: on.timeMs + 200_000n, records: [] },
    })
    expect(on.read.names.commitments({ who: lab })).toEqual([])
  })

  test('costs what its length says', () => {
    const on = start()
    const prices = ['a', 'ab', 'abc', 'abcd', 'a'.repeat(63)].map(
      (label) => on.read.names.quote({ label, terms: 1 }).price,
    )
    expect(prices).toEqual([...PRICES, PRICES[3]])
  })

  test('of DNS has its limits', () => {
    expect(faultOfName('a'.repeat(63), 'harbour')).toBeUndefined()
    expect(faultOfName('report-17.lab', 'harbour')).toBeUndefined()
    for (const bad of [
      '',
      'a'.repeat(64),
      '-a',
      'a-',
      'A',
      'a_b',
      'ä',
      'xn--a',
      'a..b',
      '.a',
      'a.',
      'a b',
      'a\n',
    ])
      expect([bad, typeof faultOfName(bad, 'harbour')]).toEqual([bad, 'string'])
    const long = Array.from({ length: 4 }, () => 'a'.repeat(61)).join('.')
    expect(long.length).toBe(247)
    expect(faultOfName(long, 'abcde')).toBeUndefined()
    expect(faultOfName(long, 'abcdef')).toMatch(/253/)
    expect(faultOfName('a.b.c.d.e.f.g.h', 'harbour')).toBeUndefined()
    expect(faultOfName('a.b.c.d.e.f.g.h.i', 'harbour')).toMatch(/8 labels/)
  })

  test('does not outlive its lease; in its grace only a renewal brings it back, after it anybody may have it', () => {
    const on = start()
    register(on, lab, 'lab')
    on.as(lab).names.setRecord({ name: 'lab', record: text('motd', 'hello') })
    on.as(lab).names.createSubname({ name: 'report.lab', owner: port })
    const { endsMs } = on.read.names.name({ name: 'lab' }) as { endsMs: bigint }
    on.advance({ toMs: endsMs - 3_000n })
    expect(owner(on, 'lab')).toBe(lab)
    on.as(thief).names.commit({ commitment: commitment(on, { sender: thief, label: 'lab' }) })
    on.advance({ toMs: endsMs })
    expect([owner(on, 'lab'), owner(on, 'report.lab')]).toEqual([undefined, undefined])
    const record = text('motd', 'I am still here')
    expect(on.as(lab).names.setRecord({ name: 'lab', record }).code).toBe('names/UNKNOWN_NAME')
    expect(on.as(port).names.setRecord({ name: 'report.lab', record }).code).toBe('names/UNKNOWN_NAME')
    const shown = toJson(address, lab, { addressPrefix: 'mmt' })
    const taken = on.as(thief).names.register({ label: 'lab', owner: thief, terms: 1, secret })
    expect([taken.code, taken.refusal?.message]).toEqual([
      ...['names/TAKEN', `lab belongs to ${shown} and is free at ${endsMs + 20_000n} ms at the earliest.`],
    ])
    const again = on.fork()
    expect(again.as(thief).names.renew({ label: 'lab', terms: 1 }).events).toEqual([
      ...['token.transferred', 'names.renewed'],
    ])
    expect(again.read.names.name({ name: 'lab' })).toMatchObject({ owner: lab, endsMs: endsMs + 100_000n })
    expect(owner(again, 'report.lab')).toBe(port)
    on.advance({ toMs: endsMs + 20_000n })
    expect(on.as(lab).names.renew({ label: 'lab', terms: 1 }).code).toBe('names/UNKNOWN_NAME')
    expect(register(on, thief, 'lab').code).toBeUndefined()
    // What the earlier holder left is gone, below as well.
    expect(on.read.names.name({ name: 'lab' })).toMatchObject({ owner: thief, records: [] })
    expect(owner(on, 'report.lab')).toBeUndefined()
    expect(on.read.names.subnames({ name: 'lab', from: null, limit: 9 })).toEqual({ names: [], next: null })
    expect(on.as(thief).names.createSubname({ name: 'a.lab', owner: thief }).code).toBeUndefined()
    expect(on.as(thief).names.createSubname({ name: 'z.lab', owner: thief }).code).toBeUndefined()
    // Pages go over the dead row, so that one may be empty and not the last.
    const pages: unknown[] = []
    for (let from: string | null = null; ; ) {
      const { names, next } = on.read.names.subnames({ name: 'lab', from, limit: 1 })
      pages.push(names.map(({ name }) => name))
      if (next === null) break
      from = next
    }
    expect(pages).toEqual([['a.lab'], [], ['z.lab']])
    expect(on.as(thief).names.createSubname({ name: 'report.lab', owner: thief }).code).toBeUndefined()
  })

  test('goes to another owner with all that it holds', () => {
    const on = start()
    register(on, lab, 'lab')
    on.as(lab).names.setRecord({ name: 'lab', record: text('motd', 'hello') })
    on.as(lab).names.createSubname({ name: 'report.lab', owner: lab })
    expect(on.as(lab).names.transfer({ name: 'lab', to: port }).events).toEqual(['names.transferred'])
    expect(on.read.names.name({ name: 'lab' })).toMatchObject({
      owner: port,
      records: [text('motd', 'hello')],
    })
    expect(on.as(lab).names.setRecord({ name: 'lab', record: text('motd', 'no') }).code).toBe(
      'names/NOT_OWNER',
    )
    expect(owner(on, 'report.lab')).toBe(lab)
    expect(on.as(port).names.removeSubname({ name: 'report.lab' }).events).toEqual(['names.subnameRemoved'])
  })

  test('below another is given by its owner, paid, listed, given up by its own and taken back', () => {
    const on = start()
    register(on, lab, 'lab')
    const before = on.read.token.balance({ owner: lab })
    const made = on.as(lab).names.createSubname({ name: 'report.lab', owner: port })
    expect(made.events).toEqual(['token.transferred', 'names.subnameCreated'])
    expect(before - on.read.token.balance({ owner: lab })).toBe(SUBNAME + FEE)
    expect(on.as(port).names.createSubname({ name: 'page-1.report.lab', owner: thief }).code).toBeUndefined()
    expect(on.read.names.subnames({ name: 'lab', from: null, limit: 9 })).toEqual({
      names: [{ name: 'report.lab', number: 2n, owner: port }],
      next: null,
    })
    expect(on.read.names.subnames({ name: '', from: null, limit: 9 })).toMatchObject({
      names: [{ name: 'lab' }],
    })
    expect(owner(on, 'page-1.report.lab')).toBe(thief)
    // A name ends with the one above it, and one that is made anew has nothing of the old one.
    on.as(port).names.removeSubname({ name: 'report.lab' })
    expect(owner(on, 'page-1.report.lab')).toBeUndefined()
    on.as(lab).names.createSubname({ name: 'report.lab', owner: lab })
    expect(owner(on, 'page-1.report.lab')).toBeUndefined()
  })

  test('holds one record of each kind, and texts by key, in one order', () => {
    const on = start()
    register(on, lab, 'lab')
    const endpoints = [{ rpc: 'http://127.0.0.1:7200/rpc', p2p: 'http://127.0.0.1:7000' }]
    const all: readonly NameRecord[] = [
      account(lab),
      { kind: 'asset', value: { module: 'token', id: 'HKT' } },
      { kind: 'chain', value: { fingerprint: hash('11'.repeat(32)), endpoints } },
      {
        kind: 'data',
        value: { cid: 'bafkreigh2akiscaildc', places: ['https://data.example/report', '/p2p/v1/status'] },
      },
      { kind: 'url', value: { places: ['https://lab.example/'] } },
      text('email', 'lab@harbour.example'),
      text('motd', 'hello'),
    ]
    for (const record of [...all, text('motd', 'before')].reverse())
      expect(on.as(lab).names.setRecord({ name: 'lab', record }).events).toEqual(['names.recordSet'])
    expect(on.read.names.name({ name: 'lab' })?.records).toEqual(all)
    const which = { kind: { kind: 'text', value: null }, key: 'motd' } as const
    expect(on.as(lab).names.removeRecord({ name: 'lab', which }).events).toEqual(['names.recordRemoved'])
    expect(on.read.names.name({ name: 'lab' })?.records).toEqual(all.slice(0, -1))
    expect(on.as(lab).names.removeRecord({ name: 'lab', which }).code).toBe('names/UNKNOWN_RECORD')
  })

  test('is the primary one of the account in its record, for as long as it says so', () => {
    const on = start()
    register(on, lab, 'lab')
    on.as(lab).names.setRecord({ name: 'lab', record: account(port) })
    expect(on.read.names.reverse({ account: port })).toBeNull()
    expect(on.as(port).names.setPrimary({ name: 'lab' }).events).toEqual(['names.primarySet'])
    expect(on.read.names.reverse({ account: port })).toBe('lab')
    on.as(lab).names.setRecord({ name: 'lab', record: account(lab) })
    expect(on.read.names.reverse({ account: port })).toBeNull()
    expect(on.as(port).names.setPrimary({ name: null }).code).toBeUndefined()
    expect(on.as(port).names.setPrimary({ name: null }).code).toBe('names/NOTHING_TO_CHANGE')
  })

  test('is not the primary one of who had said so of an earlier name, whoever has it now and whatever it says', () => {
    const on = start()
    register(on, lab, 'lab')
    const make = () => on.as(lab).names.createSubname({ name: 'port.lab', owner: lab })
    const point = () => on.as(lab).names.setRecord({ name: 'port.lab', record: account(port) })
    make()
    point()
    on.as(port).names.setPrimary({ name: 'port.lab' })
    expect(on.read.names.reverse({ account: port })).toBe('port.lab')
    on.as(lab).names.removeSubname({ name: 'port.lab' })
    make()
    point()
    expect(on.read.names.reverse({ account: port })).toBeNull()
    on.as(port).names.setPrimary({ name: 'port.lab' })
    expect(on.read.names.reverse({ account: port })).toBe('port.lab')
  })

  test('costs nothing where the chain file names no fees, and needs no token there', () => {
    const free = defineChain({ id: 'free-1', slotMs: 1_000, consensus: solo() }).use(names({ root: 'free' }))
    const on = testChain(free, {})
    expect(register(on as never, lab, 'lab')).toMatchObject({ code: 'names/TOO_EARLY' })
    on.advance({ blocks: 1 })
    expect(on.as(lab).names.register({ label: 'lab', owner: lab, terms: 1, secret }).code).toBeUndefined()
    expect(on.as(lab).names.createSubname({ name: 'a.lab', owner: lab }).events).toEqual([
      'names.subnameCreated',
    ])
  })
})

describe('refusals come in their order', () => {
  const none = new Uint8Array(32)

  test('of commit', () => {
    const on = start()
    const commit = (n: number) => on.as(lab).names.commit({ commitment: hash(`${n}`.repeat(64)) })
    for (let n = 0; n < 8; n++) expect(commit(n).code).toBeUndefined()
    expect(commit(7).code).toBe('names/ALREADY_COMMITTED')
    expect(commit(8).code).toBe('names/TOO_MANY_COMMITMENTS')
    on.advance({ blocks: 1 })
    expect(on.read.names.commitments({ who: lab }).length).toBe(7)
    expect(commit(8).code).toBeUndefined()
  })

  test('of register', () => {
    const on = start()
    register(on, port, 'port')
    const asked = { label: '-port', owner: thief, terms: 0, secret: none }
    const poor = start()
    const tried = (change: Partial<typeof asked>) =>
      on.as(thief).names.register(Object.assign(asked, change)).code
    expect(tried({})).toBe('names/BAD_NAME')
    expect(tried({ label: 'port.lab' })).toBe('names/BAD_NAME')
    expect(tried({ label: 'port' })).toBe('names/BAD_TERMS')
    expect(tried({ terms: 11 })).toBe('names/BAD_TERMS')
    expect(tried({ terms: 10 })).toBe('names/NO_COMMITMENT')
    on.as(thief).names.commit({ commitment: commitment(on, { sender: thief, label: 'port' }) })
    // Another secret, another owner, another sender open nothing.
    expect(tried({})).toBe('names/NO_COMMITMENT')
    expect(tried({ secret, owner: lab })).toBe('names/NO_COMMITMENT')
    expect(on.as(lab).names.register({ ...asked, owner: thief }).code).toBe('names/NO_COMMITMENT')
    expect(tried({ owner: thief })).toBe('names/TAKEN')
    on.as(thief).names.commit({ commitment: commitment(on, { sender: thief, label: 'portal' }) })
    expect(tried({ label: 'portal' })).toBe('names/TOO_EARLY')
    on.advance({ blocks: 11 })
    expect(tried({})).toBe('names/NO_COMMITMENT')
    const all = poor.read.token.balance({ owner: thief })
    poor.as(thief).names.commit({ commitment: commitment(poor, { sender: thief, label: 'a' }) })
    poor.as(thief).token.transfer({ to: lab, amount: amount(all - 503n) })
    expect(poor.as(thief).names.register({ ...asked, label: 'a', terms: 1 }).code).toBe(
      'token/INSUFFICIENT_BALANCE',
    )
    expect(poor.read.names.quote({ label: 'a', terms: 1 }).holder).toBeNull()
  })

  test('of renew', () => {
    const on = start()
    const tried = (label: string, terms: number) => on.as(lab).names.renew({ label, terms }).code
    expect(tried('a.b', 0)).toBe('names/BAD_NAME')
    expect(tried('lab', 0)).toBe('names/BAD_TERMS')
    expect(tried('lab', 10)).toBe('names/UNKNOWN_NAME')
    register(on, lab, 'lab')
    expect(tried('lab', 10)).toBe('names/TOO_LONG')
    expect(tried('lab', 9)).toBeUndefined()
  })

  test('of transfer', () => {
    const on = start()
    register(on, lab, 'lab')
    const tried = (name: string, by = lab) => on.as(by).names.transfer({ name, to: lab }).code
    expect(tried('la b')).toBe('names/BAD_NAME')
    expect(tried('nobody')).toBe('names/UNKNOWN_NAME')
    expect(tried('lab', thief)).toBe('names/NOT_OWNER')
    expect(tried('lab')).toBe('names/NOTHING_TO_CHANGE')
  })

  test('of createSubname and removeSubname', () => {
    const on = start()
    register(on, lab, 'lab')
    const create = (name: string, by = thief) => on.as(by).names.createSubname({ name, owner: port }).code
    const remove = (name: string, by = thief) => on.as(by).names.removeSubname({ name }).code
    for (const tried of [create, remove]) {
      expect(tried('A.lab')).toBe('names/BAD_NAME')
      expect(tried('lab')).toBe('names/NOT_A_SUBNAME')
      expect(tried('a.nobody')).toBe('names/UNKNOWN_NAME')
    }
    expect(create('a.lab')).toBe('names/NOT_OWNER')
    expect(remove('a.lab', lab)).toBe('names/UNKNOWN_NAME')
    expect(create('a.lab', lab)).toBeUndefined()
    expect(create('a.lab', lab)).toBe('names/TAKEN')
    expect(remove('a.lab')).toBe('names/NOT_OWNER')
    expect(remove('a.lab', port)).toBeUndefined()
  })

  test('of setRecord', () => {
    const on = start()
    register(on, lab, 'lab')
    const bad = text('No Key', 'x')
    const tried = (name: string, record: NameRecord = bad, by = thief) =>
      on.as(by).names.setRecord({ name, record }).code
    expect(tried('-')).toBe('names/BAD_NAME')
    expect(tried('nobody')).toBe('names/UNKNOWN_NAME')
    expect(tried('lab')).toBe('names/NOT_OWNER')
    expect(tried('lab', bad, lab)).toBe('names/BAD_RECORD')
    const places = [
      'ftp://a',
      'http://',
      'http:///x',
      '//a',
      'http://a b',
      'javascript:1',
      'http://me@a/',
      'x',
    ]
    for (const one of places)
      expect([one, tried('lab', { kind: 'url', value: { places: [one] } }, lab)]).toEqual([
        one,
        'names/BAD_RECORD',
      ])
    const endpoints = [{ rpc: '/rpc', p2p: null }]
    const fingerprint = hash('11'.repeat(32))
    expect(tried('lab', { kind: 'chain', value: { fingerprint, endpoints } }, lab)).toBe('names/BAD_RECORD')
    const good = [{ rpc: 'http://a', p2p: null }]
    for (const under of ['A', 'a..b'])
      expect(tried('lab', { kind: 'delegation', value: { fingerprint, under, endpoints: good } }, lab)).toBe(
        'names/BAD_RECORD',
      )
    expect(tried('lab', { kind: 'data', value: { cid: 'no cid', places: ['/a'] } }, lab)).toBe(
      'names/BAD_RECORD',
    )
    expect(tried('lab', { kind: 'asset', value: { module: '', id: '' } }, lab)).toBe('names/BAD_RECORD')
    for (let n = 0; n < TEXTS_MAX; n++) expect(tried('lab', text(`t${n}`, ''), lab)).toBeUndefined()
    expect(tried('lab', text('t', ''), lab)).toBe('names/TOO_MANY_TEXTS')
    expect(tried('lab', text('t0', 'other'), lab)).toBeUndefined()
    expect(tried('lab', account(lab), lab)).toBeUndefined()
  })

  test('of removeRecord and setPrimary', () => {
    const on = start()
    register(on, lab, 'lab')
    const which = { kind: { kind: 'url', value: null }, key: '' } as const
    const removed = (name: string, by = thief) => on.as(by).names.removeRecord({ name, which }).code
    expect(removed('-')).toBe('names/BAD_NAME')
    expect(removed('nobody')).toBe('names/UNKNOWN_NAME')
    expect(removed('lab')).toBe('names/NOT_OWNER')
    expect(removed('lab', lab)).toBe('names/UNKNOWN_RECORD')
    const primary = (name: string) => on.as(lab).names.setPrimary({ name }).code
    expect(primary('-')).toBe('names/BAD_NAME')
    expect(primary('nobody')).toBe('names/UNKNOWN_NAME')
    expect(primary('lab')).toBe('names/NOT_YOURS')
  })
})

test('options that make no names are refused', () => {
  const bad = [
    ...[{ root: '' }, { root: 'A' }, { root: 'a', termMs: 0n }, { root: 'a', graceMs: -1n }],
    ...[
      { root: 'a', revealAfterHeights: 0 },
      { root: 'a', revealAfterHeights: 5, revealWithinHeights: 4 },
    ],
    ...[{ root: 'a', fees: { terms: [], subname: FEE, to: lab } }],
  ]
  for (const options of bad)
    expect(
      () => names(options),
      JSON.stringify(options, (_, v) => String(v)),
    ).toThrow(expect.objectContaining({ code: 'names/BAD_OPTIONS' }))
})
