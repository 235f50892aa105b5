import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const outcomes = 'packages/vm-sandbox/test/outcomes.test.ts'

// The frozen outcomes are those of Node.js 20 and 22, too: `pnpm test` compares them on the version that runs it.
test.each(['22', '24'])('Node.js %s comes to the same gas and results in the sandbox', (version) => {
  const node = ['-y', '-p', `node@${version}`, 'node']
  const shown = spawnSync('npx', [...node, '-v'], { cwd: root, encoding: 'utf8' })
  expect(shown.stdout).toMatch(new RegExp(`^v${version}\\.`))
  const run = spawnSync('npx', [...node, 'node_modules/vitest/vitest.mjs', 'run', outcomes], {
    ...{ cwd: root, encoding: 'utf8', env: { ...process.env, MMT_WRITE_VECTORS: '' } },
  })
  expect(`${run.stdout}${run.stderr}`).toMatch(/1 passed/)
  expect(run.status).toBe(0)
})
