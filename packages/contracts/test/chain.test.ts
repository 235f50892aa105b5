import { address, amount as amount_, encode, set } from '@mmtchain/codec'
import { type ContractsGranted, contracts, gasFee, offer } from '@mmtchain/contracts'
import { moduleAddress } from '@mmtchain/crypto'
import {
  defineChain,
  defineModule,
  hash,
  type Module,
  type ModuleTypes,
  need,
  releaseHash,
  type SandboxMaker,
  solo,
  struct,
  u64,
  unit,
} from '@mmtchain/kernel'
import { type Address, amount, height, utf8 } from '@mmtchain/primitives'
import { laterVersion, testChain } from '@mmtchain/testkit'
import { rewards, token } from '@mmtchain/token-rewards'
import { createSandbox } from '@mmtchain/vm-sandbox'
import { expect, test } from 'vitest'
import { alice, bob, COUNTER, codeHash, DEPOSIT, documents, GAS, harbourWith, validator } from './harbour.ts'

const base = () =>
  defineChain({ id: 'harbour-1', slotMs: 10_000, consensus: solo(), limits: { upgradeNoticeHeights: 2 } })
const deployed = { code: COUNTER, gas: GAS }
const instance = {
  code: codeHash(COUNTER),
  input: null,
  admin: alice,
  amount: amount(0n),
  gas: GAS,
  depositMax: DEPOSIT,
}

test('the nodes that ran the calls earn what they cost', () => {
  /** An election in which one validator makes all blocks and nobody votes. */
  const election = defineModule('election', {}).provides<
    {},
    { share(args: { from: Address; delegate: Address; amount: bigint }): undefined },
    { votes(delegate: Address): bigint }
  >({ granted: () => ({ share: () => undefined }), reads: () => ({ votes: () => 0n }) })
  const on = testChain(
    base()
      .use(token({ symbol: 'HKT' }))
      .use(election)
      .use(rewards({ curve: { kind: 'none', value: null }, fees: {} }), {
        grants: { token: ['mint', 'move', 'takeFees'], election: ['share'] },
      })
      .use(contracts({ sandbox: createSandbox }), {
        grants: { kernel: ['attempt'], token: ['move'] },
      }) as never,
    documents as never,
  ) as never as import('@mmtchain/testkit').TestChain<{ token: never; contracts: never }>
  const all = on as never as ReturnType<typeof import('./harbour.ts').harbour>
  all.as(alice).contracts.deploy(deployed)
  const earned = all.read.token.balance({ owner: validator })
  const { receipt } = all.as(alice).contracts.instantiate(instance)
  expect(all.read.token.balance({ owner: validator }) - earned).toBe(receipt?.fee)
  expect(receipt?.fee).toBeLessThan(10_000_000n + gasFee(GAS, 1_000_000n))
})

interface Steered {
  readonly steering: { go(input: object): { readonly code: string | undefined } }
}

/** Schedules a release: what governance does on a chain that has it. */
const steering = () =>
  defineModule('steering', {
    needs: { kernel: need<{}, { scheduleUpgrade(args: { height: never; release: never }): undefined }>() },
  }).command('go', struct({ height: u64, release: hash }), (ctx, input) =>
    ctx.needs.kernel.scheduleUpgrade({ height: input.height as never, release: input.release as never }),
  )

test('a release of version 2 finds every contract of version 1, its rows, its deposit and its plans', () => {
  const grants = { grants: { kernel: ['attempt'], token: ['move'] } } as const
  const release = (own: Module<ModuleTypes>) =>
    base()
      .use(token({ symbol: 'HKT' }))
      .use(steering(), { grants: { kernel: ['scheduleUpgrade'] } })
      .use(own as never, grants as never)
  const made = () => contracts({ sandbox: createSandbox }) as never as Module<ModuleTypes>
  const second = release(laterVersion(made(), { rows: 'contracts', count: 'census' }))
  const on = testChain(release(made()).upgrade(second as never), documents as never) as never as ReturnType<
    typeof import('./harbour.ts').harbour
  >
  on.as(alice).contracts.deploy(deployed)
  on.as(alice).contracts.instantiate(instance)
  const [one] = on.read.contracts.contracts({ from: null, limit: 1 })
  const contract = one?.address as Address
  const add = { contract, method: 'add', input: utf8('4'), gas: GAS, depositMax: DEPOSIT }
  on.as(bob).contracts.call({ ...add, amount: amount(0n) })
  const begins = on.height + 4n
  on.as(bob).contracts.schedule({ ...add, height: begins + 2n, every: 1, runs: 2 })
  const release2 = hash(releaseHash(on.genesis.fingerprint, second))
  expect(
    (on.as(alice) as never as Steered).steering.go({ height: height(begins), release: release2 }).code,
  ).toBeUndefined()
  on.advance({ blocks: 5 })
  expect((on.read.contracts as never as { census(input: null): number }).census(null)).toBe(1)
  const count = on.read.contracts.view({ contract, method: 'count', input: new Uint8Array() })
  expect(new TextDecoder().decode(count)).toBe('12')
  expect(on.as(bob).contracts.call({ ...add, amount: amount(0n) }).code).toBeUndefined()
})

test('nodes with another sandbox have another protocol hash', () => {
  const plain = harbourWith()
  const tighter = defineChain({ id: 'harbour-1', consensus: solo() })
  expect(plain.modules.find(({ spec }) => spec.name === 'contracts')?.spec.sandbox).toBe(
    harbourWith({ gasPrice: amount(5n) }).modules.at(-1)?.spec.sandbox,
  )
  expect(tighter.modules.every(({ spec }) => spec.sandbox === undefined)).toBe(true)
})

test('nodes that charge differently for any work of the host have another sandbox', () => {
  const known = (gas: number) => ({
    master: offer(() => ({ depth: { gas, changes: false, run: () => new Uint8Array() } })),
  })
  const given: Parameters<SandboxMaker>[0][] = []
  const hashOf = (gas: number, dearer?: string) => {
    const sandbox: SandboxMaker = (args) => {
      given.push(args as never)
      const { prices = {} } = args
      return createSandbox({
        ...args,
        prices: dearer === undefined ? prices : { ...prices, [dearer]: (prices[dearer] ?? 0n) + 1n },
      })
    }
    return contracts({ sandbox, offers: known(gas) }).spec.sandbox
  }
  const plain = hashOf(20_000)
  expect(hashOf(20_000)).toBe(plain)
  expect(hashOf(20_001)).not.toBe(plain)
  const works = Object.keys(given[0]?.prices ?? {})
  expect(works.sort()).toEqual([
    ...['fired', 'keyByte', 'master.depth', 'refusedLetter', 'row', 'saidByte', 'scannedByte', 'writtenByte'],
  ])
  expect(new Set([plain, ...works.map((work) => hashOf(20_000, work))]).size).toBe(works.length + 1)
})

test('options that no chain can have are refused', () => {
  const refused = (options: object) => () => contracts({ sandbox: createSandbox, ...options })
  for (const options of [
    { codeBytesMax: 0 },
    { gasMax: 0n },
    { guardians: new Array(17).fill(alice) },
    { offers: { token: {} } },
  ])
    expect(refused(options)).toThrow(/^The contracts cannot be defined/)
})

test('governance changes what gas costs and who may freeze, and other modules of the chain speak to contracts', () => {
  /** Decides without a vote. */
  const decree = defineModule('decree', {
    needs: {
      kernel: need<
        {},
        { setParameter(args: { module: string; name: string; value: Uint8Array }): undefined }
      >(),
      contracts: need<{}, ContractsGranted>(),
    },
  })
    .command('price', amount_, (ctx, price) =>
      ctx.needs.kernel.setParameter({ module: 'contracts', name: 'gasPrice', value: encode(amount_, price) }),
    )
    .command('guards', set(address, { max: 16 }), (ctx, who) =>
      ctx.needs.kernel.setParameter({
        ...{ module: 'contracts', name: 'guardians' },
        value: encode(set(address, { max: 16 }), who),
      }),
    )
    .command('speak', unit, (ctx) =>
      ctx.needs.contracts.fire({ source: ctx.self, event: 'counted', data: utf8('6') }),
    )
    .command('stop', address, (ctx, contract) => ctx.needs.contracts.freeze({ contract, frozen: true }))
  const chain = base()
    .use(token({ symbol: 'HKT' }))
    .use(contracts({ sandbox: createSandbox }), {
      grants: { kernel: ['attempt'], token: ['move'] },
      governable: ['gasPrice', 'guardians'],
    })
    .use(decree, { grants: { kernel: ['setParameter'], contracts: ['fire', 'freeze'] } })
  const on = testChain(chain, documents as never)
  on.as(alice).contracts.deploy(deployed)
  on.as(alice).contracts.instantiate(instance)
  const [one] = on.read.contracts.contracts({ from: null, limit: 1 })
  const contract = one?.address as Address
  const add = { contract, method: 'add', input: utf8('1'), amount: amount(0n), gas: GAS, depositMax: DEPOSIT }
  const before = on.as(bob).contracts.call(add).receipt?.fee ?? 0n
  on.as(alice).decree.price(amount(10_000_000n))
  const after = on.as(bob).contracts.call(add).receipt?.fee ?? 0n
  expect(after - 10_000_000n).toBeGreaterThan(9n * (before - 10_000_000n))

  const source = moduleAddress('decree', new Uint8Array())
  const plan = { source, event: 'counted', contract, method: 'add', runs: 1, gas: GAS, depositMax: DEPOSIT }
  on.as(bob).contracts.listen(plan)
  on.as(alice).decree.speak(null)
  on.advance({ blocks: 1 })
  const count = () => on.read.contracts.view({ contract, method: 'count', input: new Uint8Array() })
  expect(new TextDecoder().decode(count())).toBe('8')

  expect(on.as(bob).contracts.freeze({ contract, frozen: true }).code).toBe('contracts/NOT_GUARDIAN')
  on.as(alice).decree.guards([bob])
  expect(on.as(bob).contracts.freeze({ contract, frozen: true }).code).toBeUndefined()
  on.as(bob).contracts.freeze({ contract, frozen: false })
  on.as(alice).decree.stop(contract)
  expect(on.as(bob).contracts.call(add).code).toBe('contracts/FROZEN')
})
