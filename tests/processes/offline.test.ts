import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { inPlace, mmt, mmtDev, mmtJson, type Place, type RunningChain } from './chain-process.ts'

/** Keys of people cost a second of scrypt each time; on a busy machine that adds up. */
const SLOW = { timeout: 400_000 }

let place: Place
let chain: RunningChain

inPlace((made) => {
  place = made
})

test(
  'a transaction is written, signed and submitted by three commands, and without a node where all is said',
  SLOW,
  async () => {
    const file = (name: string) => join(place.folder, name)
    const transfer = ['tx', 'token', 'transfer', '--to', 'demo2', '--amount', '2.5', '--from', 'demo1']
    chain = mmtDev(place)
    await chain.printed(/^height 1 /m)
    const unsigned = await mmt(place, [...transfer, '--offline', file('u.json'), '--unsigned'])
    expect(unsigned.out).toContain('1. token.transfer')
    expect(await mmtJson(place, ['show', 'account', 'demo1'])).toMatchObject({ nonce: '0' })

    const early = await mmt(place, ['submit', file('u.json')])
    expect([early.code, early.err.includes('tx/WRONG_SIGNATURE_COUNT')], early.err).toEqual([1, true])
    const wrong = await mmt(place, ['sign', file('u.json'), '--from', 'demo2', '--out', file('w.json')])
    expect([wrong.code, wrong.err.includes('tx/MISSING_KEY')], wrong.err).toEqual([1, true])
    // The signer is shown what it signs before it is asked for its passphrase.
    expect(wrong.err).toContain('1. token.transfer')
    await mmtJson(place, ['sign', file('u.json'), '--from', 'demo1', '--out', file('s.json')])
    const sent = await mmtJson<{ id: string }>(place, ['submit', file('s.json')])
    // The same again is the same answer.
    expect(await mmtJson(place, ['submit', file('s.json')])).toMatchObject({ id: sent.id })
    await chain.end('SIGINT')

    const alone = ['--nonce', '1', '--valid-until', '500', '--offline', file('o.json')]
    const made = await mmtJson<{ id: string }>(place, [...transfer, ...alone])
    expect(made).toMatchObject({ nonce: '1', validUntil: '500', fee: '50000000', signed: true })
    chain = mmtDev(place)
    await chain.printed(/goes on/)
    expect(await mmtJson(place, ['submit', file('o.json')])).toMatchObject({ id: made.id, final: true })
    const balance = await mmtJson<string>(place, ['query', 'token', 'balance', '--owner', 'demo2'])
    expect(balance).toBe(String(1_000_000n * 100_000_000n + 500_000_000n))

    const changed = readFileSync(file('s.json'), 'utf8').replace('"nonce": "0"', '"nonce": "7"')
    writeFileSync(file('changed.json'), changed)
    const cases = [
      [['submit', file('changed.json')], 1, 'tx/BAD_FILE'],
      [['submit', file('missing.json')], 2, 'cli/BAD_ARGUMENT'],
      [['sign', file('u.json'), '--from', 'demo1', '--out', file('s.json')], 1, 'cli/NOT_EMPTY'],
      [[...transfer, '--offline', file('x.json'), '--nonce', 'many'], 2, 'cli/BAD_ARGUMENT'],
    ] as const
    for (const [words, code, text] of cases) {
      const done = await mmt(place, words)
      expect([done.code, done.err.includes(text)], `mmt ${words.join(' ')}\n${done.err}`).toEqual([
        code,
        true,
      ])
    }
  },
)
