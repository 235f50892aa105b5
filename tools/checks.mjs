// What `pnpm test`, `pnpm test:tools` and `pnpm soak` share: steps with a time, vitest's own count, and one last line
// `N passed, N failed`.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const coloured = process.stdout.isTTY === true || process.env.FORCE_COLOR !== undefined

const programs = {
  turbo: 'node_modules/turbo/bin/turbo',
  tsc: 'node_modules/typescript/bin/tsc',
  biome: 'node_modules/@biomejs/biome/bin/biome',
  vitest: 'node_modules/vitest/vitest.mjs',
}

/** The steps before the tests, in order. Their output is shown only when they fail. */
export const steps = {
  build: {
    title: 'build: every package (turbo)',
    command: ['turbo', 'run', 'build', '--output-logs=errors-only', '--concurrency=100%', '--ui=stream'],
  },
  types: {
    title: 'types: sources, tests, type tests, benches, examples (tsc)',
    command: ['tsc', '-p', 'tsconfig.json', '--pretty', String(coloured)],
  },
  lint: {
    title: 'lint: rules and format (biome)',
    command: ['biome', 'ci', '--max-diagnostics=100', `--colors=${coloured ? 'force' : 'off'}`, '.'],
  },
}

/** Counts what passed and what failed, and says so on the last line of stdout. */
export function createTally() {
  let passed = 0
  const failures = []

  return {
    /** Runs one step as one check. Answers whether it passed. */
    step({ title, command: [program, ...args] }) {
      console.log(title)
      const startMs = Date.now()
      const run = start({ program, args, stdio: ['ignore', 'pipe', 'pipe'] })
      const ok = run.status === 0
      if (ok) passed++
      else {
        failures.push(title)
        console.log(`${run.stdout ?? ''}${run.stderr ?? ''}${run.error?.message ?? ''}`.trimEnd())
      }
      console.log(`  ${ok ? 'ok' : 'FAILED'} in ${seconds(startMs)}\n`)
      return ok
    },

    /** Runs vitest and counts its tests. A skipped test, a file that does not load and an empty run are failures. */
    tests({ title, config, args, env = {} }) {
      console.log(title)
      const startMs = Date.now()
      const folder = mkdtempSync(join(tmpdir(), 'mmt-tests-'))
      const reportFile = join(folder, 'report.json')
      const run = start({
        program: 'vitest',
        args: [
          ...['run', '--config', config, '--reporter=default', '--reporter=json'],
          ...[`--outputFile.json=${reportFile}`, ...args.filter((arg) => arg !== '--')],
        ],
        stdio: ['ignore', 'inherit', 'inherit'],
        env,
      })
      const result = readReport({ reportFile, byName: args.some(isNameFilter) })
      rmSync(folder, { recursive: true, force: true })
      passed += result.passed
      failures.push(...result.failures)
      if (result.passed + result.failures.length === 0) failures.push('no test ran')
      else if (run.status !== 0 && result.failures.length === 0) {
        failures.push(`vitest ended with ${run.signal ?? run.status}: an error outside the tests, see above`)
      }
      console.log(`  ${result.passed} tests passed in ${seconds(startMs)}`)
    },

    /** Names the failures, writes the count line and sets the exit code. */
    finish() {
      if (failures.length > 0) console.log(`\nFailed:\n${failures.map((name) => `  ${name}`).join('\n')}`)
      process.exitCode = failures.length === 0 && passed > 0 ? 0 : 1
      console.log(`\n${passed} passed, ${failures.length} failed`)
    },
  }
}

function start({ program, args, stdio, env = {} }) {
  return spawnSync(process.execPath, [join(root, programs[program]), ...args], {
    cwd: root,
    stdio,
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
    env: {
      ...process.env,
      ...(coloured ? {} : { NO_COLOR: '1' }),
      TURBO_TELEMETRY_DISABLED: '1',
      TURBO_NO_UPDATE_NOTIFIER: '1',
      ...env,
    },
  })
}

function readReport({ reportFile, byName }) {
  let report
  try {
    report = JSON.parse(readFileSync(reportFile, 'utf8'))
  } catch {
    return { passed: 0, failures: ['vitest wrote no report'] }
  }
  let passed = 0
  const failures = []
  for (const file of report.testResults) {
    const place = relative(root, file.name)
    const failedBefore = failures.length
    for (const { status, fullName } of file.assertionResults) {
      if (status === 'passed') passed++
      else if (status === 'failed') failures.push(`${place}: ${fullName}`)
      else if (!byName) failures.push(`${place}: ${fullName} (skipped)`)
    }
    if (file.status === 'failed' && failures.length === failedBefore) {
      failures.push(`${place}: ${file.message.split('\n')[0] || 'the file does not load'}`)
    }
  }
  return { passed, failures }
}

// `-t NAME` makes vitest report every other test as skipped; only then is that no failure.
const isNameFilter = (arg) => arg === '-t' || arg.startsWith('--testNamePattern')

const seconds = (startMs) => `${((Date.now() - startMs) / 1000).toFixed(1)} s`
