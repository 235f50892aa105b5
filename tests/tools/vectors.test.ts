import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const reference = fileURLToPath(new URL('../../docs/spec/vectors/reference.py', import.meta.url))

test('the golden vectors are exactly what the independent Python implementation writes', () => {
  const run = spawnSync('python3', [reference, '--check'], { encoding: 'utf8' })
  expect(run.error).toBeUndefined()
  expect({ status: run.status, output: run.status === 0 ? '' : run.stdout + run.stderr }).toEqual({
    status: 0,
    output: '',
  })
})
