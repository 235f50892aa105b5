import { toJson } from '@mmtchain/codec'
import { ed25519, secp256k1 } from '@mmtchain/crypto'
import {
  amount,
  cell,
  createMachine,
  defineChain,
  defineModule,
  genesisCodec,
  genesisFingerprint,
  map,
  memoryStore,
  params,
  readGenesis,
  readGenesisHead,
  releaseHash,
  set,
  solo,
  stateRoot,
  struct,
  table,
  tablePrefix,
  text,
  u8,
  u32,
  unit,
  writeGenesis,
  writeGenesisHead,
} from '@mmtchain/kernel'
import { formatAddress, fromHex, toHex, utf8 } from '@mmtchain/primitives'
import { describe, expect, test } from 'vitest'
import { refusalOf } from './refusal.ts'
import { account, start, timeMs, validators } from './trial.ts'

const short = text({ bytesMax: 16 })

/** A module with a parameter, a document with a set in it, and something to grant. */
const notary = ({ seal = 'red', version = 1 } = {}) => {
  const module = defineModule('notary', {
    version,
    params: params(struct({ seal: short, pages: u8 }), { seal, pages: 3 }),
    state: { notes: table(u32, short), last: cell(u32) },
    events: { noted: unit },
    errors: { TOO_MANY: (d: { max: number }) => ({ message: `More than ${d.max}.`, hint: 'Note less.' }) },
  })
    .command('note', short, { fee: amount(5n) }, () => undefined)
    .provides({ granted: () => ({ forge: (): undefined => undefined, burn: (): undefined => undefined }) })
    .genesis(
      struct({ words: set(short, { max: 9 }), titles: map(u8, short, { max: 9 }) }),
      (ctx, document) => {
        if (document.words.length > 3) throw ctx.fail.TOO_MANY({ max: 3 })
        for (const [i, word] of document.words.entries()) ctx.state.notes.set(i, word)
        ctx.state.last.set(document.words.length)
        ctx.emit.noted(null)
      },
    )
  return version === 1 ? module : module.migrate(1, () => undefined)
}
const clerk = () => defineModule('clerk').command('file', short, () => undefined)

const document = { words: ['one', 'two'], titles: new Map([[1, 'sir']]) }
const options = { id: 'harbour-1', addressPrefix: 'hbr', slotMs: 2_000, consensus: solo() }
const chain = defineChain(options).use(notary())
const genesis = chain.genesis({ timeMs, validators, documents: { notary: document } })

describe('block 0', () => {
  test('holds the kernel’s rows and those of the documents, and nothing else', () => {
    const trial = start(chain, { notary: document })
    const prefix = (of: string) => tablePrefix(...(of.split('.') as [string, string]))
    const rows = [
      [`${prefix('kernel.modules')}${toHex(utf8('kernel'))}0001`, '01000000'],
      [`${prefix('kernel.modules')}${toHex(utf8('notary'))}0001`, '01000000'],
      [prefix('kernel.release'), releaseHash(trial.genesis.fingerprint, chain)],
      [prefix('kernel.validators'), trial.rows().get(prefix('kernel.validators')) as string],
      [prefix('notary.last'), '02000000'],
      [`${prefix('notary.notes')}00000000`, '036f6e65'],
      [`${prefix('notary.notes')}00000001`, '0374776f'],
    ] as const
    expect([...trial.rows()]).toEqual(rows)
    expect(trial.tip.header.stateRoot).toBe(stateRoot(rows.map(([key, value]) => [key, fromHex(value)])))
    expect(trial.machine.begin(memoryStore()).receipts).toEqual({ begin: [], transactions: [], end: [] })
  })

  test('is the same whenever it is made, and its store tells where it stands', async () => {
    const [one, two] = [memoryStore(), memoryStore()]
    const machine = createMachine(genesis)
    const { id, staged, block, receipts, transactionIds, refusals, tip } = machine.begin(one)
    expect(createMachine(genesis).begin(two).id).toBe(id)
    expect(machine.tipOf(one)).toBeUndefined()
    const none = new Uint8Array()
    await one.commit({ block, id, seal: none, receipts, transactionIds, refusals, staged, checkpoint: none })
    expect(machine.tipOf(one)).toEqual(tip)
  })

  test('does not come about when a module refuses its document', () => {
    const words = ['one', 'two', 'three', 'four']
    const refused = chain.genesis({ timeMs, validators, documents: { notary: { ...document, words } } })
    expect(refusalOf(() => createMachine(refused).begin(memoryStore()))).toMatchObject({
      code: 'kernel/BAD_GENESIS',
      values: { module: 'notary', why: 'More than 3. Note less.' },
    })
  })

  test('may leave out the lists and sets of a document that are empty, and nothing else', () => {
    const { titles } = document
    const bare = chain.genesis({ timeMs, validators, documents: { notary: { titles } } })
    const full = chain.genesis({ timeMs, validators, documents: { notary: { words: [], titles } } })
    expect(bare.fingerprint).toBe(full.fingerprint)
    expect(bare.document('notary')).toEqual({ words: [], titles })
    const less = { notary: { words: [] } } as unknown as { notary: typeof document }
    expect(() => chain.genesis({ timeMs, validators, documents: less })).toThrow(
      expect.objectContaining({ code: 'kernel/BAD_GENESIS' }),
    )
  })

  test('is the same from a file as from the document it was written from, whatever the order of its sets', () => {
    const unsorted = {
      words: ['two', 'one', 'six'],
      titles: new Map([
        [2, 'sir'],
        [1, 'dame'],
      ]),
    }
    const written = chain.genesis({ timeMs, validators, documents: { notary: unsorted } })
    const read = readGenesis(chain, JSON.parse(JSON.stringify(writeGenesis(written))))
    expect(read.fingerprint).toBe(written.fingerprint)
    const [one, two] = [written, read].map((from) => createMachine(from).begin(memoryStore()).id)
    expect(one).toBe(two)
  })

  test('drops events, however many', () => {
    const loud = defineModule('loud', { events: { said: u32 } }).genesis(u32, (ctx, count) => {
      for (let i = 0; i < count; i++) ctx.emit.said(i)
    })
    const noisy = defineChain(options)
      .use(loud)
      .genesis({ timeMs, validators, documents: { loud: 70_000 } })
    expect(createMachine(noisy).begin(memoryStore()).receipts.begin).toEqual([])
  })
})

describe('the fingerprint', () => {
  const variants: readonly (readonly [string, () => { readonly fingerprint: string }])[] = [
    [
      'id',
      () =>
        defineChain({ ...options, id: 'harbour-2' })
          .use(notary())
          .genesis(base()),
    ],
    [
      'address prefix',
      () =>
        defineChain({ ...options, addressPrefix: 'mmt' })
          .use(notary())
          .genesis(base()),
    ],
    [
      'slot',
      () =>
        defineChain({ ...options, slotMs: 2_001 })
          .use(notary())
          .genesis(base()),
    ],
    ['time', () => chain.genesis({ ...base(), timeMs: timeMs + 1n })],
    [
      'engine',
      () =>
        defineChain({ ...options, consensus: { ...solo(), name: 'duo' } })
          .use(notary())
          .genesis(base()),
    ],
    [
      'engine’s parameters',
      () => {
        const consensus = { ...solo(), params: Uint8Array.of(1) }
        return defineChain({ ...options, consensus })
          .use(notary())
          .genesis(base())
      },
    ],
    [
      'suites',
      () =>
        defineChain({ ...options, suites: [secp256k1, ed25519] })
          .use(notary())
          .genesis(base()),
    ],
    [
      'limits',
      () =>
        defineChain({ ...options, limits: { validHeightsMax: 9 } })
          .use(notary())
          .genesis(base()),
    ],
    [
      'parameters of a module',
      () =>
        defineChain(options)
          .use(notary({ seal: 'blue' }))
          .genesis(base()),
    ],
    [
      'version of a module',
      () =>
        defineChain(options)
          .use(notary({ version: 2 }))
          .genesis(base()),
    ],
    [
      'fees',
      () =>
        defineChain(options)
          .use(notary(), { fees: { note: amount(9n) } })
          .genesis(base()),
    ],
    ['modules', () => chain.use(clerk()).genesis(base())],
    ['grants', () => chain.use(clerk(), { grants: { notary: ['forge'] } }).genesis(base())],
    ['order of modules', () => defineChain(options).use(clerk()).use(notary()).genesis(base())],
    ['documents', () => chain.genesis({ ...base(), documents: { notary: { ...document, words: ['two'] } } })],
    ['validators', () => chain.genesis({ ...base(), validators: [other()] })],
  ]
  const base = () => ({ timeMs, validators, documents: { notary: document } })
  const other = () => {
    const { address, authority } = account('another validator')
    return { address, key: authority.keys[0] as (typeof authority.keys)[number] }
  }

  test('is that of the genesis’s bytes', () => {
    expect(genesisFingerprint(genesis.value)).toBe(genesis.fingerprint)
    expect(chain.genesis(base()).fingerprint).toBe(genesis.fingerprint)
  })

  test.each(variants)('differs with other %s', (_, make) => {
    expect(make().fingerprint).not.toBe(genesis.fingerprint)
  })

  test('differs between all of these', () => {
    const made = variants.map(([, make]) => make().fingerprint)
    expect(new Set(made).size).toBe(made.length)
  })

  test('does not depend on the order in which grants, fees, suites or sets are written', () => {
    const grants = (names: readonly ('forge' | 'burn')[]) =>
      chain.use(clerk(), { grants: { notary: names } }).genesis(base()).fingerprint
    expect(grants(['forge', 'burn'])).toBe(grants(['burn', 'forge']))
    const reversed = { ...document, words: [...document.words].reverse() }
    expect(chain.genesis({ ...base(), documents: { notary: reversed } }).fingerprint).toBe(
      genesis.fingerprint,
    )
    const suites = (list: readonly (typeof secp256k1)[]) =>
      defineChain({ ...options, suites: list })
        .use(notary())
        .genesis(base()).fingerprint
    expect(suites([secp256k1, ed25519])).toBe(suites([ed25519, secp256k1]))
  })
})

describe('chain.genesis refuses', () => {
  const documents = { notary: document }
  const [one] = validators
  const key = { suite: ed25519.code, key: new Uint8Array(31) }
  const cases: readonly (readonly [string, object, string])[] = [
    ['no validator', { validators: [] }, 'the chain'],
    ['a validator twice', { validators: [one, one] }, 'the chain'],
    ['a consensus key that is none', { validators: [{ ...one, key }] }, 'the chain'],
    [
      'a consensus key of a suite that is not there',
      { validators: [{ ...one, key: { ...key, suite: 9 } }] },
      'the chain',
    ],
    ['a time before 1970', { timeMs: -1n }, 'the chain'],
    ['a document that is missing', { documents: {} }, 'notary'],
    ['a document of no module', { documents: { ...documents, clerk: 1 } }, 'clerk'],
    ['a document of another shape', { documents: { notary: { words: [7], titles: new Map() } } }, 'notary'],
    ['a document that a prototype has', { documents: Object.create(documents) }, 'notary'],
  ]
  test.each(cases)('%s', (_, change, module) => {
    const args = { timeMs, validators, documents, ...change } as Parameters<typeof chain.genesis>[0]
    expect(refusalOf(() => chain.genesis(args))).toMatchObject({
      code: 'kernel/BAD_GENESIS',
      values: { module },
    })
  })
})

describe('a genesis without its documents', () => {
  const head = () => JSON.parse(JSON.stringify(writeGenesisHead(genesis)))

  test('still makes the fingerprint and all that follows from it', () => {
    const read = readGenesisHead(chain, head())
    expect(read.value).toEqual(genesis.value)
    expect(read.fingerprint).toBe(genesis.fingerprint)
    expect(read.protocolHash).toBe(genesis.protocolHash)
    expect(read.validators).toEqual(genesis.validators)
    expect(() => read.document('notary')).toThrow(/without its documents/)
  })

  test.each([
    ['time', { timeMs: '1' }],
    ['hash of a document', { documents: [{ ...head().documents[0], hash: '11'.repeat(32) }] }],
    ['length of a document', { documents: [{ ...head().documents[0], bytes: 1 }] }],
    ['fingerprint', { fingerprint: '11'.repeat(32) }],
  ])('with another %s is refused', (_, change) => {
    expect(refusalOf(() => readGenesisHead(chain, { ...head(), ...change }))).toMatchObject({
      code: 'kernel/GENESIS_MISMATCH',
      values: { field: 'fingerprint' },
    })
  })

  test.each([
    ['nothing', undefined],
    ['documents that are whole', { ...head(), documents: { notary: {} } }],
    ['documents that are missing', { ...head(), documents: undefined }],
  ])('that is %s is refused, not taken for a bug', (_, json) => {
    expect(refusalOf(() => readGenesisHead(chain, json)).code).toMatch(
      /^kernel\/(GENESIS_MISMATCH|BAD_GENESIS)$/,
    )
  })
})

describe('a genesis file', () => {
  const file = () => JSON.parse(JSON.stringify(writeGenesis(genesis)))

  test('reads back as the same genesis', () => {
    const again = readGenesis(chain, file())
    expect(again.value).toEqual(genesis.value)
    expect(again.document('notary')).toEqual(genesis.document('notary'))
    expect(again.fingerprint).toBe(genesis.fingerprint)
    expect(again.protocolHash).toBe(genesis.protocolHash)
    expect(again.validators).toEqual(genesis.validators)
  })

  test('shows parameters and documents as JSON', () => {
    expect(file()).toMatchObject({
      fingerprint: genesis.fingerprint,
      chainId: 'harbour-1',
      addressPrefix: 'hbr',
      documents: { notary: { words: ['one', 'two'], titles: [[1, 'sir']] } },
      modules: [{ name: 'kernel' }, { name: 'notary', params: { seal: 'red', pages: 3 } }],
    })
    const plain = toJson(genesisCodec, genesis.value, { addressPrefix: 'hbr' }) as object
    expect(Object.keys(file())).toEqual(['fingerprint', ...Object.keys(plain)])
  })

  test('reads with its members in any order', () => {
    const turned = (json: unknown): unknown =>
      Array.isArray(json)
        ? json.map(turned)
        : typeof json === 'object' && json !== null
          ? Object.fromEntries(
              Object.entries(json)
                .reverse()
                .map(([name, value]) => [name, turned(value)]),
            )
          : json
    expect(readGenesis(chain, turned(file())).fingerprint).toBe(genesis.fingerprint)
    const words = ['two', 'one']
    const unsorted = { ...file(), documents: { notary: { ...file().documents.notary, words } } }
    expect(readGenesis(chain, unsorted).fingerprint).toBe(genesis.fingerprint)
  })

  const another = formatAddress(account('another').address, { prefix: 'hbr' })

  // What the chain file fixes is named; what only the file knows (time, documents, validators) shows in the fingerprint.
  const mismatches: readonly (readonly [string, string, unknown])[] = [
    ['version', 'version', 2],
    ['chainId', 'chainId', 'harbour-2'],
    ['addressPrefix', 'addressPrefix', 'mmt'],
    ['timeMs', 'fingerprint', '1750000000001'],
    ['slotMs', 'slotMs', 1_000],
    ['engine', 'engine.name', { name: 'pbft', params: '' }],
    ['engine', 'engine.params', { name: 'solo', params: '00' }],
    ['suites', 'suites.1', [1]],
    ['suites', 'suites.3', [1, 2, 3, 4]],
    ['modules', 'modules.0', []],
    ['modules', 'modules', { 1: 0 }],
    ['modules', 'modules', 'none'],
    ['documents', 'fingerprint', { notary: { words: ['two'], titles: [] } }],
    ['documents', 'documents.0', { ...file().documents, clerk: null }],
    ['validators', 'fingerprint', [{ ...file().validators[0], address: another }]],
    ['fingerprint', 'fingerprint', '00'.repeat(32)],
  ]
  test.each(mismatches)('with another %s does not fit the chain file: %s', (member, field, value) => {
    const changed = { ...file(), [member]: value }
    expect(refusalOf(() => readGenesis(chain, changed))).toMatchObject({
      code: 'kernel/GENESIS_MISMATCH',
      values: { field },
    })
  })

  test.each(Object.keys(writeGenesis(genesis)))('without %s is refused', (member) => {
    const { [member]: _, ...rest } = file()
    expect(refusalOf(() => readGenesis(chain, rest)).code).toMatch(/^kernel\/(GENESIS_MISMATCH|BAD_GENESIS)$/)
  })

  test.each([
    ['module version', () => defineChain(options).use(notary({ version: 2 })), 'modules.1.version'],
    ['parameter', () => defineChain(options).use(notary({ seal: 'blue' })), 'modules.1.params.seal'],
    ['fee', () => defineChain(options).use(notary(), { fees: { note: amount(9n) } }), 'modules.1.fees.0'],
    ['module', () => chain.use(clerk()), 'modules.2'],
    [
      'limit',
      () => defineChain({ ...options, limits: { validHeightsMax: 9 } }).use(notary()),
      'modules.0.params.validHeightsMax',
    ],
    ['suite', () => defineChain({ ...options, suites: [secp256k1] }).use(notary()), 'suites.1'],
    ['slot', () => defineChain({ ...options, slotMs: 3_000 }).use(notary()), 'slotMs'],
    ['prefix', () => defineChain({ ...options, addressPrefix: 'mmt' }).use(notary()), 'addressPrefix'],
  ] as const)('of a chain file with another %s is refused', (_, make, field) => {
    expect(refusalOf(() => readGenesis(make() as typeof chain, file()))).toMatchObject({
      code: 'kernel/GENESIS_MISMATCH',
      values: { field },
    })
  })

  test.each([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'genesis'],
    ['a list', []],
    ['a document that is damaged', { ...file(), documents: { notary: { words: 'one' } } }],
    ['validators that are damaged', { ...file(), validators: [{}] }],
    ['a time that is a number', { ...file(), timeMs: 1 }],
  ])('that is %s is refused, not taken for a bug', (_, json) => {
    expect(refusalOf(() => readGenesis(chain, json)).code).toMatch(/^kernel\/(GENESIS_MISMATCH|BAD_GENESIS)$/)
  })
})
