import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))

// Here and not in `pnpm test`, because it takes a second or two for each package.
test('the pages of `pnpm docs:api` are made without a warning', { timeout: 900_000 }, () => {
  const out = mkdtempSync(join(tmpdir(), 'mmt-api-'))
  const run = spawnSync(process.execPath, ['node_modules/typedoc/bin/typedoc', '--out', out], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
  })
  rmSync(out, { recursive: true, force: true })
  const complaints = (run.stdout + run.stderr).split('\n').filter((line) => /\b(warning|error)\b/.test(line))
  expect(complaints).toEqual([])
  expect(run.status).toBe(0)
})
