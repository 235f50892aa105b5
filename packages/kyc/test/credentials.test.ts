import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { sha256 } from '@mmtchain/crypto'
import type { Address } from '@mmtchain/kernel'
import {
  checkErasureReceipt,
  checkPresentation,
  checkStatusList,
  claimCommitment,
  credentialKey,
  fileVault,
  issueCredential,
  newSalt,
  personCommitment,
  present,
  readStatus,
  receiptHash,
  releaseIdentity,
  STATUS_BITS_MIN,
  type StatusEntry,
  signErasureReceipt,
  statusListCredential,
  statusListDigest,
} from '@mmtchain/kyc/credentials'
import { utf8 } from '@mmtchain/primitives'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { at, start } from './harbour.ts'

const key = (name: string) => credentialKey(sha256(utf8(name)))
const [registrar, holder, thief] = [key('registrar'), key('holder'), key('thief')]
const NOW_S = 1_700_000_000
const status: StatusEntry = {
  ...{ type: 'BitstringStatusListEntry', statusPurpose: 'revocation', statusListIndex: '94567' },
  statusListCredential: 'https://registrar.example/status/3',
}
const issuing = {
  ...{ issuer: 'hbr1registrar', key: registrar, type: 'https://harbour.example/person', holder: holder.jwk },
  claims: { name: 'Ann Harbour', born: '1970-01-01', country: 'PT', passport: 'P-12345' },
  ...{ issuedS: NOW_S - 1_000, untilS: NOW_S + 1_000_000, status },
}
const showing = { reveal: ['country'], audience: 'hbr1second', nonce: 'n-1', key: holder, nowS: NOW_S }
const checking = {
  issuers: (issuer: string) => (issuer === 'hbr1registrar' ? registrar.jwk : undefined),
  types: ['https://harbour.example/person'],
  ...{ audience: 'hbr1second', nonce: 'n-1', nowS: NOW_S },
}
const code = async (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: { code?: string }) => error.code,
  )

describe('a presentation', () => {
  test('shows what the holder reveals and nothing else', async () => {
    const credential = await issueCredential(issuing)
    const presentation = await present({ ...showing, credential })
    const found = await checkPresentation({ ...checking, presentation })
    expect(found).toEqual({
      ...{ issuer: 'hbr1registrar', type: issuing.type, holder: holder.jwk, status },
      claims: { country: 'PT' },
    })
    const disclosed = presentation.split('~').map((part) => Buffer.from(part, 'base64url').toString('utf8'))
    expect(disclosed.join()).not.toMatch(/Ann|1970|P-12345/)
    const all = await present({ ...showing, credential, reveal: Object.keys(issuing.claims) })
    expect((await checkPresentation({ ...checking, presentation: all })).claims).toEqual(issuing.claims)
  })

  test('is refused where anything of it is not as it should be', async () => {
    const credential = await issueCredential(issuing)
    const presentation = await present({ ...showing, credential })
    const check = (change: object) => code(checkPresentation({ ...checking, presentation, ...change }))
    expect(await check({})).toBeUndefined()
    expect(await check({ presentation: 'x'.repeat(65_537) })).toBe('kyc/BAD_CREDENTIAL')
    for (const broken of ['', '~', 'a.b.c', 'a.e30.c~', `${presentation0(presentation)}~`])
      expect(await check({ presentation: broken })).toBe('kyc/BAD_CREDENTIAL')
    expect(await check({ issuers: () => undefined })).toBe('kyc/UNKNOWN_ISSUER')
    expect(await check({ issuers: () => thief.jwk })).toBe('kyc/BAD_CREDENTIAL')
    expect(await check({ nonce: 'n-2' })).toBe('kyc/BAD_CREDENTIAL')
    expect(await check({ audience: 'hbr1third' })).toBe('kyc/BAD_CREDENTIAL')
    expect(await check({ types: ['other'] })).toBe('kyc/BAD_CREDENTIAL')
    expect(await check({ nowS: NOW_S + 301 })).toBe('kyc/BAD_CREDENTIAL')
    expect(await check({ nowS: NOW_S - 301 })).toBe('kyc/BAD_CREDENTIAL')
    expect(await check({ nowS: NOW_S + 1_000_001 })).toBe('kyc/BAD_CREDENTIAL')
    // Signed by somebody else than the holder, not signed by a holder at all, and one disclosure that is not of it.
    expect(await check({ presentation: await present({ ...showing, credential, key: thief }) })).toBe(
      'kyc/BAD_CREDENTIAL',
    )
    expect(await check({ presentation: credential })).toBe('kyc/BAD_CREDENTIAL')
    const [jwt, ...rest] = presentation.split('~')
    const forged = Buffer.from(JSON.stringify(['salt', 'country', 'MT'])).toString('base64url')
    expect(await check({ presentation: [jwt, forged, ...rest.slice(1)].join('~') })).toBe(
      'kyc/BAD_CREDENTIAL',
    )
    const none = Buffer.from(JSON.stringify({ alg: 'none', typ: 'dc+sd-jwt' })).toString('base64url')
    expect(await check({ presentation: presentation.replace(/^[^.]+/, none) })).toBe('kyc/BAD_CREDENTIAL')
    expect(await code(issueCredential({ ...issuing, claims: { exp: 1 } }))).toBe('kyc/BAD_CREDENTIAL')
  })

  test('whose every character matters', async () => {
    const credential = await issueCredential(issuing)
    const presentation = await present({ ...showing, credential })
    for (let i = 0; i < presentation.length; i += 37) {
      const swapped = presentation[i] === 'A' ? 'B' : 'A'
      const changed = presentation.slice(0, i) + swapped + presentation.slice(i + 1)
      const outcome = await code(checkPresentation({ ...checking, presentation: changed }))
      expect([i, outcome]).toEqual([i, expect.stringMatching(/^kyc\/(BAD_CREDENTIAL|UNKNOWN_ISSUER)$/)])
    }
  })
})

/** The credential without its disclosures and without the holder's signature. */
const presentation0 = (presentation: string) => presentation.split('~')[0]

describe('a status list', () => {
  const given = {
    ...{ id: status.statusListCredential, issuer: 'hbr1registrar', fromMs: 1_700_000_000_000n },
    ...({ purpose: 'revocation', set: [0, 7, 8, 94_567, STATUS_BITS_MIN - 1] } as const),
  }
  const entry = (index: number | string) => ({ ...status, statusListIndex: String(index) })

  test('has the bits that are set and no others, and is the one that the chain commits to', () => {
    const served = JSON.stringify(statusListCredential(given))
    const on = start()
    on.as(at('registrar')).kyc.publishStatusList({ list: 3, digest: statusListDigest(served) })
    const committed = on.read.kyc.statusList({ registrar: at('registrar'), list: 3 })
    if (!committed) throw new Error('the chain has the list')
    const list = checkStatusList(served, committed.digest)
    const found = Array.from({ length: STATUS_BITS_MIN }, (_, i) => i).filter(
      (i) => i % 97 === 0 || given.set.includes(i as never),
    )
    expect(found.filter((i) => readStatus(list, entry(i)))).toEqual(given.set)
    expect(() => checkStatusList(`${served} `, committed.digest)).toThrow(/its hash/)
  })

  test('is refused where it is too small, a bomb, another one, or has no such position', () => {
    const list = statusListCredential(given)
    const bent = (encodedList: string) => ({
      ...list,
      credentialSubject: { ...list.credentialSubject, encodedList },
    })
    const zipped = (bytes: number) => `u${gzipSync(new Uint8Array(bytes)).toString('base64url')}`
    expect(() => readStatus(list, entry(STATUS_BITS_MIN))).toThrow(/no position/)
    expect(() => readStatus(list, entry('-1'))).toThrow(/no position/)
    expect(() => readStatus(list, { ...status, statusPurpose: 'suspension' })).toThrow(/purpose/)
    expect(() => readStatus(list, { ...status, statusListCredential: 'x' })).toThrow(/not x/)
    expect(() => readStatus(bent('x'), status)).toThrow(/multibase/)
    expect(() => readStatus(bent('uAAAA'), status)).toThrow(/no gzip/)
    expect(() => readStatus(bent(zipped(100)), status)).toThrow(/less than/)
    expect(() => readStatus(bent(zipped(1 << 22)), status)).toThrow(/no gzip of at most/)
    expect(() => statusListCredential({ ...given, set: [STATUS_BITS_MIN] })).toThrow(/no position/)
    expect(() => statusListCredential({ ...given, bits: 8 })).toThrow(/8 bits/)
  })
})

describe('a registrar', () => {
  let path: string
  beforeAll(async () => {
    path = await mkdtemp(join(tmpdir(), 'mmt-kyc-'))
  })
  afterAll(() => rm(path, { recursive: true }))

  test('checks, attests, answers a logged look-up, and erases so that nothing is left that means anything', async () => {
    const on = start()
    const home = join(path, 'first')
    const vault = await fileVault({ path: home })
    const credential = await issueCredential(issuing)
    const reveal = ['passport', 'country']
    const presentation = await present({ ...showing, credential, reveal, audience: 'hbr1registrar' })
    const shown = await checkPresentation({ ...checking, presentation, audience: 'hbr1registrar' })
    const [claimSalt, personSalt] = [newSalt(), newSalt()]
    const identity = `${shown.claims.country}:${shown.claims.passport}`
    const digest = claimCommitment({ credential, salt: claimSalt })
    const person = personCommitment({ identity, salt: personSalt })
    await vault.put({
      ...{ holder: at('ann'), identity, claims: shown.claims, credential },
      ...{
        claimSalt: Buffer.from(claimSalt).toString('hex'),
        personSalt: Buffer.from(personSalt).toString('hex'),
      },
    })
    const untilMs = on.timeMs + 1_000_000n
    on.as(at('registrar')).kyc.attest({ holder: at('ann'), level: 2, digest, person, untilMs })

    const release = (lookUp: Parameters<typeof releaseIdentity>[0]['lookUp'], change: object = {}) =>
      releaseIdentity({ vault, registrar: at('registrar'), regulators: [at('regulator')], lookUp, ...change })
    expect(await code(release(null))).toBe('kyc/NOT_LOGGED')
    const asking = { holder: at('ann'), registrar: at('registrar'), case: 'KH-12' }
    on.as(at('regulator')).kyc.lookUp(asking)
    const lookUp = on.read.kyc.lookUp({ number: 1n })
    expect(await code(release(lookUp, { registrar: at('second') }))).toBe('kyc/NOT_LOGGED')
    expect(await code(release(lookUp, { regulators: [] }))).toBe('kyc/NOT_LOGGED')
    const released = await release(lookUp)
    expect(released.identity.identity).toBe('PT:P-12345')
    on.as(at('registrar')).kyc.answerLookUp({ lookUp: 1n, answer: released.answer })
    expect(await code(release(on.read.kyc.lookUp({ number: 1n })))).toBe('kyc/NOT_LOGGED')

    on.as(at('ann')).kyc.askErasure({ registrar: at('registrar') })
    const asked = on.read.kyc.claim({ holder: at('ann'), registrar: at('registrar') })
    await vault.destroy(at('ann'))
    await vault.destroy(at('ann'))
    expect(await code(vault.get(at('ann')))).toBe('kyc/NO_IDENTITY')
    expect(await readdir(home, { recursive: true })).toEqual(['data', 'keys'])
    const body = {
      ...{
        fingerprint: on.genesis.fingerprint,
        holder: at('ann'),
        registrar: at('registrar'),
        digest,
        person,
      },
      ...{ askedMs: String(asked?.erasureAskedMs), doneMs: '1700000500000' },
    }
    const receipt = signErasureReceipt(body, registrar)
    on.as(at('registrar')).kyc.erase({ holder: at('ann'), receipt: receiptHash(receipt) })
    const claim = on.read.kyc.claim({ holder: at('ann'), registrar: at('registrar') })
    if (!claim || !asked) throw new Error('the claim is there')
    checkErasureReceipt(receipt, { registrar: registrar.jwk, claim })
    const refused =
      (given: object, of = claim) =>
      () =>
        checkErasureReceipt({ ...receipt, ...given }, { registrar: registrar.jwk, claim: of })
    expect(refused({ doneMs: '1' })).toThrow(/not signed/)
    expect(refused({ doneMs: '1\n2' })).toThrow(/malformed/)
    expect(refused({}, asked)).toThrow(/another one/)
    expect(refused({}, { ...claim, erasureAskedMs: 1n })).toThrow(/another time/)
    expect(() => checkErasureReceipt(receipt, { registrar: thief.jwk, claim })).toThrow(/not signed/)
    // The state commits to nothing any more: neither commitment is in any row.
    const rows = JSON.stringify(
      [...on.state.entries({ prefix: '' })].map(([, value]) => Buffer.from(value).toString('hex')),
    )
    for (const gone of [digest, person]) expect(rows).not.toContain(gone)
  })

  test('finds nobody by a name that is no address, and nothing in files that were changed', async () => {
    const vault = await fileVault({ path: join(path, 'second') })
    expect(await code(vault.get('../keys' as Address))).toBe('kyc/NO_IDENTITY')
    expect(await code(vault.get(at('ben')))).toBe('kyc/NO_IDENTITY')
  })

  test('commits so that the same data with another salt is another commitment', () => {
    const [one, two] = [newSalt(), newSalt()]
    const identity = 'PT:P-12345'
    expect(personCommitment({ identity, salt: one })).toBe(personCommitment({ identity, salt: one }))
    expect(personCommitment({ identity, salt: one })).not.toBe(personCommitment({ identity, salt: two }))
    expect(claimCommitment({ credential: identity, salt: one })).not.toBe(
      personCommitment({ identity, salt: one }),
    )
  })
})
