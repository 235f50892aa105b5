import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileJournal, type Log, silentLog } from '@mmtchain/node-runtime'
import { utf8 } from '@mmtchain/primitives'
import { afterEach, beforeEach, expect, test } from 'vitest'

let folder: string
let path: string
let warnings: string[]
const log: Log = { ...silentLog, warn: (_, message) => void warnings.push(message) }

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mmt-journal-'))
  path = join(folder, 'journal')
  warnings = []
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const [one, two, three] = ['one', 'two', 'three'].map(utf8) as [Uint8Array, Uint8Array, Uint8Array]

async function readAll(): Promise<readonly string[]> {
  const journal = await fileJournal({ path, log })
  const texts: string[] = []
  for await (const record of journal.read()) texts.push(Buffer.from(record).toString())
  await journal.close()
  return texts
}

async function write(...records: readonly Uint8Array[]): Promise<void> {
  const journal = await fileJournal({ path, log })
  for (const record of records) journal.append(record)
  await journal.close()
}

test('records come back in order, those of several runs too', async () => {
  await write(one, two)
  await write(three)
  expect(await readAll()).toEqual(['one', 'two', 'three'])
  expect(warnings).toEqual([])
})

test('replacing drops what was there and keeps what comes meanwhile', async () => {
  await write(one, one, one)
  const journal = await fileJournal({ path, log })
  const done = journal.replace([two])
  journal.append(three)
  await done
  await journal.close()
  expect(await readAll()).toEqual(['two', 'three'])
  expect(readFileSync(path).length).toBe(journal.bytes)
})

test('a record cut short by a kill is dropped with a warning, and those before it stay', async () => {
  await write(one, two)
  truncateSync(path, readFileSync(path).length - 1)
  expect(await readAll()).toEqual(['one'])
  expect(warnings).toEqual([expect.stringContaining('damaged')])
})

test('a flipped bit ends the journal there', async () => {
  await write(one, two, three)
  const bytes = readFileSync(path)
  const at = bytes.indexOf('two')
  bytes[at] = (bytes[at] as number) ^ 1
  writeFileSync(path, bytes)
  expect(await readAll()).toEqual(['one'])
  expect(warnings).toHaveLength(1)
})

test('a record that claims to be huge is damage, not an allocation', async () => {
  await write(one)
  appendFileSync(path, Buffer.from('ffffffff00000000', 'hex'))
  expect(await readAll()).toEqual(['one'])
  expect(warnings).toHaveLength(1)
})

test('some other file is left alone until the journal begins anew', async () => {
  writeFileSync(path, 'a letter to a friend')
  expect(await readAll()).toEqual([])
  expect(warnings).toEqual([expect.stringContaining('other file')])
  const journal = await fileJournal({ path, log })
  await journal.replace([one])
  await journal.close()
  expect(await readAll()).toEqual(['one'])
})

test('a place that cannot be written is said once and is no error', async () => {
  path = join(folder, 'no', 'such', 'folder')
  const journal = await fileJournal({ path, log })
  journal.append(one)
  await journal.replace([two])
  for await (const _ of journal.read()) expect.unreachable()
  await journal.close()
  expect(warnings).toHaveLength(1)
})
