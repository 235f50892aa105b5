import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Address, amount } from '@mmtchain/contract'
import { readTemplate, TEMPLATES, templateNames } from '@mmtchain/contract/build'
import { people, testContract } from '@mmtchain/contract/test'
import { expect, test } from 'vitest'
import { contract as crowdfunding } from '../templates/crowdfunding/contract.ts'
import { contract as licence } from '../templates/licence/contract.ts'

const [ann, ben, cat, dan] = people as [Address, Address, Address, Address]
const START = 1_700_000_000_000n
const file = (name: string) => new URL(`../templates/${name}/contract.ts`, import.meta.url)

test('each template has a form in which every field is explained, and at most a hundred lines', async () => {
  const names = await templateNames()
  expect(names).toEqual(['crowdfunding', 'escrow', 'licence'])
  for (const name of names) {
    const { title, about, form, artifact } = await readTemplate(name)
    expect([title, about].every((words) => words.length > 5)).toBe(true)
    const fields = Object.values(form.properties as Record<string, Record<string, unknown>>)
    expect(fields.length).toBeGreaterThan(3)
    for (const field of fields)
      expect(field).toMatchObject({ title: expect.any(String), description: expect.any(String) })
    expect(readFileSync(join(TEMPLATES, name, 'contract.ts'), 'utf8').split('\n').length).toBeLessThanOrEqual(
      101,
    )
    expect(artifact.code.length).toBeLessThan(16_384)
  }
})

const plan = {
  owner: ann,
  goal: amount(1_000n),
  untilMs: START + 60_000n,
  leastGift: amount(100n),
  purpose: 'A pier',
}
const begin = () => testContract(crowdfunding, file('crowdfunding'), { init: plan })

test('crowdfunding: a goal that is reached is collected by its owner, once and not before the end', async () => {
  const on = await begin()
  expect(on.as(ben).give(null, { amount: 99n }).code).toBe('contract/TOO_LITTLE')
  on.as(ben).give(null, { amount: 700n })
  on.as(ben).give(null, { amount: 100n })
  on.as(cat).give(null, { amount: 300n })
  expect(on.as(ann).collect(null).code).toBe('contract/NOT_REACHED')
  on.advance({ toMs: START + 61_000n })
  expect(on.as(dan).give(null, { amount: 500n }).code).toBe('contract/OVER')
  expect(on.as(ben).collect(null).code).toBe('contract/NOT_OWNER')
  expect(on.as(ben).refund(null).code).toBe('contract/NO_REFUND')
  const before = on.balance(ann)
  const { fee } = on.as(ann).collect(null)
  expect(on.balance(ann)).toBeGreaterThanOrEqual(before + 1_100n - fee - 10n ** 8n)
  expect(on.as(ann).collect(null).code).toBe('contract/COLLECTED')
  expect(on.balance(on.address)).toBe(0n)
  expect(on.read.standing(null)).toEqual({ raised: 1_100n, reached: true, over: true, collected: true })
})

test('crowdfunding: everybody takes their own gift back where the goal was missed', async () => {
  const on = await begin()
  on.as(ben).give(null, { amount: 700n })
  on.as(cat).give(null, { amount: 299n })
  expect(on.as(ben).refund(null).code).toBe('contract/NO_REFUND')
  on.advance({ toMs: START + 61_000n })
  expect(on.as(ann).collect(null).code).toBe('contract/NOT_REACHED')
  expect(on.read.gift({ by: ben })).toBe(700n)
  expect(on.as(ben).refund(null).events).toEqual([{ name: 'refunded', data: { to: ben, amount: 700n } }])
  expect(on.as(ben).refund(null).code).toBe('contract/NO_REFUND')
  on.as(cat).refund(null)
  expect(on.balance(on.address)).toBe(0n)
})

test('licence: uses are bought, used up, and run out with time', async () => {
  const terms = {
    author: ann,
    pricePerUse: amount(50n),
    usesMax: 5,
    validForMs: 60_000n,
    work: 'A chart of the harbour',
  }
  const on = await testContract(licence, file('licence'), { init: terms })
  expect(on.as(ben).use(null).code).toBe('contract/NO_LICENCE')
  expect(on.as(ben).buy({ uses: 6 }, { amount: 300n }).code).toBe('contract/BAD_COUNT')
  expect(on.as(ben).buy({ uses: 2 }, { amount: 99n }).code).toBe('contract/WRONG_AMOUNT')
  const before = on.balance(ann)
  expect(on.as(ben).buy({ uses: 2 }, { amount: 100n }).code).toBeUndefined()
  expect(on.balance(ann)).toBe(before + 100n)
  expect(on.as(ben).use(null).result).toBe(1)
  expect(on.read.left({ by: ben })).toBe(1)
  on.advance({ toMs: START + 120_000n })
  expect(on.as(ben).use(null).code).toBe('contract/NO_LICENCE')
  expect(on.as(ben).close(null).code).toBe('contract/NOT_AUTHOR')
  on.as(ann).close(null)
  expect(on.as(cat).buy({ uses: 1 }, { amount: 50n }).code).toBe('contract/CLOSED')
})
