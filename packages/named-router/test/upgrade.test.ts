import { hash as hashCodec, height as heightCodec } from '@mmtchain/codec'
import { defineModule, type KernelGranted, need, releaseHash, struct } from '@mmtchain/kernel'
import { names } from '@mmtchain/named-router'
import { hash, height } from '@mmtchain/primitives'
import { laterVersion, testChain } from '@mmtchain/testkit'
import { expect, test } from 'vitest'
import { at, base, documents, fees, register, TIMES, text } from './harbour.ts'

const planner = () =>
  defineModule('planner', {
    needs: { kernel: need<{}, Pick<KernelGranted, 'scheduleUpgrade'>>() },
  }).command('plan', struct({ height: heightCodec, release: hashCodec }), (ctx, plan) =>
    ctx.needs.kernel.scheduleUpgrade(plan),
  )
const options = { root: 'harbour', ...TIMES, fees }
const grants = { kernel: ['scheduleUpgrade'] } as const
const first = () => base().use(planner(), { grants }).use(names(options))
const second = () =>
  base()
    .use(planner(), { grants })
    .use(laterVersion(names(options), { rows: 'names', count: 'count' }))

test('a release with version 2 finds every name of version 1, its lease, its records and its commitments', () => {
  const on = testChain(first().upgrade(second()), documents as never)
  const lab = at('lab')
  register(on as never, lab, 'lab')
  on.as(lab).names.createSubname({ name: 'report-17.lab', owner: at('port') })
  on.as(at('port')).names.setRecord({ name: 'report-17.lab', record: text('motd', 'hello') })
  on.as(lab).names.commit({ commitment: hash('22'.repeat(32)) })
  const all = () => [
    on.read.names.name({ name: 'lab' }),
    on.read.names.name({ name: 'report-17.lab' }),
    on.read.names.commitments({ who: lab }).map(({ commitment }) => commitment),
  ]
  const before = all()
  const release = hash(releaseHash(on.genesis.fingerprint, second()))
  const from = height(on.height + 5n)
  expect(on.as(lab).planner.plan({ height: from, release }).code).toBeUndefined()
  on.advance({ blocks: 6 })
  const read = on.read as unknown as { names: { count(input: null): number } }
  expect(read.names.count(null)).toBe(2)
  expect(all()).toEqual(before)
  expect(on.as(lab).names.renew({ label: 'lab', terms: 1 }).code).toBeUndefined()
  expect(on.as(lab).names.removeSubname({ name: 'report-17.lab' }).code).toBeUndefined()
})
