import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { catalogue } from './catalogue.ts'
import { root } from './workspace.ts'

const file = join(root, 'docs/errors.md')

test('docs/errors.md lists every code with its message and cure', () => {
  const text = catalogue()
  if (process.env.MMT_WRITE_ERRORS === '1') writeFileSync(file, text)
  expect(readFileSync(file, 'utf8')).toBe(text)
  expect(text).not.toMatch(/\[object|NaN/)
})
