import { addFields, readFields } from '@mmtchain/cli'
import { struct, u64 } from '@mmtchain/codec'
import { homeAt } from '@mmtchain/node'
import { Command } from 'commander'
import { expect, test } from 'vitest'

const context = { home: homeAt('nowhere'), prefix: 'mmt', unit: { symbol: '', decimals: 0 } }
const schema = struct({ from: u64, noFee: u64, json: u64, plain: u64 }).schema

function given(...words: readonly string[]): unknown {
  const command = new Command('mmt tx shop order')
    .exitOverride()
    .option('--json')
    .requiredOption('--from <key>')
  addFields(command, schema)
  command.parse(words, { from: 'user' })
  expect(command.opts().from).toBe('ann')
  return readFields(schema, command.opts(), context)
}

test('a field that is named as a flag of the command line has a flag beside it', () => {
  const words = ['--from', 'ann', '--json', '--field-from', '1', '--field-no-fee', '2', '--field-json', '3']
  expect(given(...words, '--plain', '4')).toEqual({ from: '1', noFee: '2', json: '3', plain: '4' })
})

test('a field that is given twice is refused', () => {
  expect(() => given('--from', 'ann', '--plain', '4', '--plain', '5')).toThrow(
    expect.objectContaining({ code: 'cli/BAD_FIELD' }),
  )
})
