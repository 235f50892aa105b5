// What `mmt contract new` writes.

export const COUNTER = `import { address, cell, defineContract, struct, u64, unit } from '@mmtchain/contract'

/** Counts what people add to it. */
export const contract = defineContract({
  state: { count: cell(u64, 0n) },
  events: { counted: struct({ by: address, count: u64 }) },
  errors: { TOO_MUCH: (_: object) => ({ message: 'At most ten at a time.', hint: 'Add less.' }) },
})
  .method('add', struct({ by: u64 }), u64, (ctx, { by }) => {
    if (by > 10n) throw ctx.fail.TOO_MUCH({})
    const count = ctx.state.count.get() + by
    ctx.state.count.set(count)
    ctx.emit.counted({ by: ctx.sender, count })
    return count
  })
  .query('count', unit, u64, (ctx) => ctx.state.count.get())
`

export const COUNTER_TEST = `import { people, testContract } from '@mmtchain/contract/test'
import { expect, test } from 'vitest'
import { contract } from './contract.ts'

const [ann] = people

test('it counts', async () => {
  const on = await testContract(contract, new URL('./contract.ts', import.meta.url))
  expect(on.as(ann).add({ by: 3n }).result).toBe(3n)
  expect(on.as(ann).add({ by: 11n }).code).toBe('contract/TOO_MUCH')
  expect(on.read.count(null)).toBe(3n)
  console.log(on.gasReport())
})
`

export function manifestOf(name: string): string {
  const manifest = {
    ...{ name, private: true, type: 'module', scripts: { build: 'mmt contract build', test: 'vitest run' } },
    devDependencies: { '@mmtchain/cli': '*', '@mmtchain/contract': '*', vitest: '^4.1.12' },
  }
  return `${JSON.stringify(manifest, null, 2)}\n`
}
