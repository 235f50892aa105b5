import { youngSpaceFlags } from '@mmtchain/cli'
import { expect, test } from 'vitest'

test('a node gets a larger young space', () => {
  expect(youngSpaceFlags({ execArgv: [], nodeOptions: '' })).toEqual(['--max-semi-space-size=64'])
  const others = { execArgv: ['--enable-source-maps'], nodeOptions: '--max-old-space-size=4096' }
  expect(youngSpaceFlags(others)).toEqual(['--max-semi-space-size=64'])
})

test('what the user has set is kept', () => {
  for (const nodeOptions of ['--max-semi-space-size=32', '--trace-gc "--max_semi_space_size=8"'])
    expect(youngSpaceFlags({ execArgv: [], nodeOptions })).toEqual([])
  const execArgv = ['--inspect', '--max-semi-space-size=16']
  expect(youngSpaceFlags({ execArgv, nodeOptions: '' })).toEqual(['--max-semi-space-size=16'])
})
